public import EnergyModel
import GRDB

extension GatewayStore {
  /// The most alerts that one call returns.
  public static let alertsPerCall = 1000

  /// Keeps an alert; durable when it returns. One that is open already for the same kind and device is kept instead,
  /// with the new words and one more count.
  ///
  /// - Returns: the alert as it is kept, and whether it is new.
  public func raise(_ alert: AlertRecord) async throws(GatewayStoreError) -> (alert: AlertRecord, isNew: Bool) {
    try await write("keep alert \(alert.id)") { db in
      try db.execute(
        sql: """
          UPDATE alerts SET message = ?, updated_at = ?, count = count + 1, command_id = ?
          WHERE kind = ? AND device_id = ? AND resolved_at IS NULL
          """,
        arguments: [
          alert.message, alert.raisedAt.milliseconds, alert.commandID, alert.kind.rawValue, alert.deviceID,
        ])
      if db.changesCount > 0 {
        let open = try Self.alerts(
          "WHERE kind = ? AND device_id = ? AND resolved_at IS NULL", [alert.kind.rawValue, alert.deviceID], in: db)
        return (open.first ?? alert, false)
      }
      try db.execute(
        sql: """
          INSERT INTO alerts(id, kind, device_id, command_id, message, raised_at, updated_at, count)
          VALUES (?, ?, ?, ?, ?, ?, ?, 1)
          """,
        arguments: [
          alert.id, alert.kind.rawValue, alert.deviceID, alert.commandID, alert.message,
          alert.raisedAt.milliseconds, alert.updatedAt.milliseconds,
        ])
      return (alert, true)
    }
  }

  /// Ends the open alert of a kind and device. Returns it, or `nil` where there was none.
  public func resolveAlert(
    _ kind: AlertRecord.Kind, deviceID: String, at time: Timestamp
  ) async throws(GatewayStoreError) -> AlertRecord? {
    try await write("end alerts of \(deviceID)") { db in
      let open = try Self.alerts(
        "WHERE kind = ? AND device_id = ? AND resolved_at IS NULL", [kind.rawValue, deviceID], in: db)
      guard var alert = open.first else { return nil }
      try db.execute(
        sql: "UPDATE alerts SET resolved_at = ? WHERE id = ?", arguments: [time.milliseconds, alert.id])
      alert.resolvedAt = time
      return alert
    }
  }

  /// Notes that a person knows of an alert; the first one counts. Returns it, or `nil` if there is no such alert.
  public func acknowledgeAlert(
    _ id: String, by actor: String, at time: Timestamp
  ) async throws(GatewayStoreError) -> AlertRecord? {
    try await write("acknowledge alert \(id)") { db in
      try db.execute(
        sql: "UPDATE alerts SET acknowledged_at = ?, acknowledged_by = ? WHERE id = ? AND acknowledged_at IS NULL",
        arguments: [time.milliseconds, actor, id])
      let isFirst = db.changesCount > 0
      guard let alert = try Self.alerts("WHERE id = ?", [id], in: db).first else { return nil }
      if isFirst {
        try Self.appendAudit(
          AuditRecord(
            at: time, actor: actor, action: "alert.acknowledged", subject: alert.deviceID, commandID: alert.commandID,
            reason: alert.message, after: try JSONText.encode(["alert": alert.id, "kind": alert.kind.rawValue])), in: db
        )
      }
      return alert
    }
  }

  /// The alert of that id; `nil` if there is none.
  public func alert(id: String) async throws(GatewayStoreError) -> AlertRecord? {
    try await perform("read alert \(id)") { db in try Self.alerts("WHERE id = ?", [id], in: db).first }
  }

  /// Alerts, newest first: those that are not over, or all.
  public func alerts(includingResolved: Bool = false) async throws(GatewayStoreError) -> [AlertRecord] {
    try await perform("read alerts") { db in
      try Self.alerts(
        "WHERE ? OR resolved_at IS NULL ORDER BY raised_at DESC, rowid DESC LIMIT \(Self.alertsPerCall)",
        [includingResolved], in: db)
    }
  }

  private static func alerts(
    _ clause: String, _ arguments: StatementArguments, in db: Database
  ) throws -> [AlertRecord] {
    try Row.fetchAll(db, sql: "SELECT * FROM alerts \(clause)", arguments: arguments).map { row in
      var alert = AlertRecord(
        id: try row.decode(forColumn: "id"), kind: try row.word(AlertRecord.Kind.self, "kind"),
        deviceID: try row.decode(forColumn: "device_id"), commandID: try row.decode(forColumn: "command_id"),
        message: try row.decode(forColumn: "message"), raisedAt: try row.time("raised_at"))
      alert.updatedAt = try row.time("updated_at")
      alert.count = try row.decode(forColumn: "count")
      alert.acknowledgedAt = try row.optionalTime("acknowledged_at")
      alert.acknowledgedBy = try row.decode(forColumn: "acknowledged_by")
      alert.resolvedAt = try row.optionalTime("resolved_at")
      return alert
    }
  }
}
