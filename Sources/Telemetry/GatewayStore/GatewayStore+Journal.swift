public import EnergyModel
import GRDB

extension GatewayStore {
  /// The most commands that one call returns.
  public static let commandsPerCall = 1000

  /// Writes a new command into the journal; durable when it returns.
  ///
  /// Throws `constraint` if the id is there already.
  public func insert(_ command: CommandRecord) async throws(GatewayStoreError) {
    try await write("journal command \(command.id)") { db in
      let sql = """
        INSERT INTO commands(
          device_id, name, status, is_open, created_at, idempotency_key, actor, lease_expires_at, details, id)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
      try db.execute(sql: sql, arguments: try Self.arguments(of: command))
      try Self.appendHistory(of: command, in: db)
    }
  }

  /// Writes a command's new state and the steps of its history that are not in the journal yet; durable when it
  /// returns. Steps that are in the journal are never changed.
  ///
  /// Throws `constraint` if the command was never inserted.
  public func update(_ command: CommandRecord) async throws(GatewayStoreError) {
    try await write("journal command \(command.id)") { db in
      let sql = """
        UPDATE commands SET device_id = ?, name = ?, status = ?, is_open = ?, created_at = ?, idempotency_key = ?,
          actor = ?, lease_expires_at = ?, details = ? WHERE id = ?
        """
      try db.execute(sql: sql, arguments: try Self.arguments(of: command))
      guard db.changesCount == 1 else {
        throw GatewayStoreError(
          code: .constraint, operation: "journal command \(command.id)", reason: "it was never inserted")
      }
      try Self.appendHistory(of: command, in: db)
    }
  }

  /// The command of that id; `nil` if there is none.
  public func command(id: String) async throws(GatewayStoreError) -> CommandRecord? {
    try await perform("read command \(id)") { db in
      try Self.fetch("WHERE id = ?", [id], in: db).first
    }
  }

  /// The newest command with that idempotency key, of one actor if one is given; `nil` if there is none.
  public func command(
    idempotencyKey: String, actor: String? = nil
  ) async throws(GatewayStoreError) -> CommandRecord? {
    try await perform("read a command by its key") { db in
      try Self.fetch(
        "WHERE idempotency_key = ?1 AND (?2 IS NULL OR actor = ?2) ORDER BY created_at DESC, rowid DESC LIMIT 1",
        [idempotencyKey, actor], in: db
      ).first
    }
  }

  /// Commands, newest first; of one device and of some states if given.
  public func commands(
    deviceID: String? = nil, statuses: Set<CommandStatus>? = nil, limit: Int = 100
  ) async throws(GatewayStoreError) -> [CommandRecord] {
    try await perform("read commands") { db in
      let words = try statuses.map { try JSONText.encode($0.map(\.rawValue)) }
      return try Self.fetch(
        """
        WHERE (?1 IS NULL OR device_id = ?1)
          AND (?2 IS NULL OR status IN (SELECT value FROM json_each(?2)))
        ORDER BY created_at DESC, rowid DESC LIMIT ?3
        """, [deviceID, words, min(max(0, limit), Self.commandsPerCall)], in: db)
    }
  }

  /// All commands that can still change, in the order of their insertion, whatever wall time did: what a start has to look after. A confirmed command is among
  /// them as long as it has a lease.
  public func openCommands() async throws(GatewayStoreError) -> [CommandRecord] {
    try await perform("read open commands") { db in
      try Self.fetch("WHERE is_open = 1 ORDER BY rowid", [], in: db)
    }
  }

  private static func arguments(of command: CommandRecord) throws -> StatementArguments {
    [
      command.deviceID, command.name.description, command.status.rawValue, command.isTerminal ? 0 : 1,
      command.createdAt.milliseconds, command.idempotencyKey, command.actor, command.leaseExpiresAt?.milliseconds,
      try JSONText.encode(CommandDetails(command)), command.id,
    ]
  }

  /// Each new step is a row of the audit as well.
  private static func appendHistory(of command: CommandRecord, in db: Database) throws {
    let written = try Int.fetchOne(
      db, sql: "SELECT count(*) FROM command_history WHERE command_id = ?", arguments: [command.id])
    for (position, step) in command.history.enumerated().dropFirst(written ?? 0) {
      try db.execute(
        sql: "INSERT INTO command_history(command_id, position, status, at, detail) VALUES (?, ?, ?, ?, ?)",
        arguments: [command.id, position, step.status.rawValue, step.at.milliseconds, step.detail])
      try appendAudit(auditRow(of: command, step: position), in: db)
    }
  }

  private static func fetch(
    _ clause: String, _ arguments: StatementArguments, in db: Database
  ) throws -> [CommandRecord] {
    try Row.fetchAll(db, sql: "SELECT * FROM commands \(clause)", arguments: arguments).map { row in
      let nameText: String = try row.decode(forColumn: "name")
      guard let name = CommandName(nameText) else {
        throw GatewayStoreError(code: .corrupt, operation: "read a command", reason: "'\(nameText)' is no command")
      }
      let details = try JSONText.decode(CommandDetails.self, try row.decode(forColumn: "details"))
      var record = CommandRecord(
        id: try row.decode(forColumn: "id"), deviceID: try row.decode(forColumn: "device_id"), name: name,
        input: details.scalars(details.input), durationSeconds: details.durationSeconds,
        actor: try row.decode(forColumn: "actor"), scheduleID: details.scheduleID, batchID: details.batchID,
        priority: details.priority ?? .user, onConflict: details.onConflict ?? .reject,
        notBefore: details.notBefore.map { Timestamp(milliseconds: $0) },
        ttlSeconds: details.ttlSeconds ?? CommandRecord.defaultTTLSeconds,
        idempotencyKey: try row.decode(forColumn: "idempotency_key"),
        requestDigest: details.requestDigest, createdAt: try row.time("created_at"))
      record.status = try row.word(CommandStatus.self, "status")
      record.leaseExpiresAt = try row.optionalTime("lease_expires_at")
      record.operations = details.operations
      record.evidence = details.modelEvidence
      record.failure = details.modelFailure
      record.waitsFor = details.waitsFor
      record.dispatchedOn = details.dispatchedOn
      record.revert = details.modelRevert
      record.history = try history(of: record.id, in: db)
      return record
    }
  }

  private static func history(of id: String, in db: Database) throws -> [CommandRecord.StatusChange] {
    try Row.fetchAll(
      db, sql: "SELECT * FROM command_history WHERE command_id = ? ORDER BY position", arguments: [id]
    ).map { row in
      CommandRecord.StatusChange(
        status: try row.word(CommandStatus.self, "status"), at: try row.time("at"),
        detail: try row.decode(forColumn: "detail"))
    }
  }
}
