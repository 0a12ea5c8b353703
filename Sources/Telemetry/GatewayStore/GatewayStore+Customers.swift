public import EnergyModel
import GRDB

/// Customers and sites that the API made; those of the configuration come through `configure`.
extension GatewayStore {
  /// Adds a customer or replaces what is known of him; durable when it returns.
  public func save(_ customer: CustomerRecord) async throws(GatewayStoreError) {
    try await write("save customer \(customer.id)") { try Self.upsert(customer, in: $0) }
  }

  /// Adds a site or replaces what is known of it; durable when it returns.
  public func save(_ site: SiteRecord) async throws(GatewayStoreError) {
    try await write("save site \(site.id)") { try Self.upsert(site, in: $0) }
  }

  /// Marks a customer as removed; his aggregates stay under his id.
  public func removeCustomer(_ id: String, at now: Timestamp) async throws(GatewayStoreError) {
    try await write("remove customer \(id)") { db in
      try db.execute(sql: "UPDATE customers SET removed_at = ? WHERE id = ?", arguments: [now.milliseconds, id])
    }
  }

  /// Marks a site as removed; its aggregates stay under its id.
  public func removeSite(_ id: String, at now: Timestamp) async throws(GatewayStoreError) {
    try await write("remove site \(id)") { db in
      try db.execute(sql: "UPDATE sites SET removed_at = ? WHERE id = ?", arguments: [now.milliseconds, id])
    }
  }
}
