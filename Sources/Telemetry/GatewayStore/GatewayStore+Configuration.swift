public import EnergyModel
import GRDB

extension GatewayStore {
  /// Makes the store's customers, sites, links and devices those of a configuration, in one transaction.
  ///
  /// What is new is added, what exists is updated (its `createdAt` stays), what is no longer configured is marked as
  /// removed at `now` and keeps its history; configured again, it is no longer removed.
  ///
  /// - Parameters:
  ///   - origin: where it came from and why, for the audit.
  public func configure(
    _ records: ConfiguredRecords, at now: Timestamp, origin: ConfigurationOrigin = ConfigurationOrigin()
  ) async throws(GatewayStoreError) {
    try await write("save the configuration") { db in
      let before = try ConfigurationInventory(db)
      for customer in records.customers { try Self.upsert(customer, in: db) }
      for site in records.sites { try Self.upsert(site, in: db) }
      for link in records.links { try Self.upsert(link, in: db) }
      for device in records.devices { try Self.upsert(device, in: db) }
      try Self.markRemoved(
        "customers", except: records.customers.map(\.id), at: now, in: db, condition: Self.isConfigured)
      try Self.markRemoved("sites", except: records.sites.map(\.id), at: now, in: db, condition: Self.isConfigured)
      try Self.markRemoved("links", except: records.links.map(\.id), at: now, in: db)
      try Self.markRemoved("devices", except: records.devices.map(\.id), at: now, in: db)
      try Self.appendAudit(try origin.auditRow(from: before, to: try ConfigurationInventory(db), at: now), in: db)
    }
  }

  /// All customers by id; removed ones only if asked for.
  public func customers(includingRemoved: Bool = false) async throws(GatewayStoreError) -> [CustomerRecord] {
    try await perform("read customers") { db in
      try Row.fetchAll(db, sql: Self.list("customers", includingRemoved)).map(Self.customer)
    }
  }

  static func customer(_ row: Row) throws -> CustomerRecord {
    var record = CustomerRecord(
      id: try row.decode(forColumn: "id"), name: try row.decode(forColumn: "name"),
      referenceID: try row.decode(forColumn: "reference_id"), email: try row.decode(forColumn: "email"),
      createdAt: try row.time("created_at"),
      extras: try JSONText.decode([String: String].self, try row.decode(forColumn: "extras")),
      source: try row.word(StoredSource.self, "source"),
      details: try JSONText.decode(CustomerDetails.self, try row.decode(forColumn: "details")))
    record.updatedAt = try row.optionalTime("updated_at")
    record.removedAt = try row.optionalTime("removed_at")
    return record
  }

  /// All sites by id; removed ones only if asked for.
  public func sites(includingRemoved: Bool = false) async throws(GatewayStoreError) -> [SiteRecord] {
    try await perform("read sites") { db in
      try Row.fetchAll(db, sql: Self.list("sites", includingRemoved)).map(Self.site)
    }
  }

  static func site(_ row: Row) throws -> SiteRecord {
    let address: String? = try row.decode(forColumn: "address")
    var record = SiteRecord(
      id: try row.decode(forColumn: "id"), customerID: try row.decode(forColumn: "customer_id"),
      name: try row.decode(forColumn: "name"), timeZone: try row.decode(forColumn: "time_zone"),
      latitude: try row.decode(forColumn: "latitude"), longitude: try row.decode(forColumn: "longitude"),
      address: try address.map(Self.address), referenceID: try row.decode(forColumn: "reference_id"),
      createdAt: try row.time("created_at"), source: try row.word(StoredSource.self, "source"))
    record.updatedAt = try row.optionalTime("updated_at")
    record.removedAt = try row.optionalTime("removed_at")
    return record
  }

  /// Addresses were one line before they had parts.
  private static func address(_ text: String) throws -> PostalAddress {
    text.hasPrefix("{") ? try JSONText.decode(PostalAddress.self, text) : PostalAddress(line1: text)
  }

  /// All links by id; removed ones only if asked for.
  public func links(includingRemoved: Bool = false) async throws(GatewayStoreError) -> [LinkRecord] {
    try await perform("read links") { db in
      try Row.fetchAll(db, sql: Self.list("links", includingRemoved)).map { row in
        var record = LinkRecord(
          id: try row.decode(forColumn: "id"), transport: try row.decode(forColumn: "transport"),
          address: try row.decode(forColumn: "address"), createdAt: try row.time("created_at"))
        record.removedAt = try row.optionalTime("removed_at")
        return record
      }
    }
  }

