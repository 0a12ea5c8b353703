import CommandDispatch
import EnergyModel
import GatewayStore
import Synchronization
import TestSupport
import Testing

@testable import Gateway

/// It is 10:00 in all of them.
@Suite("Schedules at work")
struct ScheduleRunnerTests {
  @Test("An interval is sent once, at its beginning, until its end")
  func edge() async throws {
    let bench = try await ScheduleBench()
    let runner = bench.runner()
    try await bench.store.insert(bench.weekly("sch_1", times: [("10:30", "11:00")]))
    await runner.reload()
    await bench.advance(runner, minutes: 29)
    #expect(bench.sent == [])
    await bench.advance(runner, minutes: 30)
    #expect(bench.sent == ["battery-1 charge 1800"])
    let request = try #require(bench.state.withLock { $0.requests.first })
    #expect(request.actor == "schedule:sch_1")
    #expect(request.scheduleID == "sch_1")
    #expect(request.priority == .schedule)
    #expect(request.input == ["powerW": .number(2000)])
    await bench.end("cmd_1", as: .completed)
    await bench.advance(runner, minutes: 60)
    #expect(bench.sent.count == 1)
    #expect(bench.state.withLock { $0.cancelled } == [])
  }

  @Test("The loop wakes at the edge, within a second of it, and at least every 20 s")
  func loop() async throws {
    let bench = try await ScheduleBench()
    let runner = bench.runner()
    try await bench.store.insert(bench.weekly("sch_1", times: [("10:01", "11:00")]))
    let task = Task { await runner.run() }
    for _ in 0..<3 {
      await bench.clock.untilSleeping(1)
      #expect(bench.sent == [])
      bench.clock.advance(by: .seconds(20))
    }
    await bench.clock.untilSleeping(1)
    #expect(bench.sent == ["battery-1 charge 3540"])
    task.cancel()
    await task.value
  }

