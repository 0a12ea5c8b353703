public import EnergyModel

/// What can be asked for over time.
public enum MetricName: String, Codable, CaseIterable, Sendable {
  /// Of a device: energy that it absorbs at its terminals (a battery that charges). Of a site or customer: the
  /// household's load.
  case consumption
  /// Of a device: energy that it delivers. Of a site or customer: generation + discharge.
  case production
  /// Energy in batteries at the end of each bucket.
  case storage
  /// Energy from the sun.
  case generation
  /// Import minus export, positive from the grid.
  case gridEnergy = "grid-energy"
  /// CO2 of the energy from the grid.
  case emissions
  /// Energy into batteries.
  case charge
  /// Energy out of batteries.
  case discharge
  /// Energy from the grid.
  case gridImport = "import"
  /// Energy to the grid.
  case gridExport = "export"
  /// Generation minus export: what stayed at the site.
  case selfConsumption = "self-consumption"
  /// Share of the time in which devices were heard, 0 to 1.
  case availability
}

/// The length of the buckets of a metric.
public enum MetricWindow: String, Codable, CaseIterable, Sendable {
  /// Quarter hours in UTC.
  case quarterHour = "FIFTEEN_MINUTES"
  /// Hours of the zone.
  case hour = "HOUR"
  /// Days of the zone: 23 or 25 hours long where its clocks change.
  case day = "DAY"
  /// From Monday to Sunday.
  case week = "WEEK"
  /// Calendar months.
  case month = "MONTH"
  /// Calendar years.
  case year = "YEAR"
}

/// What the series of a metric stand for.
public enum MetricGrouping: String, Codable, CaseIterable, Sendable {
  /// One for each device.
  case device = "DEVICE"
  /// One for each site.
  case site = "SITE"
  /// One for each customer.
  case customer = "CUSTOMER"
  /// One for each tag: the sum of its devices.
  case tag = "TAG"
  /// One for each kind of device: the sum of its devices.
  case type = "TYPE"
}

/// Whose a series is.
public struct MetricOwner: Codable, Sendable, Hashable {
  /// The device, where the series is one device's.
  public var deviceId: String?
  /// Its site.
  public var siteId: String?
  /// Its customer.
  public var customerId: String?
  /// The tag that all devices of the series carry.
  public var tag: String?
  /// The kind of all devices of the series.
  public var type: DeviceKind?

  /// All members, those that can be absent with a default.
  public init(
    deviceId: String? = nil, siteId: String? = nil, customerId: String? = nil, tag: String? = nil,
    type: DeviceKind? = nil
  ) {
    self.deviceId = deviceId
    self.siteId = siteId
    self.customerId = customerId
    self.tag = tag
    self.type = type
  }
}

/// One bucket of one series.
public struct MetricPoint: Codable, Sendable, Hashable {
  /// Where the bucket begins.
  public var ts: Timestamp
  /// The value in the report's unit; `null` where it cannot be known.
  public var v: Double?
  /// Whose it is.
  public var owner: MetricOwner
  /// Share of the bucket that is covered by data, 0 to 1; of the running one, of the time up to now.
  public var coverage: Double
  /// `good`, `estimated`, `stale`, `suspect`, `bad` or `missing`.
  public var quality: String
  /// How often closed windows of the bucket were changed by late data.
  public var revision: Int

  /// All members.
  public init(ts: Timestamp, v: Double?, owner: MetricOwner, coverage: Double, quality: String, revision: Int) {
    self.ts = ts
    self.v = v
    self.owner = owner
    self.coverage = coverage
    self.quality = quality
    self.revision = revision
  }

  private enum CodingKeys: CodingKey { case ts, v, coverage, quality, revision }

  /// Reads the owner from the same object.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    ts = try container.decode(Timestamp.self, forKey: .ts)
    v = try container.decodeIfPresent(Double.self, forKey: .v)
    owner = try MetricOwner(from: decoder)
    coverage = try container.decode(Double.self, forKey: .coverage)
    quality = try container.decode(String.self, forKey: .quality)
    revision = try container.decode(Int.self, forKey: .revision)
  }

  /// Writes the owner into the same object, and `v` also when it is `null`.
  public func encode(to encoder: any Encoder) throws {
    try owner.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(ts, forKey: .ts)
    try container.encode(v, forKey: .v)
    try container.encode(coverage, forKey: .coverage)
    try container.encode(quality, forKey: .quality)
    try container.encode(revision, forKey: .revision)
  }
}

