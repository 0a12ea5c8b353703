import GRDB

/// How much room the database takes.
public struct StoreSpace: Sendable, Hashable {
  /// Bytes of the file. SQLite keeps free pages in it for what comes next, so it does not become smaller.
  public var fileBytes: Int64
  /// Bytes of it that are in use.
  public var usedBytes: Int64

  /// Makes a space.
  public init(fileBytes: Int64, usedBytes: Int64) {
    self.fileBytes = fileBytes
    self.usedBytes = usedBytes
  }
}

extension GatewayStore {
  /// How much room the database takes, without its write-ahead log.
  public func space() async throws(GatewayStoreError) -> StoreSpace {
    try await perform("measure the store") { db in
      func pragma(_ name: String) throws -> Int64 { try Int64.fetchOne(db, sql: "PRAGMA \(name)") ?? 0 }
      let size = try pragma("page_size")
      let pages = try pragma("page_count")
      return StoreSpace(fileBytes: pages * size, usedBytes: (pages - (try pragma("freelist_count"))) * size)
    }
  }
}
