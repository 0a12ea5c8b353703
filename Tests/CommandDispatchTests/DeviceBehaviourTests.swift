import AdapterKit
import CommandDispatch
import EnergyModel
import Foundation
import GRDB
import GatewayStore
import Synchronization
import TestSupport
import Testing
import TimeSource

@Suite("How devices misbehave, and what is said of it")
struct DeviceBehaviourTests {
  private func charge(_ bench: DispatchBench, seconds: Double = 600) async throws -> String {
    try await bench.dispatcher.submit(
      bench.request("charge", ["powerW": .number(2000)], duration: seconds)
    ).record.id
  }

  private func isAlarmed(_ bench: DispatchBench) -> Bool {
    bench.findings.all.contains { if case .wrong(.commandDrifted, _, _) = $0 { true } else { false } }
  }

  @Test("A device that does half of it is unconfirmed and sent back to normal")
  func halfApplied() async throws {
    let bench = try await DispatchBench()
    bench.battery.set(.halfApplying)
    let id = try await charge(bench)
    let record = try await bench.until(id, [.unconfirmed])
    #expect(record.failure?.code == .readbackMismatch)
    #expect(bench.battery.register(10) == 0)
    try await bench.close()
  }

  @Test("While a command is read back from a slow device, others have at least half of the bus's time")
  func sharedBus() async throws {
    let bench = try await DispatchBench()
    bench.battery.set(.ignoring)
    let id = try await charge(bench)
    try await bench.until(id, [.acknowledged])
    bench.battery.set(.slow(.seconds(2)))
    let (began, before) = (bench.clock.monotonic, bench.battery.timeInRefreshes)
    try await bench.until(id, [.unconfirmed])
    let share = (bench.battery.timeInRefreshes - before) / (bench.clock.monotonic - began)
    #expect(share > 0.2 && share < 0.55, "\(share)")
    await bench.stop()
    try await bench.close()
  }

  @Test("A device that forgets its setpoint after a minute, or reboots, is told again within 30 s")
  func forgets() async throws {
    let bench = try await DispatchBench()
    let id = try await charge(bench)
    try await bench.until(id, [.confirmed])
    for _ in 0..<240 where bench.step() { await bench.settle() }
    bench.battery.setRegister(10, 0)
    bench.battery.setRegister(11, 0)
    bench.battery.setRegister(1, 0)
    let forgotten = bench.clock.now
    while bench.battery.register(11) != 2000, bench.clock.now.millisecondsSince(forgotten) <= 30_000 {
      _ = bench.step()
      await bench.settle()
    }
    #expect(bench.clock.now.millisecondsSince(forgotten) <= 30_000)
    try await bench.until(id, [.confirmed], atMost: .seconds(30))
    #expect(bench.battery.register(1) == 2000)
    #expect(!isAlarmed(bench))
    await bench.stop()
    try await bench.close()
  }

  @Test(
    "A device that goes silent during a lease has drifted and is an alert, is not renewed, and is told when it speaks")
  func silent() async throws {
    let bench = try await DispatchBench()
    let id = try await charge(bench)
    try await bench.until(id, [.confirmed])
    bench.battery.set(.unreachable)
    let writes = bench.battery.written.count
    let record = try await bench.until(id, [.drifted], atMost: .seconds(20))
    #expect(record.history.last?.detail.hasPrefix("no fresh telemetry for 10 s") == true)
    #expect(isAlarmed(bench))
    for _ in 0..<200 where bench.step() { await bench.settle() }
    #expect(bench.battery.written.count == writes)
    bench.battery.set(.obedient)
    try await bench.until(id, [.confirmed], atMost: .seconds(30))
    #expect(bench.findings.all.last == .over(.commandDrifted, deviceID: "battery-1"))
    await bench.stop()
    try await bench.close()
  }

  @Test("A renewal does not wait for the read-back of a setting that the device ignores")
  func renewalDuringReadBack() async throws {
    let bench = try await DispatchBench()
    let id = try await charge(bench)
    let confirmed = try await bench.until(id, [.confirmed])
    let since = try #require(confirmed.history.last?.at)
    let renewals = SharedTimes()
    for _ in 0..<72 where bench.step() { await bench.settle() }
    bench.battery.set(.ignoring)
    bench.battery.state.withLock { state in
      state.onWrite = { [clock = bench.clock] in renewals.append(clock.now) }
    }
    let setting = try await bench.dispatcher.submit(
      bench.request("set-reserve", ["reservePercent": .number(30)])
    ).record.id
    try await bench.until(setting, [.unconfirmed])
    let first = try #require(renewals.all.dropFirst().first)
    // A third of 60 s, and not later than a third of that.
    #expect((19_000...26_600).contains(first.millisecondsSince(since)))
    bench.battery.state.withLock { $0.onWrite = nil }
    bench.battery.set(.obedient)
    await bench.stop()
    try await bench.close()
  }

