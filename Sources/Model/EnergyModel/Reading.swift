/// The value of a field.
public enum ReadingValue: Sendable, Hashable {
  /// A number in the field's SI unit.
  case number(Double)
  /// A word of the field's vocabulary, such as `charging`.
  case label(String)
  /// Free text, such as a serial number.
  case text(String)
  /// Yes or no.
  case flag(Bool)
  /// No value now. The field exists, the device does not give it.
  case null

  /// The number, if this is one.
  public var number: Double? { if case .number(let value) = self { value } else { nil } }
}

/// One value of one field of one device, with its quality and its two times.
public struct Reading: Sendable, Hashable {
  /// The field of the unified model.
  public var field: Field
  /// The value in the field's SI unit and sign.
  public var value: ReadingValue
  /// How far the value can be trusted.
  public var quality: Quality
  /// When the device says that it measured; the receive time where the device says nothing.
  public var observedAt: Timestamp
  /// When the gateway received it.
  public var receivedAt: Timestamp

  /// A reading that is good unless told otherwise; nothing is checked here.
  public init(
    field: Field, value: ReadingValue, quality: Quality = .good, observedAt: Timestamp, receivedAt: Timestamp
  ) {
    self.field = field
    self.value = value
    self.quality = quality
    self.observedAt = observedAt
    self.receivedAt = receivedAt
  }
}
