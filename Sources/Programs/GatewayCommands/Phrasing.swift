import EnergyModel
import LocalAPISchema

/// Numbers in words: watts below 1000, kilowatts above, always with the word for the direction.
enum Phrasing {
  /// For what is not known.
  static let unknown = "–"

  /// `850 W`, `2.1 kW`; the sign is left to the words.
  static func power(_ watts: Double?) -> String { scaled(watts.map(abs), "W") }

  /// `850 Wh`, `12.4 kWh`.
  static func energy(_ wattHours: Double?) -> String { scaled(wattHours, "Wh") }

  /// `charging 2.1 kW`.
  static func batteryPower(_ watts: Double?, state: String? = nil) -> String {
    guard let watts, watts.isFinite else { return unknown }
    if state == "idle" || abs(watts) < 0.5 { return abs(watts) < 0.5 ? "idle" : "idle (\(power(watts)))" }
    return "\(watts > 0 ? "discharging" : "charging") \(power(watts))"
  }

  /// `importing 300 W` at the grid, `consuming` and `producing` elsewhere.
  static func meterPower(_ watts: Double?, role: MeterRole?) -> String {
    guard let watts, watts.isFinite else { return unknown }
    let words: (positive: String, negative: String) =
      switch role {
      case .load: ("consuming", "feeding back")
      case .pv: ("producing", "drawing")
      case .grid, .sub, nil: ("importing", "exporting")
      }
    return "\(watts >= 0 ? words.positive : words.negative) \(power(watts))"
  }

  /// `producing 3.2 kW`.
  static func inverterPower(_ watts: Double?) -> String {
    guard let watts, watts.isFinite else { return unknown }
    return "\(watts >= 0 ? "producing" : "drawing") \(power(watts))"
  }

  /// `charging 7.4 kW` with a car at the plug, `feeding back 2.0 kW` when the car delivers.
  static func chargerPower(_ watts: Double?) -> String {
    guard let watts, watts.isFinite else { return unknown }
    if abs(watts) < 0.5 { return "not charging" }
    return "\(watts > 0 ? "charging" : "feeding back") \(power(watts))"
  }

  /// `4 s ago`, `3 min ago`, `2 h ago`, `5 d ago`.
  static func age(_ seconds: Double?) -> String {
    guard let seconds, seconds.isFinite else { return unknown }
    return seconds < 1 ? "now" : "\(span(seconds)) ago"
  }

  /// The largest unit that fits, whole: `4 s`, `3 min`, `2 h`, `5 d`.
  static func span(_ seconds: Double) -> String {
    guard seconds.isFinite else { return unknown }
    let seconds = min(max(0, seconds), 1e9)
    for (name, size) in [("d", 86_400.0), ("h", 3600), ("min", 60)] where seconds >= size {
      return "\(Int(seconds / size)) \(name)"
    }
    return "\(Int(seconds)) s"
  }

  /// A length of time exactly: `30 min`, `1 h 30 min`, `45 s`.
  static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return unknown }
    var rest = Int(seconds.rounded())
    var parts: [String] = []
    for (name, size) in [("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)] where rest >= size {
      parts.append("\(rest / size) \(name)")
      rest %= size
    }
    return parts.isEmpty ? "0 s" : parts.joined(separator: " ")
  }

  /// `1.2 MB`.
  static func bytes(_ count: Int64) -> String {
    if count < 1000 { return "\(count) B" }
    for (name, size) in [("GB", 1e9), ("MB", 1e6)] where Double(count) >= size {
      return "\(decimal(Double(count) / size, 1)) \(name)"
    }
    return "\(decimal(Double(count) / 1000, 0)) kB"
  }

  /// A share of 0 to 1 as `98 %`; never 100 or 0 unless it is exactly that.
  static func share(_ share: Double?) -> String {
    guard let share, share.isFinite else { return unknown }
    let percent = min(max(share * 100, 0), 100)
    if percent > 99, percent < 100 { return "99 %" }
    if percent > 0, percent < 1 { return "<1 %" }
    return "\(decimal(percent, 0)) %"
  }

  /// The value of a field in its unit, as short as it makes sense: `21.5`, `-2480`, `49.98`, `charging`.
  static func value(_ value: ScalarValue, of field: String) -> String {
    guard case .number(let number) = value else {
      if case .null = value { return unknown }
      if case .flag(let flag) = value { return flag ? "yes" : "no" }
      let text = value.description
      return text.isEmpty ? "none" : text
    }
    guard number.isFinite else { return unknown }
    let digits =
      switch Field.named(field)?.unit {
      case .watt, .wattHour, .voltAmpere, .voltAmpereReactive, .second: 0
      case .celsius, .percent, .volt: 1
      case .ampere, .hertz: 2
      case .count, nil: 3
      }
    return shortened(number, digits)
  }

  /// The value with its unit: `21.5 °C`.
  static func valueAndUnit(_ value: ScalarValue, of field: String) -> String {
    let text = Self.value(value, of: field)
    guard case .number = value, let unit = Field.named(field)?.unit.rawValue, !unit.isEmpty else { return text }
    return "\(text) \(unit)"
  }

  /// A number with at most so many decimals.
  static func shortened(_ number: Double, _ digits: Int) -> String {
    var text = decimal(number, digits)
    if text.contains(".") {
      while text.hasSuffix("0") { text.removeLast() }
      if text.hasSuffix(".") { text.removeLast() }
    }
    return text == "-0" ? "0" : text
  }

  private static func scaled(_ value: Double?, _ unit: String) -> String {
    guard let value, value.isFinite else { return unknown }
    let rounded = value.rounded()
    if abs(rounded) < 1000 { return "\(decimal(value, 0)) \(unit)" }
    if abs(value) < 999_950 { return "\(decimal(value / 1000, 1)) k\(unit)" }
    return "\(decimal(value / 1_000_000, 1)) M\(unit)"
  }

  /// A number with exactly so many decimals, without the machinery of formatters.
  static func decimal(_ number: Double, _ digits: Int) -> String {
    var factor = 1.0
    for _ in 0..<digits { factor *= 10 }
    let scaled = (abs(number) * factor).rounded()
    guard scaled < 1e15 else { return String(number) }
    let whole = Int64(scaled)
    let sign = number < 0 && whole > 0 ? "-" : ""
    guard digits > 0 else { return sign + String(whole) }
    let fraction = String(whole % Int64(factor))
    let zeros = String(repeating: "0", count: digits - fraction.count)
    return sign + String(whole / Int64(factor)) + "." + zeros + fraction
  }
}
