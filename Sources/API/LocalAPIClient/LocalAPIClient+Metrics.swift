public import LocalAPISchema

/// Which metric is wanted, in the words of the API.
public struct MetricSelection: Sendable, Hashable {
  /// `consumption`, `import`, …
  public var metric: String
  /// Only these devices.
  public var devices: [String]
  /// Only these sites.
  public var sites: [String]
  /// Only these customers.
  public var customers: [String]
  /// `HOUR`, `DAY`, …
  public var windowSize: String?
  /// `DEVICE`, `SITE`, …
  public var groupBy: String?
  /// `1d`, `30d`, …
  public var relative: String?
  /// From a time or date.
  public var after: String?
  /// To a time or date, excluded.
  public var before: String?
  /// IANA zone.
  public var timezone: String?

  /// A metric; of all devices in the last day without anything else.
  public init(
    metric: String, devices: [String] = [], sites: [String] = [], customers: [String] = [], windowSize: String? = nil,
    groupBy: String? = nil, relative: String? = nil, after: String? = nil, before: String? = nil,
    timezone: String? = nil
  ) {
    self.metric = metric
    self.devices = devices
    self.sites = sites
    self.customers = customers
    self.windowSize = windowSize
    self.groupBy = groupBy
    self.relative = relative
    self.after = after
    self.before = before
    self.timezone = timezone
  }

  var query: [(String, String?)] {
    func list(_ ids: [String]) -> String? { ids.isEmpty ? nil : ids.joined(separator: ",") }
    return [
      ("filterDeviceId", list(devices)), ("filterSiteId", list(sites)), ("filterCustomerId", list(customers)),
      ("windowSize", windowSize), ("groupBy", groupBy), ("filterRangeRelative", relative), ("filterRangeAfter", after),
      ("filterRangeBefore", before), ("timezone", timezone),
    ]
  }
}

/// The body of `POST /v1/usage/events` with its events as they are.
public struct UsageEventBatch: Codable, Sendable, Hashable {
  /// The events.
  public var events: [JSONValue]

  /// A batch.
  public init(events: [JSONValue]) { self.events = events }
}

extension LocalAPIClient {
  /// `GET /v1/metrics/{metric}`
  public func metric(_ selection: MetricSelection) async throws(APIClientError) -> APIReply<MetricReport> {
    try await send("GET", "/v1/metrics/\(Self.escaped(selection.metric))", query: selection.query)
  }

  /// `GET /v1/usage/meters`, up to 500 of them.
  public func usageMeters() async throws(APIClientError) -> APIReply<Page<UsageMeterResource>> {
    try await send("GET", "/v1/usage/meters", query: [("perPage", String(SliceRequest.maxPerPage))])
  }

  /// `POST /v1/usage/meters`
  public func createUsageMeter(_ draft: UsageMeterDraft) async throws(APIClientError) -> APIReply<UsageMeterResource> {
    try await send("POST", "/v1/usage/meters", body: draft)
  }

  /// `GET /v1/usage/meters/{id}/usage`
  public func meterUsage(
    _ id: String, customerId: String? = nil, _ period: UsagePeriod
  ) async throws(APIClientError) -> APIReply<MeterUsageReport> {
    try await send(
      "GET", "/v1/usage/meters/\(Self.escaped(id))/usage", query: period.query + [("customerId", customerId)])
  }

  /// `GET /v1/usage/meters/{id}/stats`
  public func meterStatistics(_ id: String) async throws(APIClientError) -> APIReply<MeterStatistics> {
    try await send("GET", "/v1/usage/meters/\(Self.escaped(id))/stats")
  }

  /// `GET /v1/usage/meters/{id}/events`, newest first.
  public func usageEvents(
    _ id: String, customerId: String? = nil, limit: Int = 50
  ) async throws(APIClientError) -> APIReply<Page<UsageEventResource>> {
    try await send(
      "GET", "/v1/usage/meters/\(Self.escaped(id))/events",
      query: [("customerId", customerId), ("perPage", String(limit))])
  }

  /// `POST /v1/usage/events`
  public func track(_ batch: UsageEventBatch) async throws(APIClientError) -> APIReply<UsageEventReport> {
    try await send("POST", "/v1/usage/events", body: batch)
  }
}
