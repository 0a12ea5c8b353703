/// A decimal number with six places, added up without rounding: what is billed must not depend on the order of sums.
public struct ExactQuantity: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// Places after the point.
  public static let places = 6
  /// Millionths in one.
  public static let scale: Int128 = 1_000_000
  /// The largest number that is read.
  public static let largest = 1e12

  /// The number in millionths.
  public var millionths: Int128

  /// A number of millionths.
  public init(millionths: Int128) { self.millionths = millionths }

  /// Rounds to six places; `nil` for what is no number, or beyond `largest`.
  public init?(_ number: Double) {
    guard number.isFinite, abs(number) <= Self.largest else { return nil }
    // The places on their own: a large number has none to spare for a factor.
    let whole = number.rounded(.towardZero)
    let rest = ((number - whole) * 1e6).rounded()
    guard let large = Int64(exactly: whole), let small = Int64(exactly: rest) else { return nil }
    self.init(millionths: Int128(large) * Self.scale + Int128(small))
  }

  /// Smaller is less.
  public static func < (lhs: Self, rhs: Self) -> Bool { lhs.millionths < rhs.millionths }

  /// Zero.
  public static let zero = ExactQuantity(millionths: 0)

  /// Without an exponent and without zeros at the end: `100`, `0.25`.
  public var description: String {
    let magnitude = millionths.magnitude
    let (whole, rest) = magnitude.quotientAndRemainder(dividingBy: UInt128(Self.scale))
    var text = (millionths < 0 ? "-" : "") + "\(whole)"
    guard rest > 0 else { return text }
    var digits = "\(rest)"
    digits = String(repeating: "0", count: Self.places - digits.count) + digits
    while digits.hasSuffix("0") { digits.removeLast() }
    text += "." + digits
    return text
  }
}
