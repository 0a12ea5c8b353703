import CommandDispatch
import EnergyModel
import GatewayStore
import Synchronization
import TestSupport
import Testing

@testable import Gateway

@Suite("Batches at work")
struct BatchRunnerTests {
  private func batch(_ bench: ScheduleBench, seconds: [Int64]) -> BatchRecord {
    BatchRecord(
      id: "bat_1",
      order: .init(
        tag: "north", command: ScheduledCommand(name: "battery:charge", durationSeconds: 600), ttlSeconds: 60,
        staggerSeconds: 2, jitterSeconds: 1),
      actor: "ada", createdAt: bench.clock.now,
      items: seconds.enumerated().map { index, second in
        .init(deviceID: "battery-\(index + 1)", plannedAt: bench.clock.now.advanced(byMilliseconds: second * 1000))
      } + [.init(deviceID: "meter-1", plannedAt: bench.clock.now, state: .skipped)])
  }

  private func states(_ bench: ScheduleBench) async throws -> [BatchRecord.ItemState] {
    try await bench.store.batch(id: "bat_1")?.items.map(\.state) ?? []
  }

  @Test("Each device has its turn, and a jump of wall time moves none of them")
  func turns() async throws {
    let bench = try await ScheduleBench()
    let batch = batch(bench, seconds: [0, 3, 5])
    try await bench.store.insert(batch)
    let runner = bench.batches()
    await runner.start(batch)
    await bench.clock.untilSleeping(1)
    #expect(bench.sent == ["battery-1 charge 600"])
    bench.clock.jumpWall(byMilliseconds: -315_360_000_000)
    bench.clock.advance(by: .seconds(3))
    await bench.clock.untilSleeping(1)
    #expect(bench.sent.count == 2)
    await runner.stop()
    #expect(try await states(bench) == [.sent, .sent, .waiting, .skipped])
  }

  @Test("After a restart the rest is sent, but what came too late is not")
  func restart() async throws {
    let bench = try await ScheduleBench()
    try await bench.store.insert(batch(bench, seconds: [0, 100, 170]))
    bench.clock.advance(by: .seconds(150))
    let runner = bench.batches()
    await runner.resume()
    await bench.clock.untilSleeping(1)
    #expect(bench.sent == ["battery-2 charge 600"])
    bench.clock.advance(by: .seconds(20))
    while try await states(bench)[2] == .waiting { await Task.yield() }
    #expect(try await states(bench) == [.expired, .sent, .sent, .skipped])
    let keys = bench.state.withLock { $0.requests.map(\.idempotencyKey) }
    #expect(keys == ["bat_1/battery-2", "bat_1/battery-3"])
  }

  @Test("A cancelled batch tells nobody any more, also after a restart")
  func cancelled() async throws {
    let bench = try await ScheduleBench()
    let batch = batch(bench, seconds: [0, 3, 5])
    try await bench.store.insert(batch)
    let runner = bench.batches()
    await runner.start(batch)
    await bench.clock.untilSleeping(1)
    await runner.cancel("bat_1")
    try await bench.store.cancelBatch("bat_1", because: "withdrawn")
    #expect(try await states(bench) == [.sent, .cancelled, .cancelled, .skipped])
    let next = bench.batches()
    await next.resume()
    bench.clock.advance(by: .seconds(10))
    #expect(bench.sent == ["battery-1 charge 600"])
    await next.stop()
  }

  @Test("A refusal of one device does not keep the others from their turn")
  func refusals() async throws {
    let bench = try await ScheduleBench()
    bench.state.withLock { $0.refusal = CommandRefusal(.deviceOffline, "it is offline") }
    let batch = batch(bench, seconds: [0, 1])
    try await bench.store.insert(batch)
    let runner = bench.batches()
    await runner.start(batch)
    await bench.clock.untilSleeping(1)
    bench.state.withLock { $0.refusal = nil }
    bench.clock.advance(by: .seconds(1))
    while try await states(bench)[1] == .waiting { await Task.yield() }
    let items = try #require(try await bench.store.batch(id: "bat_1")?.items)
    #expect(items.map(\.state) == [.rejected, .sent, .skipped])
    #expect(items[0].code == "DEVICE_OFFLINE")
    #expect(items[0].message == "it is offline")
  }
}
