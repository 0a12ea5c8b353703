import EnergyModel

/// The arguments that a command of the catalogue can have.
enum CommandCatalogue {
  /// The verbs that a profile may define. `auto` is made of the part's `default` steps.
  static func verbs(_ kind: DeviceKind) -> [String] { CommandName.verbs(for: kind).filter { $0 != "auto" } }

  static func inputs(_ kind: DeviceKind, _ verb: String) -> [(name: String, kind: CommandInput.Kind)] {
    switch (kind, verb) {
    case (.battery, "charge"), (.battery, "discharge"):
      [("powerW", .number(.watt)), ("targetSocPercent", .number(.percent))]
    case (.battery, "set-operating-mode"): [("mode", .choice(words("operatingMode")))]
    case (.battery, "set-reserve"): [("reservePercent", .number(.percent))]
    case (.battery, "set-power-limits"):
      [("maxChargePowerW", .number(.watt)), ("maxDischargePowerW", .number(.watt))]
    case (.thermostat, "set-operating-mode"): [("mode", .choice(words("hvacMode")))]
    case (.thermostat, "set-setpoints"):
      [("heatSetpointC", .number(.celsius)), ("coolSetpointC", .number(.celsius))]
    case (.thermostat, "set-fan-mode"): [("mode", .choice(words("fanMode")))]
    case (.thermostat, "set-hold"): [("holdType", .choice(words("holdType")))]
    case (.inverter, "set-power-limit"): [("percent", .number(.percent)), ("watts", .number(.watt))]
    case (.meter, "switch"): [("on", .flag)]
    case (.charger, "set-operating-mode"): [("mode", .choice(words("chargingMode")))]
    case (.charger, "set-current-limit"): [("maxCurrentA", .number(.ampere))]
    default: []
    }
  }

  /// Everything that can be asked for; nobody can ask for `unknown`.
  private static func words(_ field: String) -> [String] {
    (Field.named(field)?.labels ?? []).filter { $0 != "unknown" }
  }
}
