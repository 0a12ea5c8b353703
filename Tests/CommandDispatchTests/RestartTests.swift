import CommandDispatch
import EnergyModel
import Foundation
import GatewayStore
import TestSupport
import Testing

@Suite("From one run to the next")
struct RestartTests {
  private func charging(_ bench: DispatchBench, _ power: Double = 2000, seconds: Double = 600) async throws -> String {
    let id = try await bench.dispatcher.submit(
      bench.request("charge", ["powerW": .number(power)], duration: seconds)
    ).record.id
    try await bench.until(id, [.confirmed])
    return id
  }

  private func pass(_ bench: DispatchBench, _ duration: Duration) async {
    let end = bench.clock.monotonic + duration
    var idle = 0
    while bench.clock.monotonic < end {
      idle = bench.step() ? 0 : idle + 1
      // Nobody waits for anything any more.
      if idle > 500 { bench.clock.advance(by: .milliseconds(250)) }
      bench.battery.happen()
      await Task.yield()
    }
  }

  private func untilResumed(_ bench: DispatchBench) async throws -> CommandRecord {
    for _ in 0..<100 {
      if let record = await bench.dispatcher.activeLease(of: "battery-1") { return record }
      await pass(bench, .milliseconds(250))
    }
    return try #require(await bench.dispatcher.activeLease(of: "battery-1"))
  }

  // MARK: What a stop leaves

  @Test("What a stop has no time to see is open in the journal; the next start looks, and writes nothing again")
  func slowRevert() async throws {
    let bench = try await DispatchBench()
    let id = try await charging(bench)
    bench.battery.set(.late(.seconds(5)))
    await bench.stop()
    let left = try #require(try await bench.store.command(id: id))
    #expect(left.status == .drifted)
    #expect(left.revert == .init(endsAs: .reverted, isSent: true))
    #expect(left.history.last?.detail.contains("has not shown yet") == true)
    let writes = bench.battery.written.count
    let next = try await bench.restarted()
    try await next.dispatcher.recover()
    bench.clock.advance(by: .seconds(5))
    bench.battery.happen()
    let record = try await next.until(id, [.reverted])
    #expect(record.history.last?.detail.hasSuffix("the device is back to normal") == true)
    #expect(record.revert == nil)
    #expect(bench.battery.written.count == writes)
    try await next.close()
  }

  @Test("A device that ignored the stop is told again at the next start, and is an alert while it goes on ignoring")
  func ignoredRevert() async throws {
    let bench = try await DispatchBench()
    let id = try await charging(bench)
    bench.battery.set(.ignoring)
    await bench.stop()
    let writes = bench.battery.written.count
    #expect(bench.findings.all.isEmpty)
    let next = try await bench.restarted()
    try await next.dispatcher.recover()
    for _ in 0..<60 where next.findings.all.isEmpty { await pass(next, .seconds(1)) }
    guard case .wrong(.revertFailed, let record, _) = next.findings.all.first else {
      Issue.record("\(next.findings.all)")
      return
    }
    #expect(record.id == id)
    #expect(bench.battery.written.count == writes + 1)
    bench.battery.set(.obedient)
    try await next.until(id, [.reverted])
    #expect(bench.battery.register(10) == 0)
    #expect(next.findings.all.contains(.over(.revertFailed, deviceID: "battery-1")))
    try await next.close()
  }

  @Test(
    "The fail-safe ends what a stop left: it looks, and writes where looking does not help", arguments: [true, false])
  func failSafe(isSlow: Bool) async throws {
    let bench = try await DispatchBench()
    let id = try await charging(bench)
    bench.battery.set(isSlow ? .late(.seconds(4)) : .ignoring)
    await bench.stop()
    let writes = bench.battery.written.count
    if !isSlow { bench.battery.set(.obedient) }
    let next = try await bench.restarted()
    if isSlow {
      bench.clock.advance(by: .seconds(4))
      bench.battery.happen()
    }
    await next.during { _ = try? await next.dispatcher.releaseAll(patience: .seconds(10)) }
    #expect(try await next.store.command(id: id)?.status == .reverted)
    #expect(bench.battery.register(10) == 0)
    #expect(bench.battery.written.count == writes + (isSlow ? 0 : 1))
    try await next.close()
  }

  @Test("A device that a reload reaches in another way is looked after on the new one")
  func reload() async throws {
    let bench = try await DispatchBench()
    try await bench.dispatcher.recover()
    let id = try await charging(bench)
    bench.battery.set(.ignoring)
    await bench.during { await bench.dispatcher.release(allBut: []) }
    #expect(try await bench.store.command(id: id)?.status == .drifted)
    bench.battery.set(.obedient)
    await bench.configure()
    try await bench.until(id, [.reverted])
    #expect(bench.battery.register(10) == 0)
    await bench.stop()
    try await bench.close()
  }

  // MARK: What was never sent

  /// A command that a crash left as dispatched, without a write.
  private func dispatched(
    _ bench: DispatchBench, _ verb: String, _ input: [String: ScalarValue], seconds: Double? = nil,
    before: [String: ScalarValue]
  ) async throws -> String {
    var record = CommandRecord(
      id: "cmd_unsent", deviceID: "battery-1", name: CommandName(kind: .battery, verb: verb), input: input,
      durationSeconds: seconds, actor: "ada", idempotencyKey: nil, requestDigest: "", createdAt: bench.clock.now)
    record.history = [.init(status: .accepted, at: bench.clock.now)]
    try await bench.store.insert(record)
    record.status = .dispatched
    record.history.append(.init(status: .dispatched, at: bench.clock.now))
    record.leaseExpiresAt = seconds.map { bench.clock.now.advanced(byMilliseconds: Int64($0 * 1000)) }
    record.evidence = .init(before: before, predicate: "")
    try await bench.store.update(record)
    return record.id
  }

