public import EnergyModel
import GRDB

/// An API key. The secret itself is never stored, only its SHA-256.
public struct APIKeyRecord: Sendable, Hashable {
  /// The public part, by which it is found.
  public var keyID: String
  /// SHA-256 of the secret part, hexadecimal.
  public var secretSHA256: String
  /// What people call it.
  public var label: String
  /// What it may do: `devices:read`, `commands:write`, …
  public var scopes: [String]
  /// The only customer that it may see; `nil` for all.
  public var customerID: String?
  /// When it was made.
  public var createdAt: Timestamp
  /// From when on it is refused; `nil` for never.
  public var expiresAt: Timestamp?
  /// When it was revoked; `nil` while it is in force.
  public var revokedAt: Timestamp?
  /// When it was used last; `nil` if never.
  public var lastUsedAt: Timestamp?

  /// Makes a key that was never used.
  public init(
    keyID: String, secretSHA256: String, label: String, scopes: [String], customerID: String? = nil,
    createdAt: Timestamp, expiresAt: Timestamp? = nil
  ) {
    self.keyID = keyID
    self.secretSHA256 = secretSHA256
    self.label = label
    self.scopes = scopes
    self.customerID = customerID
    self.createdAt = createdAt
    self.expiresAt = expiresAt
  }
}

extension GatewayStore {
  /// Adds a key. Throws `constraint` if its id is there already.
  ///
  /// - Parameter actor: who made it, for the audit.
  public func insert(_ key: APIKeyRecord, by actor: String) async throws(GatewayStoreError) {
    let sql = """
      INSERT INTO api_keys(key_id, secret_sha256, label, scopes, customer_id, created_at, expires_at, revoked_at,
        last_used_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
      """
    try await write("save key \(key.keyID)") { db in
      try db.execute(
        sql: sql,
        arguments: [
          key.keyID, key.secretSHA256, key.label, try JSONText.encode(key.scopes), key.customerID,
          key.createdAt.milliseconds, key.expiresAt?.milliseconds, key.revokedAt?.milliseconds,
          key.lastUsedAt?.milliseconds,
        ])
      try Self.appendAudit(
        AuditRecord(
          at: key.createdAt, actor: actor, action: "key.created", subject: key.keyID, reason: key.label,
          after: try JSONText.encode(AuditedKey(key))), in: db)
    }
  }

  /// What the audit says of a key: what it may do.
  private struct AuditedKey: Encodable {
    var scopes: [String]
    var customerId: String?
    var expiresAt: String?

    init(_ key: APIKeyRecord) {
      scopes = key.scopes
      customerId = key.customerID
      expiresAt = key.expiresAt?.rfc3339
    }
  }

  /// The key of that id, also if it is revoked or has expired; `nil` if there is none.
  public func key(id: String) async throws(GatewayStoreError) -> APIKeyRecord? {
    try await perform("read key \(id)") { db in
      try Row.fetchOne(db, sql: "SELECT * FROM api_keys WHERE key_id = ?", arguments: [id]).map(Self.key)
    }
  }

  /// All keys, oldest first.
  public func keys() async throws(GatewayStoreError) -> [APIKeyRecord] {
    try await perform("read keys") { db in
      try Row.fetchAll(db, sql: "SELECT * FROM api_keys ORDER BY created_at, key_id").map(Self.key)
    }
  }

  /// Revokes a key; a key that is revoked already keeps its time.
  ///
  /// - Parameter actor: who revoked it, for the audit.
  /// - Returns: whether there is such a key.
  @discardableResult
  public func revokeKey(id: String, by actor: String, at now: Timestamp) async throws(GatewayStoreError) -> Bool {
    try await write("revoke key \(id)") { db in
      guard
        let key = try Row.fetchOne(db, sql: "SELECT * FROM api_keys WHERE key_id = ?", arguments: [id]).map(Self.key)
      else { return false }
      guard key.revokedAt == nil else { return true }
      try db.execute(
        sql: "UPDATE api_keys SET revoked_at = ? WHERE key_id = ?", arguments: [now.milliseconds, id])
      try Self.appendAudit(
        AuditRecord(
          at: now, actor: actor, action: "key.revoked", subject: id, reason: key.label,
          before: try JSONText.encode(AuditedKey(key))), in: db)
      return true
    }
  }

  /// Remembers that a key was used.
  public func touchKey(id: String, at now: Timestamp) async throws(GatewayStoreError) {
    try await write("touch key \(id)") { db in
      try db.execute(
        sql: "UPDATE api_keys SET last_used_at = ? WHERE key_id = ?", arguments: [now.milliseconds, id])
    }
  }

  private static func key(_ row: Row) throws -> APIKeyRecord {
    var key = APIKeyRecord(
      keyID: try row.decode(forColumn: "key_id"), secretSHA256: try row.decode(forColumn: "secret_sha256"),
      label: try row.decode(forColumn: "label"),
      scopes: try JSONText.decode([String].self, try row.decode(forColumn: "scopes")),
      customerID: try row.decode(forColumn: "customer_id"), createdAt: try row.time("created_at"),
      expiresAt: try row.optionalTime("expires_at"))
    key.revokedAt = try row.optionalTime("revoked_at")
    key.lastUsedAt = try row.optionalTime("last_used_at")
    return key
  }
}
