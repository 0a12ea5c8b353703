import GRDB

/// How far something got, under a name of its own; over restarts.
public struct StoreMark: Sendable, Hashable {
  /// What it is about.
  public var name: String
  /// How far it got.
  public var value: Int64

  /// Makes a mark that is not kept yet.
  public init(name: String, value: Int64) {
    self.name = name
    self.value = value
  }

  func set(in db: Database) throws {
    try db.execute(
      sql: "INSERT INTO marks(name, value) VALUES (?1, ?2) ON CONFLICT(name) DO UPDATE SET value = ?2",
      arguments: [name, value])
  }
}

extension GatewayStore {
  /// The marks whose names begin so.
  public func marks(prefix: String) async throws(GatewayStoreError) -> [StoreMark] {
    try await perform("read marks") { db in
      try Row.fetchAll(
        db, sql: "SELECT name, value FROM marks WHERE substr(name, 1, length(?1)) = ?1 ORDER BY name",
        arguments: [prefix]
      ).map { StoreMark(name: try $0.decode(forColumn: "name"), value: try $0.decode(forColumn: "value")) }
    }
  }

  /// Keeps a mark; durable when it returns.
  public func save(_ mark: StoreMark) async throws(GatewayStoreError) {
    try await write("keep a mark") { try mark.set(in: $0) }
  }

  /// Forgets a mark.
  public func removeMark(_ name: String) async throws(GatewayStoreError) {
    try await write("forget a mark") { try $0.execute(sql: "DELETE FROM marks WHERE name = ?", arguments: [name]) }
  }
}
