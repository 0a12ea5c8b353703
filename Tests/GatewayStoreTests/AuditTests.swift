import EnergyModel
import Foundation
import GRDB
import Testing

@testable import GatewayStore

@Suite("The audit")
struct AuditTests {
  private func row(_ action: String, _ reason: String = "because", at time: Timestamp = noon) -> AuditRecord {
    AuditRecord(
      at: time, actor: "ada", action: action, subject: "battery-1", commandID: "cmd_1", reason: reason,
      before: #"{"mode":0}"#, after: #"{"mode":1}"#)
  }

  /// A closed file with a chain of so many rows.
  private func chain(of count: Int) async throws -> TemporaryDirectory {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    for number in 1...count { try await store.append(row("test.\(number)", "reason \(number)")) }
    try await store.close()
    return directory
  }

  /// Somebody with the file and without respect for triggers.
  private func tamper(_ directory: TemporaryDirectory, _ sql: String) throws {
    let queue = try DatabaseQueue(path: directory.storePath)
    try queue.write { db in
      try db.execute(sql: "DROP TRIGGER audit_stays; DROP TRIGGER audit_goes_from_its_end; \(sql)")
    }
    try queue.close()
  }

  private func findings(_ directory: TemporaryDirectory) throws -> [AuditVerification.Finding] {
    try GatewayStore.verifyAudit(inFile: directory.storePath).findings
  }

  @Test("Rows are numbered and chained, also across a restart, and a sound chain verifies")
  func sound() async throws {
    let directory = try await chain(of: 3)
    let store = try await directory.open()
    let fourth = try await store.append(row("test.4"))
    #expect(fourth.sequence == 4)
    let result = try await store.verifyAudit()
    #expect(result.isSound)
    #expect(result.rows == 4)
    #expect(result.headHash == fourth.hashText)
    // Beside the one that has it open.
    #expect(try GatewayStore.verifyAudit(inFile: directory.storePath) == result)
    try await store.close()
    #expect(try GatewayStore.verifyAudit(inFile: directory.storePath) == result)
  }

  @Test("Each step of a command is a row, in the transaction of the journal")
  func commands() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    var command = CommandRecord(
      id: "cmd_7", deviceID: "battery-1", name: CommandName(kind: .battery, verb: "charge"),
      input: ["powerW": .number(2000)], durationSeconds: nil, actor: "ada", idempotencyKey: nil, requestDigest: "",
      createdAt: noon)
    command.history = [.init(status: .accepted, at: noon)]
    try await store.insert(command)
    command.status = .dispatched
    command.operations = ["FC6 holding 10 = [1]"]
    command.evidence = .init(before: ["powerW": .number(0)], predicate: "powerW < 0")
    command.history.append(.init(status: .dispatched, at: noon))
    try await store.update(command)
    command.status = .confirmed
    command.evidence?.after = ["powerW": .number(-2000)]
    command.history.append(.init(status: .confirmed, at: noon, detail: "done"))
    try await store.update(command)

    let (rows, total) = try await store.audit(AuditFilter(commandID: "cmd_7"))
    #expect(total == 3)
    #expect(rows.map(\.action) == ["command.confirmed", "command.dispatched", "command.accepted"])
    #expect(rows.allSatisfy { $0.actor == "ada" && $0.subject == "battery-1" })
    #expect(rows[0].reason == "done")
    #expect(rows[0].after == #"{"status":"confirmed","values":{"powerW":-2000}}"#)
    #expect(rows[1].before == #"{"status":"accepted","values":{"powerW":0}}"#)
    #expect(rows[1].after == #"{"operations":["FC6 holding 10 = [1]"],"status":"dispatched"}"#)
    // What is refused leaves no row.
    await #expect(throws: GatewayStoreError.self) { try await store.insert(command) }
    #expect(try await store.audit().total == 3)
    #expect(try await store.verifyAudit().isSound)
  }

  @Test("Keys, acknowledged alerts and configurations are in it, each once")
  func others() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    try await store.insert(
      APIKeyRecord(keyID: "k1", secretSHA256: "ab", label: "phone", scopes: ["admin"], createdAt: noon), by: "local:0")
    for _ in 0..<2 { try await store.revokeKey(id: "k1", by: "k2", at: noon) }
    _ = try await store.raise(
      AlertRecord(
        id: "alt_1", kind: .revertFailed, deviceID: "battery-1", commandID: "cmd_1", message: "stuck", raisedAt: noon))
    for actor in ["ada", "bob"] { _ = try await store.acknowledgeAlert("alt_1", by: actor, at: noon) }
    let site = SiteRecord(id: "home", customerID: nil, name: "Home", timeZone: "UTC", createdAt: noon)
    let origin = ConfigurationOrigin(
      file: "heddle.yaml", digest: ConfigurationOrigin.digest(of: "abc"), reason: "start")
    try await store.configure(
      ConfiguredRecords(customers: [], sites: [site], links: [], devices: []), at: noon, origin: origin)
    try await store.configure(
      ConfiguredRecords(customers: [], sites: [], links: [], devices: []), at: noon, origin: origin)

