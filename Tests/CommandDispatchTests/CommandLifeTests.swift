import CommandDispatch
import EnergyModel
import Foundation
import GatewayStore
import TestSupport
import Testing

@Suite("The life of a command")
struct CommandLifeTests {
  @Test("A charge is confirmed by fresh telemetry and ends with the battery back to normal")
  func chargeWithLease() async throws {
    let bench = try await DispatchBench()
    let id = try await bench.dispatcher.submit(
      bench.request("charge", ["powerW": .number(2000)], duration: 600)
    ).record.id
    let confirmed = try await bench.until(id, [.confirmed])
    #expect(confirmed.history.map(\.status) == [.accepted, .dispatched, .acknowledged, .confirmed])
    #expect(confirmed.operations == ["FC6 holding 11 = [2000]", "FC6 holding 10 = [1]"])
    #expect(confirmed.evidence?.before["powerW"] == .number(0))
    #expect(confirmed.evidence?.after["powerW"] == .number(-2000))
    #expect(confirmed.evidence?.latencyMilliseconds != nil)
    #expect(confirmed.leaseExpiresAt != nil)

    let completed = try await bench.until(id, [.completed], atMost: .seconds(700))
    #expect(completed.isTerminal)
    #expect(bench.battery.register(10) == 0)
    try await bench.close()
  }

  @Test("A lease is renewed at a third of the device's own timer")
  func keepAlive() async throws {
    let bench = try await DispatchBench()
    let id = try await bench.dispatcher.submit(
      bench.request("charge", ["powerW": .number(2000)], duration: 70)
    ).record.id
    try await bench.until(id, [.completed], atMost: .seconds(120))
    // The timer is 60 s: once for the command, then at 20, 40 and 60 s.
    #expect(bench.battery.written.filter { $0 == "FC6 holding 10 = [1]" }.count == 4)
    try await bench.close()
  }

  @Test("A device that acknowledges and ignores is unconfirmed, never done, and is sent back to normal")
  func ignored() async throws {
    let bench = try await DispatchBench()
    bench.battery.set(.ignoring)
    let id = try await bench.dispatcher.submit(bench.request("charge", ["powerW": .number(2000)])).record.id
    let record = try await bench.until(id, [.unconfirmed])
    #expect(record.failure?.code == .readbackMismatch)
    #expect(bench.battery.written.last == "FC6 holding 10 = [0]")
    #expect(!record.history.contains { $0.status == .confirmed })
    try await bench.close()
  }

  @Test("A device that refuses fails the command with its own words")
  func refused() async throws {
    let bench = try await DispatchBench()
    bench.battery.set(.refusing)
    let id = try await bench.dispatcher.submit(bench.request("charge", ["powerW": .number(2000)])).record.id
    let record = try await bench.until(id, [.failed])
    #expect(record.failure?.code == .vendorRejected)
    #expect(record.failure?.message.contains("exception 3") == true)
    try await bench.close()
  }

  @Test("A write whose answer is lost is read back and not sent again")
  func lostAnswer() async throws {
    let bench = try await DispatchBench()
    bench.battery.set(.silentAfterDoing)
    let id = try await bench.dispatcher.submit(bench.request("set-reserve", ["reservePercent": .number(30)])).record.id
    let record = try await bench.until(id, [.confirmed])
    #expect(record.isTerminal)
    #expect(bench.battery.written == ["FC6 holding 12 = [30]"])
    try await bench.close()
  }

  @Test("Auto ends the lease and gives the battery back")
  func auto() async throws {
    let bench = try await DispatchBench()
    let charge = try await bench.dispatcher.submit(
      bench.request("charge", ["powerW": .number(2000)], duration: 600)
    ).record.id
    try await bench.until(charge, [.confirmed])
    let auto = try await bench.dispatcher.submit(bench.request("auto")).record.id
    let record = try await bench.until(auto, [.confirmed])
    #expect(record.history.first { $0.status == .acknowledged }?.detail == "ended battery:charge (\(charge))")
    #expect(try await bench.store.command(id: charge)?.status == .cancelled)
    #expect(bench.battery.register(10) == 0)
    #expect(await bench.dispatcher.activeLease(of: "battery-1") == nil)
    try await bench.close()
  }

  @Test("Cancelling a running lease undoes the command")
  func cancel() async throws {
    let bench = try await DispatchBench()
    let id = try await bench.dispatcher.submit(
      bench.request("charge", ["powerW": .number(2000)], duration: 600)
    ).record.id
    try await bench.until(id, [.confirmed])
    let cancelling = Task { await bench.dispatcher.cancel(id) }
    let record = try await bench.until(id, [.cancelled])
    #expect(await cancelling.value)
    #expect(record.isTerminal)
    #expect(bench.battery.register(10) == 0)
    try await bench.close()
  }

  @Test("A clean stop undoes every lease")
  func stop() async throws {
    let bench = try await DispatchBench()
    let id = try await bench.dispatcher.submit(
      bench.request("charge", ["powerW": .number(2000)], duration: 600)
    ).record.id
    try await bench.until(id, [.confirmed])
    await bench.stop()
    #expect(try await bench.store.command(id: id)?.status == .reverted)
    #expect(bench.battery.register(10) == 0)
    try await bench.close()
  }

  @Test("A battery that stops doing it during the lease is told again, and the drift is in the record")
  func drift() async throws {
    let bench = try await DispatchBench()
    let id = try await bench.dispatcher.submit(
      bench.request("charge", ["powerW": .number(2000)], duration: 600)
    ).record.id
    try await bench.until(id, [.confirmed])
    // Somebody else, or the device itself, ended it.
    bench.battery.setRegister(10, 0)
    bench.battery.setRegister(1, 0)
    bench.battery.set(.ignoring)
    try await bench.battery.refresh(ScriptedBattery.endpoint)
    try await bench.until(id, [.drifted])
    bench.battery.set(.obedient)
    let again = try await bench.until(id, [.confirmed])
    #expect(again.history.map(\.status).contains(.drifted))
    #expect(bench.battery.register(10) == 1)
    await bench.stop()
    try await bench.close()
  }

  @Test("A drift that writing again does not mend is an alert until the command ends")
  func lastingDrift() async throws {
    let bench = try await DispatchBench()
    let id = try await bench.dispatcher.submit(
      bench.request("charge", ["powerW": .number(2000)], duration: 600)
    ).record.id
    try await bench.until(id, [.confirmed])
    bench.battery.setRegister(10, 0)
    bench.battery.setRegister(1, 0)
    bench.battery.set(.ignoring)
    func isAlarmed() -> Bool {
      bench.findings.all.contains { if case .wrong(.commandDrifted, _, _) = $0 { true } else { false } }
    }
    for _ in 0..<4000 where !isAlarmed() {
      // Fresh telemetry goes on to say that nothing is done.
      try await bench.battery.refresh(ScriptedBattery.endpoint)
      if !bench.step() { await Task.yield() }
    }
    #expect(isAlarmed())
    bench.battery.set(.obedient)
    let cancelling = Task { await bench.dispatcher.cancel(id) }
    try await bench.until(id, [.cancelled])
    _ = await cancelling.value
    #expect(bench.findings.all.last == .over(.commandDrifted, deviceID: "battery-1"))
    try await bench.close()
  }
}
