import LocalAPISchema

/// What a request for a metric says, checked as far as that goes without the devices.
struct MetricQuery {
  /// What becomes of buckets without a value.
  enum Fill: String, CaseIterable { case none, null, zero }
  /// Whose units are meant.
  enum View: String, CaseIterable { case heddle, texture }

  let metric: MetricName
  let deviceIds: [String]
  let siteIds: [String]
  let customerIds: [String]
  let window: MetricWindow
  let grouping: MetricGrouping
  let timezone: String?
  let fill: Fill
  let minCoverage: Double
  let view: View
  let range: MetricRange

  init(_ query: QueryReader, metric: MetricName) throws(APIError) {
    self.metric = metric
    deviceIds = query.texts("filterDeviceId")
    siteIds = query.texts("filterSiteId")
    customerIds = query.texts("filterCustomerId")
    window = try MetricWindow(query) ?? .quarterHour
    grouping =
      try query.word("groupBy", MetricGrouping.self) ?? Self.standardGrouping(metric, deviceIds, siteIds, customerIds)
    timezone = query.text("timezone")
    fill = try query.word("fill", Fill.self) ?? .null
    minCoverage = try query.number("minCoverage", in: 0...1) ?? 0
    view = try query.word("view", View.self) ?? .heddle
    range = try MetricRange(query)
    if metric == .selfConsumption, grouping != .site, grouping != .customer {
      throw .invalid(
        "?groupBy", "self-consumption belongs to a site, not to a device", hint: "groupBy=SITE or groupBy=CUSTOMER")
    }
  }

  /// What is filtered by is what the series stand for.
  private static func standardGrouping(
    _ metric: MetricName, _ devices: [String], _ sites: [String], _ customers: [String]
  ) -> MetricGrouping {
    if !devices.isEmpty { return .device }
    if !sites.isEmpty { return .site }
    if !customers.isEmpty { return .customer }
    return metric == .selfConsumption || metric == .emissions ? .site : .device
  }
}
