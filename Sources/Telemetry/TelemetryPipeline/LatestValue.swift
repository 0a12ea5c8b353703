public import EnergyModel

/// The last value of one field, as it counts at the time of the question.
public struct LatestValue: Sendable, Hashable {
  /// The field.
  public var field: Field
  /// The value; `.null` where the device gives none or nothing came yet.
  public var value: ReadingValue
  /// `stale` for gauges that are older than the device's `staleAfter`; `missing` where nothing came yet. Counters and
  /// settings never become stale.
  public var quality: Quality
  /// When it was measured; `nil` where nothing came yet.
  public var observedAt: Timestamp?
  /// When it was received; `nil` where nothing came yet.
  public var receivedAt: Timestamp?
  /// How long ago it was measured, by the monotonic clock; `nil` where nothing came yet.
  public var age: Duration?

  /// Makes the last value of a field.
  public init(
    field: Field, value: ReadingValue, quality: Quality, observedAt: Timestamp?, receivedAt: Timestamp?,
    age: Duration?
  ) {
    self.field = field
    self.value = value
    self.quality = quality
    self.observedAt = observedAt
    self.receivedAt = receivedAt
    self.age = age
  }
}

/// How old something is and what that means.
struct Freshness {
  /// The pipeline's clocks now, in milliseconds.
  var wall: Int64
  var monotonic: Int64
  var staleAfter: Duration

  /// The age of a value. Measured by the monotonic clock since it was received, so that a step of the wall clock makes
  /// nothing old or new; from before the start only wall time is known.
  func age(observedAt: Int64, receivedAt: Int64, acceptedAt: Int64?) -> Duration {
    let onTheWay = max(0, Timestamp(milliseconds: receivedAt).millisecondsSince(Timestamp(milliseconds: observedAt)))
    let since =
      acceptedAt.map { max(0, monotonic &- $0) }
      ?? max(0, Timestamp(milliseconds: wall).millisecondsSince(Timestamp(milliseconds: receivedAt)))
    let (sum, overflow) = onTheWay.addingReportingOverflow(since)
    return .milliseconds(overflow ? .max : sum)
  }

  func quality(_ quality: Quality, of field: Field, age: Duration) -> Quality {
    guard field.behavior == .gauge, quality.isAggregated, age > staleAfter else { return quality }
    return .stale
  }
}
