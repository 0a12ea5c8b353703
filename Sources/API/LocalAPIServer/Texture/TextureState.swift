import EnergyModel
import LocalAPISchema

/// The names, units and words of Texture's states, as tables: what each of its fields is here.
struct TextureState {
  /// How a value comes about.
  enum Rule: Sendable {
    /// The number of a field, in the same unit and with the same sign.
    case number(String)
    /// Degrees Celsius as degrees Fahrenheit.
    case fahrenheit(String)
    case flag(String)
    /// A word by a table; what is not in it is `unknown`.
    case word(String, [String: String])
    /// Power at the site's grid meter in W, positive importing.
    case gridPower
    /// `importing`, `exporting`, `idle` or `unknown`.
    case gridStatus
    /// Known of a word: `false` for these, else `true`.
    case isNot(String, String)
    /// A difference since the last state: one lost state would lose it for good, so it is not known here.
    case sinceLastState
  }

  /// Grid power below this is nothing in particular.
  static let idleBelowW = 20.0

  let fields: [(name: String, rule: Rule)]

  static func of(_ type: DeviceKind) -> TextureState {
    switch type {
    case .battery: battery
    case .inverter: inverter
    case .thermostat: thermostat
    case .charger: charger
    case .meter: meter
    }
  }

  static let battery = TextureState(fields: [
    ("charge", .number("energyStoredWh")), ("chargePercentage", .number("socPercent")),
    (
      "chargingState",
      .word(
        "chargingState",
        [
          "charging": "charging", "discharging": "discharging", "idle": "idle", "full": "idle", "empty": "idle",
          "holding": "idle", "standby": "idle",
        ])
    ),
    // Positive discharging on both sides.
    ("chargeRate", .number("powerW")), ("whConsumed", .sinceLastState), ("backupReserve", .number("reservePercent")),
    ("gridStatus", .gridStatus), ("gridPower", .gridPower), ("gridEnergy", .sinceLastState),
    (
      "strategy",
      .word(
        "operatingMode", ["selfConsumption": "self_consumption", "timeOfUse": "time_of_use", "backup": "backup"])
    ),
    ("isStormModeEnabled", .flag("stormModeEnabled")), ("isStormModeActive", .flag("stormModeActive")),
  ])

  static let inverter = TextureState(fields: [
    ("power", .number("acPowerW")), ("gridStatus", .gridStatus), ("gridPower", .gridPower),
    ("gridEnergy", .sinceLastState), ("batteryState", .sinceLastState),
  ])

  static let thermostat = TextureState(fields: [
    ("ambientTemperature", .fahrenheit("ambientTemperatureC")), ("heatTarget", .fahrenheit("heatSetpointC")),
    ("coolTarget", .fahrenheit("coolSetpointC")),
    (
      "operatingMode",
      .word(
        "hvacMode",
        [
          "off": "off", "heat": "heat", "cool": "cool", "heatCool": "auto", "auto": "auto", "eco": "eco",
          "emergencyHeat": "heat",
        ])
    ),
    ("fanMode", .word("fanMode", ["auto": "auto", "on": "on", "off": "off", "circulate": "circulate"])),
  ])

  static let charger = TextureState(fields: [
    (
      "chargingState",
      .word(
        "state",
        [
          "notPluggedIn": "idle", "pluggedIn": "idle", "readyWaiting": "idle", "charging": "charging",
          "discharging": "discharging", "ending": "idle",
        ])
    ),
    ("isPluggedIn", .isNot("state", "notPluggedIn")), ("chargerVoltage", .number("voltageV")),
    ("chargerCurrent", .number("currentA")), ("chargerWattage", .number("powerW")),
  ])

  /// Texture has meters without a page about their state.
  static let meter = TextureState(fields: [("power", .number("powerW"))])

  /// The state in these words. Every name is there; what is not known is `null`, or `unknown` where it is a word.
  func render(_ state: [String: ScalarValue], gridPowerW: Double?) -> [String: JSONValue] {
    var rendered: [String: JSONValue] = [:]
    for (name, rule) in fields { rendered[name] = Self.value(rule, state, gridPowerW) }
    return rendered
  }

  private static func value(_ rule: Rule, _ state: [String: ScalarValue], _ gridPowerW: Double?) -> JSONValue {
    switch rule {
    case .number(let field): return number(state[field]).map { .number($0) } ?? .null
    case .fahrenheit(let field):
      return number(state[field]).map { .number((($0 * 9 / 5 + 32) * 100).rounded() / 100) } ?? .null
    case .flag(let field):
      if case .flag(let flag)? = state[field] { return .flag(flag) }
      return .null
    case .word(let field, let words):
      if case .text(let word)? = state[field] { return .text(words[word] ?? "unknown") }
      return .text("unknown")
    case .isNot(let field, let word):
      guard case .text(let now)? = state[field], now != "unknown" else { return .null }
      return .flag(now != word)
    case .gridPower: return gridPowerW.map { .number($0) } ?? .null
    case .gridStatus:
      guard let gridPowerW else { return .text("unknown") }
      return .text(abs(gridPowerW) < idleBelowW ? "idle" : gridPowerW > 0 ? "importing" : "exporting")
    case .sinceLastState: return .null
    }
  }

  private static func number(_ value: ScalarValue?) -> Double? {
    if case .number(let number)? = value { number } else { nil }
  }
}
