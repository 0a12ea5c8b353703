public import EnergyModel

/// Which piece of the home a device shows.
public enum SimulatedRole: Sendable, Hashable {
  case battery
  /// - Parameters:
  ///   - carriesPlant: whether the PV plant is behind this inverter; others show no generation.
  ///   - carriesBattery: whether its AC power contains the battery.
  ///   - directCurrentInputs: how many inputs share the plant.
  case inverter(carriesPlant: Bool, carriesBattery: Bool, directCurrentInputs: Int)
  /// What a meter measures; a `sub` meter is the plug of that index.
  case gridMeter, loadMeter, plantMeter
  case plug(Int)
  case thermostat(room: Int)
  /// - Parameter pausesByCurrent: whether the station has no switch of its own, so that a limit of 0 A is what stops it.
  case charger(Int, pausesByCurrent: Bool)
  /// A device that this installation does not have: a battery part of an inverter without one.
  case absent
}

extension SimulatedHome {
  /// The value of a field of a device in this home; `nil` for fields that physics does not know.
  ///
  /// Numbers are rounded to what real devices show, in SI units and the model's signs.
  public func value(of field: Field, as role: SimulatedRole) -> ScalarValue? {
    let value =
      switch role {
      case .battery: batteryValue(field.name)
      case .inverter(let carriesPlant, let carriesBattery, let inputs):
        inverterValue(field.name, carriesPlant: carriesPlant, carriesBattery: carriesBattery, inputs: inputs)
      case .gridMeter: meterValue(field.name, imported: importedTotalWh, exported: exportedTotalWh) { gridW(phase: $0) }
      case .loadMeter: meterValue(field.name, imported: loadTotalWh, exported: 0) { loadW(phase: $0) }
      case .plantMeter:
        meterValue(field.name, imported: 0, exported: plant.energyTotalWh) { _ in plant.powerW / 3 }
      case .plug(let index): plugs.indices.contains(index) ? plugValue(field.name, plugs[index]) : nil
      case .thermostat(let room): rooms.indices.contains(room) ? roomValue(field.name, rooms[room]) : nil
      case .charger(let index, let pausesByCurrent):
        chargers.indices.contains(index)
          ? chargerValue(field.name, chargers[index], pausesByCurrent: pausesByCurrent) : nil
      case .absent: ScalarValue.null
      }
    // What somebody chose is said as it was chosen.
    guard case .number(let number)? = value, field.behavior != .setting else { return value }
    return .number(Self.rounded(number, unit: field.unit))
  }

  /// Power from the grid on a phase, 0 to 2.
  public func gridW(phase: Int) -> Double { loadW(phase: phase) - (plant.powerW + battery.powerW) / 3 }

  /// Decimals of a reading, by unit.
  static func rounded(_ value: Double, unit: Unit) -> Double {
    let steps: Double =
      switch unit {
      case .watt, .wattHour, .voltAmpere, .voltAmpereReactive, .second: 1
      case .volt, .celsius, .percent: 10
      case .ampere, .hertz, .count: 100
      }
    return (value * steps).rounded() / steps
  }

  private func batteryValue(_ name: String) -> ScalarValue? {
    switch name {
    case "socPercent": .number(battery.socPercent)
    case "powerW": .number(battery.powerW)
    case "energyStoredWh": .number(battery.storedWh)
    case "energyCapacityWh": .number(battery.capacityWh)
    case "ratedPowerW": .number(battery.ratedPowerW)
    case "maxChargePowerW": .number(battery.maxChargePowerW)
    case "maxDischargePowerW": .number(battery.maxDischargePowerW)
    case "energyChargedTotalWh": .number(battery.chargedTotalWh)
    case "energyDischargedTotalWh": .number(battery.dischargedTotalWh)
    case "cycleCount": .number((battery.dischargedTotalWh / battery.capacityWh).rounded(.down))
    case "chargingState": .text(battery.chargingState)
    case "operatingMode": .text(battery.operatingMode)
    case "controlSource": .text(battery.controlSource)
    case "reservePercent": .number(battery.reservePercent)
    case "minSocPercent": .number(battery.minSocPercent)
    case "maxSocPercent": .number(battery.maxSocPercent)
    case "sohPercent": .number(97)
    case "gridConnection": .text("onGrid")
    case "voltageV": .number(batteryVoltageV)
    case "currentA": .number(battery.powerW / batteryVoltageV)
    case "temperatureC": .number(24 + abs(battery.powerW) / 1000)
    default: nil
    }
  }