  @Test("Between the intervals the default is sent, and nothing is undone where one command follows the other")
  func fallback() async throws {
    let bench = try await ScheduleBench()
    let runner = bench.runner()
    try await bench.store.insert(
      bench.weekly("sch_1", times: [("10:10", "10:20"), ("10:20", "10:30")], otherwise: "idle"))
    await runner.reload()
    await bench.advance(runner, minutes: 31)
    #expect(
      bench.sent == [
        "battery-1 idle 630", "battery-1 charge 630", "battery-1 charge 630", "battery-1 idle 85230",
      ])
    #expect(bench.state.withLock { $0.cancelled } == [])
  }

  @Test("After a restart within an interval it is taken up again where a stop undid it")
  func restart() async throws {
    let bench = try await ScheduleBench()
    try await bench.store.insert(bench.weekly("sch_1", times: [("10:00", "11:00")]))
    await bench.runner().reload()
    await bench.end("cmd_1", as: .reverted)
    bench.clock.advance(by: .seconds(600))
    await bench.runner().reload()
    #expect(bench.sent == ["battery-1 charge 3600", "battery-1 charge 3000"])
    // The lease that the dispatcher resumed after a power cut is not sent again.
    bench.clock.advance(by: .seconds(600))
    await bench.runner().reload()
    #expect(bench.sent.count == 2)
  }

  @Test("An interval that went by while the gateway was off is not replayed")
  func skipped() async throws {
    let bench = try await ScheduleBench()
    try await bench.store.insert(bench.weekly("sch_1", times: [("10:30", "11:00")]))
    bench.clock.advance(by: .seconds(2 * 3600))
    await bench.runner().reload()
    #expect(bench.sent == [])
  }

  @Test(
    "What the device did not do is not sent again in the same interval",
    arguments: [CommandStatus.unconfirmed, .failed, .superseded, .cancelled])
  func noHammering(_ status: CommandStatus) async throws {
    let bench = try await ScheduleBench()
    let runner = bench.runner()
    try await bench.store.insert(bench.weekly("sch_1", times: [("10:00", "14:00")]))
    await runner.reload()
    await bench.end("cmd_1", as: status, .readbackMismatch)
    await bench.advance(runner, minutes: 100)
    await bench.runner().reload()
    #expect(bench.sent.count == 1)
  }

  @Test("A schedule that a person outranked is taken up again when that lease ends, and not only at the next interval")
  func outranked() async throws {
    let bench = try await ScheduleBench()
    let runner = bench.runner()
    try await bench.store.insert(bench.weekly("sch_1", times: [("10:00", "14:00"), ("15:00", "16:00")]))
    await runner.reload()
    bench.state.withLock { $0.holder = "cmd_user" }
    await bench.end("cmd_1", as: .superseded)
    await bench.advance(runner, minutes: 30)
    #expect(bench.sent.count == 1)
    #expect(try await bench.store.scheduleRuns(of: "sch_1").first?.problem == "waits until cmd_user ends")
    bench.state.withLock { $0.holder = nil }
    await bench.advance(runner, minutes: 2)
    #expect(bench.sent.count == 2)
    // The next interval finds the device held from its beginning; that costs no attempt.
    await bench.end("cmd_2", as: .completed)
    bench.state.withLock { $0.holder = "cmd_user" }
    await bench.advance(runner, minutes: 290)
    #expect(bench.sent.count == 2)
    bench.state.withLock { $0.holder = nil }
    await bench.advance(runner, minutes: 2)
    #expect(bench.sent.count == 3)
  }

  @Test("A device that was not there is tried again a named number of times, another refusal is final")
  func retries() async throws {
    for (code, expected) in [(CommandErrorCode.deviceOffline, ScheduleRunner.maxAttempts), (.outOfRange, 1)] {
      let bench = try await ScheduleBench()
      let runner = bench.runner()
      bench.state.withLock { $0.refusal = CommandRefusal(code, "no") }
      try await bench.store.insert(bench.weekly("sch_1", times: [("10:00", "20:00")]))
      await runner.reload()
      await bench.advance(runner, minutes: 300)
      let run = try #require(try await bench.store.scheduleRuns(of: "sch_1").first)
      #expect(run.attempts == expected)
      #expect(run.problem == "no")
      #expect(run.nextAttemptAt == nil)
    }
  }

  @Test("A removed schedule has what it has in force undone, a lasting setting is given back")
  func removal() async throws {
    let bench = try await ScheduleBench()
    let runner = bench.runner()
    try await bench.store.insert(bench.weekly("sch_1", times: [("10:00", "11:00")]))
    await runner.reload()
    try await bench.store.endSchedule("sch_1", .deleted, at: bench.clock.now)
    await runner.reload()
    #expect(bench.state.withLock { $0.cancelled } == ["cmd_1"])
    #expect(bench.sent == ["battery-1 charge 3600"])

    bench.state.withLock { $0.lasting = ["set-reserve"] }
    try await bench.store.insert(bench.weekly("sch_2", verb: "set-reserve", times: [("10:00", "10:05")]))
    await runner.reload()
    await bench.advance(runner, minutes: 6)
    #expect(bench.sent.dropFirst() == ["battery-1 set-reserve -", "battery-1 auto -"])
    await bench.advance(runner, minutes: 60)
    #expect(bench.sent.count == 3)
  }

  @Test("A device's own schedule goes before its tags', and of those the newest one with an interval now")
  func precedence() async throws {
    let bench = try await ScheduleBench()
    bench.state.withLock { $0.tags = ["battery-1": ["north"], "battery-2": ["north"], "battery-3": ["south"]] }
    let runner = bench.runner(devices: ["battery-1", "battery-2", "battery-3"])
    try await bench.store.insert(bench.weekly("sch_1", .tag("north", customerID: nil), times: [("10:00", "12:00")]))
    try await bench.store.insert(
      bench.weekly("sch_2", .tag("north", customerID: nil), verb: "discharge", times: [("10:30", "11:00")]))
    try await bench.store.insert(bench.weekly("sch_3", verb: "idle", times: [("10:00", "11:00")]))
    await runner.reload()
    await bench.advance(runner, minutes: 1)
    // Those of a tag are spread over half a minute.
    #expect(bench.sent == ["battery-1 idle 3600", "battery-2 charge 1770"])
    await bench.advance(runner, minutes: 30)
    #expect(bench.sent.dropFirst(2) == ["battery-2 discharge 1770"])
    #expect(bench.state.withLock { $0.cancelled } == ["cmd_2"])
    await bench.end("cmd_3", as: .completed)
    await bench.advance(runner, minutes: 31)
    #expect(bench.sent.dropFirst(3) == ["battery-2 charge 3540"])
  }

  @Test("A tag's schedule of a restricted key is for that customer's devices")
  func restricted() async throws {
    let bench = try await ScheduleBench()
    bench.state.withLock {
      $0.tags = ["battery-1": ["north"], "battery-2": ["north"], "meter-1": ["north"]]
      $0.customers = ["battery-1": "ada", "battery-2": "bob", "meter-1": "ada"]
    }
    let runner = bench.runner(devices: ["battery-1", "battery-2", "meter-1"])
    try await bench.store.insert(bench.weekly("sch_1", .tag("north", customerID: "ada"), times: [("10:00", "12:00")]))
    await runner.reload()
    await bench.advance(runner, minutes: 1)
    #expect(bench.sent == ["battery-1 charge 7140"])
  }

  @Test("A one-shot is sent within its minute, or it is missed")
  func once() async throws {
    let bench = try await ScheduleBench()
    let at = bench.clock.now.advanced(byMilliseconds: 600_000)
    let command = ScheduledCommand(name: "battery:discharge", durationSeconds: 900)
    func once(_ id: String) -> ScheduleRecord {
      ScheduleRecord(
        id: id, target: .device("battery-1"), plan: .once(at: at, command: command), actor: "ada",
        createdAt: bench.clock.now)
    }
    let runner = bench.runner()
    try await bench.store.insert(bench.weekly("sch_1", times: [("10:00", "12:00")]))
    try await bench.store.insert(once("sch_2"))
    await runner.reload()
    await bench.advance(runner, minutes: 12)
    #expect(bench.sent == ["battery-1 charge 7200", "battery-1 discharge 900"])
    #expect(bench.state.withLock { $0.cancelled } == ["cmd_1"])
    #expect(try await bench.store.schedule(id: "sch_2")?.end == .done)
    await bench.end("cmd_2", as: .completed)
    await bench.advance(runner, minutes: 30)
    #expect(bench.sent.count == 2, "the weekly schedule goes on with its next interval")

    let late = try await ScheduleBench()
    try await late.store.insert(once("sch_3"))
    late.clock.advance(by: .seconds(700))
    await late.runner().reload()
    #expect(late.sent == [])
    #expect(try await late.store.schedule(id: "sch_3")?.end == .missed)
  }

  @Test("Times are those of the device's site, through a change of daylight saving time")
  func zone() async throws {
    let bench = try await ScheduleBench()
    let runner = bench.runner(zone: "Europe/Berlin")
    // To 2026-10-25T00:00Z, 02:00 in Berlin, an hour before clocks go back to 02:00.
    bench.clock.jumpWall(byMilliseconds: 1_792_886_400_000 - bench.clock.now.milliseconds)
    try await bench.store.insert(bench.weekly("sch_1", times: [("02:30", "03:30")]))
    await runner.reload()
    await bench.advance(runner, minutes: 180)
    #expect(bench.sent == ["battery-1 charge 7200"])
  }
}
