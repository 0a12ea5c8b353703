import EnergyModel
import GatewayStore
import LocalAPISchema
import LocalAPIServer
import TimeSource

extension LocalGateway {
  // MARK: Customers

  func customers(_ query: CustomerQuery) async throws(APIError) -> ListSlice<CustomerResource> {
    let records = try await stored { () async throws(GatewayStoreError) in try await store.customers() }
    let wanted = records.filter {
      (query.id == nil || $0.id == query.id) && (query.referenceId == nil || $0.referenceID == query.referenceId)
    }
    return query.slice.slice(of: wanted.map(Self.resource))
  }

  func customer(_ id: String) async throws(APIError) -> CustomerResource {
    Self.resource(try await customerRecord(id))
  }

  func createCustomer(_ draft: CustomerDraft) async throws(APIError) -> CustomerResource {
    let record = CustomerRecord(
      id: makeID("cus"), name: draft.name, referenceID: draft.referenceId, email: draft.email, createdAt: time.wall(),
      source: .api)
    try await stored { () async throws(GatewayStoreError) in try await store.save(record) }
    events.record("customer.created", customer: record.id, data: ["name": .text(record.name)])
    return Self.resource(record)
  }

  func updateCustomer(_ id: String, _ draft: CustomerDraft) async throws(APIError) -> CustomerResource {
    var record = try await customerRecord(id)
    try Self.checkOwned(record.source, "customer", id)
    record.name = draft.name
    record.referenceID = draft.referenceId
    record.email = draft.email
    let changed = record
    try await stored { () async throws(GatewayStoreError) in try await store.save(changed) }
    events.record("customer.updated", customer: id, data: ["name": .text(changed.name)])
    return Self.resource(changed)
  }

  func deleteCustomer(_ id: String) async throws(APIError) {
    let record = try await customerRecord(id)
    try Self.checkOwned(record.source, "customer", id)
    let sites = try await stored { () async throws(GatewayStoreError) in try await store.sites() }
    guard !sites.contains(where: { $0.customerID == id }) else {
      throw APIError(
        status: 409, code: "CONFLICT", message: "sites belong to customer \(id)", hint: "move or delete them first")
    }
    try await stored { () async throws(GatewayStoreError) in try await store.removeCustomer(id, at: time.wall()) }
    events.record("customer.deleted", customer: id, data: [:])
  }

  private func customerRecord(_ id: String) async throws(APIError) -> CustomerRecord {
    let records = try await stored { () async throws(GatewayStoreError) in try await store.customers() }
    guard let record = records.first(where: { $0.id == id }) else { throw .notFound("customer", id) }
    return record
  }

  // MARK: Sites

  func sites(_ query: SiteQuery) async throws(APIError) -> ListSlice<SiteResource> {
    let records = try await stored { () async throws(GatewayStoreError) in try await store.sites() }
    let wanted = records.filter { query.customerId == nil || $0.customerID == query.customerId }
    return query.slice.slice(of: wanted.map(Self.resource))
  }

  func site(_ id: String) async throws(APIError) -> SiteResource { Self.resource(try await siteRecord(id)) }

  func createSite(_ draft: SiteDraft) async throws(APIError) -> SiteResource {
    let record = SiteRecord(
      id: makeID("sit"), customerID: draft.customerId, name: draft.name, timeZone: draft.timezone,
      address: draft.address, createdAt: time.wall(), source: .api)
    try await stored { () async throws(GatewayStoreError) in try await store.save(record) }
    return Self.resource(record)
  }

  func updateSite(_ id: String, _ draft: SiteDraft) async throws(APIError) -> SiteResource {
    var record = try await siteRecord(id)
    try Self.checkOwned(record.source, "site", id)
    record.name = draft.name
    record.customerID = draft.customerId
    record.timeZone = draft.timezone
    record.address = draft.address
    let changed = record
    try await stored { () async throws(GatewayStoreError) in try await store.save(changed) }
    events.record("site.updated", customer: changed.customerID, site: id, data: ["name": .text(changed.name)])
    return Self.resource(changed)
  }

  func deleteSite(_ id: String) async throws(APIError) {
    let record = try await siteRecord(id)
    try Self.checkOwned(record.source, "site", id)
    try await stored { () async throws(GatewayStoreError) in try await store.removeSite(id, at: time.wall()) }
  }

  private func siteRecord(_ id: String) async throws(APIError) -> SiteRecord {
    let records = try await stored { () async throws(GatewayStoreError) in try await store.sites() }
    guard let record = records.first(where: { $0.id == id }) else { throw .notFound("site", id) }
    return record
  }

  // MARK: Shared

  /// The configuration file always wins, so what it says cannot be changed over the API.
  private static func checkOwned(_ source: StoredSource, _ what: String, _ id: String) throws(APIError) {
    guard source == .configuration else { return }
    throw APIError(
      status: 409, code: "CONFIGURED", message: "\(what) \(id) is defined in the configuration file",
      hint: "change it there and reload the gateway")
  }

  static func resource(_ record: CustomerRecord) -> CustomerResource {
    CustomerResource(
      id: record.id, name: record.name, referenceId: record.referenceID, email: record.email,
      source: record.source == .api ? .api : .configuration, createdAt: record.createdAt)
  }

  static func resource(_ record: SiteRecord) -> SiteResource {
    SiteResource(
      id: record.id, name: record.name, customerId: record.customerID, timezone: record.timeZone,
      address: record.address, source: record.source == .api ? .api : .configuration, createdAt: record.createdAt)
  }
}
