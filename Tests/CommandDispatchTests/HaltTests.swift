import CommandDispatch
import EnergyModel
import Foundation
import GatewayStore
import TestSupport
import Testing

@Suite("Stopping everything")
struct HaltTests {
  @Test("A stop ends the lease of the highest priority, drops what waits, and is confirmed by the device")
  func halt() async throws {
    let bench = try await DispatchBench()
    let lease = try await bench.dispatcher.submit(
      bench.request("charge", ["powerW": .number(2000)], duration: 600, priority: .manual)
    ).record.id
    try await bench.until(lease, [.confirmed])
    let waiting = try await bench.dispatcher.submit(
      bench.request("charge", duration: 600, actor: "bob", onConflict: .queueAfter, ttl: 3600)
    ).record.id
    try await bench.until(waiting, [.queued])
    let later = try await bench.dispatcher.submit(
      bench.request("charge", duration: 600, notBefore: bench.clock.now.advanced(byMilliseconds: 3_600_000))
    ).record.id
    try await bench.until(later, [.scheduled])

    let outcomes = await bench.dispatcher.halt(["battery-1", "nobody"], actor: "cy")
    #expect(outcomes.map(\.deviceID) == ["battery-1"])
    let auto = try #require(outcomes[0].record)
    #expect(auto.priority == .safety)
    let record = try await bench.until(auto.id, [.confirmed])
    #expect(record.history.contains { $0.detail.contains(lease) })
    let dropped = try await bench.until(waiting, [.superseded])
    #expect(dropped.history.last?.detail == "everything was stopped by cy")
    #expect(try await bench.store.command(id: lease)?.isTerminal == true)
    #expect(try await bench.store.command(id: later)?.status == .scheduled)
    #expect(bench.battery.register(10) == 0)
    try await bench.close()
  }

  @Test("A stop does not wait for a read-back, and works on a device whose telemetry is old")
  func haltDuringReadBack() async throws {
    let bench = try await DispatchBench()
    bench.battery.set(.ignoring)
    let charge = try await bench.dispatcher.submit(bench.request("charge", ["powerW": .number(2000)])).record.id
    try await bench.until(charge, [.acknowledged])
    bench.battery.set(.obedient)
    let auto = try #require(await bench.dispatcher.halt(["battery-1"], actor: "cy").first?.record)
    try await bench.until(auto.id, [.confirmed], atMost: .seconds(3))
    #expect(try await bench.store.command(id: charge)?.status == .superseded)

    bench.clock.advance(by: .seconds(120))
    let again = try #require(await bench.dispatcher.halt(["battery-1"], actor: "cy").first?.record)
    try await bench.until(again.id, [.confirmed])
    try await bench.close()
  }

  @Test("A device that cannot be reached is told so, its lease ends, and undoing it is tried until it works")
  func haltUnreachable() async throws {
    let bench = try await DispatchBench()
    let lease = try await bench.dispatcher.submit(
      bench.request("charge", ["powerW": .number(2000)], duration: 600)
    ).record.id
    try await bench.until(lease, [.confirmed])
    bench.battery.set(.unreachable)
    bench.setConnectivity(.offline)
    let outcome = try #require(await bench.dispatcher.halt(["battery-1"], actor: "cy").first)
    #expect(outcome.refusal?.code == .deviceOffline)
    #expect(outcome.record?.id == lease)
    try await bench.until(lease, [.drifted])
    #expect(await bench.dispatcher.activeLease(of: "battery-1") == nil)
    bench.battery.set(.obedient)
    try await bench.until(lease, [.cancelled])
    #expect(bench.battery.register(10) == 0)
    try await bench.close()
  }
}