/// The answer of `GET /v1/metrics/{metric}`.
public struct MetricReport: Codable, Sendable, Hashable {
  /// One series over the whole time.
  public struct Series: Codable, Sendable, Hashable {
    /// Whose it is.
    public var owner: MetricOwner
    /// IANA zone of its buckets.
    public var timezone: String
    /// The sum of its buckets; the last value of `storage`; the mean of `availability`.
    public var total: Double?
    /// Share of the whole time that is covered by data.
    public var coverage: Double

    /// All members.
    public init(owner: MetricOwner, timezone: String, total: Double?, coverage: Double) {
      self.owner = owner
      self.timezone = timezone
      self.total = total
      self.coverage = coverage
    }

    private enum CodingKeys: CodingKey { case timezone, total, coverage }

    /// Reads the owner from the same object.
    public init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      owner = try MetricOwner(from: decoder)
      timezone = try container.decode(String.self, forKey: .timezone)
      total = try container.decodeIfPresent(Double.self, forKey: .total)
      coverage = try container.decode(Double.self, forKey: .coverage)
    }

    /// Writes the owner into the same object, and `total` also when it is `null`.
    public func encode(to encoder: any Encoder) throws {
      try owner.encode(to: encoder)
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(timezone, forKey: .timezone)
      try container.encode(total, forKey: .total)
      try container.encode(coverage, forKey: .coverage)
    }
  }

  /// What the numbers are.
  public struct Meta: Codable, Sendable, Hashable {
    /// A name for the numbers, such as `energyConsumedWhr`.
    public var label: String
    /// `WATT_HOURS`, `GRAMS`, `POUNDS` or `SHARE`.
    public var unit: String
    /// `whr`, `g`, `lb`, or empty.
    public var displayUnit: String
    /// Whether buckets without a value are left out.
    public var sparse: Bool
    /// What a series stands for.
    public var groupBy: MetricGrouping
    /// The length of the buckets.
    public var windowSize: MetricWindow
    /// From here.
    public var from: Timestamp
    /// Up to here, excluded.
    public var to: Timestamp
    /// The zone of all buckets; absent where the series have different ones.
    public var timezone: String?
    /// The carbon intensity that emissions were worked out with, one entry for each source.
    public var intensitySources: [IntensitySource]?
    /// The series in their order.
    public var series: [Series]
    /// How the time axis is to be read.
    public var domainMeta: DomainMeta

    /// All members, those that can be absent with a default.
    public init(
      label: String, unit: String, displayUnit: String, sparse: Bool, groupBy: MetricGrouping,
      windowSize: MetricWindow, from: Timestamp, to: Timestamp, timezone: String? = nil,
      intensitySources: [IntensitySource]? = nil, series: [Series] = []
    ) {
      self.label = label
      self.unit = unit
      self.displayUnit = displayUnit
      self.sparse = sparse
      self.groupBy = groupBy
      self.windowSize = windowSize
      self.from = from
      self.to = to
      self.timezone = timezone
      self.intensitySources = intensitySources
      self.series = series
      domainMeta = DomainMeta(sparse: sparse)
    }
  }

  /// How the time axis is to be read.
  public struct DomainMeta: Codable, Sendable, Hashable {
    /// What one step of a rate is.
    public struct Rate: Codable, Sendable, Hashable {
      /// `HOUR`
      public var unit = "HOUR"
      /// `h`
      public var displayUnit = "h"
      /// 1
      public var scaleFactor = 1.0
    }

    /// `time`
    public var label = "time"
    /// Whether buckets without a value are left out.
    public var sparse: Bool
    /// What a power in these units is related to.
    public var rate = Rate()
  }

  /// All buckets, series after series, each in the order of time.
  public var data: [MetricPoint]
  /// What they are.
  public var meta: Meta

  /// All members.
  public init(data: [MetricPoint], meta: Meta) {
    self.data = data
    self.meta = meta
  }
}
