import EnergyModel
import Foundation
import GatewayStore
import LocalAPISchema
import LocalAPIServer
import TimeSource

extension LocalGateway {
  func usageMeters() async throws(APIError) -> [UsageMeterResource] {
    try await stored { () async throws(GatewayStoreError) in try await store.usageMeters() }.map(
      UsageMeterResource.init)
  }

  func createUsageMeter(_ draft: UsageMeterDraft) async throws(APIError) -> UsageMeterResource {
    let meter = UsageMeterRecord(
      id: makeID("mtr"), token: makeID("mtk"), name: draft.name, aggregation: draft.aggregation,
      unit: draft.unit ?? "unit",
      property: draft.property ?? (draft.aggregation == .uniqueCount ? "user_id" : "quantity"), createdAt: time.wall())
    guard try await stored({ () async throws(GatewayStoreError) in try await store.insert(meter) }) else {
      throw APIError(
        status: 409, code: "CONFLICT", message: "there is a usage meter '\(draft.name)' already",
        hint: "GET /v1/usage/meters lists them",
        errors: [.init(pointer: "/name", code: "CONFLICT", detail: "another usage meter has this name")])
    }
    return UsageMeterResource(meter)
  }

  func track(_ events: [UsageEventCall], onlyCustomer: String?) async throws(APIError) -> [UsageEventOutcome] {
    guard !events.isEmpty else { return [] }
    let now = time.wall()
    let entries = events.map { entry($0, now: now) }
    let (results, newCustomers) = try await stored { () async throws(GatewayStoreError) in
      try await store.append(entries, onlyCustomer: onlyCustomer, now: now)
    }
    for customer in newCustomers {
      self.events.record(.customerCreated, customer: customer.id, data: ["name": .text(customer.name)])
    }
    return results.map(UsageEventOutcome.init)
  }

  private func entry(_ call: UsageEventCall, now: Timestamp) -> UsageEventEntry {
    let metadata = call.metadata.flatMap { try? JSONEncoder().encode($0) }.map { String(decoding: $0, as: UTF8.self) }
    let event = UsageEventRecord(
      id: makeID("use"), meterID: call.meterId, customerID: "", at: call.at, quantity: call.quantity,
      uniqueValue: call.uniqueValue, receivedAt: now, idempotencyKey: call.idempotencyKey, metadata: metadata)
    let customer: UsageEventEntry.Customer =
      switch call.customer {
      case .id(let id): .id(id)
      case .reference(let reference): .reference(reference, newID: makeID("cus"))
      }
    return UsageEventEntry(event: event, customer: customer, digest: call.digest)
  }

  func usage(_ request: MeterUsageRequest) async throws(APIError) -> [MeterUsageSum] {
    let meters = try await stored { () async throws(GatewayStoreError) in try await store.usageMeters() }
    guard let meter = meters.first(where: { $0.id == request.meterId }) else {
      throw .notFound("usage meter", request.meterId)
    }
    let intervals = request.intervals.map { $0.start..<max($0.start, $0.end) }
    return try await stored { () async throws(GatewayStoreError) in
      try await store.usage(of: meter, customerID: request.customerId, intervals: intervals, now: time.wall())
    }.map { MeterUsageSum(quantity: $0.quantity, events: $0.events, customers: $0.customers) }
  }

  func usageSpan(
    meterId: String, customerId: String?
  ) async throws(APIError) -> (first: Timestamp?, last: Timestamp?) {
    let span = try await stored { () async throws(GatewayStoreError) in
      try await store.usageSpan(meterID: meterId, customerID: customerId)
    }
    return (span.first, span.last)
  }

  func usageEvents(
    meterId: String, customerId: String?, slice: SliceRequest
  ) async throws(APIError) -> ListSlice<UsageEventResource> {
    let (events, total) = try await stored { () async throws(GatewayStoreError) in
      try await store.usageEvents(meterID: meterId, customerID: customerId, offset: slice.offset, limit: slice.limit)
    }
    return ListSlice(items: events.map(UsageEventResource.init), totalItems: total)
  }
}

extension UsageMeterResource {
  fileprivate init(_ meter: UsageMeterRecord) {
    self.init(
      id: meter.id, token: meter.token, name: meter.name, aggregation: meter.aggregation, unit: meter.unit,
      property: meter.property, createdAt: meter.createdAt)
  }
}

extension UsageEventResource {
  fileprivate init(_ event: UsageEventRecord) {
    let metadata = event.metadata.flatMap {
      try? JSONDecoder().decode([String: JSONValue].self, from: Data($0.utf8))
    }
    self.init(
      id: event.id, meterId: event.meterID, customerId: event.customerID, timestamp: event.at,
      quantity: event.quantity.description, receivedAt: event.receivedAt, idempotencyKey: event.idempotencyKey,
      metadata: metadata)
  }
}

extension UsageEventOutcome {
  fileprivate init(_ result: UsageEventResult) {
    self =
      switch result {
      case .accepted(let event): .accepted(UsageEventResource(event))
      case .duplicate(let event): .duplicate(UsageEventResource(event))
      case .keyReused: .keyReused
      case .noCustomer: .noCustomer
      }
  }
}
