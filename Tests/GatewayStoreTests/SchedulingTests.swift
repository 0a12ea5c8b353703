import EnergyModel
import Testing

@testable import GatewayStore

@Suite("Tags, schedules and batches in the store")
struct SchedulingTests {
  private let charge = ScheduledCommand(name: "battery:charge", input: ["powerW": .number(2000)])

  private func weekly(_ id: String, _ target: ScheduleRecord.Target, at time: Timestamp = noon) -> ScheduleRecord {
    let rule = ScheduleRecord.Rule(daysOfWeek: [0, 6], startTime: "01:00", endTime: "05:00", command: charge)
    return ScheduleRecord(
      id: id, target: target, plan: .weekly(rules: [rule], fallback: nil, fallbackMode: "idle"),
      timeZone: "Europe/Berlin", actor: "ada", createdAt: time)
  }

  @Test("Tags are replaced as a whole and outlive a restart")
  func tags() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    try await store.setTags(["b", "a"], of: "battery-1")
    try await store.setTags(["c"], of: "meter-1")
    try await store.setTags([], of: "meter-1")
    try await store.close()
    #expect(try await directory.open().deviceTags() == ["battery-1": ["a", "b"]])
  }

  @Test("A schedule is there as it was made, and ends once, with its reason")
  func schedules() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    let first = weekly("sch_1", .device("battery-1"))
    let tagged = weekly("sch_2", .tag("north", customerID: "ada"))
    let once = ScheduleRecord(
      id: "sch_3", target: .device("battery-1"), plan: .once(at: noon, command: charge), actor: "ada", createdAt: noon)
    for schedule in [first, tagged, once] { try await store.insert(schedule) }
    #expect(try await store.schedules() == [once, tagged, first])
    let newer = weekly("sch_4", .device("battery-1"), at: noon.advanced(byMilliseconds: 1))
    try await store.insert(newer, replacing: ["sch_1"])
    #expect(try await store.schedule(id: "sch_1")?.end == .replaced)
    #expect(try await store.endSchedule("sch_3", .done, at: noon))
    #expect(try await !store.endSchedule("sch_3", .deleted, at: noon))
    #expect(try await store.schedules().map(\.id) == ["sch_4", "sch_2"])
    #expect(try await store.schedules(includingEnded: true).count == 4)
  }

  @Test("What was done for ended schedules is given back only where it has to be undone")
  func runs() async throws {
    let store = try await TemporaryDirectory().open()
    for id in ["sch_1", "sch_2", "sch_3"] { try await store.insert(weekly(id, .device(id))) }
    for id in ["sch_1", "sch_2", "sch_3"] {
      var run = ScheduleRun(scheduleID: id, deviceID: "battery-1", start: noon, nextAttemptAt: noon)
      try await store.save(run)
      run.commandID = "cmd_1"
      run.isOpen = true
      run.attempts = 1
      run.nextAttemptAt = nil
      try await store.save(run)
      #expect(try await store.scheduleRuns(of: id) == [run])
    }
    try await store.endSchedule("sch_2", .deleted, at: noon)
    try await store.endSchedule("sch_3", .done, at: noon)
    #expect(try await store.scheduleRuns().map(\.scheduleID) == ["sch_1", "sch_2"])
    try await store.removeRun(scheduleID: "sch_2", deviceID: "battery-1")
    #expect(try await store.scheduleRuns(of: "sch_2").isEmpty)
  }

  @Test("A batch is there as it was made, with what the journal says of its commands")
  func batches() async throws {
    let store = try await TemporaryDirectory().open()
    let order = BatchRecord.Order(
      tag: "north", command: charge, ttlSeconds: 60, onConflict: .queueAfter, staggerSeconds: 2, jitterSeconds: 1)
    let batch = BatchRecord(
      id: "bat_1", order: order, actor: "ada", restrictedTo: "demo", idempotencyKey: "k", digest: "d", createdAt: noon,
      items: [
        .init(deviceID: "battery-1", plannedAt: noon), .init(deviceID: "battery-2", plannedAt: noon),
        .init(deviceID: "meter-1", plannedAt: noon, state: .skipped, code: "X", message: "it is a meter"),
      ])
    try await store.insert(batch)
    #expect(try await store.batch(id: "bat_1") == batch)
    #expect(try await store.batch(idempotencyKey: "k", actor: "bob") == nil)
    #expect(try await store.waitingBatches().map(\.id) == ["bat_1"])
    #expect(try await store.batches(restrictedTo: "other", limit: 10).isEmpty)
    var command = CommandRecord(
      id: "cmd_1", deviceID: "battery-1", name: CommandName(kind: .battery, verb: "charge"), input: [:],
      durationSeconds: nil, actor: "ada", idempotencyKey: nil, requestDigest: "", createdAt: noon)
    command.status = .failed
    command.failure = .init(code: .protocolTimeout, message: "no answer", isRetryable: true)
    try await store.insert(command)
    for index in 0..<2 {
      var item = batch.items[index]
      item.state = index == 0 ? .sent : .rejected
      item.commandID = index == 0 ? "cmd_1" : nil
      item.code = index == 0 ? nil : "DEVICE_OFFLINE"
      try await store.update(item, of: "bat_1")
    }
    let items = try #require(try await store.batch(id: "bat_1")?.items)
    #expect(items.map(\.state) == [.sent, .rejected, .skipped])
    #expect(items[0].commandStatus == .failed)
    #expect(items[0].failure?.code == .protocolTimeout)
    #expect(try await store.waitingBatches().isEmpty)
  }
}
