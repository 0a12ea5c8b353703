import EnergyModel
import Foundation
import GatewayStore
import Logging

/// How long the store takes for one series: the hours of a day of windows of a minute, and hours, quarters of an hour and
/// months (of India, half an hour beside the hours) of a year that is summed up. An answer over HTTP adds its text: see
/// `api.sh`.
struct SeriesQueryBenchmark {
  /// A gateway has more of them; of a day's bucket, each is read by itself.
  static let series = 40
  static let days: Int64 = 365
  static let gateDay = 5.0
  static let gateYear = 20.0
  static let gateQuarters = 60.0
  private static let start: Int64 = 1_777_636_800 / 60

  private let keys = (0..<series).map {
    SeriesKey(scope: .device, scopeID: "device-\($0 / 10)", metric: "metric-\($0 % 10)")
  }

  func run() async throws -> [Measurement] {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("heddle-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let store = try await Self.open(folder.appendingPathComponent("heddle.sqlite").path)
    let dayStart = Self.start + Self.days * 1440
    for minute in stride(from: Self.start, to: dayStart, by: 1440) {
      try await write(Array(stride(from: minute, to: minute + 1440, by: 15)), to: store)
    }
    while try await store.sumUpWindows(before: Self.time(dayStart)) > 0 {}
    for minute in stride(from: dayStart, to: dayStart + 1440, by: 60) {
      try await write(Array(minute..<minute + 60), to: store)
    }
    let day = try await milliseconds(store, (0...24).map { dayStart + $0 * 60 })
    let year = try await milliseconds(store, (0...Self.days * 24).map { Self.start + $0 * 60 })
    let quarters = try await milliseconds(store, (0...Self.days * 96).map { Self.start + $0 * 15 })
    let months = try await milliseconds(store, (0...12).map { Self.start + $0 * 30 * 1440 - 330 })
    try await store.close()
    return [
      row("one series over a day, 24 hours of 1,440 windows", day, Self.gateDay),
      row("one series over a year, 8,760 hours", year, Self.gateYear),
      row("one series over a year, 35,040 quarters of an hour", quarters, Self.gateQuarters),
      row("one series over a year, 12 months of a zone at half past", months, Self.gateDay),
    ]
  }

  private static func open(_ path: String) async throws -> GatewayStore {
    try await GatewayStore.open(
      path: path, now: time(start), logger: Logger(label: "heddle.bench") { _ in SwiftLogNoOpLogHandler() })
  }

  private func write(_ minutes: [Int64], to store: GatewayStore) async throws {
    let deltas = minutes.flatMap { minute in
      keys.indices.map { index in
        WindowDelta(
          series: index, minute: minute, sum: Double(index) * 1.5, range: (1, 0.5, 2.5), samples: 6,
          coveredMilliseconds: 60_000)
      }
    }
    try await store.apply(WindowBatch(series: keys, deltas: deltas, closedThrough: Timestamp(milliseconds: 0)))
  }

  /// The median over some series, each asked once.
  private func milliseconds(_ store: GatewayStore, _ minutes: [Int64]) async throws -> Double {
    let boundaries = minutes.map(Self.time)
    var times: [Double] = []
    for index in stride(from: 3, to: Self.series, by: 5) {
      let start = clockSeconds(CLOCK_MONOTONIC)
      let sums = try await store.sums(of: keys[index], boundaries: boundaries).sums
      times.append((clockSeconds(CLOCK_MONOTONIC) - start) * 1000)
      guard sums.count == minutes.count - 1, sums.allSatisfy({ $0 != nil }) else {
        throw BenchmarkProfile.Failure(description: "\(sums.count) sums of series \(index)")
      }
    }
    return median(times)
  }

  private func row(_ name: String, _ milliseconds: Double, _ gate: Double) -> Measurement {
    Measurement(
      name: name, result: "\((milliseconds * 100).rounded() / 100) ms", gate: "< \(gate) ms", holds: milliseconds < gate
    )
  }

  private static func time(_ minute: Int64) -> Timestamp { Timestamp(milliseconds: minute * 60_000) }
}
