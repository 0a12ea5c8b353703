import CommandDispatch
import EnergyModel
import Foundation
import GatewayStore
import Synchronization
import TestSupport
import Testing

@Suite("Leases, takeovers and what is owed to a device")
struct TakeoverTests {
  private func charging(_ bench: DispatchBench, watts: Double = 2000, seconds: Double = 600) async throws -> String {
    let id = try await bench.dispatcher.submit(
      bench.request("charge", ["powerW": .number(watts)], duration: seconds)
    ).record.id
    try await bench.until(id, [.confirmed])
    return id
  }

  private func status(_ bench: DispatchBench, _ id: String) async throws -> CommandStatus? {
    try await bench.store.command(id: id)?.status
  }

  @Test("A lasting setting during a lease leaves the lease, which is undone at its end")
  func settingDuringLease() async throws {
    let bench = try await DispatchBench()
    let charge = try await charging(bench)
    let setting = try await bench.dispatcher.submit(
      bench.request("set-reserve", ["reservePercent": .number(30)])
    ).record.id
    try await bench.until(setting, [.confirmed])
    #expect(await bench.dispatcher.activeLease(of: "battery-1")?.id == charge)
    try await bench.until(charge, [.completed], atMost: .seconds(700))
    #expect(bench.battery.register(10) == 0)
    try await bench.close()
  }

  @Test("A lease goes on when the command that would replace it could not be sent")
  func replacementNotSent() async throws {
    let bench = try await DispatchBench()
    let first = try await charging(bench, seconds: 60)
    bench.battery.set(.unreachable)
    let second = try await bench.dispatcher.submit(
      bench.request("charge", ["powerW": .number(1000)], duration: 600)
    ).record.id
    try await bench.until(second, [.failed])
    #expect(await bench.dispatcher.activeLease(of: "battery-1")?.id == first)
    bench.battery.set(.obedient)
    try await bench.until(first, [.completed])
    #expect(bench.battery.register(10) == 0)
    try await bench.close()
  }

  @Test("A command that has to wait for a slow renewal, longer than its time to live, is not sent")
  func slowRenewal() async throws {
    let bench = try await DispatchBench()
    let first = try await charging(bench)
    bench.battery.set(.slow(.seconds(2)))
    let sent = bench.battery.written.count
    while bench.battery.written.count == sent {
      _ = bench.step()
      await Task.yield()
    }
    let second = try await bench.dispatcher.submit(
      bench.request("charge", ["powerW": .number(1000)], duration: 600, ttl: 1)
    ).record.id
    try await bench.until(second, [.expired])
    bench.battery.set(.obedient)
    #expect(!bench.battery.written.contains { $0.contains("[1000]") })
    #expect(await bench.dispatcher.activeLease(of: "battery-1")?.id == first)
    await bench.stop()
    try await bench.close()
  }

  @Test("A device that refuses to be given back is told again until it is back to normal")
  func releaseRefused() async throws {
    let bench = try await DispatchBench()
    let first = try await charging(bench)
    bench.battery.set(.refusing)
    let release = try await bench.dispatcher.submit(bench.request("auto")).record.id
    try await bench.until(release, [.failed])
    #expect(bench.battery.register(10) == 1)
    bench.battery.set(.obedient)
    try await bench.until(first, [.cancelled])
    #expect(bench.battery.register(10) == 0)
    try await bench.close()
  }

  @Test("A device that refuses what would replace a lease goes back to normal")
  func replacementRefused() async throws {
    let bench = try await DispatchBench()
    let first = try await charging(bench)
    bench.battery.setRegister(10, 1)
    bench.battery.set(.ignoring)
    let second = try await bench.dispatcher.submit(
      bench.request("charge", ["powerW": .number(4000)], duration: 600)
    ).record.id
    try await bench.until(second, [.drifted])
    bench.battery.set(.obedient)
    try await bench.until(second, [.unconfirmed])
    #expect(try await status(bench, first) == .superseded)
    #expect(bench.battery.register(10) == 0)
    try await bench.close()
  }

  @Test("Going back to normal is tried until it works, and is an alert as long as it does not")
  func owed() async throws {
    let bench = try await DispatchBench()
    let id = try await charging(bench, seconds: 20)
    bench.battery.set(.unreachable)
    let failed = try await bench.until(id, [.drifted])
    #expect(bench.battery.register(10) == 1)
    let words = "battery-1 did not go back to normal after battery:charge: the link is down"
    while bench.findings.all.isEmpty { await Task.yield() }
    #expect(bench.findings.all == [.wrong(.revertFailed, failed, message: words)])
    bench.battery.set(.obedient)
    let record = try await bench.until(id, [.completed])
    #expect(record.history.last?.detail.contains("back to normal") == true)
    #expect(bench.findings.all.contains(.over(.revertFailed, deviceID: "battery-1")))
    #expect(bench.battery.register(10) == 0)
    try await bench.close()
  }

  @Test("A later command takes over from one that cannot be undone")
  func takeOverFromOwed() async throws {
    let bench = try await DispatchBench()
    let first = try await charging(bench, seconds: 20)
    bench.battery.set(.unreachable)
    try await bench.until(first, [.drifted])
    bench.battery.set(.obedient)
    try await bench.battery.refresh(ScriptedBattery.endpoint)
    let second = try await bench.dispatcher.submit(
      bench.request("charge", ["powerW": .number(1000)], duration: 60, actor: "bob")
    ).record.id
    try await bench.until(second, [.confirmed], atMost: .seconds(20))
    #expect(try await status(bench, first) == .superseded)
    try await bench.until(second, [.completed])
    #expect(bench.battery.register(10) == 0)
    try await bench.close()
  }