  /// A pack of about 400 V that sags when empty.
  private var batteryVoltageV: Double { 380 + 0.4 * battery.socPercent }

  private func inverterValue(
    _ name: String, carriesPlant: Bool, carriesBattery: Bool, inputs: Int
  ) -> ScalarValue? {
    let sunW = carriesPlant ? plant.powerW : 0
    let acW = sunW + (carriesBattery ? battery.powerW : 0)
    if let phase = Self.phase(name) { return phaseValue(phase.name, phase.index, powerW: acW / 3) }
    if name.hasPrefix("dcInputs.") { return inputValue(name, carriesPlant: carriesPlant, inputs: inputs) }
    switch name {
    case "acPowerW": return .number(acW)
    case "pvPowerW": return .number(carriesPlant ? plant.directCurrentW : 0)
    case "dcPowerW": return .number((carriesPlant ? plant.directCurrentW : 0) + (carriesBattery ? battery.powerW : 0))
    case "energyGeneratedTotalWh":
      return .number(
        (carriesPlant ? plant.energyTotalWh : 0) + (carriesBattery ? battery.dischargedTotalWh : 0))
    case "energyPvTotalWh": return .number(carriesPlant ? plant.energyTotalWh / SimulatedPlant.efficiency : 0)
    case "energyAbsorbedTotalWh": return .number(carriesBattery ? battery.chargedTotalWh : 0)
    case "energyTodayWh": return .number(carriesPlant ? plant.energyTodayWh : 0)
    case "status": return .text(carriesPlant ? plant.status : carriesBattery ? "running" : "sleeping")
    case "powerLimitPercent": return .number(plant.limitPercent)
    case "powerLimitW": return .number(plant.limitPercent / 100 * plant.peakW)
    case "throttlePercent": return .number(plant.status == "throttled" ? 100 - plant.limitPercent : 0)
    case "ratedPowerW": return .number(carriesPlant ? plant.peakW : battery.ratedPowerW)
    case "gridConnection": return .text(plant.isConnected || carriesBattery ? "onGrid" : "offGrid")
    case "temperatureC": return .number(28 + abs(acW) / 500)
    default: return alternatingCurrentValue(name, powerW: acW)
    }
  }

  private func inputValue(_ name: String, carriesPlant: Bool, inputs: Int) -> ScalarValue? {
    let words = name.split(separator: ".")
    guard words.count == 3, let number = Int(words[1]) else { return nil }
    // Two unequal strings look more like a roof than two equal ones.
    let share = inputs <= 1 ? 1 : number == 1 ? 0.6 : 0.4 / Double(inputs - 1)
    let powerW = carriesPlant && number <= max(1, inputs) ? plant.directCurrentW * share : 0
    let voltageV = powerW > 1 ? 560.0 + 20 * Double(number) : 0
    switch words[2] {
    case "powerW": return .number(powerW)
    case "voltageV": return .number(voltageV)
    case "currentA": return .number(voltageV > 0 ? powerW / voltageV : 0)
    case "energyTotalWh": return .number(carriesPlant ? plant.energyTotalWh * share : 0)
    default: return nil
    }
  }

  private func meterValue(
    _ name: String, imported: Double, exported: Double, power: (Int) -> Double
  ) -> ScalarValue? {
    let totalW = power(0) + power(1) + power(2)
    if let phase = Self.phase(name) { return phaseValue(phase.name, phase.index, powerW: power(phase.index)) }
    switch name {
    case "powerW": return .number(totalW)
    case "energyImportedTotalWh": return .number(imported)
    case "energyExportedTotalWh": return .number(exported)
    case "voltageV": return .number((voltageV(phase: 0) + voltageV(phase: 1) + voltageV(phase: 2)) / 3)
    case "currentA": return .number(totalW / (3 * voltageV(phase: 0)))
    default: return alternatingCurrentValue(name, powerW: totalW)
    }
  }

