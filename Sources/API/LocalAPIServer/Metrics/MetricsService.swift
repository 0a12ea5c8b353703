public import EnergyModel
public import LocalAPISchema

/// What metrics need from the gateway.
public protocol MetricsService: Sendable {
  /// All devices that run, in the order of their ids.
  func metricDevices() async throws(APIError) -> [MetricDevice]
  /// The values of one metric between boundaries. 409 where emissions are asked for and no carbon intensity is known.
  func metric(_ request: MetricRequest) async throws(APIError) -> MetricAnswer
}

/// A device, as far as metrics are grouped by it.
public struct MetricDevice: Sendable, Hashable {
  /// Its id.
  public var id: String
  /// What it is.
  public var type: DeviceKind
  /// Where it stands.
  public var siteId: String?
  /// Whose it is.
  public var customerId: String?
  /// Free words.
  public var tags: [String]

  /// All members, those that can be absent with a default.
  public init(
    id: String, type: DeviceKind, siteId: String? = nil, customerId: String? = nil, tags: [String] = []
  ) {
    self.id = id
    self.type = type
    self.siteId = siteId
    self.customerId = customerId
    self.tags = tags
  }
}

/// Which metric of whom, when.
public struct MetricRequest: Sendable, Hashable {
  /// Whose metric.
  public enum Subject: Sendable, Hashable {
    /// One device, at its terminals.
    case device(String)
    /// All devices of a site, balanced.
    case site(String)
    /// All sites and unsited devices of a customer, each device once.
    case customer(String)
  }

  /// What is asked for.
  public var metric: MetricName
  /// Whose.
  public var subject: Subject
  /// For `[a, b, c]` the values of `a..<b` and of `b..<c`; on whole minutes, in order.
  public var boundaries: [Timestamp]

  /// All members.
  public init(metric: MetricName, subject: Subject, boundaries: [Timestamp]) {
    self.metric = metric
    self.subject = subject
    self.boundaries = boundaries
  }
}

/// The values of a metric.
public struct MetricAnswer: Sendable, Hashable {
  /// One for each time between two boundaries; `nil` where a device does not have the metric at all.
  public var values: [MetricValue]?
  /// Where the carbon intensity comes from, for emissions.
  public var sources: Set<IntensitySource>

  /// All members, those that can be absent with a default.
  public init(values: [MetricValue]?, sources: Set<IntensitySource> = []) {
    self.values = values
    self.sources = sources
  }
}

/// A number over a time.
public struct MetricValue: Sendable, Hashable {
  /// In the metric's unit; `nil` where it cannot be known.
  public var value: Double?
  /// Share of the time that is covered by data, 0 to 1.
  public var coverage: Double
  /// The worst quality that went in.
  public var quality: Quality
  /// How often closed windows of the time were changed.
  public var revision: Int

  /// A value; without arguments, one that is not known.
  public init(_ value: Double? = nil, coverage: Double = 0, quality: Quality = .missing, revision: Int = 0) {
    self.value = value
    self.coverage = coverage
    self.quality = quality
    self.revision = revision
  }

  /// Several values of the same time as one: the sum (or mean) of those that are known, and the mean of all coverages.
  public static func combined(_ parts: [MetricValue], _ metric: MetricName) -> MetricValue {
    guard !parts.isEmpty else { return MetricValue() }
    if parts.count == 1 { return parts[0] }
    let known = parts.compactMap(\.value)
    let sum = known.isEmpty ? nil : known.reduce(0, +)
    return MetricValue(
      metric == .availability ? sum.map { $0 / Double(known.count) } : sum,
      coverage: parts.reduce(0) { $0 + $1.coverage } / Double(parts.count),
      quality: parts.filter { $0.value != nil }.map(\.quality).max() ?? .missing,
      revision: parts.reduce(0) { $0 + $1.revision })
  }

  /// Several series as one, bucket by bucket; all have the same number of buckets.
  public static func combined(_ series: [[MetricValue]], _ metric: MetricName) -> [MetricValue] {
    guard let first = series.first else { return [] }
    return first.indices.map { index in
      combined(series.compactMap { $0.indices.contains(index) ? $0[index] : nil }, metric)
    }
  }
}
