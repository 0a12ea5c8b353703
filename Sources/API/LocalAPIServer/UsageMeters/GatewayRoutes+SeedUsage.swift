import EnergyModel
import HTTPTypes
import Hummingbird
import LocalAPISchema
import TimeSource

/// Usage meters and events in the seed's spelling, under `/api/v1`.
extension GatewayRoutes {
  private static let seedMeterFields = ["name", "aggregation_type", "unit", "property_name"]

  var seedUsageRoutes: [Route] {
    [
      route(.get, "/api/v1/meters", .scope(.metricsRead), .listSeedMeters) { request in
        let paging = try FluxratePaging(request.query)
        let list = paging.slice.slice(of: try await service.usageMeters())
        return try JSONText.seedResponse(FluxratePage(list.items.map(SeedMeter.init), paging, total: list.totalItems))
      },
      route(.post, "/api/v1/meters", .unrestricted(.usageWrite), .createSeedMeter) { request in
        var object = try await RequestBodyReader.object(request.request)
        try RequestBodyReader.checkFields(of: object, allowed: Self.seedMeterFields)
        object["aggregation"] = object.removeValue(forKey: "aggregation_type")
        object["property"] = object.removeValue(forKey: "property_name")
        let meter = try await createMeter(object, fields: ["name", "aggregation", "unit", "property"])
        return try JSONText.seedResponse(
          SeedMeter(meter), status: .created, headers: [.location: "/api/v1/meters/\(meter.id)"])
      },
      route(.get, "/api/v1/meters/{id}", .scope(.metricsRead), .getSeedMeter) { request in
        try JSONText.seedResponse(SeedMeter(try await meter(request)))
      },
      route(.get, "/api/v1/meters/{id}/usage", .scope(.metricsRead), .getSeedMeterUsage) { request in
        let calendar = try calendar(request.query.text("timezone") ?? "UTC")
        let (interval, step) = try seedPeriod(request.query, calendar)
        let report = try await meterUsage(
          try await meter(request), try customer(request.query, "customer_id", request.caller), interval, step, calendar
        )
        return try JSONText.seedResponse(SeedMeterUsage(report))
      },
      route(.get, "/api/v1/meters/{id}/stats", .scope(.metricsRead), .getSeedMeterStatistics) { request in
        try JSONText.seedResponse(SeedMeterStatistics(try await statistics(request)))
      },
      route(.get, "/api/v1/meters/{id}/events", .scope(.metricsRead), .listSeedEvents) { request in
        let paging = try FluxratePaging(request.query)
        let list = try await service.usageEvents(
          meterId: try await meter(request).id,
          customerId: try customer(request.query, "customer_id", request.caller), slice: paging.slice)
        return try JSONText.seedResponse(FluxratePage(list.items.map(SeedEvent.init), paging, total: list.totalItems))
      },
      route(.post, "/api/v1/sdk/track", .scope(.usageWrite), .trackSeedEvent) { try await trackOne($0) },
      route(.post, "/api/v1/usage", .scope(.usageWrite), .trackSeedUsage) { try await trackOne($0) },
      route(.get, "/api/v1/customers/{id}/usage", .scope(.metricsRead), .getSeedCustomerUsage) { request in
        try JSONText.seedResponse(try await seedCustomerUsage(request))
      },
    ]
  }

  /// `start_date`, `end_date` and `group_by`: the last 30 days by day without them. A date as the end is its whole day.
  func seedPeriod(
    _ query: QueryReader, _ calendar: UsageCalendar
  ) throws(APIError) -> (interval: UsageInterval, step: UsageCalendar.Step) {
    let step = try query.word("group_by", SeedGrouping.self)?.step ?? .day
    guard let from = query.text("start_date") else {
      guard query.text("end_date") == nil else { throw .invalid("?end_date", "'end_date' needs 'start_date'") }
      return (try calendar.interval(range: "30d", now: time.wall()), step)
    }
    let to = try query.text("end_date").map { text throws(APIError) in try calendar.endOfDate(text, "end_date") }
    return (
      try calendar.interval(from: from, to: to?.rfc3339, now: time.wall(), names: ("start_date", "end_date")), step
    )
  }

  private func trackOne(_ request: APIRequest) async throws -> Response {
    let object = try await RequestBodyReader.object(request.request)
    let reader = UsageEventReader(meters: try await service.usageMeters(), now: time.wall())
    let call = try reader.call(object, header: request.request.headers[.idempotencyKey])
    let outcome = try await service.track([call], onlyCustomer: request.caller.customerId).first
    switch outcome {
    case .accepted(let event)?: return try JSONText.seedResponse(SeedEvent(event), status: .created)
    case .duplicate(let event)?:
      return try JSONText.seedResponse(SeedEvent(event), status: .created, headers: [.idempotentReplayed: "true"])
    case .keyReused?, .noCustomer?, nil: throw Self.refusal(outcome ?? .noCustomer, at: "")
    }
  }

  /// What a customer used of every meter, and the energy of his sites and devices.
  private func seedCustomerUsage(_ request: APIRequest) async throws -> SeedCustomerUsage {
    let id = request.parameter("id")
    guard request.caller.sees(customer: id) else { throw APIError.notFound("customer", id) }
    let customer = try await service.customer(id)
    let standard = try await zone(ofCustomer: customer.id)
    let calendar = try calendar(request.query.text("timezone") ?? standard ?? "UTC")
    let (interval, step) = try seedPeriod(request.query, calendar)
    var usage = SeedCustomerUsage(customerId: customer.id, periodStart: interval.start, periodEnd: interval.end)
    for meter in try await service.usageMeters() {
      let report = try await meterUsage(meter, customer.id, interval, step, calendar)
      guard report.eventCount > 0 || report.total.map({ $0 != "0" }) ?? false else { continue }
      usage.meters.append(.init(meter: SeedMeter(meter), usage: SeedMeterUsage(report)))
    }
    let buckets = try calendar.buckets(of: interval, by: step)
    usage.energy = try await service.usage(
      UsageRequest(subject: .customer(customer.id), interval: interval, buckets: buckets)
    ).mapValues(SeedEnergy.init)
    return usage
  }

  /// The zone of a customer's first site.
  func zone(ofCustomer id: String) async throws -> String? {
    try await service.sites(SiteQuery(customerId: id, slice: SliceRequest(offset: 0, limit: 1))).items.first?.timezone
  }
}

/// The seed's words for the length of a bucket.
enum SeedGrouping: String, CaseIterable {
  case hour, day, week, month

  var step: UsageCalendar.Step {
    switch self {
    case .hour: .hour
    case .day: .day
    case .week: .week
    case .month: .month
    }
  }
}
