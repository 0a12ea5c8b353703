public import EnergyModel

/// Where a carbon intensity comes from, and for how much of a time it is known.
public struct IntensitySource: Codable, Sendable, Hashable {
  /// How it is had.
  public enum Kind: String, Codable, CaseIterable, Sendable { case file, http }

  /// Its name in the configuration.
  public var name: String
  /// How it is had.
  public var kind: Kind
  /// Share of the time asked for, up to now, for which it says something, 0 to 1.
  public var coverage: Double
  /// When its last value ends to hold; absent where it has none.
  public var until: Timestamp?
  /// Why the last question had no answer; absent where it had one.
  public var problem: String?

  /// All members, those that can be absent with a default.
  public init(name: String, kind: Kind, coverage: Double, until: Timestamp? = nil, problem: String? = nil) {
    self.name = name
    self.kind = kind
    self.coverage = coverage
    self.until = until
    self.problem = problem
  }
}
