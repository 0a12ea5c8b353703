import GRDB

extension GatewayStore {
  /// Days of which the writes are kept; older counts say nothing any more.
  static let writeCountDays: Int64 = 7

  /// How often the flash of a device was written on a day, in days since 1970 in UTC.
  public func writeCount(of deviceID: String, day: Int64) async throws(GatewayStoreError) -> Int {
    try await perform("read the writes of \(deviceID)") { db in
      try Int.fetchOne(
        db, sql: "SELECT count FROM device_writes WHERE device_id = ? AND day = ?", arguments: [deviceID, day]) ?? 0
    }
  }

  /// Counts one more write of a device; durable when it returns, so that a crash does not reset the count.
  ///
  /// - Returns: the writes of the day, this one included.
  @discardableResult
  public func countWrite(of deviceID: String, day: Int64) async throws(GatewayStoreError) -> Int {
    try await write("count a write of \(deviceID)") { db in
      try db.execute(
        sql: """
          INSERT INTO device_writes(device_id, day, count) VALUES (?, ?, 1)
          ON CONFLICT(device_id, day) DO UPDATE SET count = count + 1
          """, arguments: [deviceID, day])
      try db.execute(sql: "DELETE FROM device_writes WHERE day < ?", arguments: [day - Self.writeCountDays])
      return try Int.fetchOne(
        db, sql: "SELECT count FROM device_writes WHERE device_id = ? AND day = ?", arguments: [deviceID, day]) ?? 1
    }
  }
}
