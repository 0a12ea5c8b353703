/// A reading that is a number or nothing, in memory without references: what nearly all readings are.
public struct NumericReading: Sendable, Hashable, BitwiseCopyable {
  /// The field of the unified model.
  public var field: Field
  /// How far the value can be trusted.
  public var quality: Quality
  /// The value in the field's SI unit and sign; NaN where the device gives none.
  public var value: Double
  /// When the device says that it measured; the receive time where the device says nothing.
  public var observedAt: Timestamp
  /// When the gateway received it.
  public var receivedAt: Timestamp

  /// Everything as given; nothing is checked here.
  public init(field: Field, value: Double, quality: Quality, observedAt: Timestamp, receivedAt: Timestamp) {
    self.field = field
    self.quality = quality
    self.value = value
    self.observedAt = observedAt
    self.receivedAt = receivedAt
  }
}

extension Reading {
  /// The same with a value of any kind.
  public init(_ reading: NumericReading) {
    self.init(
      field: reading.field, value: reading.value.isNaN ? .null : .number(reading.value), quality: reading.quality,
      observedAt: reading.observedAt, receivedAt: reading.receivedAt)
  }
}
