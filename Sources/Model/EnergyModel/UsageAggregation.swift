/// How the events of a usage meter become one number.
public enum UsageAggregation: String, Codable, CaseIterable, Sendable, Hashable {
  /// All quantities together.
  case sum = "SUM"
  /// The largest quantity.
  case max = "MAX"
  /// How many different values of the meter's property there are.
  case uniqueCount = "UNIQUE_COUNT"
  /// The newest quantity of each customer, all customers together.
  case last = "LAST"
  /// Each quantity is a level that holds until the customer's next one: level times hours.
  case weightedSum = "WEIGHTED_SUM"
}
