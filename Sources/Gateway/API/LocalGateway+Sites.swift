import EnergyModel
import GatewayStore
import LocalAPISchema
import LocalAPIServer
import TimeSource

extension LocalGateway {
  func sites(_ query: SiteQuery) async throws(APIError) -> ListSlice<SiteResource> {
    let records = try await stored { () async throws(GatewayStoreError) in try await store.sites() }
    let wanted = records.map(resource).filter {
      (query.customerId == nil || $0.customerId == query.customerId)
        && (query.referenceId == nil || $0.referenceId == query.referenceId)
    }
    return query.slice.slice(of: wanted, key: \.id)
  }

  func site(_ id: String) async throws(APIError) -> SiteResource { resource(try await siteRecord(id)) }

  func createSite(_ draft: SiteDraft) async throws(APIError) -> SiteResource {
    try await inTurn { () async throws(APIError) in
      var record = SiteRecord(
        id: makeID("sit"), name: draft.name, timeZone: draft.timezone, createdAt: time.wall(), source: .api)
      record.take(draft)
      let new = record
      try await saved("site", new.id) { () async throws(GatewayStoreError) in try await store.save(new) }
      if let customer = draft.customerId { try await link(.site, new.id, to: customer) }
      events.record(.siteCreated, customer: draft.customerId, site: new.id, data: ["name": .text(new.name)])
      try await settle()
      return try await site(new.id)
    }
  }

  func updateSite(_ id: String, from old: SiteDraft, to new: SiteDraft) async throws(APIError) -> SiteResource {
    try await inTurn { () async throws(APIError) in
      let record = try await siteRecord(id)
      guard resource(record).draft == old else { throw Self.changedMeanwhile("site", id) }
      guard old != new else { return resource(record) }
      var ownChanges = new
      ownChanges.customerId = old.customerId
      if ownChanges != old {
        try Self.checkOwned(record.source, "site", id)
        var changing = record
        changing.take(new)
        changing.updatedAt = time.wall()
        let changed = changing
        try await saved("site", id) { () async throws(GatewayStoreError) in
          try await store.save(changed, over: record)
        }
      }
      if new.customerId != old.customerId {
        if resource(record).linkedBy == .configuration { throw Self.configured("customer", "site", id) }
        try await link(.site, id, to: new.customerId, from: old.customerId)
      }
      events.record(.siteUpdated, customer: new.customerId, site: id, data: ["name": .text(new.name)])
      try await settle()
      return try await site(id)
    }
  }

  func deleteSite(_ id: String) async throws(APIError) {
    try await inTurn { () async throws(APIError) in
      let record = try await siteRecord(id)
      try Self.checkOwned(record.source, "site", id)
      try await stored { () async throws(GatewayStoreError) in try await store.removeSite(id, at: time.wall()) }
      events.record(.siteDeleted, customer: record.customerID, site: id, data: ["name": .text(record.name)])
      try await settle()
    }
  }

  private func siteRecord(_ id: String) async throws(APIError) -> SiteRecord {
    let records = try await stored { () async throws(GatewayStoreError) in try await store.sites() }
    guard let record = records.first(where: { $0.id == id }) else { throw .notFound("site", id) }
    return record
  }

  private func resource(_ record: SiteRecord) -> SiteResource {
    SiteResource(
      id: record.id, name: record.name, referenceId: record.referenceID, customerId: record.customerID,
      linkedBy: current?.configuration.sites.first { $0.id == record.id }?.linkedBy, timezone: record.timeZone,
      address: record.address, latitude: record.latitude, longitude: record.longitude,
      source: record.source == .api ? .api : .configuration, createdAt: record.createdAt,
      updatedAt: record.updatedAt ?? record.createdAt)
  }
}

extension SiteRecord {
  /// Becomes what a draft says; whose it is, is a link of its own.
  fileprivate mutating func take(_ draft: SiteDraft) {
    name = draft.name
    referenceID = draft.referenceId
    timeZone = draft.timezone
    address = draft.address
    latitude = draft.latitude
    longitude = draft.longitude
  }
}
