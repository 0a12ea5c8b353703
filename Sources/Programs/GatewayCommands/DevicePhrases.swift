import EnergyModel
import LocalAPISchema

/// What matters of a device, in one line.
enum DevicePhrases {
  /// `87 %, charging 2.1 kW`; `20.5 °C, heating to 21.5 °C`; stale values say so.
  static func summary(of device: DeviceResource) -> String {
    let fields = device.state.fields
    let text =
      switch device.type {
      case .battery: battery(fields)
      case .thermostat: thermostat(fields)
      case .inverter: inverter(fields)
      case .meter: Phrasing.meterPower(number("powerW", fields), role: device.role)
      case .charger: charger(fields)
      }
    return device.state.isStale && text != Phrasing.unknown ? "\(text) (stale)" : text
  }

  /// The words for a signed power; `nil` for every other field.
  static func meaning(of field: String, value: ScalarValue, device: DeviceResource) -> String? {
    guard case .number(let watts) = value else { return nil }
    switch (device.type, field) {
    case (.battery, "powerW"): return Phrasing.batteryPower(watts, state: text("chargingState", device.state.fields))
    case (.meter, "powerW"): return Phrasing.meterPower(watts, role: device.role)
    case (.inverter, "acPowerW"): return Phrasing.inverterPower(watts)
    case (.charger, "powerW"): return Phrasing.chargerPower(watts)
    default: return nil
    }
  }

  private static func battery(_ fields: [String: ScalarValue]) -> String {
    let charge = number("socPercent", fields).map { "\(Phrasing.decimal($0, 0)) %" }
    let power = Phrasing.batteryPower(number("powerW", fields), state: text("chargingState", fields))
    return joined([charge, power == Phrasing.unknown ? text("chargingState", fields) : power])
  }

  private static func thermostat(_ fields: [String: ScalarValue]) -> String {
    let room = number("ambientTemperatureC", fields).map { "\(Phrasing.decimal($0, 1)) °C" }
    let action = text("hvacAction", fields) ?? text("hvacMode", fields)
    var target: String?
    switch text("hvacMode", fields) {
    case "cool": target = degrees("coolSetpointC", fields).map { "to \($0)" }
    case "heatCool":
      let heat = degrees("heatSetpointC", fields) ?? Phrasing.unknown
      target = "between \(heat) and \(degrees("coolSetpointC", fields) ?? Phrasing.unknown)"
    case "off": target = nil
    default: target = degrees("heatSetpointC", fields).map { "to \($0)" }
    }
    let doing = [action, target].compactMap { $0 }.joined(separator: " ")
    return joined([room, doing.isEmpty ? nil : doing])
  }

  private static func inverter(_ fields: [String: ScalarValue]) -> String {
    let power = Phrasing.inverterPower(number("acPowerW", fields))
    let status = text("status", fields).flatMap { $0 == "running" ? nil : $0 }
    let limit = number("powerLimitPercent", fields).flatMap {
      $0 < 100 ? "limited to \(Phrasing.shortened($0, 1)) %" : nil
    }
    return joined([power == Phrasing.unknown ? nil : power, status, limit])
  }

  private static func charger(_ fields: [String: ScalarValue]) -> String {
    let watts = number("powerW", fields)
    let state: String? =
      switch text("state", fields) {
      case "notPluggedIn": "no car"
      case "pluggedIn": "car plugged in"
      case "readyWaiting": "car waits"
      case "ending": "ending"
      case "fault": "fault"
      default: nil
      }
    let power = watts.map { abs($0) < 0.5 && state != nil ? nil : Phrasing.chargerPower($0) } ?? nil
    let limit = number("maxCurrentA", fields).map { "limit \(Phrasing.shortened($0, 1)) A" }
    return joined([state, power, limit])
  }

  private static func joined(_ parts: [String?]) -> String {
    let known = parts.compactMap { $0 }
    return known.isEmpty ? Phrasing.unknown : known.joined(separator: ", ")
  }

  private static func degrees(_ field: String, _ fields: [String: ScalarValue]) -> String? {
    number(field, fields).map { "\(Phrasing.decimal($0, 1)) °C" }
  }

  private static func number(_ field: String, _ fields: [String: ScalarValue]) -> Double? {
    if case .number(let value)? = fields[field], value.isFinite { value } else { nil }
  }

  private static func text(_ field: String, _ fields: [String: ScalarValue]) -> String? {
    if case .text(let value)? = fields[field] { value } else { nil }
  }
}
