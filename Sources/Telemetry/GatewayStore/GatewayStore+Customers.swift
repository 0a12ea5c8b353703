public import EnergyModel
import GRDB

/// What became of a change of a customer or a site.
public enum RecordEdit: Sendable, Hashable {
  /// It is durable.
  case saved
  /// The record is not any more what it was taken for; nothing was changed.
  case changedMeanwhile
  /// Another record has the same reference; nothing was changed.
  case referenceTaken(by: String)
}

/// Customers and sites that the API made; those of the configuration come through `configure`.
extension GatewayStore {
  /// Adds a customer, or changes it from what it was; durable when it returns `saved`.
  ///
  /// - Parameter old: what the change was made of; `nil` for a new one.
  public func save(
    _ customer: CustomerRecord, over old: CustomerRecord? = nil
  ) async throws(GatewayStoreError) -> RecordEdit {
    try await write("save customer \(customer.id)", of: [AuditedRecord(.customer, customer.id)]) { db in
      let present = try Row.fetchOne(
        db, sql: "SELECT * FROM customers WHERE id = ? AND removed_at IS NULL", arguments: [customer.id])
      guard try present.map(Self.customer) == old else { return .changedMeanwhile }
      if let other = try Self.owner(of: customer.referenceID, in: "customers", except: customer.id, db) {
        return .referenceTaken(by: other)
      }
      try Self.upsert(customer, in: db)
      return .saved
    }
  }

  /// Adds a site, or changes it from what it was; durable when it returns `saved`.
  ///
  /// - Parameter old: what the change was made of; `nil` for a new one.
  public func save(_ site: SiteRecord, over old: SiteRecord? = nil) async throws(GatewayStoreError) -> RecordEdit {
    try await write("save site \(site.id)", of: [AuditedRecord(.site, site.id)]) { db in
      let present = try Row.fetchOne(
        db, sql: "SELECT * FROM sites WHERE id = ? AND removed_at IS NULL", arguments: [site.id])
      guard try present.map(Self.site) == old else { return .changedMeanwhile }
      if let other = try Self.owner(of: site.referenceID, in: "sites", except: site.id, db) {
        return .referenceTaken(by: other)
      }
      try Self.upsert(site, in: db)
      return .saved
    }
  }

  private static func owner(
    of reference: String?, in table: String, except id: String, _ db: Database
  ) throws -> String? {
    guard let reference else { return nil }
    return try String.fetchOne(
      db, sql: "SELECT id FROM \(table) WHERE reference_id = ? AND id <> ? AND removed_at IS NULL",
      arguments: [reference, id])
  }

  /// Marks a site as removed; its aggregates stay under its id.
  public func removeSite(_ id: String, at now: Timestamp) async throws(GatewayStoreError) {
    try await write("remove site \(id)", of: [AuditedRecord(.site, id)]) { db in
      try db.execute(sql: "UPDATE sites SET removed_at = ? WHERE id = ?", arguments: [now.milliseconds, id])
      try db.execute(sql: "DELETE FROM customer_links WHERE kind = 'site' AND thing_id = ?", arguments: [id])
      try db.execute(sql: "UPDATE device_changes SET site_id = NULL WHERE site_id = ?", arguments: [id])
    }
  }

  /// Forgets who a customer was, in its record and in the events about it; its aggregates stay under its id.
  public func anonymizeCustomer(_ id: String, at now: Timestamp) async throws(GatewayStoreError) {
    try await write("remove customer \(id)", of: [AuditedRecord(.customer, id)]) { db in
      try db.execute(
        sql: """
          UPDATE customers SET name = '', reference_id = NULL, email = NULL, extras = '{}', details = '{}',
            removed_at = ? WHERE id = ?
          """, arguments: [now.milliseconds, id])
      try db.execute(sql: "DELETE FROM customer_links WHERE customer_id = ?", arguments: [id])
      try db.execute(
        sql: "UPDATE events SET json = '{}' WHERE customer_id = ? AND type LIKE 'customer.%'", arguments: [id])
    }
  }

  /// Forgets a customer with its events and aggregates. Works through the windows in short steps, so that other writes
  /// come in between.
  public func purgeCustomer(_ id: String, at now: Timestamp) async throws(GatewayStoreError) {
    try await anonymizeCustomer(id, at: now)
    for level in WindowLevel.allCases { try await removeWindows(level, ofCustomer: id) }
    try await write("remove customer \(id)") { db in
      try db.execute(sql: "DELETE FROM events WHERE customer_id = ? AND type LIKE 'customer.%'", arguments: [id])
      try db.execute(sql: "UPDATE events SET customer_id = NULL WHERE customer_id = ?", arguments: [id])
      try db.execute(sql: "DELETE FROM customers WHERE id = ?", arguments: [id])
    }
  }

  /// Buckets of which one step removes the windows of a customer's series.
  private static let bucketsPerStep = 200

  private func removeWindows(_ level: WindowLevel, ofCustomer id: String) async throws(GatewayStoreError) {
    let (series, buckets): ([Int64], Range<Int64>) = try await perform("read the windows of \(id)") { db in
      let first = try Int64.fetchOne(
        db, sql: "SELECT min(first_ts) FROM series WHERE scope = 'customer' AND scope_id = ?", arguments: [id])
      let oldest = try Int64.fetchOne(db, sql: "SELECT min(bucket) FROM \(level.table)")
      let newest = try Int64.fetchOne(db, sql: "SELECT max(bucket) FROM \(level.table)")
      guard let first, let oldest, let newest else { return ([], 0..<0) }
      let start = max(level.bucket(of: first), oldest)
      let series = try Int64.fetchAll(
        db, sql: "SELECT id FROM series WHERE scope = 'customer' AND scope_id = ?", arguments: [id])
      return (series, start..<max(start, newest + 1))
    }
    for start in stride(from: buckets.lowerBound, to: buckets.upperBound, by: Self.bucketsPerStep) {
      try await write("remove the windows of \(id)") { db in
        // One by one, because a range of buckets would be scanned with all series in it.
        let statement = try db.cachedStatement(sql: "DELETE FROM \(level.table) WHERE bucket = ? AND series = ?")
        for bucket in start..<min(start + Int64(Self.bucketsPerStep), buckets.upperBound) {
          for id in series { try statement.execute(arguments: [bucket, id]) }
        }
      }
    }
  }
}
