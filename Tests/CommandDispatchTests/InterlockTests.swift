import CommandDispatch
import EnergyModel
import GatewayStore
import TestSupport
import Testing

@Suite("What an installation forbids")
struct InterlockTests {
  /// Submits under interlocks and returns the refusal; nothing may have been written.
  private func refusal(
    _ verb: String, _ input: [String: ScalarValue], gridPowerW: Double? = nil,
    prepare: (DispatchBench) async throws -> Void = { _ in }, _ change: (inout Interlocks) -> Void
  ) async throws -> CommandRefusal? {
    var interlocks = Interlocks()
    change(&interlocks)
    let bench = try await DispatchBench(interlocks: interlocks, gridPowerW: gridPowerW)
    try await prepare(bench)
    let written = bench.battery.written
    do throws(CommandRefusal) {
      _ = try await bench.dispatcher.submit(bench.request(verb, input, duration: verb == "charge" ? 60 : nil))
      return nil
    } catch {
      #expect(error.code == .interlock)
      #expect(bench.battery.written == written)
      return error
    }
  }

  @Test("A battery is not charged above its ceiling")
  func ceiling() async throws {
    let refusal = try await refusal("charge", ["powerW": .number(1000)]) { $0.maxSocPercent = 50 }
    #expect(refusal?.message.contains("reached maxSocPercent 50") == true)
    #expect(try await self.refusal("charge", ["powerW": .number(1000)]) { $0.maxSocPercent = 51 } == nil)
  }

  @Test("A power above the installation's limit is forbidden although the battery could do it")
  func power() async throws {
    let refusal = try await refusal("charge", ["powerW": .number(3001)]) { $0.maxChargePowerW = 3000 }
    #expect(refusal?.message.contains("'powerW' 3001 is above maxChargePowerW 3000") == true)
    #expect(refusal?.parameter == "powerW")
    #expect(try await self.refusal("charge", ["powerW": .number(3000)]) { $0.maxChargePowerW = 3000 } == nil)
  }

  @Test("A reserve below the floor is forbidden")
  func floor() async throws {
    let refusal = try await refusal("set-reserve", ["reservePercent": .number(5)]) { $0.minSocPercent = 10 }
    #expect(refusal?.message.contains("below minSocPercent 10") == true)
  }

  @Test("A step that is too large is forbidden")
  func step() async throws {
    let refusal = try await refusal("charge", ["powerW": .number(3000)]) { $0.maxPowerStepW = 1000 }
    #expect(refusal?.message.contains("from 0 W to -3000 W is more than one step") == true)
    #expect(try await self.refusal("charge", ["powerW": .number(1000)]) { $0.maxPowerStepW = 1000 } == nil)
  }

  @Test("Charging that would overload the grid connection is forbidden, and so is deciding it without a meter")
  func site() async throws {
    let input: [String: ScalarValue] = ["powerW": .number(4000)]
    let refusal = try await refusal("charge", input, gridPowerW: 2000) { $0.maxImportPowerW = 5000 }
    #expect(refusal?.message.contains("would take 6000 W from the grid") == true)
    #expect(try await self.refusal("charge", input, gridPowerW: 900) { $0.maxImportPowerW = 5000 } == nil)
    let blind = try await self.refusal("charge", input) { $0.maxImportPowerW = 5000 }
    #expect(blind?.message.contains("no fresh value") == true)
  }

  @Test("Two commands within the least interval: the second one is forbidden")
  func interval() async throws {
    var interlocks = Interlocks()
    interlocks.minIntervalSeconds = 600
    let bench = try await DispatchBench(interlocks: interlocks)
    let first = try await bench.dispatcher.submit(bench.request("set-reserve", ["reservePercent": .number(20)]))
    try await bench.until(first.record.id, [.confirmed])
    let refusal = await #expect(throws: CommandRefusal.self) {
      try await bench.dispatcher.submit(bench.request("set-reserve", ["reservePercent": .number(30)]))
    }
    #expect(refusal?.code == .interlock)
    #expect(refusal?.hint?.contains("minIntervalSeconds is 600") == true)
    await bench.stop()
    try await bench.store.close()
    // The journal remembers it over a restart.
    let again = try await DispatchBench(
      clock: bench.clock, battery: bench.battery, folder: bench.folder, interlocks: interlocks)
    await #expect(throws: CommandRefusal.self) {
      try await again.dispatcher.submit(again.request("set-reserve", ["reservePercent": .number(30)]))
    }
    again.clock.advance(by: .seconds(600))
    try await again.battery.refresh(ScriptedBattery.endpoint)
    _ = try await again.dispatcher.submit(again.request("set-reserve", ["reservePercent": .number(30)]))
    try await again.close()
  }

  @Test("Interlocks that come later hold for what is sent then and for what runs already")
  func later() async throws {
    let bench = try await DispatchBench()
    let id = try await bench.dispatcher.submit(
      bench.request("charge", ["powerW": .number(2000)], duration: 3600)
    ).record.id
    try await bench.until(id, [.confirmed])
    var interlocks = Interlocks()
    interlocks.maxChargePowerW = 1000
    await bench.dispatcher.restrict(["battery-1": interlocks, "nobody": interlocks])
    let refusal = await #expect(throws: CommandRefusal.self) {
      try await bench.dispatcher.submit(bench.request("charge", ["powerW": .number(1500)], duration: 60))
    }
    #expect(refusal?.code == .interlock)
    try await bench.until(id, [.reverted])
    try await bench.close()
  }

  @Test("What a device says comes over what its site says, and the rest is the site's")
  func sites() {
    var device = Interlocks()
    device.minSocPercent = 30
    var site = Interlocks()
    site.minSocPercent = 10
    site.maxImportPowerW = 5000
    site.exclusiveWith = ["other"]
    let both = device.over(site)
    #expect(both.minSocPercent == 30 && both.maxImportPowerW == 5000 && both.exclusiveWith == ["other"])
    #expect(Interlocks().over(site) == site && site.over(Interlocks()) == site)
    device.exclusiveWith = ["one"]
    #expect(device.over(site).exclusiveWith == ["one"])
  }

  @Test("A lease that becomes forbidden is undone at once")
  func lease() async throws {
    var interlocks = Interlocks()
    interlocks.maxSocPercent = 80
    let bench = try await DispatchBench(interlocks: interlocks)
    let id = try await bench.dispatcher.submit(
      bench.request("charge", ["powerW": .number(2000)], duration: 3600)
    ).record.id
    try await bench.until(id, [.confirmed])
    bench.battery.setRegister(0, 80)
    try await bench.battery.refresh(ScriptedBattery.endpoint)
    let record = try await bench.until(id, [.reverted], atMost: .seconds(20))
    #expect(record.failure?.code == .interlock)
    #expect(record.history.last?.detail.contains("reached maxSocPercent 80") == true)
    #expect(bench.battery.register(10) == 0)
    try await bench.close()
  }

  @Test("Giving control back is never forbidden")
  func auto() async throws {
    var interlocks = Interlocks()
    interlocks.minIntervalSeconds = 600
    interlocks.maxSocPercent = 1
    let bench = try await DispatchBench(interlocks: interlocks)
    for _ in 0..<2 {
      let auto = try await bench.dispatcher.submit(bench.request("auto"))
      try await bench.until(auto.record.id, [.confirmed])
    }
    try await bench.close()
  }
}
