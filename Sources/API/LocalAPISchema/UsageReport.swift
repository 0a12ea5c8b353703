public import EnergyModel

/// A stretch of time, the end excluded.
public struct UsageInterval: Codable, Sendable, Hashable {
  /// From here.
  public var start: Timestamp
  /// Up to here, excluded.
  public var end: Timestamp

  /// All members, those that can be absent with a default.
  public init(
    start: Timestamp, end: Timestamp
  ) {
    self.start = start
    self.end = end
  }
}

/// Energy of a customer or a site over a time, per metric.
public struct UsageReport: Codable, Sendable, Hashable {
  /// The customer, if it was asked for.
  public var customerId: String?
  /// The site, if it was asked for.
  public var siteId: String?
  /// From here.
  public var from: Timestamp
  /// Up to here, excluded.
  public var to: Timestamp
  /// IANA zone of the buckets.
  public var timezone: String
  /// `15m`, `hour`, `day`, `week`, `month`, `year` or `none`.
  public var by: String
  /// `consumption`, `production`, `generation`, `charge`, `discharge`, `import`, `export` → what is known of it.
  public var metrics: [String: UsageMetric]

  /// All members, those that can be absent with a default.
  public init(
    customerId: String? = nil, siteId: String? = nil, from: Timestamp, to: Timestamp, timezone: String, by: String,
    metrics: [String: UsageMetric] = [:]
  ) {
    self.customerId = customerId
    self.siteId = siteId
    self.from = from
    self.to = to
    self.timezone = timezone
    self.by = by
    self.metrics = metrics
  }
}

/// One metric over a time.
public struct UsageMetric: Codable, Sendable, Hashable {
  /// The sum; `null` when it cannot be known, such as consumption without a grid meter.
  public var total: Double?
  /// `Wh`
  public var unit: String
  /// Share of the time that is covered by data, 0 to 1.
  public var coverage: Double
  /// How a balance was made: `balance`, `metered` or `partial`; absent for plain sums.
  public var method: String?
  /// One entry per bucket; empty with `by=none`.
  public var series: [UsageBucket]

  /// All members, those that can be absent with a default.
  public init(
    total: Double? = nil, unit: String, coverage: Double, method: String? = nil, series: [UsageBucket] = []
  ) {
    self.total = total
    self.unit = unit
    self.coverage = coverage
    self.method = method
    self.series = series
  }

  /// Writes `total` also when it is `null`: unknown is not the same as unsupported.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(total, forKey: .total)
    try container.encode(unit, forKey: .unit)
    try container.encode(coverage, forKey: .coverage)
    try container.encodeIfPresent(method, forKey: .method)
    try container.encode(series, forKey: .series)
  }
}

/// One bucket of a series.
public struct UsageBucket: Codable, Sendable, Hashable {
  /// From here.
  public var start: Timestamp
  /// Up to here, excluded.
  public var end: Timestamp
  /// The sum in the bucket; `null` when it cannot be known.
  public var value: Double?
  /// Share of the bucket that is covered by data, 0 to 1.
  public var coverage: Double
  /// `good`, `estimated`, `stale`, `suspect`, `bad` or `missing`.
  public var quality: String

  /// All members, those that can be absent with a default.
  public init(
    start: Timestamp, end: Timestamp, value: Double? = nil, coverage: Double, quality: String
  ) {
    self.start = start
    self.end = end
    self.value = value
    self.coverage = coverage
    self.quality = quality
  }

  /// Writes `value` also when it is `null`.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(start, forKey: .start)
    try container.encode(end, forKey: .end)
    try container.encode(value, forKey: .value)
    try container.encode(coverage, forKey: .coverage)
    try container.encode(quality, forKey: .quality)
  }
}
