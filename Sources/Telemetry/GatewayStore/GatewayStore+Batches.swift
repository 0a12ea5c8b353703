import EnergyModel
import GRDB

extension GatewayStore {
  /// The newest batches are kept, so many.
  static let batchesKept = 1000
  /// The most batches that one call returns.
  public static let batchesPerCall = 100

  /// Keeps a new batch; durable when it returns.
  public func insert(_ batch: BatchRecord) async throws(GatewayStoreError) {
    try await write("save batch \(batch.id)", of: [AuditedRecord(.batch, batch.id)]) { db in
      try db.execute(
        sql: """
          INSERT INTO batches(id, spec, actor, customer_id, idempotency_key, digest, created_at)
          VALUES (?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          batch.id, try JSONText.encode(batch.order), batch.actor, batch.restrictedTo, batch.idempotencyKey,
          batch.digest, batch.createdAt.milliseconds,
        ])
      for (position, item) in batch.items.enumerated() {
        try db.execute(
          sql: """
            INSERT INTO batch_items(batch_id, position, device_id, planned_at, state, command_id, code, message)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
          arguments: [
            batch.id, position, item.deviceID, item.plannedAt.milliseconds, item.state.rawValue, item.commandID,
            item.code, item.message,
          ])
      }
      try db.execute(
        sql: """
          DELETE FROM batches WHERE id NOT IN (
              SELECT id FROM batches ORDER BY created_at DESC, rowid DESC LIMIT ?)
            AND id NOT IN (SELECT batch_id FROM batch_items WHERE state = 'waiting')
          """, arguments: [Self.batchesKept])
    }
  }

  /// Keeps what became of one device of a batch; durable when it returns.
  public func update(_ item: BatchRecord.Item, of batchID: String) async throws(GatewayStoreError) {
    try await write("save an item of batch \(batchID)") { db in
      try db.execute(
        sql: """
          UPDATE batch_items SET state = ?, command_id = ?, code = ?, message = ? WHERE batch_id = ? AND device_id = ?
          """,
        arguments: [item.state.rawValue, item.commandID, item.code, item.message, batchID, item.deviceID])
    }
  }

  /// Takes the devices of a batch out whose time has not come; durable when it returns.
  public func cancelBatch(_ id: String, because message: String) async throws(GatewayStoreError) {
    try await write("cancel batch \(id)", of: [AuditedRecord(.batch, id)]) { db in
      try db.execute(
        sql: "UPDATE batch_items SET state = ?, code = ?, message = ? WHERE batch_id = ? AND state = ?",
        arguments: [
          BatchRecord.ItemState.cancelled.rawValue, CommandErrorCode.cancelled.rawValue, message, id,
          BatchRecord.ItemState.waiting.rawValue,
        ])
    }
  }

  /// The batch of that id; `nil` if there is none.
  public func batch(id: String) async throws(GatewayStoreError) -> BatchRecord? {
    try await perform("read batch \(id)") { db in try Self.batches("WHERE id = ?", [id], in: db).first }
  }

  /// The newest batch with that idempotency key of that actor; `nil` if there is none.
  public func batch(idempotencyKey: String, actor: String) async throws(GatewayStoreError) -> BatchRecord? {
    try await perform("read a batch by its key") { db in
      try Self.batches(
        "WHERE idempotency_key = ? AND actor = ? ORDER BY created_at DESC, rowid DESC LIMIT 1",
        [idempotencyKey, actor], in: db
      ).first
    }
  }

  /// The newest batches, at most so many; those of a sender who is restricted to a customer if one is given.
  public func batches(
    restrictedTo customerID: String? = nil, limit: Int
  ) async throws(GatewayStoreError) -> [BatchRecord] {
    try await perform("read batches") { db in
      try Self.batches(
        "WHERE (?1 IS NULL OR customer_id = ?1) ORDER BY created_at DESC, rowid DESC LIMIT ?2",
        [customerID, min(max(0, limit), Self.batchesPerCall)], in: db)
    }
  }

  /// Batches with devices whose time had not come, oldest first.
  public func waitingBatches() async throws(GatewayStoreError) -> [BatchRecord] {
    try await perform("read waiting batches") { db in
      try Self.batches(
        "WHERE id IN (SELECT batch_id FROM batch_items WHERE state = 'waiting') ORDER BY created_at, rowid", [],
        in: db)
    }
  }

  private static func batches(
    _ clause: String, _ arguments: StatementArguments, in db: Database
  ) throws -> [BatchRecord] {
    try Row.fetchAll(db, sql: "SELECT * FROM batches \(clause)", arguments: arguments).map { row in
      let id: String = try row.decode(forColumn: "id")
      return BatchRecord(
        id: id, order: try JSONText.decode(BatchRecord.Order.self, try row.decode(forColumn: "spec")),
        actor: try row.decode(forColumn: "actor"), restrictedTo: try row.decode(forColumn: "customer_id"),
        idempotencyKey: try row.decode(forColumn: "idempotency_key"), digest: try row.decode(forColumn: "digest"),
        createdAt: try row.time("created_at"), items: try items(of: id, in: db))
    }
  }

  private static func items(of id: String, in db: Database) throws -> [BatchRecord.Item] {
    try Row.fetchAll(
      db,
      sql: """
        SELECT i.*, c.status AS command_status, c.details FROM batch_items i LEFT JOIN commands c ON c.id = i.command_id
        WHERE i.batch_id = ? ORDER BY i.position
        """, arguments: [id]
    ).map { row in
      var item = BatchRecord.Item(
        deviceID: try row.decode(forColumn: "device_id"), plannedAt: try row.time("planned_at"),
        state: try row.word(BatchRecord.ItemState.self, "state"), code: try row.decode(forColumn: "code"),
        message: try row.decode(forColumn: "message"))
      item.commandID = try row.decode(forColumn: "command_id")
      let status: String? = try row.decode(forColumn: "command_status")
      item.commandStatus = status.flatMap(CommandStatus.init(rawValue:))
      if let details: String = try row.decode(forColumn: "details"), item.state == .sent {
        item.failure = try JSONText.decode(CommandDetails.self, details).modelFailure
      }
      return item
    }
  }
}
