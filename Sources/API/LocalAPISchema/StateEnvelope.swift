public import EnergyModel

/// What a device reports, with freshness and quality.
public struct StateEnvelope: Codable, Sendable, Hashable {
  /// Where the values come from.
  public struct Source: Codable, Sendable, Hashable {
    /// The link's id.
    public var link: String
    /// `live`, `cache`, `backfill`, `simulated` or `manual`.
    public var path: String
    /// The device profile.
    public var profile: String

    /// All members, those that can be absent with a default.
    public init(
      link: String, path: String, profile: String
    ) {
      self.link = link
      self.path = path
      self.profile = profile
    }
  }

  /// How far one value can be trusted, and when it was measured.
  public struct FieldMeta: Codable, Sendable, Hashable {
    /// `good`, `estimated`, `stale`, `suspect`, `bad` or `missing`.
    public var quality: String
    /// When the device measured it.
    public var observedAt: Timestamp
    /// Seconds since then.
    public var ageSeconds: Double
    /// Whether a gauge is older than the device's limit.
    public var isStale: Bool

    /// All members, those that can be absent with a default.
    public init(
      quality: String, observedAt: Timestamp, ageSeconds: Double, isStale: Bool
    ) {
      self.quality = quality
      self.observedAt = observedAt
      self.ageSeconds = ageSeconds
      self.isStale = isStale
    }
  }

  /// Whose state it is.
  public var deviceId: String
  /// Grows with every change of the state; 0 before the first reading.
  public var seq: UInt64
  /// The newest measurement; absent before the first.
  public var observedAt: Timestamp?
  /// When the gateway received it.
  public var receivedAt: Timestamp?
  /// Where the values come from.
  public var source: Source
  /// The worst quality among the gauges; `missing` before the first reading.
  public var quality: String
  /// Seconds since `observedAt`.
  public var ageSeconds: Double?
  /// Gauges that are older are stale.
  public var staleAfterSeconds: Double
  /// Whether the state as a whole is too old.
  public var isStale: Bool
  /// Field name → value; `null` = unknown now.
  public var fields: [String: ScalarValue]
  /// Quality and time of each field.
  public var fieldMeta: [String: FieldMeta]

  /// All members, those that can be absent with a default.
  public init(
    deviceId: String, seq: UInt64, observedAt: Timestamp? = nil, receivedAt: Timestamp? = nil, source: Source,
    quality: String, ageSeconds: Double? = nil, staleAfterSeconds: Double, isStale: Bool,
    fields: [String: ScalarValue] = [:], fieldMeta: [String: FieldMeta] = [:]
  ) {
    self.deviceId = deviceId
    self.seq = seq
    self.observedAt = observedAt
    self.receivedAt = receivedAt
    self.source = source
    self.quality = quality
    self.ageSeconds = ageSeconds
    self.staleAfterSeconds = staleAfterSeconds
    self.isStale = isStale
    self.fields = fields
    self.fieldMeta = fieldMeta
  }
}
