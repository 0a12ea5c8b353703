import CommandDispatch
import EnergyModel
import Foundation
import GatewayStore
import TestSupport
import Testing

@Suite("After a crash")
struct CrashTests {
  private static let idle: [String: ScalarValue] = ["mode": .number(0), "powerW": .number(0)]

  /// A journal as a crash leaves it: the command is in `status`, and whether the device got it is up to the caller.
  private func crashed(
    in status: CommandStatus, leaseSeconds: Double? = 600, before: [String: ScalarValue] = CrashTests.idle
  ) async throws -> (DispatchBench, String) {
    let bench = try await DispatchBench()
    var record = CommandRecord(
      id: "cmd_crashed", deviceID: "battery-1", name: CommandName(kind: .battery, verb: "charge"),
      input: ["powerW": .number(2000)], durationSeconds: leaseSeconds, actor: "ada", idempotencyKey: nil,
      requestDigest: "", createdAt: bench.clock.now)
    record.history = [.init(status: .accepted, at: bench.clock.now)]
    try await bench.store.insert(record)
    record.status = status
    record.history.append(.init(status: status, at: bench.clock.now))
    record.leaseExpiresAt = leaseSeconds.map { bench.clock.now.advanced(byMilliseconds: Int64($0 * 1000)) }
    record.evidence = .init(before: before, predicate: "")
    try await bench.store.update(record)
    return (bench, record.id)
  }

  @Test("A dispatched command that the device does not show is unconfirmed, never sent again, and undone")
  func neverReachedTheDevice() async throws {
    let (bench, id) = try await crashed(in: .dispatched)
    try await bench.dispatcher.recover()
    let record = try await bench.until(id, [.unconfirmed])
    #expect(record.failure?.code == .unknownAfterCrash)
    #expect(bench.battery.written == ["FC6 holding 10 = [0]"])
    try await bench.close()
  }

  @Test("A dispatched command that the device does is confirmed by reading back, and its lease goes on")
  func reachedTheDevice() async throws {
    let (bench, id) = try await crashed(in: .dispatched)
    bench.battery.setRegister(10, 1)
    bench.battery.setRegister(11, 2000)
    bench.battery.setRegister(1, 2000)
    try await bench.dispatcher.recover()
    try await bench.until(id, [.confirmed])
    #expect(bench.battery.written.isEmpty)
    #expect(await bench.dispatcher.activeLease(of: "battery-1")?.id == id)
    await bench.stop()
    try await bench.close()
  }

  @Test("An accepted command that was never sent expires")
  func neverSent() async throws {
    let (bench, id) = try await crashed(in: .accepted)
    try await bench.dispatcher.recover()
    try await bench.until(id, [.expired])
    #expect(bench.battery.written.isEmpty)
    try await bench.close()
  }

  @Test("A lease whose time ended meanwhile is undone as soon as the device is heard")
  func leaseOver() async throws {
    let (bench, id) = try await crashed(in: .confirmed)
    bench.battery.setRegister(10, 1)
    bench.clock.advance(by: .seconds(700))
    bench.setConnectivity(.offline)
    try await bench.dispatcher.recover()
    var steps = 0
    while steps < 1000 {
      if bench.step() { steps += 1 }
      await Task.yield()
    }
    #expect(bench.battery.written.isEmpty)
    bench.setConnectivity(.online)
    try await bench.until(id, [.completed])
    #expect(bench.battery.register(10) == 0)
    try await bench.close()
  }
}
