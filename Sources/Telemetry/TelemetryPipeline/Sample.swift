public import EnergyModel

/// One number on its way from an adapter to the aggregation: 32 bytes without references.
@frozen
public struct Sample: BitwiseCopyable, Sendable, Hashable {
  /// When it was measured, milliseconds since 1970.
  public var observedAt: Int64
  /// The number in the field's SI unit; NaN where the device gives none.
  public var value: Double
  /// When it was received, milliseconds after `observedAt`.
  public var receivedAfter: Int32
  /// Which field of which device: an index that the pipeline gave.
  public var series: UInt32
  /// The low 32 bits of the monotonic clock in milliseconds, when it was accepted.
  public var acceptedAt: UInt32
  /// How often the counter was reset by what the producer knows; 0 for everything else.
  public var epoch: UInt16
  /// Raw value of its `Quality`.
  public var quality: UInt8
  /// No meaning yet; 0.
  public var flags: UInt8

  /// Makes a sample that was received when it was measured.
  @inlinable
  public init(
    series: UInt32, value: Double, quality: Quality = .good, observedAt: Int64, receivedAfter: Int32 = 0,
    acceptedAt: UInt32 = 0
  ) {
    self.observedAt = observedAt
    self.value = value
    self.receivedAfter = receivedAfter
    self.series = series
    self.acceptedAt = acceptedAt
    epoch = 0
    self.quality = quality.rawValue
    flags = 0
  }
}
