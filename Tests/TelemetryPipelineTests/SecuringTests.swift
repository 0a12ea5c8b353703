import EnergyModel
import Foundation
import GRDB
import TestSupport
import Testing

@testable import GatewayStore
@testable import TelemetryPipeline

@Suite("Readings that are durable before their windows")
struct SecuringTests {
  private static let battery = Home.device(
    "battery", .battery, ["powerW", "energyDischargedTotalWh", "socPercent", "chargingState"])
  private static let hour = [Timestamp(milliseconds: noon), Timestamp(milliseconds: noon + 3_600_000)]

  /// What the store has of an hour after all readings were given, with a kill after some of them.
  private struct Account: Equatable {
    var energy: Double?
    var samples: Int?
    var mean: Double?
    var state: ReadingValue?
    var readings: [Double]
  }

  private func account(_ pipeline: TelemetryPipeline, _ store: GatewayStore) async throws -> Account {
    try await pipeline.flush()
    let discharge = try await pipeline.usage(
      .device, id: "battery", metrics: [.discharge], boundaries: Self.hour)[.discharge]?.first
    let power = try await pipeline.history(
      deviceID: "battery", field: try #require(Field.named("powerW")), boundaries: Self.hour)[0]
    let raw = try await store.rawReadings(
      of: .init(deviceID: "battery", field: "powerW"), from: Self.hour[0], until: Self.hour[1])
    return Account(
      energy: discharge?.wattHours.map { ($0 * 1e6).rounded() / 1e6 }, samples: power?.samples,
      mean: power.map { $0.sum / Double($0.samples) },
      state: pipeline.latest(0).first { $0.field.name == "chargingState" }?.value,
      readings: raw.compactMap(\.value.number))
  }

  /// - Parameter kills: after which readings what was secured is all that is left; each is secured, one in twenty is flushed.
  private func life(_ count: Int, killedAfter kills: Set<Int>) async throws -> Account {
    var rig = try Rig([Self.battery])
    let clock = rig.clock
    var store = try await rig.open()
    var (pipeline, producer) = try await rig.pipeline(store)
    for number in 1...count {
      clock.advance(by: .seconds(10))
      producer.accept(
        [
          try reading("powerW", .number(Double(1000 + number % 7)), clock),
          try reading("energyDischargedTotalWh", .number(Double(number) * 2.5), clock),
          try reading("chargingState", .label(number % 20 < 10 ? "discharging" : "idle"), clock),
        ], device: 0)
      try await pipeline.secure()
      if number % 20 == 0 { try await pipeline.flush() }
      guard kills.contains(number) else { continue }
      // The file as a process that is killed leaves it.
      let left = try Rig([Self.battery], clock: clock)
      for suffix in ["", "-wal"] {
        try FileManager.default.copyItem(atPath: rig.file + suffix, toPath: left.file + suffix)
      }
      try await store.close()
      rig = left
      store = try await rig.open()
      (pipeline, producer) = try await rig.pipeline(store)
    }
    let result = try await account(pipeline, store)
    await pipeline.stop()
    try await store.close()
    return result
  }

  private func reading(_ field: String, _ value: ReadingValue, _ clock: TestClock) throws -> Reading {
    Reading(field: try #require(Field.named(field)), value: value, observedAt: clock.now, receivedAt: clock.now)
  }

  @Test("However often the gateway is killed, energies, means, words and readings are those of a life without kills")
  func kills() async throws {
    let calm = try await life(60, killedAfter: [])
    #expect(calm.readings.count == 60)
    #expect(calm.energy == 147.5)
    #expect(try await life(60, killedAfter: [1, 2, 13, 20, 30, 31, 59]) == calm)
  }

  @Test("What is booked is not booked again")
  func once() async throws {
    let rig = try Rig([Self.battery])
    let store = try await rig.open()
    let (pipeline, producer) = try await rig.pipeline(store)
    for number in 1...3 {
      rig.clock.advance(by: .seconds(10))
      producer.accept([try reading("powerW", .number(Double(number)), rig.clock)], device: 0)
      try await pipeline.secure()
    }
    #expect(try await store.unbookedReadings().count == 3)
    try await pipeline.flush()
    #expect(try await store.unbookedReadings().isEmpty)
    await pipeline.stop()
    let (second, _) = try await rig.pipeline(store)
    #expect(try await account(second, store).samples == 3)
    await second.stop()
    try await store.close()
  }

  @Test("What is not booked is not put together by series yet, so that it keeps its order")
  func unsealed() async throws {
    let rig = try Rig([Self.battery])
    let store = try await rig.open()
    let (pipeline, producer) = try await rig.pipeline(store)
    producer.accept([try reading("powerW", .number(1), rig.clock)], device: 0)
    try await pipeline.secure()
    let later = rig.clock.now.advanced(byMilliseconds: 3_600_000)
    #expect(try await store.sealRaw(at: later) == nil)
    try await pipeline.flush()
    #expect(try await store.sealRaw(at: later) == 0)
    await pipeline.stop()
    try await store.close()
  }

  @Test("Without raw readings, the windows themselves are made durable")
  func withoutRaw() async throws {
    let rig = try Rig([Self.battery])
    let store = try await rig.open()
    var limits = PipelineLimits()
    limits.keepsRaw = false
    let (pipeline, producer) = try await rig.pipeline(store, limits: limits)
    rig.clock.advance(by: .seconds(10))
    producer.accept([try reading("powerW", .number(5), rig.clock)], device: 0)
    try await pipeline.secure()
    let sums = try await store.sums(
      of: SeriesKey(scope: .device, scopeID: "battery", metric: "powerW"), boundaries: Self.hour)
    #expect(sums.sums[0]?.samples == 1)
    await pipeline.stop()
    try await store.close()
  }

  @Test("A store that fails says so, and the next attempt has everything")
  func failure() async throws {
    let rig = try Rig([Self.battery])
    let store = try await rig.open()
    let (pipeline, producer) = try await rig.pipeline(store)
    try await store.perform("break") { try $0.execute(sql: "ALTER TABLE raw_groups RENAME TO broken") }
    for number in 1...3 {
      rig.clock.advance(by: .seconds(10))
      producer.accept([try reading("powerW", .number(Double(number)), rig.clock)], device: 0)
      await #expect(throws: GatewayStoreError.self) { try await pipeline.secure() }
    }
    try await store.perform("mend") { try $0.execute(sql: "ALTER TABLE broken RENAME TO raw_groups") }
    try await pipeline.secure()
    #expect(try await store.unbookedReadings().compactMap(\.reading.value.number) == [1, 2, 3])
    await pipeline.stop()
    try await store.close()
  }

  @Test("Messages that arrive in the same millisecond are all kept")
  func burst() async throws {
    let rig = try Rig([Self.battery])
    let store = try await rig.open()
    let (pipeline, producer) = try await rig.pipeline(store)
    for number in 1...5 { producer.accept([try reading("powerW", .number(Double(number)), rig.clock)], device: 0) }
    #expect(try await account(pipeline, store).readings == [1, 2, 3, 4, 5])
    await pipeline.stop()
    try await store.close()
  }
}
