import DeviceProfiles
import EnergyModel

/// Finds what an unknown must be so that an expression gives a wanted result. Purely numerical: it guesses, computes
/// forward and keeps only what is verified, so any expression is allowed and a wrong answer is not possible.
struct ExpressionSolver {
  /// The expression with the unknown set to a value.
  let evaluate: (ScalarValue) -> ScalarValue
  /// Values worth trying first: choices, numbers and words that occur in the expression.
  let candidates: [ScalarValue]
  /// Where a number is searched for.
  var bounds: ClosedRange<Double> = -1e9...1e9
  /// Results that differ by no more count as equal.
  var tolerance = 1e-6

  /// Halvings of the search interval: enough for full precision.
  static let maxHalvings = 80

  /// The unknown; `nil` when there is none.
  func solve(for wanted: ScalarValue) -> ScalarValue? {
    guard case .number(let number) = wanted else {
      return candidates.first { matches(evaluate($0), wanted) }
    }
    for guess in affineGuesses(number) + candidates.compactMap(\.finiteNumber) + [number, -number]
    where bounds.contains(guess) && matches(evaluate(.number(guess)), wanted) {
      return centre(around: guess, wanted: number)
    }
    for candidate in candidates where matches(evaluate(candidate), wanted) { return candidate }
    return bisect(number)
  }

  /// Whether two values are the same for a device.
  func matches(_ value: ScalarValue, _ wanted: ScalarValue) -> Bool {
    Self.matches(value, wanted, tolerance: tolerance)
  }

  static func matches(_ value: ScalarValue, _ wanted: ScalarValue, tolerance: Double) -> Bool {
    if case .number(let a) = value, case .number(let b) = wanted { return abs(a - b) <= tolerance }
    return value == wanted
  }

  private func result(_ unknown: Double) -> Double? { evaluate(.number(unknown)).finiteNumber }

  /// Solutions if the expression is a straight line near one of a few places; a clamp or a rounding makes it one only
  /// in parts.
  private func affineGuesses(_ wanted: Double) -> [Double] {
    [(0.0, 1.0), (0, 100), (100, 1000), (1000, 5000)].compactMap { low, high in
      guard let from = result(low), let to = result(high), to != from else { return nil }
      return low + (wanted - from) * (high - low) / (to - from)
    }
  }

  /// Rounding makes a whole interval give the same result; its centre is the fairest answer.
  private func centre(around guess: Double, wanted: Double) -> ScalarValue {
    let reach = max(1, abs(guess)) * 0.02
    guard let above = edge(from: guess, step: reach, wanted: wanted),
      let below = edge(from: guess, step: -reach, wanted: wanted)
    else { return .number(guess) }
    let centre = (above + below) / 2
    return .number(matches(evaluate(.number(centre)), .number(wanted)) ? centre : guess)
  }

  /// Where the result starts to differ, or `nil` if it stays for long (a clamp) or differs at once.
  private func edge(from guess: Double, step: Double, wanted: Double) -> Double? {
    var inside = guess
    var outside = guess + step
    guard !holds(outside, wanted) else { return nil }
    for _ in 0..<40 {
      let middle = (inside + outside) / 2
      if holds(middle, wanted) { inside = middle } else { outside = middle }
    }
    return inside
  }

  private func holds(_ unknown: Double, _ wanted: Double) -> Bool {
    guard let value = result(unknown) else { return false }
    return abs(value - wanted) <= 1e-9 * max(1, abs(wanted))
  }

  private func bisect(_ wanted: Double) -> ScalarValue? {
    var low = bounds.lowerBound
    var high = bounds.upperBound
    guard let atLow = result(low), let atHigh = result(high) else { return nil }
    let rising = atHigh >= atLow
    for _ in 0..<Self.maxHalvings {
      let middle = low + (high - low) / 2
      guard let value = result(middle) else { return nil }
      if abs(value - wanted) <= tolerance { return .number(middle) }
      if (value < wanted) == rising { low = middle } else { high = middle }
    }
    return nil
  }
}

extension Expression {
  /// Numbers and words that occur in the text, with the flags and the neighbours of the numbers: what an unknown is
  /// likely to be compared with.
  var literals: [ScalarValue] {
    var found: [ScalarValue] = [.flag(true), .flag(false), .number(0), .number(1)]
    var rest = text[...]
    while let first = rest.first {
      if first == "'" {
        let word = rest.dropFirst().prefix { $0 != "'" }
        found.append(.text(String(word)))
        rest = rest.dropFirst(word.count + 2)
      } else if first.isNumber {
        let digits = rest.prefix { $0.isNumber || $0 == "." }
        if let number = Double(digits) { found += [.number(number), .number(number + 1), .number(number - 1)] }
        rest = rest.dropFirst(digits.count)
      } else if first.isLetter {
        rest = rest.drop { $0.isLetter || $0.isNumber || $0 == "." || $0 == "_" }
      } else {
        rest = rest.dropFirst()
      }
    }
    return found
  }
}