  private func plugValue(_ name: String, _ plug: SimulatedPlug) -> ScalarValue? {
    switch name {
    case "powerW", "phases.l1.powerW": .number(plug.powerW)
    case "energyImportedTotalWh": .number(plug.energyTotalWh)
    case "energyExportedTotalWh": .number(0)
    case "switchOn": .flag(plug.isOn)
    case "voltageV", "phases.l1.voltageV": .number(voltageV(phase: 0))
    case "currentA", "phases.l1.currentA": .number(plug.powerW / voltageV(phase: 0))
    default: alternatingCurrentValue(name, powerW: plug.powerW)
    }
  }

  private func roomValue(_ name: String, _ room: SimulatedRoom) -> ScalarValue? {
    switch name {
    case "ambientTemperatureC": .number(room.temperatureC)
    case "humidityPercent": .number(room.humidityPercent)
    case "outdoorTemperatureC": .number(room.outdoorC)
    case "hvacMode": .text(room.mode)
    case "hvacAction": .text(room.action)
    case "heatSetpointC": .number(room.heatSetpointC)
    case "coolSetpointC": .number(room.coolSetpointC)
    case "minHeatSetpointC": .number(SimulatedRoom.heatRange.lowerBound)
    case "maxHeatSetpointC": .number(SimulatedRoom.heatRange.upperBound)
    case "minCoolSetpointC": .number(SimulatedRoom.coolRange.lowerBound)
    case "maxCoolSetpointC": .number(SimulatedRoom.coolRange.upperBound)
    case "deadbandC": .number(1)
    case "fanMode": .text(room.fanMode)
    case "fanRunning": .flag(room.fanRuns)
    case "preset": .text(room.preset)
    case "holdType": .text(room.holdType)
    case "setpointSource": .text(room.setpointSource)
    case "valvePositionPercent": .number(room.valvePercent)
    case "batteryPercent": .number(87)
    case "equipmentRuntimeHeatSecondsTotal": .number(room.heatSecondsTotal)
    case "equipmentRuntimeCoolSecondsTotal": .number(room.coolSecondsTotal)
    default: nil
    }
  }

  private func chargerValue(_ name: String, _ charger: SimulatedCharger, pausesByCurrent: Bool) -> ScalarValue? {
    if let phase = Self.phase(name) { return phaseValue(phase.name, phase.index, powerW: charger.powerW / 3) }
    return switch name {
    case "state": .text(charger.state)
    case "isPluggedIn": .flag(charger.isPluggedIn)
    case "chargingMode": .text(charger.mode)
    case "powerW": .number(charger.powerW)
    case "currentA": .number(charger.powerW / 3 / voltageV(phase: 0))
    case "voltageV": .number(voltageV(phase: 0))
    case "maxCurrentA": .number(pausesByCurrent && charger.mode == "stop-charging" ? 0 : charger.maxCurrentA)
    case "ratedCurrentA": .number(SimulatedCharger.ratedCurrentA)
    case "activePhases": .number(3)
    case "sessionEnergyWh": .number(charger.sessionEnergyWh)
    case "energyTotalWh": .number(charger.energyTotalWh)
    case "temperatureC": .number(25 + charger.powerW / 1000)
    default: alternatingCurrentValue(name, powerW: charger.powerW)
    }
  }

  private func alternatingCurrentValue(_ name: String, powerW: Double) -> ScalarValue? {
    switch name {
    case "frequencyHz": .number(frequencyHz)
    case "powerFactor": .number(Self.powerFactor)
    case "apparentPowerVA": .number(abs(powerW) / Self.powerFactor)
    case "reactivePowerVar": .number(powerW * 0.14)
    default: nil
    }
  }

  private static let powerFactor = 0.99

  private func phaseValue(_ name: String, _ index: Int, powerW: Double) -> ScalarValue? {
    switch name {
    case "voltageV": .number(voltageV(phase: index))
    case "currentA": .number(powerW / voltageV(phase: index))
    case "powerW": .number(powerW)
    default: nil
    }
  }

  /// `phases.l2.powerW` → (1, `powerW`).
  private static func phase(_ name: String) -> (index: Int, name: String)? {
    let words = name.split(separator: ".")
    guard words.count == 3, words[0] == "phases", let index = ["l1", "l2", "l3"].firstIndex(of: String(words[1]))
    else { return nil }
    return (index, String(words[2]))
  }
}