  /// All devices by id; removed ones only if asked for.
  public func devices(includingRemoved: Bool = false) async throws(GatewayStoreError) -> [DeviceRecord] {
    try await perform("read devices") { db in
      try Row.fetchAll(db, sql: Self.list("devices", includingRemoved)).map(Self.device)
    }
  }

  private static func device(_ row: Row) throws -> DeviceRecord {
    let role: String? = try row.decode(forColumn: "role")
    var record = DeviceRecord(
      id: try row.decode(forColumn: "id"), kind: try row.word(DeviceKind.self, "kind"),
      name: try row.decode(forColumn: "name"), profile: try row.decode(forColumn: "profile"),
      part: try row.decode(forColumn: "part"), linkID: try row.decode(forColumn: "link_id"),
      siteID: try row.decode(forColumn: "site_id"), customerID: try row.decode(forColumn: "customer_id"),
      role: role.flatMap(MeterRole.init(rawValue:)),
      tags: try JSONText.decode([String].self, try row.decode(forColumn: "tags")),
      createdAt: try row.time("created_at"))
    record.removedAt = try row.optionalTime("removed_at")
    return record
  }

  private static func list(_ table: String, _ includingRemoved: Bool) -> String {
    "SELECT * FROM \(table) \(includingRemoved ? "" : "WHERE removed_at IS NULL") ORDER BY id"
  }

  /// What the API made is not in the configuration and stays.
  private static let isConfigured = "source = 'configuration'"

  private static func markRemoved(
    _ table: String, except ids: [String], at now: Timestamp, in db: Database, condition: String = "TRUE"
  ) throws {
    let sql = """
      UPDATE \(table) SET removed_at = ?
      WHERE removed_at IS NULL AND \(condition) AND id NOT IN (SELECT value FROM json_each(?))
      """
    try db.execute(sql: sql, arguments: [now.milliseconds, try JSONText.encode(ids)])
  }

  static func upsert(_ record: CustomerRecord, in db: Database) throws {
    try upsert(
      "customers",
      [
        ("id", record.id), ("name", record.name), ("reference_id", record.referenceID), ("email", record.email),
        ("extras", try JSONText.encode(record.extras)), ("source", record.source.rawValue),
        ("details", try JSONText.encode(record.details)), ("updated_at", record.updatedAt?.milliseconds),
        ("created_at", record.createdAt.milliseconds),
      ], in: db)
  }

  static func upsert(_ record: SiteRecord, in db: Database) throws {
    try upsert(
      "sites",
      [
        ("id", record.id), ("customer_id", record.customerID), ("name", record.name), ("time_zone", record.timeZone),
        ("latitude", record.latitude), ("longitude", record.longitude),
        ("address", try record.address.map { try JSONText.encode($0) }), ("reference_id", record.referenceID),
        ("source", record.source.rawValue), ("updated_at", record.updatedAt?.milliseconds),
        ("created_at", record.createdAt.milliseconds),
      ], in: db)
  }

  private static func upsert(_ record: LinkRecord, in db: Database) throws {
    try upsert(
      "links",
      [
        ("id", record.id), ("transport", record.transport), ("address", record.address),
        ("created_at", record.createdAt.milliseconds),
      ], in: db)
  }

  private static func upsert(_ record: DeviceRecord, in db: Database) throws {
    try upsert(
      "devices",
      [
        ("id", record.id), ("kind", record.kind.rawValue), ("name", record.name), ("profile", record.profile),
        ("part", record.part), ("link_id", record.linkID), ("site_id", record.siteID),
        ("customer_id", record.customerID), ("role", record.role?.rawValue),
        ("tags", try JSONText.encode(record.tags)), ("created_at", record.createdAt.milliseconds),
      ], in: db)
  }

  private static func upsert(
    _ table: String, _ columns: [(name: String, value: (any DatabaseValueConvertible)?)], in db: Database
  ) throws {
    let names = columns.map(\.name)
    let updates = names.filter { $0 != "id" && $0 != "created_at" }.map { "\($0) = excluded.\($0)" }
    let sql = """
      INSERT INTO \(table)(\(names.joined(separator: ", "))) VALUES (\(names.map { _ in "?" }.joined(separator: ", ")))
      ON CONFLICT(id) DO UPDATE SET \(updates.joined(separator: ", ")), removed_at = NULL
      """
    try db.execute(sql: sql, arguments: StatementArguments(columns.map(\.value)))
  }
}
