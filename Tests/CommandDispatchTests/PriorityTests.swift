import CommandDispatch
import EnergyModel
import Foundation
import GatewayStore
import TestSupport
import Testing

@Suite("Priorities, waiting behind a lease, and commands for later")
struct PriorityTests {
  private func submit(
    _ bench: DispatchBench, _ watts: Double, seconds: Double = 600, actor: String = "ada",
    priority: CommandPriority = .user, onConflict: CommandRequest.ConflictPolicy = .reject,
    notBefore: Timestamp? = nil, ttl: Double = 60
  ) async throws -> String {
    try await bench.dispatcher.submit(
      bench.request(
        "charge", ["powerW": .number(watts)], duration: seconds, actor: actor, onConflict: onConflict,
        priority: priority, notBefore: notBefore, ttl: ttl)
    ).record.id
  }

  private func status(_ bench: DispatchBench, _ id: String) async throws -> CommandStatus? {
    try await bench.store.command(id: id)?.status
  }

  private func conflict(_ work: () async throws -> String) async throws -> CommandRefusal? {
    do {
      _ = try await work()
      return nil
    } catch let refusal as CommandRefusal { return refusal }
  }

  @Test("A higher priority takes the device without asking", arguments: CommandPriority.allCases)
  func outranks(holder: CommandPriority) async throws {
    for wanting in CommandPriority.allCases where wanting.outranks(holder) {
      let bench = try await DispatchBench()
      let first = try await submit(bench, 2000, priority: holder)
      try await bench.until(first, [.confirmed])
      let second = try await submit(bench, 1000, actor: "bob", priority: wanting)
      try await bench.until(second, [.confirmed])
      #expect(try await status(bench, first) == .superseded)
      #expect(bench.battery.register(11) == 1000)
      await bench.stop()
      try await bench.close()
    }
  }

  @Test("A lower priority is refused, also with cancelAndReplace and also to the same sender")
  func outranked() async throws {
    let bench = try await DispatchBench()
    let first = try await submit(bench, 2000, priority: .manual)
    try await bench.until(first, [.confirmed])
    for priority in [CommandPriority.gridProgram, .user, .schedule, .optimizer] {
      let refusal = try await conflict {
        try await submit(bench, 1000, priority: priority, onConflict: .cancelAndReplace)
      }
      #expect(refusal?.code == .conflict)
      #expect(refusal?.message.contains("\(first), ada, priority manual) until ") == true)
    }
    #expect(await bench.dispatcher.activeLease(of: "battery-1")?.id == first)
    await bench.stop()
    try await bench.close()
  }

  @Test("A higher priority does not wait for the read-back of a lower one: that is withdrawn and undone")
  func overrules() async throws {
    let bench = try await DispatchBench()
    bench.battery.set(.ignoring)
    let first = try await submit(bench, 2000, priority: .schedule)
    try await bench.until(first, [.acknowledged])
    bench.battery.set(.obedient)
    let second = try await submit(bench, 1000, actor: "bob", priority: .manual)
    try await bench.until(second, [.confirmed], atMost: .seconds(3))
    let record = try #require(try await bench.store.command(id: first))
    #expect(record.status == .superseded)
    #expect(record.history.last?.detail.contains("battery:charge of a higher priority took over (\(second))") == true)
    await bench.stop()
    try await bench.close()
  }

  @Test("queueAfter waits until the lease ends, in order, and shows whom it waits for")
  func queueAfter() async throws {
    let bench = try await DispatchBench()
    let first = try await submit(bench, 2000, seconds: 60)
    try await bench.until(first, [.confirmed])
    let second = try await submit(bench, 1000, seconds: 30, actor: "bob", onConflict: .queueAfter, ttl: 600)
    let waiting = try await bench.until(second, [.queued])
    #expect(waiting.waitsFor == first)
    let third = try await submit(bench, 500, seconds: 30, actor: "cy", onConflict: .queueAfter, ttl: 600)
    try await bench.until(second, [.confirmed])
    #expect(try await status(bench, first) == .completed)
    #expect(try await status(bench, third) == .queued)
    try await bench.until(third, [.confirmed])
    #expect(try await status(bench, second) == .completed)
    try await bench.until(third, [.completed])
    #expect(bench.battery.register(10) == 0)
    try await bench.close()
  }

  @Test("queueAfter waits no longer than its time to live, and can be withdrawn")
  func queueAfterEnds() async throws {
    let bench = try await DispatchBench()
    let first = try await submit(bench, 2000)
    try await bench.until(first, [.confirmed])
    let second = try await submit(bench, 1000, actor: "bob", onConflict: .queueAfter)
    let third = try await submit(bench, 1000, actor: "cy", onConflict: .queueAfter, ttl: 600)
    try await bench.until(second, [.expired], atMost: .seconds(62))
    #expect(await bench.dispatcher.cancel(third))
    #expect(try await status(bench, third) == .cancelled)
    #expect(await bench.dispatcher.activeLease(of: "battery-1")?.id == first)
    await bench.stop()
    try await bench.close()
  }

