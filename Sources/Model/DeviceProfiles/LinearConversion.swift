/// From a raw number to SI: raw × 10^power × factor + addend, or raw × 10^power ÷ divisor + addend where that is exact.
struct LinearConversion: Sendable, BitwiseCopyable {
  let factor: Double
  /// 0 where the factor is used.
  let divisor: Double
  let addend: Double
  /// Without it and without a power, a number stays as it is.
  private let isNeeded: Bool

  /// Powers outside are not used by any device and count as absent.
  static let powers = -12...12
  static let tens = (0...12).map { exponent in (0..<exponent).reduce(1.0) { value, _ in value * 10 } }

  init(factor: Double, addend: Double) {
    self.factor = factor
    self.addend = addend
    let inverse = factor == 0 ? 0 : (1 / factor)
    // 873 ÷ 10 is 87.3, 873 × 0.1 is 87.30000000000001.
    let isExact = factor.magnitude < 1 && (inverse - inverse.rounded()).magnitude < 1e-9 * inverse.magnitude
    divisor = isExact ? inverse.rounded() : 0
    isNeeded = factor != 1 || addend != 0
  }

  func apply(_ raw: Double, _ power: ValueConverter.Power) -> Double {
    var value = raw
    if case .of(let exponent) = power {
      guard Self.powers.contains(exponent) else { return .nan }
      value = exponent < 0 ? value / Self.tens[-exponent] : value * Self.tens[exponent]
    } else if !isNeeded {
      return raw
    }
    if divisor != 0 { value /= divisor } else { value *= factor }
    return Self.tidy(value + addend)
  }

  /// The raw number for a number in SI; `nil` where there is none.
  func inverted(_ value: Double, _ power: ValueConverter.Power) -> Double? {
    guard factor != 0 else { return nil }
    var raw = value - addend
    if divisor != 0 { raw *= divisor } else { raw /= factor }
    switch power {
    case .absent: return nil
    case .none: break
    case .of(let exponent):
      guard Self.powers.contains(exponent) else { return nil }
      raw = exponent < 0 ? raw * Self.tens[-exponent] : raw / Self.tens[exponent]
    }
    return raw.isFinite ? Self.tidy(raw) : nil
  }

  /// Nine decimals are more than any device has; what lies beyond is noise of binary fractions.
  static func tidy(_ value: Double) -> Double {
    let tidied = value.magnitude < 4e6 ? (value * 1e9).rounded() / 1e9 : value
    return tidied == 0 ? 0 : tidied
  }
}
