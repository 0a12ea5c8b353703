import CommandDispatch
import EnergyModel
import GatewayStore
import TestSupport
import Testing

@Suite("Settings in flash are not worn out")
struct WriteBudgetTests {
  /// Sends a reserve that the battery does not have yet, and waits for its end.
  private func setReserve(_ percent: Int, _ bench: DispatchBench) async throws {
    let submission = try await bench.dispatcher.submit(
      bench.request("set-reserve", ["reservePercent": .number(Double(percent))]))
    try await bench.until(submission.record.id, [.confirmed])
  }

  @Test("The 25th write of a day is refused with the count and what to do, also after a restart")
  func exhausted() async throws {
    let bench = try await DispatchBench()
    for percent in 21...44 { try await setReserve(percent, bench) }
    let request = bench.request("set-reserve", ["reservePercent": .number(50)])
    let refusal = await #expect(throws: CommandRefusal.self) { try await bench.dispatcher.submit(request) }
    #expect(refusal?.code == .quotaExhausted)
    #expect(refusal?.message.contains("written 24 times today, its write budget is 24 a day") == true)
    #expect(refusal?.hint?.contains("writeBudget") == true)
    #expect(bench.battery.written.count == 24)
    await bench.stop()
    try await bench.store.close()

    let again = try await DispatchBench(clock: bench.clock, battery: bench.battery, folder: bench.folder)
    let second = await #expect(throws: CommandRefusal.self) { try await again.dispatcher.submit(request) }
    #expect(second?.code == .quotaExhausted)
    again.clock.advance(by: .seconds(86_400))
    try await again.battery.refresh(ScriptedBattery.endpoint)
    try await setReserve(50, again)
    #expect(again.battery.written.count == 25)
    try await again.close()
  }

  @Test("A value that the device has already is confirmed without a write and costs nothing")
  func equalValue() async throws {
    let bench = try await DispatchBench()
    try await setReserve(30, bench)
    try await setReserve(30, bench)
    #expect(bench.battery.written == ["FC6 holding 12 = [30]"])
    let day = bench.clock.now.milliseconds / 86_400_000
    #expect(try await bench.store.writeCount(of: "battery-1", day: day) == 1)
    try await bench.close()
  }

  @Test("What is kept in ram has no budget, and giving control back is always allowed")
  func unlimited() async throws {
    let bench = try await DispatchBench()
    for percent in 21...44 { try await setReserve(percent, bench) }
    let charge = try await bench.dispatcher.submit(bench.request("charge", ["powerW": .number(1000)], duration: 60))
    try await bench.until(charge.record.id, [.confirmed])
    let auto = try await bench.dispatcher.submit(bench.request("auto"))
    try await bench.until(auto.record.id, [.confirmed])
    #expect(bench.battery.register(10) == 0)
    try await bench.close()
  }

  @Test("The installation may allow more or fewer writes than the profile")
  func configured() async throws {
    let bench = try await DispatchBench(writeBudget: 2)
    try await setReserve(21, bench)
    try await setReserve(22, bench)
    let refusal = await #expect(throws: CommandRefusal.self) { try await setReserve(23, bench) }
    #expect(refusal?.message.contains("its write budget is 2 a day") == true)
    try await bench.close()
  }
}
