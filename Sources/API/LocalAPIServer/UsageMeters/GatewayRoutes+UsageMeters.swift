import EnergyModel
import Foundation
import HTTPTypes
import Hummingbird
import LocalAPISchema
import TimeSource

extension GatewayRoutes {
  /// Usage meters that can exist.
  static let maxUsageMeters = 1000
  /// Events in one request.
  static let maxUsageEvents = 1000
  /// The longest unit and property of a meter.
  private static let maxWordLength = 64
  private static let meterFields = ["name", "aggregation", "unit", "property"]

  var usageMeterRoutes: [Route] {
    [
      route(.get, "/v1/usage/meters", .scope(.metricsRead), .listUsageMeters) { request in
        let (page, slice) = try request.query.slice()
        return try JSONText.response(
          Page(slice.slice(of: try await service.usageMeters()), page: page, perPage: slice.limit))
      },
      route(.post, "/v1/usage/meters", .unrestricted(.usageWrite), .createUsageMeter) { request in
        let object = try await RequestBodyReader.object(request.request)
        let meter = try await createMeter(object, fields: Self.meterFields)
        return try JSONText.response(
          meter, status: .created, headers: [.location: "/v1/usage/meters/\(meter.id)"])
      },
      route(.get, "/v1/usage/meters/{id}", .scope(.metricsRead), .getUsageMeter) { request in
        try JSONText.response(try await meter(request))
      },
      route(.get, "/v1/usage/meters/{id}/usage", .scope(.metricsRead), .getMeterUsage) { request in
        let meter = try await meter(request)
        let calendar = try calendar(request.query.text("timezone") ?? "UTC")
        let (interval, step) = try period(request.query, calendar, range: "30d", by: .day)
        return try JSONText.response(
          try await meterUsage(
            meter, try customer(request.query, "customerId", request.caller), interval, step, calendar))
      },
      route(.get, "/v1/usage/meters/{id}/stats", .scope(.metricsRead), .getMeterStatistics) { request in
        try JSONText.response(try await statistics(request))
      },
      route(.get, "/v1/usage/meters/{id}/events", .scope(.metricsRead), .listUsageEvents) { request in
        let (page, slice) = try request.query.slice()
        let events = try await service.usageEvents(
          meterId: try await meter(request).id,
          customerId: try customer(request.query, "customerId", request.caller), slice: slice)
        return try JSONText.response(Page(events, page: page, perPage: slice.limit))
      },
      route(.post, "/v1/usage/events", .scope(.usageWrite), .trackUsageEvents) { try await trackBatch($0) },
    ]
  }

  // MARK: Meters

  /// The meter of the path, by its id or its token.
  func meter(_ request: APIRequest) async throws -> UsageMeterResource {
    let id = request.parameter("id")
    guard let meter = try await service.usageMeters().first(where: { $0.id == id || $0.token == id }) else {
      var error = APIError.notFound("usage meter", id)
      error.hint = "GET /v1/usage/meters lists them"
      throw error
    }
    return meter
  }

  /// Whose usage is counted: of a restricted key only its own customer's.
  func customer(_ query: QueryReader, _ name: String, _ caller: Caller) throws(APIError) -> String? {
    guard let asked = query.text(name) else { return caller.customerId }
    guard caller.sees(customer: asked) else { throw .notFound("customer", asked) }
    return asked
  }

  func createMeter(_ object: [String: JSONValue], fields: [String]) async throws -> UsageMeterResource {
    if case .text(let word)? = object["aggregation"], UsageAggregation(rawValue: word) == nil {
      let words = UsageAggregation.allCases.map(\.rawValue).joined(separator: ", ")
      throw APIError.invalid("/aggregation", "'aggregation' cannot be '\(word)'", hint: "one of \(words)")
    }
    let draft = try RequestBodyReader.decode(UsageMeterDraft.self, from: object, fields: fields)
    let name = draft.name.trimmingCharacters(in: .whitespaces)
    for (name, word, limit) in [
      ("name", name, RecordReader.maxNameLength), ("unit", draft.unit, Self.maxWordLength),
      ("property", draft.property, Self.maxWordLength),
    ] {
      guard let word else { continue }
      guard (1...limit).contains(word.count) else {
        throw APIError.invalid("/\(name)", "'\(name)' has 1 to \(limit) characters", code: "OUT_OF_RANGE")
      }
    }
    guard try await service.usageMeters().count < Self.maxUsageMeters else {
      throw APIError(
        status: 409, code: "TOO_MANY_METERS", message: "there are \(Self.maxUsageMeters) usage meters already")
    }
    return try await service.createUsageMeter(draft)
  }

  // MARK: Usage