    let rows = try await store.audit().rows.reversed().map { "\($0.actor) \($0.action) \($0.subject): \($0.reason)" }
    #expect(
      rows == [
        "local:0 key.created k1: phone", "k2 key.revoked k1: phone", "ada alert.acknowledged battery-1: stuck",
        "gateway configuration.loaded heddle.yaml: start: added site home",
        "gateway configuration.loaded heddle.yaml: start: removed site home",
      ])
    let configured = try await store.audit(AuditFilter(action: "configuration")).rows
    #expect(configured.count == 2)
    // The digest of "abc" in FIPS 180-2.
    #expect(
      configured[0].after.contains("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"))
  }

  @Test("The list is filtered and comes in pages")
  func filters() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    for number in 0..<10 {
      try await store.append(row(number % 2 == 0 ? "a.x" : "ab.x", at: noon.advanced(byMilliseconds: Int64(number))))
    }
    #expect(try await store.audit(AuditFilter(action: "a")).total == 5)
    #expect(try await store.audit(AuditFilter(action: "ab.x")).total == 5)
    #expect(try await store.audit(AuditFilter(actor: "bob")).total == 0)
    #expect(try await store.audit(AuditFilter(from: noon.advanced(byMilliseconds: 8))).rows.map(\.sequence) == [10, 9])
    #expect(try await store.audit(AuditFilter(to: noon.advanced(byMilliseconds: 1))).rows.map(\.sequence) == [1])
    #expect(try await store.audit(offset: 2, limit: 3).rows.map(\.sequence) == [8, 7, 6])
  }

  @Test("The file itself refuses to change or remove a row")
  func triggers() async throws {
    let directory = try await chain(of: 3)
    let queue = try DatabaseQueue(path: directory.storePath)
    for sql in ["UPDATE audit SET actor = 'eve' WHERE seq = 2", "DELETE FROM audit WHERE seq = 1"] {
      #expect(throws: DatabaseError.self) { try queue.write { try $0.execute(sql: sql) } }
    }
    try queue.close()
  }

  @Test("Retention removes from the old end only, and what is left verifies")
  func retention() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    for number in 1...6 {
      // The third row has a time far ahead: nothing behind it goes before it does.
      let age = number == 3 ? 0 : Int64(number)
      try await store.append(row("test", at: noon.advanced(byMilliseconds: number == 3 ? 1_000_000 : age)))
    }
    let limit = noon.advanced(byMilliseconds: 100)
    #expect(try await store.removeAudit(before: limit, at: noon, keeping: 5) == 1)
    #expect(try await store.removeAudit(before: limit, at: noon, keeping: 0) == 1)
    #expect(try await store.removeAudit(before: limit, at: noon, keeping: 0) == 0)
    let result = try await store.verifyAudit()
    #expect(result.isSound, "\(result.findings)")
    #expect(result.anchor == 2)
    #expect(result.rows == 6)
    #expect(try await store.audit(limit: 1).rows.first?.action == "audit.trimmed")
    try await store.close()
    try tamper(directory, "DELETE FROM audit WHERE seq = 3")
    #expect(try findings(directory).map(\.sequence) == [3])
  }

  @Test(
    "Who changes, removes, swaps, inserts or appends a row is found, and the row is named",
    arguments: [
      ("UPDATE audit SET reason = 'another' WHERE seq = 3", [3]),
      ("UPDATE audit SET command_id = NULL WHERE seq = 3", [3]),
      ("UPDATE audit SET at = at + 1 WHERE seq = 5", [5]),
      ("UPDATE audit SET hash = zeroblob(32) WHERE seq = 2", [2]),
      ("UPDATE audit SET actor = 'ad', action = 'a' || action WHERE seq = 4", [4]),
      ("DELETE FROM audit WHERE seq = 1", [1]),
      ("DELETE FROM audit WHERE seq IN (2, 3)", [2]),
      ("DELETE FROM audit WHERE seq = 5", [5]),
      ("DELETE FROM audit", [1]),
      (
        "UPDATE audit SET seq = 9 WHERE seq = 2; UPDATE audit SET seq = 2 WHERE seq = 3; UPDATE audit SET seq = 3 "
          + "WHERE seq = 9", [2, 3]
      ),
      (
        "INSERT INTO audit SELECT 6, at, actor, action, subject, command_id, reason, before, after, hash FROM audit "
          + "WHERE seq = 5", [6]
      ),
      (
        "UPDATE audit SET seq = seq + 10 WHERE seq >= 4; UPDATE audit SET seq = seq - 9 WHERE seq > 10; INSERT INTO "
          + "audit SELECT 4, at, actor, action, subject, command_id, reason, before, after, hash FROM audit WHERE seq = 3",
        [4, 5, 6]
      ),
      ("UPDATE audit_ends SET head_hash = zeroblob(32)", [5]),
      ("UPDATE audit_ends SET head = 4", [5]),
      ("UPDATE audit_ends SET anchor_hash = randomblob(32)", [1]),
    ] as [(String, [Int64])])
  func tampering(sql: String, rows: [Int64]) async throws {
    let directory = try await chain(of: 5)
    try tamper(directory, sql)
    let found = try findings(directory).compactMap(\.sequence)
    #expect(Set(rows).isSubset(of: found), "\(found)")
    #expect(found.first == rows.first)
  }

  @Test("A chain without its ends, and a file that is no store, are named")
  func noChain() async throws {
    let directory = try await chain(of: 2)
    try tamper(directory, "DELETE FROM audit_ends")
    #expect(try findings(directory).contains { $0.sequence == nil && $0.message.contains("audit_ends") })
    #expect(throws: GatewayStoreError.self) { try GatewayStore.verifyAudit(inFile: directory.storePath + ".not") }
  }

  /// Every byte that the tables of the chain use in the file, each with all bits flipped and with the lowest one.
  @Test("Whichever byte of the file changes: either it is found, or every column is as it was")
  func everyByte() async throws {
    let directory = try await chain(of: 4)
    let sound = try Data(contentsOf: URL(fileURLWithPath: directory.storePath))
    let layout = try await layout(of: directory)
    let victim = directory.storePath + ".flipped"
    let before = try everything(in: directory.storePath)
    var found = 0
    for offset in layout.pages.flatMap({ used(sound, page: $0, of: layout.pageSize) }) {
      for mask in [UInt8(1), 0xFF] {
        var changed = sound
        changed[offset] ^= mask
        try changed.write(to: URL(fileURLWithPath: victim))
        let isFound = (try? GatewayStore.verifyAudit(inFile: victim).isSound) != true
        if isFound { found += 1 }
        #expect(isFound || (try? everything(in: victim)) == before, "byte \(offset) xor \(mask)")
      }
    }
    // All bytes of all columns are among them.
    #expect(found >= 2 * layout.columnBytes, "\(found) of \(2 * layout.columnBytes)")
  }

  /// The header of a leaf page with the places of its cells, and the cells; what lies between is free.
  private func used(_ file: Data, page: Int, of pageSize: Int) -> [Int] {
    let start = (page - 1) * pageSize
    func word(_ offset: Int) -> Int { Int(file[start + offset]) << 8 | Int(file[start + offset + 1]) }
    return Array(start..<start + 8 + 2 * word(3)) + Array(start + word(5)..<start + pageSize)
  }

  private struct Layout {
    var pages: [Int]
    var pageSize: Int
    var columnBytes: Int
  }

  private func layout(of directory: TemporaryDirectory) async throws -> Layout {
    let queue = try DatabaseQueue(path: directory.storePath)
    return try await queue.read { db in
      let pages = try Int.fetchAll(
        db, sql: "SELECT rootpage FROM sqlite_master WHERE name IN ('audit', 'audit_ends') AND type = 'table'")
      let bytes = try Int.fetchOne(
        db,
        sql: """
          SELECT sum(length(actor) + length(action) + length(subject) + length(command_id) + length(reason)
            + length(before) + length(after) + length(hash) + 6 + 1) FROM audit
          """)
      return Layout(
        pages: pages, pageSize: try Int.fetchOne(db, sql: "PRAGMA page_size") ?? 0, columnBytes: bytes ?? 0)
    }
  }

  private func everything(in path: String) throws -> [Row] {
    var configuration = Configuration()
    configuration.readonly = true
    return try DatabaseQueue(
      path: "\(URL(fileURLWithPath: path).absoluteString)?immutable=1", configuration: configuration
    )
    .read { db in
      try Row.fetchAll(db, sql: "SELECT * FROM audit ORDER BY seq") + Row.fetchAll(db, sql: "SELECT * FROM audit_ends")
    }
  }
}
