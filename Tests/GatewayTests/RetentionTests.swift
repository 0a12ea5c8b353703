import EnergyModel
import Foundation
import GatewayStore
import Logging
import Synchronization
import TelemetryPipeline
import TestSupport
import Testing
import TimeSource

@testable import Gateway

@Suite("What is kept for how long")
struct RetentionTests {
  /// A store with a retention whose surroundings the test turns.
  private final class Cellar: Sendable {
    let folder: URL
    let clock = TestClock()
    let store: GatewayStore
    let pipeline: TelemetryPipeline
    let producer: TelemetryProducer
    let settings = Mutex(StorageSettings())
    let freeBytes = Mutex<Int64?>(1 << 40)
    /// Alerts that are open.
    let alerts = Mutex<Set<AlertRecord.Kind>>([])
    let names = RawSeriesNames([.init(deviceID: "meter", field: "powerW")])

    init() async throws {
      folder = FileManager.default.temporaryDirectory.appendingPathComponent("retention-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
      store = try await GatewayStore.open(
        path: folder.appendingPathComponent("heddle.db").path, now: clock.now, logger: logger)
      let power = try #require(Field.named("powerW"))
      pipeline = try await TelemetryPipeline(
        layout: PipelineLayout(devices: [
          PipelineLayout.Device(id: "meter", kind: .meter, staleAfter: .seconds(30), fields: [power])
        ]), store: store, time: clock.source, logger: logger)
      producer = pipeline.makeProducer(link: "bus")
    }

    var retention: Retention {
      Retention(
        store: store, time: clock.source, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
        around: .init(
          settings: { self.settings.withLock { $0 } }, pipeline: { self.pipeline },
          freeBytes: { self.freeBytes.withLock { $0 } },
          alert: { kind, message in
            self.alerts.withLock { open in
              if message == nil { _ = open.remove(kind) } else { _ = open.insert(kind) }
            }
          }))
    }

    /// A block of raw readings of an age in days, that do not compress.
    func block(daysAgo: Int64, readings: Int) async throws {
      let at = clock.now.advanced(byMilliseconds: -daysAgo * 86_400_000)
      let samples = (0..<readings).map { index in
        RawSample(
          series: 0, value: Double(index) * .pi, quality: .good, observedAt: at.milliseconds + Int64(index))
      }
      let raw = RawBatch(names: names, samples: samples, at: at)
      try await store.apply(WindowBatch(series: [], deltas: [], closedThrough: clock.now, raw: raw))
      try await store.sealRaw(at: clock.now.advanced(byMilliseconds: 3_600_000))
    }

    func measure() async throws {
      clock.advance(by: .seconds(10))
      let power = try #require(Field.named("powerW"))
      producer.accept(
        [Reading(field: power, value: .number(1), observedAt: clock.now, receivedAt: clock.now)], device: 0)
      try await pipeline.flush()
    }

    func end() async throws {
      await pipeline.stop()
      try await store.close()
      try FileManager.default.removeItem(at: folder)
    }
  }

  @Test("Raw readings go after a week, minutes after 90 days, what is made of them after years")
  func age() async throws {
    let cellar = try await Cellar()
    let now = cellar.clock.now.milliseconds / 60_000
    let keys = ["powerW", "charge"].map { SeriesKey(scope: .device, scopeID: "battery-1", metric: $0) }
    let ages: [Int64] = [1, 89 * 1440, 91 * 1440, 300 * 1440, 3700 * 1440]
    let deltas = keys.indices.flatMap { series in
      ages.map { age in
        WindowDelta(
          series: series, minute: now - age, sum: 1, samples: 1, coveredMilliseconds: 60_000, quality: .good)
      }
    }
    try await cellar.store.apply(WindowBatch(series: keys, deltas: deltas, closedThrough: cellar.clock.now))
    for days in [9, 8, 6] as [Int64] { try await cellar.block(daysAgo: days, readings: 10) }
    await cellar.retention.sumUp()
    await cellar.retention.removeOld()
    let all = [Timestamp(milliseconds: 0), cellar.clock.now]
    for key in keys {
      #expect(try await cellar.store.sums(of: key, boundaries: all).sums.first??.samples == 4)
    }
    let oldest = try #require(try await cellar.store.oldestMinute())
    #expect(cellar.clock.now.millisecondsSince(oldest) < 90 * 86_400_000)
    #expect(try await cellar.store.rawTotals().readings == 10)
    try await cellar.end()
  }

  @Test("Beyond its largest size the oldest raw readings go first, with an alert until there is room")
  func bytes() async throws {
    let cellar = try await Cellar()
    for days in (1...6).reversed() { try await cellar.block(daysAgo: Int64(days), readings: 4000) }
    let retention = cellar.retention
    await retention.checkRoom()
    #expect(try await cellar.store.rawTotals().readings == 24_000)
    let full = try await cellar.store.space().usedBytes
    cellar.settings.withLock { $0.maxBytes = full - 50_000 }
    await retention.checkRoom()
    let left = try await cellar.store.rawTotals()
    #expect(left.readings < 24_000 && left.readings > 0)
    #expect(left.oldest.map { cellar.clock.now.millisecondsSince($0) < 6 * 86_400_000 } == true, "the oldest went")
    #expect(try await cellar.store.space().usedBytes <= full - 50_000)
    #expect(cellar.alerts.withLock { $0 } == [.storeLimitReached])
    cellar.settings.withLock { $0.maxBytes = full * 2 }
    await retention.checkRoom()
    #expect(cellar.alerts.withLock { $0 } == [])
    // Nothing is left that may go: it ends all the same.
    cellar.settings.withLock { $0.maxBytes = 1 }
    await retention.checkRoom()
    #expect(try await cellar.store.rawTotals().readings == 0)
    try await cellar.end()
  }

  @Test("With too little free on the disk raw readings wait for room, and windows go on")
  func freeSpace() async throws {
    let cellar = try await Cellar()
    let retention = cellar.retention
    await retention.checkRoom()
    try await cellar.measure()
    cellar.freeBytes.withLock { $0 = 1 << 20 }
    await retention.checkRoom()
    #expect(cellar.alerts.withLock { $0 } == [.diskSpaceLow])
    #expect(!retention.room.isRecording)
    try await cellar.measure()
    #expect(try await cellar.store.rawTotals().readings == 1)
    #expect(cellar.pipeline.statistics.pausedRawReadings == 1)
    let key = SeriesKey(scope: .device, scopeID: "meter", metric: "powerW")
    let all = [Timestamp(milliseconds: 0), Timestamp(milliseconds: 4_000_000_000_000)]
    #expect(try await cellar.store.sums(of: key, boundaries: all).sums.first??.samples == 2)
    // A little more than the floor is not enough to begin again, or it would begin and end all day.
    cellar.freeBytes.withLock { $0 = StorageSettings().minFreeBytes + 1 }
    await retention.checkRoom()
    #expect(!retention.room.isRecording)
    cellar.freeBytes.withLock { $0 = nil }
    await retention.checkRoom()
    #expect(retention.room.isRecording)
    #expect(cellar.alerts.withLock { $0 } == [])
    try await cellar.measure()
    #expect(try await cellar.store.rawTotals().readings == 2)
    try await cellar.end()
  }
}
