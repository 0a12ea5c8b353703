import EnergyModel

/// The words of Texture for commands, where they say the same as ours; what we do not know stays as it is, and is refused
/// by its name.
struct TextureCommand: Hashable {
  var verb: String
  var input: [String: ScalarValue]

  init(kind: DeviceKind, verb: String, input: [String: ScalarValue]) {
    self.verb = verb
    self.input = input
    switch (kind, verb) {
    case (.battery, "set-reserve"): rename("chargePercentage", to: "reservePercent")
    case (.battery, "set-operating-mode"): readBatteryMode()
    case (.thermostat, _):
      rename(verb == "set-fan-mode" ? "fanMode" : "operatingMode", to: "mode")
      if verb == "set-operating-mode", self.input["mode"] == .text("auto") { self.input["mode"] = .text("heatCool") }
      rename("heatTarget", to: "heatSetpointC", Self.celsius)
      rename("coolTarget", to: "coolSetpointC", Self.celsius)
    case (.charger, "set-operating-mode"): rename("operatingMode", to: "mode")
    default: break
    }
  }

  /// What Texture calls a mode of a battery is a command here, with the state of charge at which it ends.
  private mutating func readBatteryMode() {
    guard case .text(let mode)? = input["operatingMode"], ["charge", "discharge", "idle", "reset"].contains(mode) else {
      return rename("operatingMode", to: "mode")
    }
    verb = mode
    input["operatingMode"] = nil
    if mode == "charge" { rename("maximumBatteryReserve", to: "targetSocPercent") }
    if mode == "discharge" { rename("minimumBatteryReserve", to: "targetSocPercent") }
  }

  private mutating func rename(_ name: String, to own: String, _ convert: (Double) -> Double = { $0 }) {
    guard let value = input[name], input[own] == nil else { return }
    input[name] = nil
    if case .number(let number) = value { input[own] = .number(convert(number)) } else { input[own] = value }
  }

  private static func celsius(_ fahrenheit: Double) -> Double { (fahrenheit - 32) * 5 / 9 }
}
