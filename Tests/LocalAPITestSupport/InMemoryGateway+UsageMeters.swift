package import EnergyModel
package import LocalAPISchema
package import LocalAPIServer

/// Usage meters in memory: every meter adds up, whatever its aggregation.
extension InMemoryGateway {
  package func usageMeters() async throws(APIError) -> [UsageMeterResource] { meterList }

  package func createUsageMeter(_ draft: UsageMeterDraft) async throws(APIError) -> UsageMeterResource {
    guard !meterList.contains(where: { $0.name == draft.name }) else {
      throw APIError(status: 409, code: "CONFLICT", message: "there is a usage meter '\(draft.name)' already")
    }
    let meter = UsageMeterResource(
      id: "mtr_\(meterList.count + 1)", token: "mtk_\(meterList.count + 1)", name: draft.name,
      aggregation: draft.aggregation, unit: draft.unit ?? "unit",
      property: draft.property ?? (draft.aggregation == .uniqueCount ? "user_id" : "quantity"), createdAt: Self.now)
    meterList.append(meter)
    return meter
  }

  package func track(
    _ events: [UsageEventCall], onlyCustomer: String?
  ) async throws(APIError) -> [UsageEventOutcome] {
    events.map { call in
      if let key = call.idempotencyKey, let (old, event) = tracked.first(where: { $0.0.idempotencyKey == key }) {
        return old.digest == call.digest ? .duplicate(event) : .keyReused
      }
      let id: String
      switch call.customer {
      case .id(let given): id = given
      case .reference(let reference): id = customerList.first { $0.referenceId == reference }?.id ?? "cus_\(reference)"
      }
      if let onlyCustomer, id != onlyCustomer { return .noCustomer }
      if case .id = call.customer, !customerList.contains(where: { $0.id == id }) { return .noCustomer }
      let event = UsageEventResource(
        id: "use_\(tracked.count + 1)", meterId: call.meterId, customerId: id, timestamp: call.at,
        quantity: call.quantity.description, receivedAt: Self.now, idempotencyKey: call.idempotencyKey,
        metadata: call.metadata)
      tracked.append((call, event))
      return .accepted(event)
    }
  }

  package func usage(_ request: MeterUsageRequest) async throws(APIError) -> [MeterUsageSum] {
    request.intervals.map { interval in
      let own = tracked.filter {
        $0.event.meterId == request.meterId && interval.start <= $0.event.timestamp && $0.event.timestamp < interval.end
          && (request.customerId == nil || $0.event.customerId == request.customerId)
      }
      return MeterUsageSum(
        quantity: ExactQuantity(millionths: own.reduce(0) { $0 + $1.call.quantity.millionths }), events: own.count,
        customers: Set(own.map(\.event.customerId)).count)
    }
  }

  package func usageSpan(
    meterId: String, customerId: String?
  ) async throws(APIError) -> (first: Timestamp?, last: Timestamp?) {
    let times = tracked.filter {
      $0.event.meterId == meterId && (customerId == nil || $0.event.customerId == customerId)
    }.map(\.event.timestamp)
    return (times.min(), times.max())
  }

  package func usageEvents(
    meterId: String, customerId: String?, slice: SliceRequest
  ) async throws(APIError) -> ListSlice<UsageEventResource> {
    slice.slice(
      of: tracked.map(\.event).filter {
        $0.meterId == meterId && (customerId == nil || $0.customerId == customerId)
      }.sorted { $0.timestamp > $1.timestamp })
  }
}
