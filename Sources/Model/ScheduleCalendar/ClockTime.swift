/// A time of day as a wall clock shows it, `00:00` to `24:00`.
public struct ClockTime: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// Minutes since midnight, 0 to 1440.
  public let minutes: Int

  /// Minutes of a day.
  public static let minutesPerDay = 1440

  /// `nil` unless it is from 0 to 1440 minutes.
  public init?(minutes: Int) {
    guard (0...Self.minutesPerDay).contains(minutes) else { return nil }
    self.minutes = minutes
  }

  /// Reads `HH:MM`; `24:00` is the end of the day. `nil` for anything else.
  public init?(_ text: some StringProtocol) {
    let bytes = Array(text.utf8)
    guard bytes.count == 5, bytes[2] == 0x3A else { return nil }
    let digits = [bytes[0], bytes[1], bytes[3], bytes[4]].map { Int($0) - 0x30 }
    guard digits.allSatisfy({ (0...9).contains($0) }) else { return nil }
    let minute = digits[2] * 10 + digits[3]
    guard minute < 60 else { return nil }
    self.init(minutes: (digits[0] * 10 + digits[1]) * 60 + minute)
  }

  /// Earlier is less.
  public static func < (lhs: ClockTime, rhs: ClockTime) -> Bool { lhs.minutes < rhs.minutes }

  /// `HH:MM`.
  public var description: String {
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(two(minutes / 60)):\(two(minutes % 60))"
  }
}
