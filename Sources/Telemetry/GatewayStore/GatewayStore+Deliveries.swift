public import EnergyModel
import GRDB

extension GatewayStore {
  /// Keeps deliveries and the place in the log up to which they were made, in one transaction: a restart makes none of
  /// them twice, and leaves none out.
  public func fanOut(
    _ deliveries: [WebhookDeliveryRecord], to webhookID: String, through seq: Int64
  ) async throws(GatewayStoreError) {
    try await write("keep deliveries of \(webhookID)") { db in
      for delivery in deliveries { try Self.insert(delivery, again: false, in: db) }
      try db.execute(sql: "UPDATE webhooks SET cursor = max(cursor, ?) WHERE id = ?", arguments: [seq, webhookID])
    }
  }

  /// Keeps deliveries that are due; those that there are already become due again.
  public func enqueue(_ deliveries: [WebhookDeliveryRecord]) async throws(GatewayStoreError) {
    try await write("keep deliveries") { db in
      for delivery in deliveries { try Self.insert(delivery, again: true, in: db) }
    }
  }

  private static func insert(_ delivery: WebhookDeliveryRecord, again: Bool, in db: Database) throws {
    let conflict =
      again
      ? """
      DO UPDATE SET state = excluded.state, attempts = 0, next_attempt_at = excluded.next_attempt_at, last_error = NULL
      """ : "DO NOTHING"
    try db.cachedStatement(
      sql: """
        INSERT INTO webhook_deliveries(id, webhook_id, seq, event_type, state, attempts, created_at, next_attempt_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(id) \(conflict)
        """
    ).execute(arguments: [
      delivery.id, delivery.webhookID, delivery.seq, delivery.eventType, delivery.state.rawValue, delivery.attempts,
      delivery.createdAt.milliseconds, delivery.nextAttemptAt?.milliseconds,
    ])
  }

  /// Keeps what became of a try.
  public func update(_ delivery: WebhookDeliveryRecord) async throws(GatewayStoreError) {
    try await write("keep delivery \(delivery.id)") { db in
      try db.execute(
        sql: """
          UPDATE webhook_deliveries SET state = ?, attempts = ?, last_attempt_at = ?, next_attempt_at = ?, last_status = ?,
            last_error = ? WHERE id = ?
          """,
        arguments: [
          delivery.state.rawValue, delivery.attempts, delivery.lastAttemptAt?.milliseconds,
          delivery.nextAttemptAt?.milliseconds, delivery.lastStatus, delivery.lastError, delivery.id,
        ])
    }
  }

  /// The delivery of a webhook that has been due for longest; `nil` where none is due.
  public func dueDelivery(of webhookID: String, at now: Timestamp) async throws(GatewayStoreError)
    -> WebhookDeliveryRecord?
  {
    try await perform("read deliveries") { db in
      try Self.deliveries(
        """
        WHERE webhook_id = ? AND state = 'waiting' AND next_attempt_at <= ? ORDER BY next_attempt_at, seq LIMIT 1
        """, [webhookID, now.milliseconds], in: db
      ).first
    }
  }

  /// When the next try of all webhooks that are on is due; `nil` where nothing waits.
  public func nextDeliveryTime(after now: Timestamp) async throws(GatewayStoreError) -> Timestamp? {
    try await perform("read deliveries") { db in
      try Int64.fetchOne(
        db,
        sql: """
          SELECT min(next_attempt_at) FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook_id
          WHERE d.state = 'waiting' AND w.is_enabled = 1 AND d.next_attempt_at > ?
          """, arguments: [now.milliseconds]
      ).map(Timestamp.init(milliseconds:))
    }
  }

  /// How many deliveries of a webhook wait.
  public func waitingDeliveries(of webhookID: String) async throws(GatewayStoreError) -> Int {
    try await perform("count deliveries") { db in
      try Int.fetchOne(
        db, sql: "SELECT count(*) FROM webhook_deliveries WHERE webhook_id = ? AND state = 'waiting'",
        arguments: [webhookID]) ?? 0
    }
  }

  /// One delivery of a webhook; `nil` if there is none.
  public func delivery(id: String, of webhookID: String) async throws(GatewayStoreError) -> WebhookDeliveryRecord? {
    try await perform("read delivery \(id)") { db in
      try Self.deliveries("WHERE id = ? AND webhook_id = ?", [id, webhookID], in: db).first
    }
  }

  /// Deliveries of a webhook, newest first, and how many there are.
  public func deliveries(
    of webhookID: String, state: WebhookDeliveryRecord.State?, offset: Int, limit: Int
  ) async throws(GatewayStoreError) -> (deliveries: [WebhookDeliveryRecord], total: Int) {
    try await perform("read deliveries") { db in
      let condition = "WHERE webhook_id = ?1 AND (?2 IS NULL OR state = ?2)"
      let arguments: StatementArguments = [webhookID, state?.rawValue]
      let total = try Int.fetchOne(
        db, sql: "SELECT count(*) FROM webhook_deliveries \(condition)", arguments: arguments)
      let found = try Self.deliveries(
        "\(condition) ORDER BY created_at DESC, seq DESC LIMIT \(max(0, limit)) OFFSET \(max(0, offset))", arguments,
        in: db)
      return (found, total ?? 0)
    }
  }

  /// Forgets deliveries that are over since before a time.
  public func removeDeliveries(before time: Timestamp) async throws(GatewayStoreError) {
    try await write("remove old deliveries") { db in
      try db.execute(
        sql: "DELETE FROM webhook_deliveries WHERE state <> 'waiting' AND created_at < ?",
        arguments: [time.milliseconds])
    }
  }

  private static func deliveries(
    _ clause: String, _ arguments: StatementArguments, in db: Database
  ) throws -> [WebhookDeliveryRecord] {
    try Row.fetchAll(db, sql: "SELECT * FROM webhook_deliveries \(clause)", arguments: arguments).map { row in
      var delivery = WebhookDeliveryRecord(
        id: try row.decode(forColumn: "id"), webhookID: try row.decode(forColumn: "webhook_id"),
        seq: try row.decode(forColumn: "seq"), eventType: try row.decode(forColumn: "event_type"),
        createdAt: try row.time("created_at"))
      delivery.state = try row.word(WebhookDeliveryRecord.State.self, "state")
      delivery.attempts = try row.decode(forColumn: "attempts")
      delivery.lastAttemptAt = try row.optionalTime("last_attempt_at")
      delivery.nextAttemptAt = try row.optionalTime("next_attempt_at")
      delivery.lastStatus = try row.decode(forColumn: "last_status")
      delivery.lastError = try row.decode(forColumn: "last_error")
      return delivery
    }
  }
}
