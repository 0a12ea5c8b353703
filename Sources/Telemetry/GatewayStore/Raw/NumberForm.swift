/// A way to write a number short and get exactly the same number back.
///
/// Devices count in steps: 230.1 V is 2301 tenths. A profile makes a number by multiplying with 0.1, text says it in
/// decimals; the two differ in the last bit now and then, so both ways back are tried.
enum NumberForm: UInt8 {
  /// No number at all.
  case none
  /// All 64 bits.
  case double
  /// A number of 32 bits.
  case float
  /// An integer.
  case integer
  /// An integer divided by a power of ten.
  case tenths, hundredths, thousandths, tenThousandths
  /// An integer multiplied with a negative power of ten.
  case timesTenth, timesHundredth, timesThousandth, timesTenThousandth

  /// Integers up to here are exact in a double.
  private static let largestInteger = 9_007_199_254_740_992.0
  /// From the shortest to the longest.
  static let scaled: [NumberForm] = [
    .integer, .tenths, .timesTenth, .hundredths, .timesHundredth, .thousandths, .timesThousandth, .tenThousandths,
    .timesTenThousandth,
  ]

  /// What an integer is divided by, or multiplied with.
  private var scale: (divisor: Double, factor: Double) {
    switch self {
    case .none, .double, .float, .integer: (1, 1)
    case .tenths: (10, 1)
    case .hundredths: (100, 1)
    case .thousandths: (1000, 1)
    case .tenThousandths: (10_000, 1)
    case .timesTenth: (1, 0.1)
    case .timesHundredth: (1, 0.01)
    case .timesThousandth: (1, 0.001)
    case .timesTenThousandth: (1, 0.0001)
    }
  }

  /// The number of an integer in this form.
  func number(_ integer: Int64) -> Double { Double(integer) / scale.divisor * scale.factor }

  /// The integer of a number in this form; `nil` unless it gives exactly this number back.
  func integer(_ number: Double) -> Int64? {
    let scaled = (number * scale.divisor / scale.factor).rounded()
    guard scaled.magnitude < Self.largestInteger else { return nil }
    let integer = Int64(scaled)
    return self.number(integer).bitPattern == number.bitPattern ? integer : nil
  }

  /// The shortest form of a number.
  static func best(_ number: Double) -> NumberForm {
    if number.isNaN { return .none }
    if let scaled = scaled.first(where: { $0.integer(number) != nil }) { return scaled }
    return Double(Float(number)).bitPattern == number.bitPattern ? .float : .double
  }
}
