public import EnergyModel
public import LocalAPISchema

/// What histories need from the gateway.
public protocol HistoryService: Sendable {
  /// The fields of a device that are kept, in the device's order. 404 if there is no such device.
  func historyFields(_ deviceId: String) async throws(APIError) -> [Field]
  /// When the oldest raw reading was measured; `nil` if there is none.
  func oldestReading() async throws(APIError) -> Timestamp?
  /// The readings of a field from a time until before another, in the order of time.
  func readings(
    _ deviceId: String, _ field: Field, from: Timestamp, to: Timestamp
  ) async throws(APIError) -> [HistoryReading]
  /// The windows of a gauge or counter: for the boundaries `[a, b, c]` those of `a..<b` and of `b..<c`; `nil` where
  /// there is nothing.
  func windows(
    _ deviceId: String, _ field: Field, boundaries: [Timestamp]
  ) async throws(APIError) -> [HistoryWindow?]
}

/// A reading of a history.
public struct HistoryReading: Sendable, Hashable {
  /// When it was measured.
  public var observedAt: Timestamp
  /// What the device gave.
  public var value: ScalarValue
  /// How far it can be trusted.
  public var quality: Quality

  /// All members.
  public init(observedAt: Timestamp, value: ScalarValue, quality: Quality) {
    self.observedAt = observedAt
    self.value = value
    self.quality = quality
  }
}

/// A field over a time.
public struct HistoryWindow: Sendable, Hashable {
  /// A gauge's mean.
  public var avg: Double?
  /// A gauge's lowest sample.
  public var min: Double?
  /// A gauge's highest sample.
  public var max: Double?
  /// The last sample, of a gauge or counter.
  public var last: Double?
  /// By how much a counter rose.
  public var difference: Double?
  /// Samples that went in.
  public var samples: Int
  /// The worst quality that went in.
  public var quality: Quality

  /// All members, those that can be absent with a default.
  public init(
    avg: Double? = nil, min: Double? = nil, max: Double? = nil, last: Double? = nil, difference: Double? = nil,
    samples: Int, quality: Quality
  ) {
    self.avg = avg
    self.min = min
    self.max = max
    self.last = last
    self.difference = difference
    self.samples = samples
    self.quality = quality
  }
}
