/// Durations as people write them: `250 ms`, `10 s`, `5 min`, `2 h`, `7 d`, also without the blank.
public enum DurationText {
  /// Milliseconds in each unit.
  static let units: [(name: String, milliseconds: Double)] = [
    ("ms", 1), ("min", 60_000), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
  ]

  /// The longest duration that can be written: ten years.
  public static let maximum = Duration.seconds(10 * 366 * 86_400)

  /// `nil` if the text is not a number with a unit, is negative, or is longer than `maximum`. A bare `0` is allowed.
  public static func parse(_ text: String) -> Duration? {
    let trimmed = text.filter { $0 != " " }
    if trimmed == "0" { return .zero }
    let digits = trimmed.prefix { $0.isNumber || $0 == "." }
    guard let unit = units.first(where: { $0.name == trimmed.dropFirst(digits.count) }), let value = Double(digits),
      value.isFinite, value >= 0
    else { return nil }
    let milliseconds = value * unit.milliseconds
    guard milliseconds <= Double(maximum.components.seconds) * 1000 else { return nil }
    return .milliseconds(Int64(milliseconds.rounded()))
  }

  /// The shortest exact spelling: `90 s`, `5 min`, `250 ms`.
  public static func format(_ duration: Duration) -> String {
    let (seconds, attoseconds) = duration.components
    let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
    if milliseconds == 0 { return "0 s" }
    for (name, size) in [("d", Int64(86_400_000)), ("h", 3_600_000), ("min", 60_000), ("s", 1000)]
    where milliseconds % size == 0 {
      return "\(milliseconds / size) \(name)"
    }
    return "\(milliseconds) ms"
  }
}
