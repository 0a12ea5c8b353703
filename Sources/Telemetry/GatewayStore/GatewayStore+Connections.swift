public import EnergyModel
import GRDB

/// A pairing session: somebody with a browser connects a device.
public struct ConnectionRecord: Sendable, Hashable {
  /// The id, `con_…`.
  public var id: String
  /// SHA-256 of the token in the address of its page, hexadecimal.
  public var tokenSHA256: String
  /// `open`, `completed`, `expired` or `cancelled`.
  public var status: String
  /// Whose device it will be, where that is known.
  public var customerID: String?
  /// When it was made.
  public var createdAt: Timestamp
  /// Until when its page works.
  public var expiresAt: Timestamp
  /// When it was completed, expired or cancelled.
  public var endedAt: Timestamp?
  /// Everything else, as the text of a JSON object without secrets.
  public var details: String

  /// All members, those that can be absent with a default.
  public init(
    id: String, tokenSHA256: String, status: String, customerID: String? = nil, createdAt: Timestamp,
    expiresAt: Timestamp, endedAt: Timestamp? = nil, details: String
  ) {
    self.id = id
    self.tokenSHA256 = tokenSHA256
    self.status = status
    self.customerID = customerID
    self.createdAt = createdAt
    self.expiresAt = expiresAt
    self.endedAt = endedAt
    self.details = details
  }
}

extension GatewayStore {
  /// All pairing sessions by id.
  public func connections() async throws(GatewayStoreError) -> [ConnectionRecord] {
    try await perform("read connections") { db in
      try Row.fetchAll(db, sql: "SELECT * FROM connections ORDER BY id").map(Self.connection)
    }
  }

  /// The pairing session of a token, by its SHA-256; `nil` if there is none.
  public func connection(tokenSHA256 digest: String) async throws(GatewayStoreError) -> ConnectionRecord? {
    try await perform("read a connection") { db in
      try Row.fetchOne(db, sql: "SELECT * FROM connections WHERE token_sha256 = ?", arguments: [digest])
        .map(Self.connection)
    }
  }

  /// Adds or replaces one; durable when it returns.
  public func save(_ connection: ConnectionRecord) async throws(GatewayStoreError) {
    try await write("save connection \(connection.id)") { db in
      try db.execute(
        sql: """
          INSERT OR REPLACE INTO connections(
            id, token_sha256, status, customer_id, created_at, expires_at, ended_at, details)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          connection.id, connection.tokenSHA256, connection.status, connection.customerID,
          connection.createdAt.milliseconds, connection.expiresAt.milliseconds, connection.endedAt?.milliseconds,
          connection.details,
        ])
    }
  }

  /// Forgets one.
  public func removeConnection(_ id: String) async throws(GatewayStoreError) {
    try await write("remove connection \(id)") { db in
      try db.execute(sql: "DELETE FROM connections WHERE id = ?", arguments: [id])
    }
  }

  private static func connection(_ row: Row) throws -> ConnectionRecord {
    ConnectionRecord(
      id: try row.decode(forColumn: "id"), tokenSHA256: try row.decode(forColumn: "token_sha256"),
      status: try row.decode(forColumn: "status"), customerID: try row.decode(forColumn: "customer_id"),
      createdAt: try row.time("created_at"), expiresAt: try row.time("expires_at"),
      endedAt: try row.optionalTime("ended_at"), details: try row.decode(forColumn: "details"))
  }
}
