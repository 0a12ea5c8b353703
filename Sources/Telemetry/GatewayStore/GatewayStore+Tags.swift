import GRDB

extension GatewayStore {
  /// The tags that were given through the API, by device; those of the configuration are not among them.
  public func deviceTags() async throws(GatewayStoreError) -> [String: [String]] {
    try await perform("read tags") { db in
      let rows = try Row.fetchAll(db, sql: "SELECT device_id, tag FROM device_tags ORDER BY device_id, tag")
      return try rows.reduce(into: [:]) { tags, row in
        tags[try row.decode(forColumn: "device_id"), default: []].append(try row.decode(forColumn: "tag"))
      }
    }
  }

  /// Replaces the tags that a device has through the API; durable when it returns.
  public func setTags(_ tags: [String], of deviceID: String) async throws(GatewayStoreError) {
    try await write("save tags of \(deviceID)", of: [AuditedRecord(.device, deviceID)]) { db in
      try db.execute(sql: "DELETE FROM device_tags WHERE device_id = ?", arguments: [deviceID])
      for tag in Set(tags) {
        try db.execute(
          sql: "INSERT INTO device_tags(device_id, tag) VALUES (?, ?)", arguments: [deviceID, tag])
      }
    }
  }
}
