public import EnergyModel

extension SimulatedHome {
  /// Does what a command of the catalogue says.
  ///
  /// - Returns: whether the home has such a thing; unknown verbs and inputs change nothing.
  @discardableResult
  public mutating func perform(_ verb: String, _ input: [String: ScalarValue], as role: SimulatedRole) -> Bool {
    switch role {
    case .battery: performBattery(verb, input)
    // The plant belongs to another inverter: this one takes the command and has nothing to limit.
    case .inverter(let carriesPlant, _, _): carriesPlant ? performInverter(verb, input) : true
    case .thermostat(let room): rooms.indices.contains(room) && rooms[room].perform(verb, input)
    case .plug(let index): performPlug(index, verb, input)
    case .charger(let index, let pausesByCurrent):
      chargers.indices.contains(index) && chargers[index].perform(verb, input, pausesByCurrent: pausesByCurrent)
    case .gridMeter, .loadMeter, .plantMeter, .absent: false
    }
  }

  /// Ends what a command had started.
  public mutating func undo(_ verb: String, as role: SimulatedRole) {
    switch (role, verb) {
    case (.battery, "set-power-limits"):
      battery.maxChargePowerW = battery.ratedPowerW
      battery.maxDischargePowerW = battery.ratedPowerW
    case (.inverter(carriesPlant: true, _, _), "set-power-limit"): plant.limitPercent = 100
    case (.inverter(carriesPlant: true, _, _), "disconnect"): plant.isConnected = true
    case (.charger(let index, pausesByCurrent: false), "set-current-limit") where chargers.indices.contains(index):
      chargers[index].maxCurrentA = SimulatedCharger.ratedCurrentA
    default: perform("auto", [:], as: role)
    }
  }

  private mutating func performBattery(_ verb: String, _ input: [String: ScalarValue]) -> Bool {
    let target = input["targetSocPercent"]?.finiteNumber
    let powerW = input["powerW"]?.finiteNumber.map { abs($0) } ?? battery.ratedPowerW
    switch verb {
    case "charge":
      battery.goal = .power(-powerW, targetSocPercent: target)
      battery.maxChargePowerW = min(battery.ratedPowerW, max(battery.maxChargePowerW, powerW))
    case "discharge":
      battery.goal = .power(powerW, targetSocPercent: target)
      battery.maxDischargePowerW = min(battery.ratedPowerW, max(battery.maxDischargePowerW, powerW))
    case "idle": battery.goal = .idle
    case "auto", "reset":
      battery.goal = Self.goal(of: battery.operatingMode, ratedPowerW: battery.ratedPowerW)
      battery.maxChargePowerW = battery.ratedPowerW
      battery.maxDischargePowerW = battery.ratedPowerW
      battery.controlSource = "none"
      return true
    case "set-operating-mode":
      guard case .text(let mode)? = input["mode"] else { return false }
      battery.operatingMode = mode
      battery.goal = Self.goal(of: mode, ratedPowerW: battery.ratedPowerW)
      return true
    case "set-reserve":
      guard let reserve = input["reservePercent"]?.finiteNumber else { return false }
      battery.reservePercent = min(max(reserve, 0), 100)
      return true
    case "set-power-limits":
      let rated = battery.ratedPowerW
      if let limit = input["maxChargePowerW"]?.finiteNumber { battery.maxChargePowerW = min(max(limit, 0), rated) }
      if let limit = input["maxDischargePowerW"]?.finiteNumber {
        battery.maxDischargePowerW = min(max(limit, 0), rated)
      }
      return true
    default: return false
    }
    battery.controlSource = "gateway"
    return true
  }

  private static func goal(of mode: String, ratedPowerW: Double) -> SimulatedBattery.Goal {
    switch mode {
    case "gridCharge": .power(-ratedPowerW, targetSocPercent: nil)
    case "gridExport": .power(ratedPowerW, targetSocPercent: nil)
    case "hold", "manual", "remote": .idle
    case "backup": .backup
    default: .selfConsumption
    }
  }

  private mutating func performInverter(_ verb: String, _ input: [String: ScalarValue]) -> Bool {
    switch verb {
    case "set-power-limit":
      if let percent = input["percent"]?.finiteNumber {
        plant.limitPercent = min(max(percent, 0), 100)
      } else if let watts = input["watts"]?.finiteNumber, plant.peakW > 0 {
        plant.limitPercent = min(max(watts / plant.peakW * 100, 0), 100)
      } else {
        return false
      }
    case "connect": plant.isConnected = true
    case "disconnect": plant.isConnected = false
    case "auto":
      plant.limitPercent = 100
      plant.isConnected = true
    default: return false
    }
    return true
  }

  private mutating func performPlug(_ index: Int, _ verb: String, _ input: [String: ScalarValue]) -> Bool {
    guard plugs.indices.contains(index), verb == "switch", case .flag(let isOn)? = input["on"] else { return false }
    plugs[index].isOn = isOn
    return true
  }
}

extension SimulatedRoom {
  /// Does what a command of a thermostat says; unknown verbs change nothing.
  mutating func perform(_ verb: String, _ input: [String: ScalarValue]) -> Bool {
    switch verb {
    case "set-operating-mode":
      guard set(\.mode, input["mode"]) else { return false }
      setpointSource = "manual"
      return true
    case "set-fan-mode": return set(\.fanMode, input["mode"])
    case "set-hold": return set(\.holdType, input["holdType"])
    case "resume-schedule", "auto":
      holdType = "none"
      setpointSource = "schedule"
      return true
    case "set-setpoints":
      if let heat = input["heatSetpointC"]?.finiteNumber { heatSetpointC = Self.heatRange.clamping(heat) }
      if let cool = input["coolSetpointC"]?.finiteNumber { coolSetpointC = Self.coolRange.clamping(cool) }
      setpointSource = "manual"
      return true
    default: return false
    }
  }

  private mutating func set(_ property: WritableKeyPath<SimulatedRoom, String>, _ value: ScalarValue?) -> Bool {
    guard case .text(let word)? = value else { return false }
    self[keyPath: property] = word
    return true
  }
}

extension SimulatedCharger {
  /// Does what a command of a charger says; unknown verbs change nothing.
  ///
  /// - Parameter pausesByCurrent: a limit starts what a limit of 0 A had stopped.
  mutating func perform(_ verb: String, _ input: [String: ScalarValue], pausesByCurrent: Bool) -> Bool {
    switch verb {
    case "set-operating-mode":
      guard case .text(let word)? = input["mode"] else { return false }
      mode = word
    case "set-current-limit":
      guard let limit = input["maxCurrentA"]?.finiteNumber else { return false }
      maxCurrentA = min(max(limit, 0), 100)
      if pausesByCurrent { mode = "start-charging" }
    case "auto":
      mode = pausesByCurrent ? "start-charging" : "auto"
      maxCurrentA = Self.ratedCurrentA
    default: return false
    }
    return true
  }
}

extension ScalarValue {
  /// The number, if it is one that can be computed with.
  var finiteNumber: Double? {
    guard case .number(let value) = self, value.isFinite else { return nil }
    return value
  }
}

extension ClosedRange<Double> {
  /// The nearest number inside.
  func clamping(_ value: Double) -> Double { Swift.min(Swift.max(value, lowerBound), upperBound) }
}
