public import EnergyModel
import Foundation
import GRDB

extension GatewayStore {
  /// The most rows of the audit that one call returns.
  public static let auditRowsPerCall = 1000
  /// Rows that retention leaves however old they seem: a clock that is years ahead must not empty the audit.
  public static let auditRowsKept: Int64 = 10_000

  /// Appends a row for what has no transaction of its own; durable when it returns. Gives it with its number and hash.
  @discardableResult
  public func append(_ record: AuditRecord) async throws(GatewayStoreError) -> AuditRecord {
    try await write("keep an audit row") { db in try Self.appendAudit(record, in: db) }
  }

  /// Appends a row in the transaction of the change that it tells of, so that there is never one without the other.
  @discardableResult
  static func appendAudit(_ record: AuditRecord, in db: Database) throws -> AuditRecord {
    guard let ends = try AuditEnds.fetch(db), ends.head < Int64.max else {
      throw GatewayStoreError(code: .corrupt, operation: "keep an audit row", reason: "audit_ends is empty")
    }
    var record = record
    record.sequence = ends.head + 1
    let values: [DatabaseValue] = [
      record.sequence.databaseValue, record.at.milliseconds.databaseValue, record.actor.databaseValue,
      record.action.databaseValue, record.subject.databaseValue, record.commandID.databaseValue,
      record.reason.databaseValue, record.before.databaseValue, record.after.databaseValue,
    ]
    record.hash = AuditChain.hash(of: values, after: ends.headHash)
    let hash = Data(record.hash).databaseValue
    try db.cachedStatement(
      sql: """
        INSERT INTO audit(seq, at, actor, action, subject, command_id, reason, before, after, hash)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    ).execute(arguments: StatementArguments(values + [hash]))
    try db.cachedStatement(sql: "UPDATE audit_ends SET head = ?, head_hash = ? WHERE id = 1")
      .execute(arguments: [record.sequence, hash])
    return record
  }

  /// Rows of the audit, newest first, from `offset` on; and how many there are.
  public func audit(
    _ filter: AuditFilter = AuditFilter(), offset: Int = 0, limit: Int = 100
  ) async throws(GatewayStoreError) -> (rows: [AuditRecord], total: Int) {
    let condition = """
      FROM audit WHERE (?1 IS NULL OR actor = ?1) AND (?2 IS NULL OR action = ?2 OR action GLOB ?2 || '.*')
        AND (?3 IS NULL OR subject = ?3) AND (?4 IS NULL OR command_id = ?4) AND (?5 IS NULL OR at >= ?5)
        AND (?6 IS NULL OR at < ?6)
      """
    let arguments: StatementArguments = [
      filter.actor, filter.action, filter.subject, filter.commandID, filter.from?.milliseconds,
      filter.to?.milliseconds,
    ]
    let pageSize = min(max(0, limit), Self.auditRowsPerCall)
    return try await perform("read the audit") { db in
      let total = try Int.fetchOne(db, sql: "SELECT count(*) \(condition)", arguments: arguments) ?? 0
      let rows = try Row.fetchAll(
        db, sql: "SELECT * \(condition) ORDER BY seq DESC LIMIT \(pageSize) OFFSET \(max(0, offset))",
        arguments: arguments)
      return (try rows.map(Self.auditRecord), total)
    }
  }

  /// Looks at every byte of the audit. Other calls go on between the pieces.
  public func verifyAudit() async throws(GatewayStoreError) -> AuditVerification {
    var walk = AuditWalk()
    while !walk.isFinished {
      let before = walk
      walk = try await perform("verify the audit") { db in
        var walk = before
        walk.step(db)
        return walk
      }
    }
    return walk.result
  }

  /// Looks at every byte of the audit in a file, also while a gateway has it open. Changes nothing, and blocks.
  public static func verifyAudit(inFile path: String) throws(GatewayStoreError) -> AuditVerification {
    try outcome("verify the audit in \(path)") {
      guard FileManager.default.fileExists(atPath: path) else {
        throw GatewayStoreError(code: .cannotOpen, operation: "open \(path)", reason: "there is no such file")
      }
      var configuration = Configuration()
      configuration.readonly = true
      // Without a log beside it nobody has it open, and then a reader needs no right to write beside it either.
      let isAlone = !FileManager.default.fileExists(atPath: path + "-wal")
      let name = isAlone ? try uri(path) + "?immutable=1" : path
      return try DatabaseQueue(path: name, configuration: configuration).read { db in
        guard try db.tableExists("audit") else {
          throw GatewayStoreError(
            code: .other, operation: "verify the audit in \(path)", reason: "it is no store with an audit")
        }
        var walk = AuditWalk()
        while !walk.isFinished { walk.step(db) }
        return walk.result
      }
    }.get()
  }

  private static func uri(_ path: String) throws -> String {
    URL(fileURLWithPath: path).absoluteString
  }

  /// Removes rows from the old end, all that lie before the first one that is young enough. The chain's new beginning is
  /// noted, so that what is left can still be verified, and the removal is a row itself.
  ///
  /// - Returns: how many rows were removed.
  @discardableResult
  public func removeAudit(
    before limit: Timestamp, at now: Timestamp, keeping kept: Int64 = GatewayStore.auditRowsKept
  ) async throws(GatewayStoreError) -> Int {
    try await write("remove old audit rows") { db in
      guard let ends = try AuditEnds.fetch(db) else { return 0 }
      let young = try Int64.fetchOne(
        db, sql: "SELECT min(seq) FROM audit WHERE at >= ?", arguments: [limit.milliseconds])
      let last = min((young ?? ends.head + 1) - 1, ends.head - max(0, kept))
      guard last > ends.anchor,
        let hash = try Data.fetchOne(db, sql: "SELECT hash FROM audit WHERE seq = ?", arguments: [last])
      else { return 0 }
      try db.execute(sql: "UPDATE audit_ends SET anchor = ?, anchor_hash = ? WHERE id = 1", arguments: [last, hash])
      try db.execute(sql: "DELETE FROM audit WHERE seq <= ?", arguments: [last])
      let removed = db.changesCount
      try Self.appendAudit(
        AuditRecord(
          at: now, actor: AuditRecord.gateway, action: "audit.trimmed", subject: "audit",
          reason: "\(removed) rows from before \(limit.rfc3339) were removed", before: #"{"anchor":\#(ends.anchor)}"#,
          after: #"{"anchor":\#(last)}"#), in: db)
      return removed
    }
  }

  private static func auditRecord(_ row: Row) throws -> AuditRecord {
    var record = AuditRecord(
      at: try row.time("at"), actor: try row.decode(forColumn: "actor"), action: try row.decode(forColumn: "action"),
      subject: try row.decode(forColumn: "subject"), commandID: try row.decode(forColumn: "command_id"),
      reason: try row.decode(forColumn: "reason"), before: try row.decode(forColumn: "before"),
      after: try row.decode(forColumn: "after"))
    record.sequence = try row.decode(forColumn: "seq")
    let hash: Data = try row.decode(forColumn: "hash")
    record.hash = Array(hash)
    return record
  }
}