  // MARK: Later

  @Test("A command for later waits as scheduled and is sent at its time, with the limits of then")
  func later() async throws {
    let bench = try await DispatchBench(state: .offline)
    let time = bench.clock.now.advanced(byMilliseconds: 600_000)
    let id = try await submit(bench, 4000, seconds: 60, notBefore: time)
    try await bench.until(id, [.scheduled])
    bench.setConnectivity(.online)
    let record = try await bench.until(id, [.confirmed], atMost: .seconds(700))
    #expect(record.history.map(\.status) == [.accepted, .scheduled, .dispatched, .acknowledged, .confirmed])
    let sent = try #require(record.history.first { $0.status == .dispatched })
    #expect((0..<1000).contains(sent.at.millisecondsSince(time)))
    try await bench.until(id, [.completed])
    try await bench.close()
  }

  @Test("What can never be done is refused at once, also for later")
  func laterRefusals() async throws {
    let bench = try await DispatchBench()
    let time = bench.clock.now.advanced(byMilliseconds: 600_000)
    for (verb, input, code): (String, [String: ScalarValue], CommandErrorCode) in [
      ("discharge", [:], .unsupportedCommand), ("charge", ["watts": .number(1)], .unsupportedParameter),
      ("charge", ["powerW": .number(50)], .outOfRange), ("set-reserve", [:], .missingParameter),
    ] {
      let refusal = try await conflict {
        try await bench.dispatcher.submit(bench.request(verb, input, notBefore: time)).record.id
      }
      #expect(refusal?.code == code)
    }
    for offset: Int64 in [-61_000, 400 * 86_400_000] {
      let refusal = try await conflict {
        try await submit(bench, 1000, notBefore: bench.clock.now.advanced(byMilliseconds: offset))
      }
      #expect(refusal?.parameter == "notBefore")
    }
    try await bench.close()
  }

  @Test("A command for later can be withdrawn")
  func laterWithdrawn() async throws {
    let bench = try await DispatchBench()
    let id = try await submit(bench, 1000, notBefore: bench.clock.now.advanced(byMilliseconds: 600_000))
    try await bench.until(id, [.scheduled])
    #expect(await bench.dispatcher.cancel(id))
    #expect(try await status(bench, id) == .cancelled)
    #expect(bench.battery.written.isEmpty)
    try await bench.close()
  }

  @Test("A command for later outlives a clean stop and a reload", arguments: [true, false])
  func laterAcrossRestart(isRestart: Bool) async throws {
    var bench = try await DispatchBench()
    try await bench.dispatcher.recover()
    let id = try await submit(bench, 1000, notBefore: bench.clock.now.advanced(byMilliseconds: 600_000))
    try await bench.until(id, [.scheduled])
    if isRestart {
      await bench.stop()
      try await bench.store.close()
      bench = try await DispatchBench(clock: bench.clock, battery: bench.battery, folder: bench.folder)
      try await bench.dispatcher.recover()
    } else {
      await bench.dispatcher.release(allBut: [])
      await bench.configure()
    }
    #expect(try await status(bench, id) == .scheduled)
    let record = try await bench.until(id, [.confirmed], atMost: .seconds(700))
    #expect(record.history.filter { $0.status == .scheduled }.count == 1)
    await bench.stop()
    try await bench.close()
  }

  @Test("A command whose time passed while the gateway was off is sent within its time to live, else it expires")
  func passedWhileOff() async throws {
    for (off, expected) in [(Duration.seconds(630), CommandStatus.confirmed), (.seconds(700), .expired)] {
      let bench = try await DispatchBench()
      let id = try await submit(bench, 1000, notBefore: bench.clock.now.advanced(byMilliseconds: 600_000))
      try await bench.until(id, [.scheduled])
      await bench.stop()
      try await bench.store.close()
      bench.clock.advance(by: off)
      let next = try await DispatchBench(clock: bench.clock, battery: bench.battery, folder: bench.folder)
      try await next.battery.refresh(ScriptedBattery.endpoint)
      try await next.dispatcher.recover()
      try await next.until(id, [expected])
      await next.stop()
      try await next.close()
    }
  }

  @Test("A command for later ends when its device leaves the configuration")
  func deviceLeaves() async throws {
    let bench = try await DispatchBench()
    try await bench.dispatcher.recover()
    let id = try await submit(bench, 1000, notBefore: bench.clock.now.advanced(byMilliseconds: 600_000))
    try await bench.until(id, [.scheduled])
    await bench.dispatcher.configure([])
    #expect(try await status(bench, id) == .cancelled)
    try await bench.close()
  }
}
