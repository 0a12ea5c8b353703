import EnergyModel
import GRDB
import TestSupport
import Testing

@testable import GatewayStore
@testable import TelemetryPipeline

@Suite("Raw readings in the pipeline")
struct RawTests {
  private let battery = Home.device("battery", .battery, ["powerW", "energyDischargedTotalWh", "chargingState"])

  private func raw(_ store: GatewayStore, _ field: String) async throws -> [RawReading] {
    try await store.rawReadings(
      of: .init(deviceID: "battery", field: field), from: Timestamp(milliseconds: 0),
      until: Timestamp(milliseconds: .max))
  }

  @Test("Every number is kept as it came, also one that no aggregate believes; words when they change")
  func everything() async throws {
    let rig = try Rig([battery])
    let store = try await rig.open()
    let (pipeline, producer) = try await rig.pipeline(store)
    let powers: [ReadingValue] = [.number(100.5), .number(100.5), .null, .number(-3)]
    for (index, power) in powers.enumerated() {
      rig.clock.advance(by: .seconds(10))
      producer.accept(
        [
          try rig.reading("powerW", power, quality: index == 3 ? .suspect : .good),
          try rig.reading("chargingState", .label(index < 2 ? "idle" : "charging")),
        ], device: 0)
      if index == 1 { try await pipeline.flush() }
    }
    try await pipeline.flush()
    let kept = try await raw(store, "powerW")
    #expect(kept.map(\.value) == powers)
    #expect(kept.map(\.quality) == [.good, .good, .missing, .suspect])
    #expect(kept.map(\.observedAt.milliseconds) == (1...4).map { noon + $0 * 10_000 })
    #expect(try await raw(store, "chargingState").map(\.value) == [.label("idle"), .label("charging")])
    await pipeline.stop()
    try await store.close()
  }

  @Test("While the store fails, readings are held up to the limit; the newest beyond it are counted")
  func limit() async throws {
    let rig = try Rig([battery])
    let store = try await rig.open()
    var limits = PipelineLimits()
    limits.maxPendingRaw = 5
    let (pipeline, producer) = try await rig.pipeline(store, limits: limits)
    try await store.perform("break") { try $0.execute(sql: "ALTER TABLE raw_groups RENAME TO broken") }
    for number in 0..<8 {
      rig.clock.advance(by: .seconds(10))
      producer.accept([try rig.reading("powerW", .number(Double(number)))], device: 0)
      if number % 3 == 0 { try? await pipeline.flush() }
    }
    // A look at the values takes in what is still in the ring.
    _ = pipeline.latest(0)
    #expect(pipeline.statistics.pendingRawReadings == 5)
    #expect(pipeline.statistics.droppedRawReadings == 3)
    try await store.perform("mend") { try $0.execute(sql: "ALTER TABLE broken RENAME TO raw_groups") }
    try await pipeline.flush()
    #expect(try await raw(store, "powerW").compactMap(\.value.number) == [0, 1, 2, 3, 4])
    await pipeline.stop()
    try await store.close()
  }

  @Test("Without recording, windows go on and readings are counted")
  func paused() async throws {
    let rig = try Rig([battery])
    let store = try await rig.open()
    let (pipeline, producer) = try await rig.pipeline(store)
    pipeline.setRecording(false)
    for number in 0..<3 {
      rig.clock.advance(by: .seconds(10))
      producer.accept([try rig.reading("powerW", .number(Double(number)))], device: 0)
    }
    try await pipeline.flush()
    #expect(pipeline.statistics.pausedRawReadings == 3)
    #expect(try await raw(store, "powerW").isEmpty)
    pipeline.setRecording(true)
    rig.clock.advance(by: .seconds(10))
    producer.accept([try rig.reading("powerW", .number(9))], device: 0)
    try await pipeline.flush()
    #expect(try await raw(store, "powerW").count == 1)
    await pipeline.stop()
    try await store.close()
  }
}
