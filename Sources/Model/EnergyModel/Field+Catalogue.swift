extension Field {
  /// All fields of the unified model. Signs: the power of batteries and inverters is positive when they deliver into
  /// the site, that of meters and chargers when energy flows from the site into what they measure.
  public static let all: [Field] = catalogue.indices.map { Field(index: UInt16($0)) }

  /// The field of that name; `nil` if the model has none.
  public static func named(_ name: String) -> Field? { byName[name] }

  /// The fields that a device of this kind can have.
  public static func of(_ kind: DeviceKind) -> [Field] { all.filter { $0.kinds.contains(kind) } }

  private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

  struct Entry {
    let name: String
    let kinds: [DeviceKind]
    let unit: Unit
    let type: ValueType
    let behavior: Behavior
    let summary: String
  }

  static let catalogue: [Entry] =
    common + battery + thermostat + inverter + meter + charger + phases + directCurrentInputs

  private static func entry(
    _ name: String, _ kinds: [DeviceKind], _ unit: Unit, _ behavior: Behavior, _ type: ValueType, _ summary: String
  ) -> Entry {
    Entry(name: name, kinds: kinds, unit: unit, type: type, behavior: behavior, summary: summary)
  }

  private static func entry(
    _ name: String, _ kinds: [DeviceKind], _ unit: Unit, _ behavior: Behavior, _ summary: String
  ) -> Entry {
    entry(name, kinds, unit, behavior, .number, summary)
  }

  private static func entry(_ name: String, _ kinds: [DeviceKind], _ unit: Unit, _ summary: String) -> Entry {
    entry(name, kinds, unit, .gauge, .number, summary)
  }

  private static let common: [Entry] = [
    entry("manufacturer", DeviceKind.allCases, .count, .setting, .text, "Who made the device, as it says itself."),
    entry("model", DeviceKind.allCases, .count, .setting, .text, "The product, as the device says itself."),
    entry("serialNumber", DeviceKind.allCases, .count, .setting, .text, "Serial number."),
    entry("firmwareVersion", DeviceKind.allCases, .count, .setting, .text, "Firmware version."),
    entry(
      "vendorStatus", DeviceKind.allCases, .count, .gauge, .text, "The device's own status code or text, unchanged."),
    entry(
      "faults", DeviceKind.allCases, .count, .gauge, .text, "Active faults, comma-separated; empty when there are none."
    ),
    entry(
      "gridConnection", [.battery, .inverter], .count, .gauge,
      .label(["onGrid", "offGrid", "offGridIntentional", "unknown"]), "Whether the device runs with the grid."),
    entry(
      "frequencyHz", [.inverter, .meter, .charger], .hertz, "Grid frequency."),
    entry(
      "powerFactor", [.inverter, .meter, .charger], .count, "Power factor, -1 to 1, sign as the device gives it."),
    entry("apparentPowerVA", [.inverter, .meter, .charger], .voltAmpere, "Apparent power."),
    entry(
      "reactivePowerVar", [.inverter, .meter, .charger], .voltAmpereReactive,
      "Reactive power, sign as the device gives it."),
    entry(
      "voltageV", [.battery, .meter, .charger], .volt,
      "Voltage: DC of a battery, average or only phase of a meter or charger."),
    entry(
      "currentA", [.battery, .meter, .charger], .ampere,
      "Current, positive in the direction of positive power; of a charger the highest of its phases."),
    entry("temperatureC", [.battery, .inverter, .charger], .celsius, "Temperature of the device."),
    entry("ratedPowerW", [.battery, .inverter], .watt, .setting, "Rated AC power."),
  ]

  private static let battery: [Entry] = [
    entry("socPercent", [.battery], .percent, "State of charge, 0 to 100."),
    entry("sohPercent", [.battery], .percent, .setting, "State of health, 0 to 100."),
    entry("cycleCount", [.battery], .count, .counter, "Full cycles so far."),
    entry("energyStoredWh", [.battery], .wattHour, "Energy that can be taken out now."),
    entry("energyCapacityWh", [.battery], .wattHour, .setting, "Usable capacity."),
    entry(
      "powerW", [.battery, .meter, .charger], .watt,
      "Battery: positive discharging. Meter: positive importing or consuming. Charger: positive into the car."),
    entry("chargePowerW", [.battery], .watt, "Power into the battery, never negative; follows from powerW."),
    entry("dischargePowerW", [.battery], .watt, "Power out of the battery, never negative; follows from powerW."),
    entry("energyChargedTotalWh", [.battery], .wattHour, .counter, "Energy into the battery since installation."),
    entry("energyDischargedTotalWh", [.battery], .wattHour, .counter, "Energy out of the battery since installation."),
    entry(
      "chargingState", [.battery], .count, .gauge,
      .label(["charging", "discharging", "idle", "full", "empty", "holding", "standby", "fault", "unknown"]),
      "What the battery does."),
    entry(
      "operatingMode", [.battery], .count, .setting,
      .label([
        "selfConsumption", "timeOfUse", "backup", "gridCharge", "gridExport", "hold", "remote", "manual", "unknown",
      ]), "What the battery was asked to do."),
    entry("reservePercent", [.battery], .percent, .setting, "State of charge kept for outages."),
    entry("minSocPercent", [.battery], .percent, .setting, "Discharging ends here."),
    entry("maxSocPercent", [.battery], .percent, .setting, "Charging ends here."),
    entry("maxChargePowerW", [.battery], .watt, .setting, "Highest charging power available now, never negative."),
    entry(
      "maxDischargePowerW", [.battery], .watt, .setting, "Highest discharging power available now, never negative."),
    entry(
      "controlSource", [.battery], .count, .setting,
      .label(["none", "gateway", "vendorApp", "vendorProgram", "schedule", "unknown"]), "Who controls the battery."),
  ]

  private static let thermostat: [Entry] = [
    entry("ambientTemperatureC", [.thermostat], .celsius, "Room temperature."),
    entry("humidityPercent", [.thermostat], .percent, "Relative humidity of the room, 0 to 100."),
    entry("outdoorTemperatureC", [.thermostat], .celsius, "Outdoor temperature."),
    entry(
      "hvacMode", [.thermostat], .count, .setting,
      .label([
        "off", "heat", "cool", "heatCool", "auto", "eco", "emergencyHeat", "dry", "fanOnly", "unknown",
      ]), "What the thermostat was asked to do."),
    entry(
      "hvacAction", [.thermostat], .count, .gauge,
      .label(["off", "idle", "preheating", "heating", "cooling", "fan", "drying", "defrosting", "unknown"]),
      "What it does now."),
    entry("heatSetpointC", [.thermostat], .celsius, .setting, "Heats below this temperature."),
    entry("coolSetpointC", [.thermostat], .celsius, .setting, "Cools above this temperature."),
    entry("minHeatSetpointC", [.thermostat], .celsius, .setting, "Lowest heating setpoint."),
    entry("maxHeatSetpointC", [.thermostat], .celsius, .setting, "Highest heating setpoint."),
    entry("minCoolSetpointC", [.thermostat], .celsius, .setting, "Lowest cooling setpoint."),
    entry("maxCoolSetpointC", [.thermostat], .celsius, .setting, "Highest cooling setpoint."),
    entry("deadbandC", [.thermostat], .celsius, .setting, "Least distance of the two setpoints, in kelvin."),
    entry(
      "fanMode", [.thermostat], .count, .setting, .label(["auto", "on", "off", "circulate", "unknown"]),
      "What the fan was asked to do."),
    entry("fanRunning", [.thermostat], .count, .gauge, .flag, "Whether the fan runs."),
    entry(
      "preset", [.thermostat], .count, .setting,
      .label(["none", "home", "away", "sleep", "wake", "vacation", "custom", "unknown"]), "Named set of setpoints."),
    entry(
      "holdType", [.thermostat], .count, .setting, .label(["none", "temporary", "permanent", "unknown"]),
      "Whether a hold overrides the schedule."),
    entry(
      "setpointSource", [.thermostat], .count, .setting, .label(["manual", "schedule", "external", "unknown"]),
      "Who chose the setpoint."),
    entry("valvePositionPercent", [.thermostat], .percent, "How far the valve is open, 0 to 100."),
    entry("batteryPercent", [.thermostat], .percent, .setting, "The thermostat's own battery, 0 to 100."),
    entry("equipmentRuntimeHeatSecondsTotal", [.thermostat], .second, .counter, "Time spent heating."),
    entry("equipmentRuntimeCoolSecondsTotal", [.thermostat], .second, .counter, "Time spent cooling."),
  ]

  private static let inverter: [Entry] = [
    entry("acPowerW", [.inverter], .watt, "AC power, positive into the site. On a hybrid it contains the battery."),
    entry(
      "pvPowerW", [.inverter], .watt, "Sum of the DC inputs of type pv, never negative: the generation of a hybrid."),
    entry("dcPowerW", [.inverter], .watt, "Sum of all DC inputs."),
    entry("energyGeneratedTotalWh", [.inverter], .wattHour, .counter, "Energy delivered at the AC side."),
    entry("energyPvTotalWh", [.inverter], .wattHour, .counter, "Energy from the DC inputs of type pv."),
    entry("energyAbsorbedTotalWh", [.inverter], .wattHour, .counter, "Energy taken at the AC side."),
    entry("energyTodayWh", [.inverter], .wattHour, "Energy since the device's midnight; falls back to 0 there."),
    entry(
      "status", [.inverter], .count, .gauge,
      .label([
        "off", "sleeping", "starting", "running", "throttled", "shuttingDown", "standby", "fault", "unknown",
      ]), "What the inverter does."),
    entry("throttlePercent", [.inverter], .percent, "How far it is throttled, 0 to 100."),
    entry("powerLimitPercent", [.inverter], .percent, .setting, "Power limit in force, percent of rated."),
    entry("powerLimitW", [.inverter], .watt, .setting, "Power limit in force."),
  ]

  private static let meter: [Entry] = [
    entry("importPowerW", [.meter], .watt, "Power from the grid, never negative; follows from powerW."),
    entry("exportPowerW", [.meter], .watt, "Power to the grid, never negative; follows from powerW."),
    entry("energyImportedTotalWh", [.meter], .wattHour, .counter, "Energy imported or consumed."),
    entry("energyExportedTotalWh", [.meter], .wattHour, .counter, "Energy exported."),
    entry("switchOn", [.meter], .count, .setting, .flag, "Whether the relay of a metering plug is closed."),
  ]

  private static let charger: [Entry] = [
    entry(
      "state", [.charger], .count, .gauge,
      .label([
        "notPluggedIn", "pluggedIn", "readyWaiting", "charging", "discharging", "ending", "fault", "unknown",
      ]),
      "What happens at the plug: pluggedIn when the car wants nothing, readyWaiting when it would charge and may not."),
    entry("isPluggedIn", [.charger], .count, .gauge, .flag, "Whether a car is connected."),
    entry(
      "chargingMode", [.charger], .count, .setting,
      .label(["start-charging", "stop-charging", "solar", "solar-minimum", "schedule", "auto", "unknown"]),
      "What the charger was asked to do; solar-minimum never goes below the least current, auto leaves it to the device."
    ),
    entry(
      "maxCurrentA", [.charger], .ampere, .setting,
      "Highest current per phase that the car may draw now; below 6 A it cannot charge."),
    entry("ratedCurrentA", [.charger], .ampere, .setting, "Highest current per phase of charger and installation."),
    entry("activePhases", [.charger], .count, "Phases that the car may draw from, 1 to 3."),
    entry("sessionEnergyWh", [.charger], .wattHour, "Energy into the car since it was plugged in."),
    entry("energyTotalWh", [.charger], .wattHour, .counter, "Energy into cars since installation."),
  ]

  /// The kinds that have phases.
  private static let alternating: [DeviceKind] = [.inverter, .meter, .charger]

  private static let phases: [Entry] = ["l1", "l2", "l3"].flatMap { phase in
    [
      entry("phases.\(phase).voltageV", alternating, .volt, "Voltage of phase \(phase) to neutral."),
      entry("phases.\(phase).currentA", alternating, .ampere, "Current of phase \(phase)."),
      entry("phases.\(phase).powerW", alternating, .watt, "Power of phase \(phase), signed as the device's power."),
    ]
  }

  private static let directCurrentInputs: [Entry] = (1...4).flatMap { number in
    [
      entry("dcInputs.\(number).voltageV", [.inverter], .volt, "Voltage of DC input \(number)."),
      entry("dcInputs.\(number).currentA", [.inverter], .ampere, "Current of DC input \(number)."),
      entry("dcInputs.\(number).powerW", [.inverter], .watt, "Power of DC input \(number)."),
      entry("dcInputs.\(number).energyTotalWh", [.inverter], .wattHour, .counter, "Energy of DC input \(number)."),
    ]
  }
}
