import EnergyModel
import Testing

@testable import GatewayStore

@Suite("The command journal")
struct JournalTests {
  private func command(_ id: String, device: String = "battery-1", at: Timestamp = noon) -> CommandRecord {
    var record = CommandRecord(
      id: id, deviceID: device, name: CommandName(kind: .battery, verb: "charge"),
      input: ["powerW": .number(2500), "mode": .text("forced"), "grid": .flag(true), "soc": .null],
      durationSeconds: 1800, actor: "local:root", idempotencyKey: "key-\(id)", requestDigest: "abc", createdAt: at)
    record.history = [CommandRecord.StatusChange(status: .accepted, at: at)]
    return record
  }

  @Test("A command is read back as it was written, with everything that is known of it")
  func roundTrip() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    var record = command("cmd_1")
    try await store.insert(record)
    #expect(try await store.command(id: "cmd_1") == record)
    record.status = .confirmed
    record.history.append(CommandRecord.StatusChange(status: .dispatched, at: noon))
    record.history.append(CommandRecord.StatusChange(status: .confirmed, at: noon, detail: "power is -2,500 W"))
    record.operations = ["FC16 holding 47247 = [0, 2500]"]
    record.evidence = CommandRecord.Evidence(
      before: ["powerW": .number(0)], after: ["powerW": .number(-2500)], predicate: "powerW < -2000",
      latencyMilliseconds: 2100)
    record.failure = CommandRecord.Failure(code: .conflict, message: "m", isRetryable: true)
    record.leaseExpiresAt = noon.advanced(byMilliseconds: 1_800_000)
    try await store.update(record)
    #expect(try await store.command(id: "cmd_1") == record)
    try await store.close()
    let again = try await directory.open()
    #expect(try await again.command(id: "cmd_1") == record)
    #expect(try await again.command(idempotencyKey: "key-cmd_1") == record)
    #expect(try await again.command(idempotencyKey: "key-cmd_1", actor: "somebody else") == nil)
    #expect(try await again.command(idempotencyKey: "other") == nil)
  }

  @Test("A step of the history is never rewritten")
  func historyIsAppendOnly() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    var record = command("cmd_1")
    try await store.insert(record)
    record.history = [CommandRecord.StatusChange(status: .failed, at: noon, detail: "rewritten")]
    try await store.update(record)
    #expect(try await store.command(id: "cmd_1")?.history.map(\.status) == [.accepted])
  }

  @Test("Open commands are those that can still change, in the order they came, though wall time went back")
  func open() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    let states: [(CommandStatus, Bool)] = [
      (.accepted, false), (.dispatched, false), (.confirmed, true), (.confirmed, false), (.failed, false),
      (.completed, true), (.drifted, true),
    ]
    for (index, (status, hasLease)) in states.enumerated() {
      var record = command("cmd_\(index)", at: noon.advanced(byMilliseconds: -Int64(index)))
      record.status = status
      if hasLease { record.leaseExpiresAt = noon }
      try await store.insert(record)
    }
    #expect(try await store.openCommands().map(\.id) == ["cmd_0", "cmd_1", "cmd_2", "cmd_6"])
  }

  @Test("Commands are listed newest first, by device and state, with a limit")
  func listing() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    for index in 0..<4 {
      var record = command(
        "cmd_\(index)", device: index == 3 ? "other" : "battery-1", at: noon.advanced(byMilliseconds: Int64(index)))
      if index == 1 { record.status = .failed }
      try await store.insert(record)
    }
    #expect(try await store.commands(deviceID: "battery-1").map(\.id) == ["cmd_2", "cmd_1", "cmd_0"])
    #expect(try await store.commands(statuses: [.failed]).map(\.id) == ["cmd_1"])
    #expect(try await store.commands(limit: 1).map(\.id) == ["cmd_3"])
  }

  @Test("A command that exists cannot be inserted again, one that does not exist cannot be updated")
  func constraints() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    try await store.insert(command("cmd_1"))
    await #expect(throws: GatewayStoreError.self) { try await store.insert(command("cmd_1")) }
    await #expect(throws: GatewayStoreError.self) { try await store.update(command("cmd_2")) }
  }
}