  @Test("A command withdrawn before it was confirmed is undone, also when the first attempt fails")
  func withdrawnAndUnreachable() async throws {
    let bench = try await DispatchBench()
    // The battery does it, but no read-back comes through.
    bench.battery.state.withLock { $0.onWrite = { [battery = bench.battery] in battery.set(.unreachable) } }
    let id = try await bench.dispatcher.submit(bench.request("charge", ["powerW": .number(2000)])).record.id
    while bench.battery.written.isEmpty { await Task.yield() }
    bench.battery.state.withLock { $0.onWrite = nil }
    bench.battery.setRegister(10, 1)
    _ = try await bench.until(id, [.dispatched, .acknowledged, .failed, .drifted])
    let cancelling = Task { await bench.dispatcher.cancel(id) }
    _ = await cancelling.value
    bench.battery.set(.obedient)
    let record = try await bench.until(id, [.cancelled, .failed])
    #expect(record.isTerminal)
    try await bench.close()
  }

  @Test("A command that waits behind another expires in time")
  func timeToLive() async throws {
    let bench = try await DispatchBench()
    bench.battery.set(.ignoring)
    let first = try await bench.dispatcher.submit(bench.request("charge", ["powerW": .number(2000)])).record.id
    try await bench.until(first, [.acknowledged])
    var request = bench.request("set-reserve", ["reservePercent": .number(30)])
    request.ttlSeconds = 2
    let second = try await bench.dispatcher.submit(request).record.id
    try await bench.until(second, [.expired], atMost: .seconds(5))
    #expect(try await status(bench, first) == .acknowledged)
    try await bench.until(first, [.unconfirmed])
    try await bench.close()
  }

  @Test("Two requests with the same key at the same time are one command")
  func sameKeyAtOnce() async throws {
    let bench = try await DispatchBench()
    let request = bench.request("set-reserve", ["reservePercent": .number(20)], key: "k1", digest: "a")
    let submissions = try await withThrowingTaskGroup(of: Submission.self) { group in
      for _ in 0..<8 { group.addTask { try await bench.dispatcher.submit(request) } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(Set(submissions.map(\.record.id)).count == 1)
    #expect(submissions.filter { !$0.isReplay }.count == 1)
    try await bench.until(submissions[0].record.id, [.confirmed])
    #expect(bench.battery.written.count == 1)
    try await bench.close()
  }

  @Test("Of two senders at the same time the second is told of the conflict")
  func twoSendersAtOnce() async throws {
    let bench = try await DispatchBench()
    async let first = bench.dispatcher.submit(bench.request("charge", ["powerW": .number(2000)], actor: "ada"))
    async let second = bench.dispatcher.submit(bench.request("charge", ["powerW": .number(1000)], actor: "bob"))
    let ids: [String] = await [try? first.record.id, try? second.record.id].compactMap(\.self)
    for id in ids { try await bench.until(id, [.confirmed, .failed]) }
    let records = try await bench.store.commands()
    #expect(records.map(\.status).filter { $0 == .confirmed }.count == 1)
    #expect(records.compactMap(\.failure?.code) == [.conflict])
    await bench.stop()
    try await bench.close()
  }

  @Test("A command that arrives during a stop leaves nothing in force", arguments: 0..<6)
  func submitDuringStop(yields: Int) async throws {
    let bench = try await DispatchBench()
    let submitting = Task { try await bench.dispatcher.submit(bench.request("charge", ["powerW": .number(2000)])) }
    for _ in 0..<(yields * 3) { await Task.yield() }
    await bench.stop()
    _ = try? await submitting.value
    for _ in 0..<100 { await Task.yield() }
    #expect(bench.battery.register(10) == 0)
    #expect(await bench.dispatcher.activeLease(of: "battery-1") == nil)
    try await bench.close()
  }

  @Test("Wall time that jumps back makes no lease longer")
  func wallJump() async throws {
    let bench = try await DispatchBench()
    bench.battery.state.withLock { state in
      state.onWrite = { [clock = bench.clock] in clock.jumpWall(byMilliseconds: -86_400_000) }
    }
    let id = try await bench.dispatcher.submit(
      bench.request("charge", ["powerW": .number(2000)], duration: 60)
    ).record.id
    try await bench.until(id, [.acknowledged, .confirmed])
    bench.battery.state.withLock { $0.onWrite = nil }
    try await bench.until(id, [.completed, .unconfirmed], atMost: .seconds(100))
    #expect(bench.battery.register(10) == 0)
    try await bench.close()
  }

  @Test("A device that leaves the configuration is given back first")
  func released() async throws {
    let bench = try await DispatchBench()
    let id = try await charging(bench)
    await bench.during { await bench.dispatcher.release(allBut: []) }
    #expect(try await status(bench, id) == .reverted)
    #expect(bench.battery.register(10) == 0)
    await #expect(throws: CommandRefusal.self) { try await bench.dispatcher.submit(bench.request("charge")) }
    try await bench.close()
  }

  @Test("What was owed before a crash is undone after it and not resumed")
  func owedAcrossCrash() async throws {
    let bench = try await DispatchBench()
    let id = try await charging(bench)
    bench.battery.set(.unreachable)
    let cancelling = Task { await bench.dispatcher.cancel(id) }
    try await bench.until(id, [.drifted])
    _ = await cancelling.value
    try await bench.store.close()
    let next = try await DispatchBench(clock: bench.clock, battery: bench.battery, folder: bench.folder)
    next.battery.set(.obedient)
    try await next.dispatcher.recover()
    let record = try await next.until(id, [.confirmed, .cancelled])
    #expect(record.status == .cancelled)
    #expect(next.battery.register(10) == 0)
    try await next.close()
  }
}
