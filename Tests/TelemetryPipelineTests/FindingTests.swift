import EnergyModel
import GatewayStore
import TestSupport
import Testing

@testable import TelemetryPipeline

@Suite("What the pipeline finds out about its devices")
struct FindingTests {
  private let battery = Home.device(
    "battery", .battery, ["powerW", "energyDischargedTotalWh", "chargingState", "reservePercent"], rated: 5000)
  private let meter = Home.device("grid", .meter, ["powerW"], role: .grid)

  @Test("A device with an old gauge is stale until the gauge comes again; old settings and devices never heard are not")
  func staleness() async throws {
    let rig = try Rig([battery, meter])
    let store = try await rig.open()
    let (pipeline, producer) = try await rig.pipeline(store)
    producer.accept(
      [
        try rig.reading("powerW", .number(1)), try rig.reading("chargingState", .label("idle")),
        try rig.reading("reservePercent", .number(20)),
      ], device: 0)
    rig.clock.advance(by: .seconds(30))
    #expect(pipeline.staleDevices() == [])
    rig.clock.advance(by: .milliseconds(1))
    #expect(pipeline.staleDevices() == [0])
    producer.accept([try rig.reading("powerW", .number(1))], device: 0)
    #expect(pipeline.staleDevices() == [0])
    producer.accept([try rig.reading("chargingState", .label("idle"))], device: 0)
    #expect(pipeline.staleDevices() == [])
    #expect(pipeline.words(try #require(Field.named("chargingState"))) == [0: .label("idle")])
    await pipeline.stop()
    try await store.close()
  }

  @Test("A reset is told when it is believed, several as one, and a midnight is none")
  func resets() throws {
    var daily = battery
    daily.id = "daily"
    daily.counters = [try #require(Field.named("energyDischargedTotalWh")): .daily]
    var home = Home([battery, daily])
    func give(_ values: [Double], to home: inout Home) {
      for value in values {
        home.advance(seconds: 10)
        home.give("battery", "energyDischargedTotalWh", value)
        home.give("daily", "energyDischargedTotalWh", value)
      }
    }
    give([500_000, 500_010, 2, 5], to: &home)
    #expect(home.aggregator.takeResets() == [])
    give([9], to: &home)
    let reset = try #require(home.aggregator.takeResets().first)
    #expect(reset.deviceID == "battery" && reset.field.name == "energyDischargedTotalWh")
    #expect(reset.before == 500_010 && reset.after == 9 && reset.epoch == 1 && reset.count == 1)
    #expect(home.aggregator.takeResets() == [])
    give([10, 0, 1, 2, 1, 1, 1], to: &home)
    let several = home.aggregator.takeResets()
    #expect(several.map(\.count) == [2] && several.first?.before == 10 && several.first?.epoch == 3)
  }

  @Test("What a customer's counter brings after a gap is late; what comes in time is not")
  func lateUsage() async throws {
    let rig = try Rig([battery, meter])
    let store = try await rig.open()
    let (pipeline, producer) = try await rig.pipeline(store)
    try rig.minute(producer, count: 1000)
    try await pipeline.flush()
    #expect(pipeline.takeLateUsage() == [:])
    // An hour without an answer.
    rig.clock.advance(by: .seconds(3600))
    try rig.minute(producer, count: 2000)
    try await pipeline.flush()
    let quarters = [0, 15, 30, 45].map { Timestamp(milliseconds: noon + $0 * 60_000) }
    #expect(pipeline.takeLateUsage() == ["demo": Set(quarters)])
    #expect(pipeline.takeLateUsage() == [:])
    await pipeline.stop()
    try await store.close()
  }
}
