/// How the values of a repeated source become one: of a group of registers, the elements of a list, several topics.
public enum Combine: String, CaseIterable, Sendable, Hashable {
  case sum, min, max, average, first
  /// How many have a value.
  case count

  /// One value of many; `nil` where there is none to combine. Absent values are left out before.
  public func combine(_ values: some Sequence<Double>) -> Double? {
    var count = 0.0
    var result: Double?
    for value in values {
      count += 1
      guard let sofar = result else {
        result = value
        continue
      }
      switch self {
      case .sum, .average: result = sofar + value
      case .min: result = Swift.min(sofar, value)
      case .max: result = Swift.max(sofar, value)
      case .first, .count: break
      }
    }
    switch self {
    case .average: return result.map { $0 / count }
    case .count: return count
    case .sum, .min, .max, .first: return result
    }
  }
}