  func meterUsage(
    _ meter: UsageMeterResource, _ customerId: String?, _ interval: UsageInterval, _ step: UsageCalendar.Step,
    _ calendar: UsageCalendar
  ) async throws -> MeterUsageReport {
    var interval = interval
    // What is reported at this very moment belongs to the minute that begins now.
    if interval.end == time.wall() { interval.end = interval.end.advanced(byMilliseconds: 60_000) }
    let buckets = try calendar.buckets(of: interval, by: step)
    let sums = try await service.usage(
      MeterUsageRequest(meterId: meter.id, customerId: customerId, intervals: [interval] + buckets))
    let series = zip(buckets, sums.dropFirst()).map { bucket, sum in
      MeterUsageReport.Bucket(
        start: bucket.start, end: bucket.end, usage: sum.quantity?.description, eventCount: sum.events)
    }
    return MeterUsageReport(
      meterId: meter.id, customerId: customerId, from: interval.start, to: interval.end, timezone: calendar.identifier,
      by: step.rawValue, unit: meter.unit, total: sums.first?.quantity?.description,
      eventCount: sums.first?.events ?? 0,
      uniqueCustomers: sums.first?.customers ?? 0, series: series)
  }

  func statistics(_ request: APIRequest) async throws -> MeterStatistics {
    let meter = try await meter(request)
    let customerId = request.caller.customerId
    let calendar = try calendar(request.query.text("timezone") ?? "UTC")
    let now = time.wall()
    let span = try await service.usageSpan(meterId: meter.id, customerId: customerId)
    // Up to the latest time that an event can have.
    let end = now.advanced(byMilliseconds: UsageEventReader.futureSeconds * 1000 + 1)
    let starts = [span.first ?? now] + [UsageCalendar.Step.day, .week, .month].map { calendar.start(of: $0, now) }
    let sums = try await service.usage(
      MeterUsageRequest(
        meterId: meter.id, customerId: customerId,
        intervals: starts.map { UsageInterval(start: min($0, end), end: end) }))
    let texts = sums.map { $0.quantity?.description }
    guard sums.count == starts.count, let all = sums.first else {
      throw APIError(status: 503, code: "STORE_UNAVAILABLE", message: "the usage could not be read")
    }
    return MeterStatistics(
      meterId: meter.id, unit: meter.unit, total: texts[0], eventCount: all.events, uniqueCustomers: all.customers,
      firstEventAt: span.first, lastEventAt: span.last, today: texts[1], thisWeek: texts[2], thisMonth: texts[3])
  }

  // MARK: Events

  private func trackBatch(_ request: APIRequest) async throws -> Response {
    let object = try await RequestBodyReader.object(request.request)
    try RequestBodyReader.checkFields(of: object, allowed: ["events"])
    guard case .array(let items)? = object["events"] else {
      throw APIError.invalid(
        "/events", "'events' must be a list", code: object["events"] == nil ? "MISSING_FIELD" : "INVALID_TYPE")
    }
    guard (1...Self.maxUsageEvents).contains(items.count) else {
      throw APIError.invalid(
        "/events", "\(items.count) events; one request has 1 to \(Self.maxUsageEvents)", code: "OUT_OF_RANGE")
    }
    let reader = UsageEventReader(meters: try await service.usageMeters(), now: time.wall())
    var results: [UsageEventReport.Result] = []
    var calls: [(index: Int, call: UsageEventCall)] = []
    for (index, item) in items.enumerated() {
      do throws(APIError) {
        guard case .object(let members) = item else {
          throw .invalid("/events/\(index)", "an event must be an object", code: "INVALID_TYPE")
        }
        calls.append((index, try reader.call(members, at: "/events/\(index)")))
      } catch {
        let reason = error.errors.first ?? .init(pointer: "/events/\(index)", code: error.code, detail: error.message)
        results.append(.init(index: index, status: .rejected, error: reason))
      }
    }
    let outcomes = try await service.track(calls.map(\.call), onlyCustomer: request.caller.customerId)
    results += zip(calls, outcomes).map { call, outcome in Self.result(call.index, outcome) }
    let report = UsageEventReport(results: results.sorted { $0.index < $1.index })
    return try JSONText.response(report, status: report.rejected == 0 ? .ok : .init(code: 207))
  }

  private static func result(_ index: Int, _ outcome: UsageEventOutcome) -> UsageEventReport.Result {
    switch outcome {
    case .accepted(let event): return .init(index: index, status: .accepted, id: event.id)
    case .duplicate(let event): return .init(index: index, status: .duplicate, id: event.id)
    case .keyReused, .noCustomer:
      let error = refusal(outcome, at: "/events/\(index)")
      return .init(index: index, status: .rejected, error: error.errors.first)
    }
  }

  /// Why an event was not kept, with its pointer.
  static func refusal(_ outcome: UsageEventOutcome, at place: String) -> APIError {
    if case .keyReused = outcome {
      return .invalid(
        "\(place)/idempotencyKey", "this idempotency key came before with another event",
        code: "IDEMPOTENCY_KEY_REUSED", hint: "a key of its own for each event")
    }
    var error = APIError(
      status: 404, code: "NOT_FOUND", message: "there is no such customer",
      hint: "an external id makes the customer, if the key may do that")
    error.errors = [.init(pointer: "\(place)/customerId", code: error.code, detail: error.message)]
    return error
  }
}
