public import EnergyModel
import GRDB

/// Something that happened, as it goes out on the event stream.
public struct EventRecord: Sendable, Hashable {
  /// Its place in the log, given by the store: rises by at least 1, is never used again.
  public var seq: Int64
  /// `device.offline`, `command.confirmed`, …
  public var type: String
  /// When it happened.
  public var at: Timestamp
  /// The device that it is about.
  public var deviceID: String?
  /// The customer who may see it.
  public var customerID: String?
  /// The site that it is about.
  public var siteID: String?
  /// The event's data as JSON text.
  public var json: String

  /// Makes an event that is not in the log yet; `seq` is given when it is appended.
  public init(
    type: String, at: Timestamp, deviceID: String? = nil, customerID: String? = nil, siteID: String? = nil,
    json: String = "{}"
  ) {
    seq = 0
    self.type = type
    self.at = at
    self.deviceID = deviceID
    self.customerID = customerID
    self.siteID = siteID
    self.json = json
  }
}

extension GatewayStore {
  /// The most events that one call returns.
  public static let eventsPerCall = 1000

  /// Appends events in their order, in one transaction; durable when it returns.
  ///
  /// - Parameter mark: is set in the same transaction.
  /// - Returns: their numbers, in the same order.
  @discardableResult
  public func append(_ events: [EventRecord], mark: StoreMark? = nil) async throws(GatewayStoreError) -> [Int64] {
    try await write("append events") { db in
      try mark?.set(in: db)
      let statement = try db.cachedStatement(
        sql: "INSERT INTO events(type, at, device_id, customer_id, site_id, json) VALUES (?, ?, ?, ?, ?, ?)")
      return try events.map { event in
        try statement.execute(arguments: [
          event.type, event.at.milliseconds, event.deviceID, event.customerID, event.siteID, event.json,
        ])
        return db.lastInsertedRowID
      }
    }
  }

  /// Events after a place in the log, oldest first; of one customer or device if given.
  public func events(
    after seq: Int64, limit: Int = 100, customer: String? = nil, device: String? = nil
  ) async throws(GatewayStoreError) -> [EventRecord] {
    let sql = """
      SELECT * FROM events WHERE seq > ?1 AND (?2 IS NULL OR customer_id = ?2) AND (?3 IS NULL OR device_id = ?3)
      ORDER BY seq LIMIT ?4
      """
    return try await perform("read events") { db in
      let rows = try Row.fetchAll(
        db, sql: sql, arguments: [seq, customer, device, min(max(0, limit), Self.eventsPerCall)])
      return try rows.map(Self.event)
    }
  }

  /// The newest events, oldest of them first; of one customer or device if given.
  public func newestEvents(
    limit: Int = 100, customer: String? = nil, device: String? = nil
  ) async throws(GatewayStoreError) -> [EventRecord] {
    let sql = """
      SELECT * FROM events WHERE (?1 IS NULL OR customer_id = ?1) AND (?2 IS NULL OR device_id = ?2)
      ORDER BY seq DESC LIMIT ?3
      """
    return try await perform("read events") { db in
      let rows = try Row.fetchAll(db, sql: sql, arguments: [customer, device, min(max(0, limit), Self.eventsPerCall)])
      return try rows.reversed().map(Self.event)
    }
  }

  /// Events of a customer before a place in the log, newest first.
  public func events(
    of customer: String, before seq: Int64?, limit: Int
  ) async throws(GatewayStoreError) -> [EventRecord] {
    let sql = "SELECT * FROM events WHERE customer_id = ? AND seq < ? ORDER BY seq DESC LIMIT ?"
    return try await perform("read events") { db in
      let limit = min(max(0, limit), Self.eventsPerCall)
      return try Row.fetchAll(db, sql: sql, arguments: [customer, seq ?? .max, limit]).map(Self.event)
    }
  }

  /// Events since a time up to a place in the log, oldest first.
  public func events(
    since time: Timestamp, through seq: Int64, limit: Int
  ) async throws(GatewayStoreError) -> [EventRecord] {
    try await perform("read events") { db in
      try Row.fetchAll(
        db, sql: "SELECT * FROM events WHERE at >= ? AND seq <= ? ORDER BY seq LIMIT ?",
        arguments: [time.milliseconds, seq, max(0, limit)]
      ).map(Self.event)
    }
  }

  /// Forgets some of the oldest events: those from before a time, and those beyond the newest so many.
  ///
  /// - Returns: how many went; 0 = none are left that may go.
  public func removeOldestEvents(before time: Timestamp, beyond newest: Int64) async throws(GatewayStoreError) -> Int {
    try await write("remove old events") { db in
      try db.execute(
        sql: """
          DELETE FROM events WHERE seq IN (
            SELECT seq FROM (SELECT seq, at FROM events ORDER BY seq LIMIT ?)
            WHERE at < ? OR seq <= (SELECT max(seq) FROM events) - ?)
          """, arguments: [Self.eventsPerRemoval, time.milliseconds, max(1, newest)])
      return db.changesCount
    }
  }

  /// Events that one call removes at most, so that no other writer waits for long.
  static let eventsPerRemoval = 5000

  private static func event(_ row: Row) throws -> EventRecord {
    var event = EventRecord(
      type: try row.decode(forColumn: "type"), at: try row.time("at"),
      deviceID: try row.decode(forColumn: "device_id"), customerID: try row.decode(forColumn: "customer_id"),
      siteID: try row.decode(forColumn: "site_id"), json: try row.decode(forColumn: "json"))
    event.seq = try row.decode(forColumn: "seq")
    return event
  }

  /// The number of the newest event; 0 if there is none.
  public func lastEventSeq() async throws(GatewayStoreError) -> Int64 {
    try await perform("read the last event") { try Int64.fetchOne($0, sql: "SELECT max(seq) FROM events") ?? 0 }
  }
}
