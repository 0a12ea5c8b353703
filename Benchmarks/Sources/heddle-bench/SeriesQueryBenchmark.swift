import EnergyModel
import Foundation
import GatewayStore
import Logging

/// How long the store takes for the hours of one series, over a day of windows of a minute and over a year of windows
/// of an hour, in a file that has both for all series. An answer over HTTP adds its text: see `api.sh`.
struct SeriesQueryBenchmark {
  /// The file is as large as a fifth of that with 1,000 series; what is read of it for one series is the same.
  static let series = 200
  static let hours = 8760
  static let hoursPerBatch = 48
  static let gateDay = 5.0
  static let gateYear = 20.0
  private static let start: Int64 = 1_777_636_800 / 60

  private let keys = (0..<series).map {
    SeriesKey(scope: .device, scopeID: "device-\($0 / 10)", metric: "metric-\($0 % 10)")
  }

  func run() async throws -> [Measurement] {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("heddle-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let store = try await GatewayStore.open(
      path: folder.appendingPathComponent("heddle.sqlite").path, now: Self.time(Self.start),
      logger: Logger(label: "heddle.bench") { _ in SwiftLogNoOpLogHandler() })
    let dayStart = Self.start + Int64(Self.hours) * 60
    for hour in stride(from: 0, to: Self.hours, by: Self.hoursPerBatch) {
      let minutes = (hour..<min(hour + Self.hoursPerBatch, Self.hours)).map { Self.start + Int64($0) * 60 }
      try await write(minutes, to: store)
    }
    for minute in stride(from: dayStart, to: dayStart + 1440, by: 30) {
      try await write(Array(minute..<minute + 30), to: store)
    }
    let day = try await milliseconds(store, (0...24).map { dayStart + $0 * 60 })
    let year = try await milliseconds(store, (0...Self.hours).map { Self.start + Int64($0) * 60 })
    try await store.close()
    return [
      row("one series over a day, 24 hours of 1,440 windows", day, Self.gateDay),
      row("one series over a year, 8,760 hours", year, Self.gateYear),
    ]
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
    for index in stride(from: 3, to: Self.series, by: 19) {
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
