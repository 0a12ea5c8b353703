public import EnergyModel
import GRDB

/// A link or a device that the API made.
public struct AdditionRecord: Sendable, Hashable {
  /// What it is.
  public enum Kind: String, CaseIterable, Sendable { case link, device }

  /// What it is.
  public var kind: Kind
  /// Its id; no other of its kind has the same.
  public var id: String
  /// What a configuration file would say of it, as the text of a JSON object. Secrets are named, not in it.
  public var entry: String
  /// When it was made.
  public var createdAt: Timestamp
  /// When it last changed; `nil` = never.
  public var updatedAt: Timestamp?

  /// All members, those that can be absent with a default.
  public init(kind: Kind, id: String, entry: String, createdAt: Timestamp, updatedAt: Timestamp? = nil) {
    self.kind = kind
    self.id = id
    self.entry = entry
    self.createdAt = createdAt
    self.updatedAt = updatedAt
  }
}

extension GatewayStore {
  /// All links and devices that the API made, by kind and id.
  public func additions() async throws(GatewayStoreError) -> [AdditionRecord] {
    try await perform("read the links and devices of the API") { db in
      try Row.fetchAll(db, sql: "SELECT * FROM additions ORDER BY kind, id").map { row in
        AdditionRecord(
          kind: try row.word(AdditionRecord.Kind.self, "kind"), id: try row.decode(forColumn: "id"),
          entry: try row.decode(forColumn: "entry"), createdAt: try row.time("created_at"),
          updatedAt: try row.optionalTime("updated_at"))
      }
    }
  }

  /// Adds or replaces them, all or none; durable when it returns.
  public func save(_ additions: [AdditionRecord]) async throws(GatewayStoreError) {
    try await write(
      "save links and devices of the API",
      of: additions.map { AuditedRecord($0.kind == .link ? .link : .device, $0.id) }
    ) { db in
      for addition in additions {
        try db.execute(
          sql: "INSERT OR REPLACE INTO additions(kind, id, entry, created_at, updated_at) VALUES (?, ?, ?, ?, ?)",
          arguments: [
            addition.kind.rawValue, addition.id, addition.entry, addition.createdAt.milliseconds,
            addition.updatedAt?.milliseconds,
          ])
      }
    }
  }

  /// Forgets one of them. With a device goes what the API said of it, its tags and whose it was; its history stays.
  public func removeAddition(_ kind: AdditionRecord.Kind, _ id: String) async throws(GatewayStoreError) {
    try await write(
      "remove the \(kind.rawValue) \(id)", of: [AuditedRecord(kind == .link ? .link : .device, id)]
    ) { db in
      try db.execute(sql: "DELETE FROM additions WHERE kind = ? AND id = ?", arguments: [kind.rawValue, id])
      guard kind == .device else { return }
      try db.execute(sql: "DELETE FROM device_changes WHERE device_id = ?", arguments: [id])
      try db.execute(sql: "DELETE FROM device_tags WHERE device_id = ?", arguments: [id])
      try db.execute(sql: "DELETE FROM customer_links WHERE kind = 'device' AND thing_id = ?", arguments: [id])
    }
  }
}
