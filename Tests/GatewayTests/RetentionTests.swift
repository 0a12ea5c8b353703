import EnergyModel
import Foundation
import GatewayStore
import Logging
import TestSupport
import Testing
import TimeSource

@testable import Gateway

@Suite("What is kept for how long")
struct RetentionTests {
  @Test("Minutes of gauges go after 90 days, energy stays")
  func gauges() async throws {
    let clock = TestClock()
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("retention-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let store = try await GatewayStore.open(
      path: folder.appendingPathComponent("heddle.db").path, now: clock.now, logger: logger)
    let now = clock.now.milliseconds / 60_000
    let keys = ["powerW", "charge"].map { SeriesKey(scope: .device, scopeID: "battery-1", metric: $0) }
    let ages: [Int64] = [1, 89 * 1440, 91 * 1440, 300 * 1440]
    let deltas = keys.indices.flatMap { series in
      ages.map { age in
        WindowDelta(
          series: series, minute: now - age, sum: 1, samples: 1, coveredMilliseconds: 60_000, quality: .good)
      }
    }
    try await store.apply(
      WindowBatch(series: keys, deltas: deltas, accumulators: [], latest: [], closedThrough: clock.now))
    await Retention(store: store, time: clock.source, logger: logger).removeOldGauges()
    let all = [Timestamp(milliseconds: 0), clock.now]
    #expect(try await store.sums(of: keys[0], boundaries: all).sums.first??.samples == 2)
    #expect(try await store.sums(of: keys[1], boundaries: all).sums.first??.samples == 4)
    try await store.close()
  }
}
