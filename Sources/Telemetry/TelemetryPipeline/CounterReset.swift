public import EnergyModel

/// A lifetime counter that goes on from another count, which was believed because several readings agreed.
public struct CounterReset: Sendable, Hashable {
  /// Id of the device.
  public var deviceID: String
  /// The counter.
  public var field: Field
  /// The last count before, in the field's unit.
  public var before: Double
  /// The count from which it goes on.
  public var after: Double
  /// When that count was measured.
  public var observedAt: Timestamp
  /// How often the counter was reset, this time included.
  public var epoch: Int
  /// How many resets this stands for: those of one counter that were not asked for in between are put together.
  public var count: Int

  /// All members.
  public init(
    deviceID: String, field: Field, before: Double, after: Double, observedAt: Timestamp, epoch: Int, count: Int = 1
  ) {
    self.deviceID = deviceID
    self.field = field
    self.before = before
    self.after = after
    self.observedAt = observedAt
    self.epoch = epoch
    self.count = count
  }

  /// Both as one: from before the earlier one to after the later one.
  public func merged(after earlier: CounterReset) -> CounterReset {
    var merged = self
    merged.before = earlier.before
    merged.count += earlier.count
    return merged
  }
}