  @Test(
    "A final state that the journal could not take is written as soon as it can, also at a stop",
    arguments: [true, false])
  func journalRetry(isStop: Bool) async throws {
    let bench = try await DispatchBench()
    let id = try await charge(bench, seconds: 60)
    try await bench.until(id, [.confirmed])
    let queue = try DatabaseQueue(path: bench.folder.appendingPathComponent("journal.db").path)
    let trigger = "CREATE TRIGGER full BEFORE UPDATE ON commands BEGIN SELECT RAISE(ABORT, 'disk full'); END"
    try await queue.write { try $0.execute(sql: trigger) }
    while bench.battery.register(10) != 0 {
      _ = bench.step()
      await bench.settle()
    }
    for _ in 0..<100 {
      _ = bench.step()
      await bench.settle()
    }
    #expect(try await bench.store.command(id: id)?.status == .confirmed)
    try await queue.write { try $0.execute(sql: "DROP TRIGGER full") }
    if isStop {
      await bench.stop()
      #expect(try await bench.store.command(id: id)?.status == .completed)
    } else {
      try await bench.until(id, [.completed])
    }
    try queue.close()
    try await bench.close()
  }

  @Test(
    "No jump of wall time changes the length of a lease or a time to live",
    arguments: [3600, -3600, 315_360_000, -315_360_000])
  func clockJumps(seconds: Int64) async throws {
    let bench = try await DispatchBench()
    let id = try await charge(bench, seconds: 60)
    try await bench.until(id, [.confirmed])
    let waiting = try await bench.dispatcher.submit(
      bench.request("charge", actor: "bob", onConflict: .queueAfter, ttl: 30)
    ).record.id
    try await bench.until(waiting, [.queued])
    bench.clock.jumpWall(byMilliseconds: seconds * 1000)
    let start = bench.clock.source.monotonic()
    try await bench.until(waiting, [.expired], atMost: .seconds(100))
    let waited = bench.clock.source.monotonic() - start
    #expect(waited > .seconds(25) && waited < .seconds(35))
    try await bench.until(id, [.completed], atMost: .seconds(100))
    let held = bench.clock.source.monotonic() - start
    #expect(held > .seconds(50) && held < .seconds(65))
    #expect(bench.battery.register(10) == 0)
    try await bench.close()
  }

  @Test("A refresh reads the device without disturbing who holds it; what cannot be read fails")
  func refresh() async throws {
    let bench = try await DispatchBench()
    let lease = try await charge(bench)
    try await bench.until(lease, [.confirmed])
    func refresh() async throws -> String {
      try await bench.dispatcher.submit(
        CommandRequest(deviceID: "battery-1", name: .refresh, input: [:], actor: "bob")
      ).record.id
    }
    let first = try await bench.until(try await refresh(), [.confirmed])
    #expect(first.name.description == "device:refresh")
    #expect(first.operations.isEmpty)
    #expect(first.evidence?.after["observedAt"] != nil)
    #expect(await bench.dispatcher.activeLease(of: "battery-1")?.id == lease)
    bench.battery.set(.unreachable)
    let second = try await bench.until(try await refresh(), [.failed])
    #expect(second.failure?.code == .deviceOffline)
    bench.battery.set(.obedient)
    await bench.stop()
    try await bench.close()
  }

  @Test("A reset ends the lease and restores what was set before the first command")
  func reset() async throws {
    let bench = try await DispatchBench()
    for reserve in [30.0, 40] {
      let id = try await bench.dispatcher.submit(
        bench.request("set-reserve", ["reservePercent": .number(reserve)])
      ).record.id
      try await bench.until(id, [.confirmed])
    }
    let lease = try await charge(bench)
    try await bench.until(lease, [.confirmed])
    let reset = try await bench.dispatcher.submit(bench.request("reset", actor: "ada")).record.id
    let record = try await bench.until(reset, [.confirmed])
    #expect(record.input == ["reservePercent": .number(10)])
    #expect(record.history.contains { $0.detail == "ended battery:charge (\(lease))" })
    #expect(bench.battery.register(12) == 10)
    #expect(bench.battery.register(10) == 0)
    #expect(try await bench.store.command(id: lease)?.status == .cancelled)
    // Nothing is left to restore; the default state is written once more.
    let again = try await bench.until(
      try await bench.dispatcher.submit(bench.request("reset")).record.id, [.confirmed])
    #expect(again.input.isEmpty)
    try await bench.close()
  }

  @Test("What every device can do is among the available commands, and in the hint of a refusal")
  func available() async throws {
    let bench = try await DispatchBench()
    let names = await bench.dispatcher.availableCommands(of: "battery-1").map(\.name.description)
    #expect(names == ["battery:charge", "battery:set-reserve", "battery:auto", "battery:reset", "device:refresh"])
    await #expect {
      try await bench.dispatcher.submit(bench.request("discharge"))
    } throws: { ($0 as? CommandRefusal)?.hint == "it can do \(names.joined(separator: ", "))" }
    try await bench.close()
  }
}

/// Times, in order.
final class SharedTimes: Sendable {
  private let list = Mutex<[Timestamp]>([])
  var all: [Timestamp] { list.withLock { $0 } }
  func append(_ time: Timestamp) { list.withLock { $0.append(time) } }
}
