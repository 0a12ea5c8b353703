import EnergyModel
import GRDB

/// A record of which the audit says who changed it, and how.
struct AuditedRecord: Sendable, Hashable {
  enum Kind: String, Sendable { case customer, site, device, link, schedule, batch }

  var kind: Kind
  var id: String

  init(_ kind: Kind, _ id: String) {
    self.kind = kind
    self.id = id
  }

  /// What the audit says instead of personal data: nothing can be forgotten in rows that are never changed.
  static let withheld = "(personal)"

  /// Columns with personal data.
  private var personal: Set<String> {
    switch kind {
    case .customer: ["name", "reference_id", "email", "extras", "details"]
    case .site: ["name", "reference_id", "latitude", "longitude", "address"]
    case .device, .link, .schedule, .batch: []
    }
  }

  private var query: String {
    switch kind {
    case .customer:
      "SELECT name, reference_id, email, extras, details, source FROM customers WHERE id = ?1 AND removed_at IS NULL"
    case .site:
      """
      SELECT name, reference_id, time_zone, latitude, longitude, address, source, ifnull((
        SELECT customer_id FROM customer_links WHERE kind = 'site' AND thing_id = ?1), customer_id) AS customer_id
      FROM sites WHERE id = ?1 AND removed_at IS NULL
      """
    case .device:
      """
      SELECT changed.name, changed.reference_id, changed.site_id, whose.customer_id, whose.origin, made.entry, (
        SELECT group_concat(tag, ' ') FROM (SELECT tag FROM device_tags WHERE device_id = ?1 ORDER BY tag)) AS tags
      FROM (SELECT ?1 AS id) AS device
      LEFT JOIN device_changes AS changed ON changed.device_id = device.id
      LEFT JOIN customer_links AS whose ON whose.kind = 'device' AND whose.thing_id = device.id
      LEFT JOIN additions AS made ON made.kind = 'device' AND made.id = device.id
      """
    case .link: "SELECT entry FROM additions WHERE kind = 'link' AND id = ?1"
    case .schedule: "SELECT device_id, tag, plan, time_zone FROM schedules WHERE id = ?1 AND ended_at IS NULL"
    case .batch:
      """
      SELECT spec, (SELECT count(*) FROM batch_items WHERE batch_id = ?1) AS devices,
        (SELECT count(*) FROM batch_items WHERE batch_id = ?1 AND state = 'cancelled') AS cancelled
      FROM batches WHERE id = ?1
      """
    }
  }

  /// What is kept of it, by column; empty where there is nothing.
  private func state(_ db: Database) throws -> [String: StoredScalar] {
    guard let row = try Row.fetchOne(db, sql: query, arguments: [id]) else { return [:] }
    return row.reduce(into: [:]) { state, column in
      switch column.1.storage {
      case .null, .blob: break
      case .int64(let number): state[column.0] = StoredScalar(.number(Double(number)))
      case .double(let number): state[column.0] = StoredScalar(.number(number))
      case .string(let text): state[column.0] = StoredScalar(.text(text))
      }
    }
  }

  /// How some records are before a change.
  static func states(of records: [AuditedRecord], _ db: Database) throws -> [[String: StoredScalar]] {
    try records.map { try $0.state(db) }
  }

  /// The row for what became of it; `nil` when nothing did.
  func row(since before: [String: StoredScalar], by author: Author, _ db: Database) throws -> AuditRecord? {
    let after = try state(db)
    let changed = Set(before.keys).union(after.keys).filter { before[$0]?.value != after[$0]?.value }
    guard !changed.isEmpty else { return nil }
    let verb = !exists(before) && exists(after) ? "created" : exists(before) && !exists(after) ? "deleted" : "changed"
    return AuditRecord(
      at: author.at, actor: author.actor, action: "\(kind.rawValue).\(verb)", subject: id,
      before: try JSONText.encode(shown(before, changed)), after: try JSONText.encode(shown(after, changed)))
  }

  /// Whether there is such a record. Devices of the configuration have nothing here that says so: the API can only change
  /// them, and makes and deletes those alone that have an entry of their own.
  private func exists(_ state: [String: StoredScalar]) -> Bool {
    kind == .device ? state["entry"] != nil : !state.isEmpty
  }

  private func shown(_ state: [String: StoredScalar], _ changed: Set<String>) -> [String: StoredScalar] {
    var shown = state.filter { changed.contains($0.key) }
    for name in personal where shown[name] != nil { shown[name] = StoredScalar(.text(Self.withheld)) }
    return shown
  }
}

extension GatewayStore {
  /// Runs something in one transaction, and with it the audit's rows of who changed the records, and how. What the
  /// gateway does by itself has no row.
  func write<T: Sendable>(
    _ operation: String, of records: [AuditedRecord], _ body: @escaping @Sendable (Database) throws -> T
  ) async throws(GatewayStoreError) -> T {
    guard let author = Author.present else { return try await write(operation, body) }
    return try await write(operation) { db in
      let before = try AuditedRecord.states(of: records, db)
      let value = try body(db)
      for (record, state) in zip(records, before) {
        if let row = try record.row(since: state, by: author, db) { try Self.appendAudit(row, in: db) }
      }
      return value
    }
  }
}
