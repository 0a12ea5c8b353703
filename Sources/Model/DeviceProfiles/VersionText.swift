/// Versions of firmware as numbers that can be compared: `3.9.12` is less than `3.10.2`.
enum VersionText {
  /// More parts do not count: four of them fit exactly into a floating-point number.
  static let parts = 4
  /// One more than the greatest number that a part can have; greater ones count as the greatest.
  static let base = 8192

  /// The number of a version; `nil` where the text has no digit. What stands before the first digit (`V`, `ARM `) and
  /// behind the last part (`-beta`) does not count.
  static func number(_ text: String) -> Double? {
    let start = text.drop { !isDigit($0) }
    guard !start.isEmpty else { return nil }
    let digits = start.prefix { isDigit($0) || $0 == "." }
    var numbers = digits.split(separator: ".").prefix(parts).map { min(base - 1, Int($0) ?? base - 1) }
    numbers += [Int](repeating: 0, count: parts - numbers.count)
    return Double(numbers.reduce(0) { $0 * base + $1 })
  }

  private static func isDigit(_ character: Character) -> Bool { ("0"..."9").contains(character) }
}
