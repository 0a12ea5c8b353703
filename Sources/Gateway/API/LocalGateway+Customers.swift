import EnergyModel
import GatewayStore
import LocalAPISchema
import LocalAPIServer
import TelemetryPipeline
import TimeSource

extension LocalGateway {
  func customers(_ query: CustomerQuery) async throws(APIError) -> ListSlice<CustomerResource> {
    let records = try await stored { () async throws(GatewayStoreError) in try await store.customers() }
    return query.slice.slice(of: records.map(Self.resource).filter(query.matches), key: \.id)
  }

  func customer(_ id: String) async throws(APIError) -> CustomerResource {
    Self.resource(try await customerRecord(id))
  }

  func createCustomer(_ draft: CustomerDraft) async throws(APIError) -> CustomerResource {
    try await inTurn { () async throws(APIError) in
      var record = CustomerRecord(id: makeID("cus"), name: draft.name, createdAt: time.wall(), source: .api)
      record.take(draft)
      let new = record
      try await saved("customer", new.id) { () async throws(GatewayStoreError) in try await store.save(new) }
      events.record(.customerCreated, customer: new.id, data: [:])
      try await settle()
      return Self.resource(new)
    }
  }

  func updateCustomer(
    _ id: String, from old: CustomerDraft, to new: CustomerDraft
  ) async throws(APIError) -> CustomerResource {
    try await inTurn { () async throws(APIError) in
      let record = try await customerRecord(id)
      guard Self.resource(record).draft == old else { throw Self.changedMeanwhile("customer", id) }
      guard old != new else { return Self.resource(record) }
      try Self.checkOwned(record.source, "customer", id)
      var changing = record
      changing.take(new)
      changing.updatedAt = time.wall()
      let changed = changing
      try await saved("customer", id) { () async throws(GatewayStoreError) in
        try await store.save(changed, over: record)
      }
      events.record(.customerUpdated, customer: id, data: [:])
      try await settle()
      return Self.resource(changed)
    }
  }

  func deleteCustomer(_ id: String, mode: DeletionMode) async throws(APIError) -> DeletedCustomer {
    try await inTurn { () async throws(APIError) in
      let record = try await customerRecord(id)
      try Self.checkOwned(record.source, "customer", id)
      let before = current?.configuration
      events.record(.customerDeleted, customer: id, data: ["mode": .text(mode.rawValue)])
      // What waits in memory is booked under the customer, so that it goes or stays with the rest.
      try await stored { () async throws(GatewayStoreError) in
        try await current?.pipeline.flush()
        try await store.anonymizeCustomer(id, at: time.wall())
      }
      try await settle()
      if mode == .purge {
        try await stored { () async throws(GatewayStoreError) in
          try await current?.pipeline.flush()
          try await store.purgeCustomer(id, at: time.wall())
        }
      }
      return DeletedCustomer(
        id: id, mode: mode, aggregates: mode == .purge ? .removed : .kept,
        unlinkedSites: before?.sites.filter { $0.customerID == id }.map(\.id) ?? [],
        unlinkedDevices: before?.devices.filter { $0.customerID == id }.map(\.id) ?? [])
    }
  }

  func activity(of customerId: String, before: Int64?, limit: Int) async throws(APIError) -> [EventResource] {
    try await stored { () async throws(GatewayStoreError) in
      try await store.events(of: customerId, before: before, limit: limit)
    }.map(EventLog.resource)
  }

  private func customerRecord(_ id: String) async throws(APIError) -> CustomerRecord {
    let records = try await stored { () async throws(GatewayStoreError) in try await store.customers() }
    guard let record = records.first(where: { $0.id == id }) else { throw .notFound("customer", id) }
    return record
  }

  static func resource(_ record: CustomerRecord) -> CustomerResource {
    let details = record.details
    return CustomerResource(
      id: record.id, name: record.name, firstName: details.firstName, lastName: details.lastName,
      referenceId: record.referenceID, email: record.email, phone: details.phone, address: details.address,
      billingAddress: details.billingAddress, utility: details.utility,
      source: record.source == .api ? .api : .configuration, createdAt: record.createdAt,
      updatedAt: record.updatedAt ?? record.createdAt)
  }
}

extension CustomerRecord {
  /// Becomes what a draft says.
  fileprivate mutating func take(_ draft: CustomerDraft) {
    name = draft.name
    referenceID = draft.referenceId
    email = draft.email
    details = CustomerDetails(
      firstName: draft.firstName, lastName: draft.lastName, phone: draft.phone, address: draft.address,
      billingAddress: draft.billingAddress, utility: draft.utility)
  }
}
