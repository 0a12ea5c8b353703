import EnergyModel
import Foundation
import GatewayStore
import LocalAPIServer
import Logging
import TelemetryPipeline
import TestSupport
import Testing

@testable import Gateway

@Suite("History of the running gateway")
struct HistoryTests {
  /// A battery that charges with 600 W, a reading each minute, beginning at 2026-05-01T10:00:00Z.
  private final class Cellar {
    let clock = TestClock()
    let folder: URL
    let store: GatewayStore
    let pipeline: TelemetryPipeline
    let producer: TelemetryProducer
    let start: Timestamp

    var reader: HistoryReader { HistoryReader(pipeline: pipeline, store: store) }

    init() async throws {
      start = clock.now
      folder = FileManager.default.temporaryDirectory.appendingPathComponent("history-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
      store = try await GatewayStore.open(
        path: folder.appendingPathComponent("heddle.db").path, now: clock.now, logger: logger)
      let fields = ["powerW", "energyChargedTotalWh", "chargingState", "chargePowerW"].compactMap(Field.named)
      pipeline = try await TelemetryPipeline(
        layout: PipelineLayout(devices: [
          PipelineLayout.Device(id: "battery", kind: .battery, staleAfter: .seconds(180), fields: fields)
        ]), store: store, time: clock.source, logger: logger)
      producer = pipeline.makeProducer(link: "bus")
    }

    func minutes(_ range: Range<Int>, from first: Double, silent: Range<Int> = 0..<0) throws {
      for minute in range {
        if !silent.contains(minute) {
          let values = ["powerW": -600 - Double(minute % 2), "energyChargedTotalWh": first + Double(minute) * 10]
          producer.accept(
            try values.map { name, value in
              Reading(
                field: try #require(Field.named(name)), value: .number(value), observedAt: clock.now,
                receivedAt: clock.now)
            }, device: 0)
        }
        clock.advance(by: .seconds(60))
      }
    }

    func windows(_ name: String, minutes: [Int]) async throws -> [HistoryWindow?] {
      try await pipeline.flush()
      return try await reader.windows(
        "battery", try #require(Field.named(name)),
        boundaries: minutes.map { start.advanced(byMilliseconds: Int64($0) * 60_000) })
    }

    func end() async throws {
      await pipeline.stop()
      try await store.close()
      try FileManager.default.removeItem(at: folder)
    }
  }

  @Test("A gauge has mean, lowest, highest and last sample; a gap has nothing")
  func gauge() async throws {
    let cellar = try await Cellar()
    try cellar.minutes(0..<60, from: 1000, silent: 15..<30)
    let windows = try await cellar.windows("powerW", minutes: [0, 15, 30, 45, 60, 75])
    #expect(windows.map { $0 == nil } == [false, true, false, false, true])
    let first = try #require(windows[0])
    #expect((first.min, first.max, first.last, first.samples) == (-601, -600, -600, 15))
    #expect(abs((first.avg ?? 0) + 600.4667) < 0.001)
    try await cellar.end()
  }

  @Test("A counter has what it showed last and by how much it rose, also over a reset")
  func counter() async throws {
    let cellar = try await Cellar()
    try cellar.minutes(0..<30, from: 1000)
    try cellar.minutes(30..<61, from: -300)
    let windows = try await cellar.windows("energyChargedTotalWh", minutes: [0, 15, 30, 45, 60])
    #expect(windows.map { $0?.last } == [1140, 1290, 140, 290])
    let rises = windows.compactMap { $0?.difference }
    #expect(rises.count == 4)
    #expect(abs(rises[0] - 150) < 1e-6 && abs(rises[3] - 150) < 1e-6)
    #expect(rises.allSatisfy { $0 >= 0 }, "a reset is no fall: \(rises)")
    try await cellar.end()
  }

  @Test("Readings that are gone leave what a counter rose by")
  func olderThanReadings() async throws {
    let cellar = try await Cellar()
    try cellar.minutes(0..<31, from: 1000)
    try await cellar.pipeline.flush()
    try await cellar.store.sealRaw(at: cellar.clock.now.advanced(byMilliseconds: 3_600_000))
    while try await cellar.store.removeOldestRaw(before: cellar.clock.now) > 0 {}
    let window = try #require(try await cellar.windows("energyChargedTotalWh", minutes: [0, 30])[0])
    #expect(window.last == nil)
    #expect(abs((window.difference ?? 0) - 300) < 1e-6)
    try await cellar.end()
  }

  @Test("A power that follows from the signed one is not kept a second time")
  func derived() async throws {
    let cellar = try await Cellar()
    let kept = cellar.pipeline.layout.devices[0].fields.filter { cellar.pipeline.keeps($0, device: 0) }
    #expect(kept.map(\.name) == ["powerW", "energyChargedTotalWh", "chargingState"])
    try await cellar.end()
  }
}
