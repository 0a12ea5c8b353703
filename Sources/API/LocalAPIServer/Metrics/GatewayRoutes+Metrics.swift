import EnergyModel
import Hummingbird
import LocalAPISchema
import TimeSource

extension GatewayRoutes {
  /// Buckets of all series in one answer.
  static let maxMetricPoints = 200_000

  var metricRoutes: [Route] {
    [
      route(.get, "/v1/metrics/{metric}", .scope(.metricsRead), .getMetric) { request in
        let name = request.parameter("metric")
        guard let metric = MetricName(rawValue: name) else {
          throw APIError(
            status: 404, code: "NOT_FOUND", message: "there is no metric '\(name)'",
            hint: "possible are \(MetricName.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return try JSONText.response(try await report(MetricQuery(request.query, metric: metric), request.caller))
      }
    ]
  }

  private func report(_ query: MetricQuery, _ caller: Caller) async throws -> MetricReport {
    let everything = SliceRequest(offset: 0, limit: .max)
    let groups = try MetricGroups(
      devices: try await service.metricDevices(),
      sites: try await service.sites(SiteQuery(customerId: caller.customerId, slice: everything)).items,
      customers: try await service.customers(CustomerQuery(id: caller.customerId, slice: everything)).items,
      query: query, caller: caller
    ).all
    let buckets = try buckets(of: groups, query)
    var report = MetricReport(data: [], meta: try meta(query, groups, buckets))
    var sources: Set<IntensitySource> = []
    for group in groups {
      guard let own = buckets[group.timezone], let first = own.first else { continue }
      let boundaries = [first.start] + own.map(\.end)
      var parts: [[MetricValue]] = []
      for subject in group.subjects {
        let answer = try await service.metric(
          MetricRequest(metric: query.metric, subject: subject, boundaries: boundaries))
        sources.formUnion(answer.sources)
        if let values = answer.values { parts.append(values) }
      }
      guard !parts.isEmpty else { continue }
      let values = MetricValue.combined(parts, query.metric)
      report.data += points(values, own, group.owner, query)
      report.meta.series.append(series(values, own, group, query))
    }
    if query.metric == .emissions { report.meta.intensitySources = Self.merged(sources) }
    return report
  }

  /// One entry for each source: where series have different times, with what it says of the worst of them.
  private static func merged(_ sources: Set<IntensitySource>) -> [IntensitySource] {
    let all = Dictionary(sources.map { ($0.name, $0) }) { $0.coverage <= $1.coverage ? $0 : $1 }
    return all.values.sorted { $0.name < $1.name }
  }

  /// The buckets of every zone that occurs.
  private func buckets(of groups: [MetricGroup], _ query: MetricQuery) throws -> [String: [UsageInterval]] {
    var buckets: [String: [UsageInterval]] = [:]
    var count = 0
    for zone in groups.map(\.timezone) + (groups.isEmpty ? [query.timezone ?? "UTC"] : []) {
      if buckets[zone] == nil {
        let calendar = try calendar(zone)
        buckets[zone] = try calendar.buckets(
          of: try query.range.interval(calendar, now: time.wall()), by: query.window.step, named: "windowSize")
      }
      count += buckets[zone]?.count ?? 0
      guard count <= Self.maxMetricPoints else {
        throw APIError.invalid(
          "?windowSize", "this would be more than \(Self.maxMetricPoints) buckets of \(groups.count) series",
          code: "OUT_OF_RANGE", hint: "ask for longer windows, a shorter time or fewer devices")
      }
    }
    return buckets
  }

  /// A zone's calendar; 422 for a zone that is not known.
  func calendar(_ zone: String) throws(APIError) -> UsageCalendar {
    guard let calendar = UsageCalendar(timezone: zone) else {
      throw .invalid("?timezone", "there is no time zone '\(zone)'", hint: "an IANA name such as Europe/Berlin")
    }
    return calendar
  }

  private func meta(
    _ query: MetricQuery, _ groups: [MetricGroup], _ buckets: [String: [UsageInterval]]
  ) throws -> MetricReport.Meta {
    let (label, unit, displayUnit) = query.metric.words(query.view)
    let zones = Set(groups.map(\.timezone))
    let now = time.wall()
    return MetricReport.Meta(
      label: label, unit: unit, displayUnit: displayUnit, sparse: query.fill == .none, groupBy: query.grouping,
      windowSize: query.window, from: buckets.values.compactMap(\.first?.start).min() ?? now,
      to: buckets.values.compactMap(\.last?.end).max() ?? now,
      timezone: zones.count > 1 ? nil : zones.first ?? query.timezone ?? "UTC")
  }

  private func points(
    _ values: [MetricValue], _ buckets: [UsageInterval], _ owner: MetricOwner, _ query: MetricQuery
  ) -> [MetricPoint] {
    zip(buckets, values).compactMap { bucket, value in
      var shown = shown(value, query)
      if shown == nil {
        switch query.fill {
        case .none: return nil
        case .null: break
        case .zero: shown = 0
        }
      }
      return MetricPoint(
        ts: bucket.start, v: shown, owner: owner, coverage: Self.rounded(value.coverage),
        quality: value.quality.name, revision: value.revision)
    }
  }

  private func shown(_ value: MetricValue, _ query: MetricQuery) -> Double? {
    guard let number = value.value, value.coverage >= query.minCoverage else { return nil }
    return query.metric == .emissions && query.view == .texture ? number / Self.gramsPerPound : number
  }

  private static let gramsPerPound = 453.592_37

  private func series(
    _ values: [MetricValue], _ buckets: [UsageInterval], _ group: MetricGroup, _ query: MetricQuery
  ) -> MetricReport.Series {
    let known = values.compactMap { shown($0, query) }
    let total: Double? =
      switch query.metric {
      case .storage: known.last
      case .availability: known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
      default: known.isEmpty ? nil : known.reduce(0, +)
      }
    let now = time.wall()
    let lengths = buckets.map { Double(max(0, min($0.end, now).millisecondsSince($0.start))) }
    let elapsed = lengths.reduce(0, +)
    let covered = zip(values, lengths).reduce(0) { $0 + $1.0.coverage * $1.1 }
    return MetricReport.Series(
      owner: group.owner, timezone: group.timezone, total: total,
      coverage: elapsed > 0 ? Self.rounded(covered / elapsed) : 0)
  }

  /// Fine enough for a second of a year, without the noise of sums.
  private static func rounded(_ coverage: Double) -> Double { (coverage * 1e8).rounded() / 1e8 }
}

extension MetricName {
  /// What a report says about its numbers.
  func words(_ view: MetricQuery.View) -> (label: String, unit: String, displayUnit: String) {
    let label =
      switch self {
      case .consumption: "energyConsumedWhr"
      case .production: "energyProducedWhr"
      case .storage: "energyStoredWhr"
      case .generation: "energyGeneratedWhr"
      case .gridEnergy: "gridEnergyWhr"
      case .emissions: view == .texture ? "co2EmittedLb" : "co2EmittedG"
      case .charge: "energyChargedWhr"
      case .discharge: "energyDischargedWhr"
      case .gridImport: "energyImportedWhr"
      case .gridExport: "energyExportedWhr"
      case .selfConsumption: "energySelfConsumedWhr"
      case .availability: "availability"
      }
    switch self {
    case .emissions: return view == .texture ? (label, "POUNDS", "lb") : (label, "GRAMS", "g")
    case .availability: return (label, "SHARE", "")
    default: return (label, "WATT_HOURS", "whr")
    }
  }
}