  @Test("A command that was never sent is not confirmed because an earlier one had the same effect")
  func earlierLease() async throws {
    let bench = try await DispatchBench()
    let earlier = try await charging(bench, 2500)
    let id = try await dispatched(
      bench, "charge", ["powerW": .number(2000)], seconds: 600,
      before: ["mode": .number(1), "powerW": .number(-2500)])
    let next = try await bench.restarted()
    try await next.dispatcher.recover()
    let record = try await next.until(id, [.unconfirmed, .confirmed])
    #expect(record.status == .unconfirmed)
    #expect(record.failure?.code == .unknownAfterCrash)
    #expect(try await next.store.command(id: earlier)?.status == .superseded)
    #expect(bench.battery.register(10) == 0)
    await pass(next, .seconds(60))
    #expect(!bench.battery.written.contains { $0.contains("[2000]") })
    try await next.close()
  }

  @Test("A lasting setting that the device had already is confirmed by what it shows, and says so")
  func alreadyThere() async throws {
    let bench = try await DispatchBench()
    bench.battery.setRegister(12, 30)
    let id = try await dispatched(
      bench, "set-reserve", ["reservePercent": .number(30)], before: ["reservePercent": .number(30)])
    let next = try await bench.restarted()
    try await next.dispatcher.recover()
    let record = try await next.until(id, [.confirmed])
    #expect(record.history.last?.detail.contains("may have been before") == true)
    #expect(bench.battery.written.isEmpty)
    try await next.close()
  }

  @Test("After giving control back was cut short, the lease that it was to end does not go on")
  func releaseCutShort() async throws {
    let bench = try await DispatchBench()
    let lease = try await charging(bench)
    let id = try await dispatched(bench, "auto", [:], before: ["mode": .number(1)])
    let next = try await bench.restarted()
    try await next.dispatcher.recover()
    try await next.until(id, [.unconfirmed])
    #expect(try await next.store.command(id: lease)?.status == .cancelled)
    #expect(bench.battery.register(10) == 0)
    try await next.close()
  }

  // MARK: Clocks

  private static let jumps: [Int64] = [3600, -3600, 315_360_000, -315_360_000]

  @Test("Within one start of the machine no jump of wall time changes what is left of a lease", arguments: jumps)
  func sameBoot(seconds: Int64) async throws {
    let bench = try await DispatchBench()
    let start = bench.clock.monotonic
    let id = try await charging(bench, seconds: 60)
    await pass(bench, .seconds(10))
    bench.clock.jumpWall(byMilliseconds: seconds * 1000)
    let next = try await bench.restarted()
    try await next.dispatcher.recover()
    let end = try #require(try await untilResumed(next).leaseExpiresAt)
    let left = Duration.seconds(60) - (bench.clock.monotonic - start)
    #expect((Duration.milliseconds(end.millisecondsSince(bench.clock.now)) - left).magnitude < .seconds(2))
    try await next.until(id, [.completed], atMost: .seconds(80))
    let held = bench.clock.monotonic - start
    #expect(held > .seconds(57) && held < .seconds(66))
    #expect(bench.battery.register(10) == 0)
    try await next.close()
  }

  @Test(
    "After another start of the machine a lease goes on only where wall time can be believed", arguments: jumps + [0])
  func otherBoot(seconds: Int64) async throws {
    let bench = try await DispatchBench()
    let start = bench.clock.monotonic
    let id = try await charging(bench, seconds: 60)
    await pass(bench, .seconds(10))
    bench.clock.jumpWall(byMilliseconds: seconds * 1000)
    let next = try await bench.restarted(bootID: "boot-2")
    try await next.dispatcher.recover()
    try await next.until(id, [.completed], atMost: .seconds(80))
    let held = bench.clock.monotonic - start
    if seconds == 0 {
      #expect(held > .seconds(56) && held < .seconds(66))
    } else {
      #expect(held < .seconds(30))
    }
    #expect(bench.battery.register(10) == 0)
    try await next.close()
  }

  @Test("A lease that outlived a start of the machine is counted on the new clock from then on")
  func secondRestart() async throws {
    let bench = try await DispatchBench()
    let start = bench.clock.monotonic
    let id = try await charging(bench, seconds: 60)
    let second = try await bench.restarted(bootID: "boot-2")
    try await second.dispatcher.recover()
    _ = try await untilResumed(second)
    bench.clock.jumpWall(byMilliseconds: 3_600_000)
    let third = try await second.restarted(bootID: "boot-2")
    try await third.dispatcher.recover()
    try await third.until(id, [.completed], atMost: .seconds(80))
    #expect(bench.clock.monotonic - start > .seconds(56))
    try await third.close()
  }

  @Test("Where wall time is set during a lease, its end is said in the new time")
  func shownEnd() async throws {
    let bench = try await DispatchBench()
    let id = try await charging(bench, seconds: 60)
    bench.clock.jumpWall(byMilliseconds: -3_600_000)
    await pass(bench, .seconds(7))
    let end = try #require(try await bench.store.command(id: id)?.leaseExpiresAt)
    #expect((40_000...55_000).contains(end.millisecondsSince(bench.clock.now)))
    await bench.stop()
    try await bench.close()
  }
}

extension Duration {
  fileprivate var magnitude: Duration { self < .zero ? .zero - self : self }
}
