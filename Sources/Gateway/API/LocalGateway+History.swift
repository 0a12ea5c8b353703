import EnergyModel
import GatewayStore
import LocalAPISchema
import LocalAPIServer
import TelemetryPipeline
import TimeSource

extension LocalGateway {
  func historyFields(_ deviceId: String) async throws(APIError) -> [Field] {
    let pipeline = try live().pipeline
    guard let index = pipeline.layout.index(of: deviceId) else { throw .notFound("device", deviceId) }
    // What was measured until now is to be in the answer.
    try? await pipeline.flush()
    return pipeline.layout.devices[index].fields.filter { pipeline.keeps($0, device: index) }
  }

  func oldestReading() async throws(APIError) -> Timestamp? {
    try await stored { () async throws(GatewayStoreError) in try await store.rawTotals().oldest }
  }

  func readings(
    _ deviceId: String, _ field: Field, from: Timestamp, to: Timestamp
  ) async throws(APIError) -> [HistoryReading] {
    try await stored { () async throws(GatewayStoreError) in
      try await store.rawReadings(of: .init(deviceID: deviceId, field: field.name), from: from, until: to)
    }.map { HistoryReading(observedAt: $0.observedAt, value: ScalarValue($0.value), quality: $0.quality) }
  }

  func windows(
    _ deviceId: String, _ field: Field, boundaries: [Timestamp]
  ) async throws(APIError) -> [HistoryWindow?] {
    let reader = HistoryReader(pipeline: try live().pipeline, store: store)
    return try await stored { () async throws(GatewayStoreError) in
      try await reader.windows(deviceId, field, boundaries: boundaries)
    }
  }
}

/// Works windows of a field out of what the store has.
struct HistoryReader {
  let pipeline: TelemetryPipeline
  let store: GatewayStore

  /// For the boundaries `[a, b, c]` those of `a..<b` and of `b..<c`; `nil` where there is nothing.
  func windows(
    _ deviceId: String, _ field: Field, boundaries: [Timestamp]
  ) async throws(GatewayStoreError) -> [HistoryWindow?] {
    if field.behavior == .counter { return try await counter(deviceId, field, boundaries) }
    return try await sums(deviceId, field.name, boundaries).map { sum in
      sum.map {
        HistoryWindow(
          avg: $0.samples > 0 ? $0.sum / Double($0.samples) : nil, min: $0.min, max: $0.max, last: $0.last,
          samples: $0.samples, quality: $0.quality)
      }
    }
  }

  /// What it showed last is in the readings, as long as they are kept; by how much it rose is in the windows of its
  /// energy, which know its resets.
  private func counter(
    _ deviceId: String, _ field: Field, _ boundaries: [Timestamp]
  ) async throws(GatewayStoreError) -> [HistoryWindow?] {
    guard let start = boundaries.first, let end = boundaries.last else { return [] }
    let metric = pipeline.layout.index(of: deviceId).flatMap { pipeline.metric(ofCounter: field, device: $0) }
    var windows: [HistoryWindow?] = Array(repeating: nil, count: max(0, boundaries.count - 1))
    if let metric {
      windows = try await sums(deviceId, metric.rawValue, boundaries).map { sum in
        sum.map { HistoryWindow(difference: $0.sum, samples: 0, quality: $0.quality) }
      }
    }
    var index = 0
    let key = RawSeriesNames.Key(deviceID: deviceId, field: field.name)
    for reading in try await store.rawReadings(of: key, from: start, until: end) {
      while index < windows.count, boundaries[index + 1] <= reading.observedAt { index += 1 }
      guard index < windows.count else { break }
      guard reading.quality.isAggregated, let number = reading.value.number else { continue }
      var window = windows[index] ?? HistoryWindow(samples: 0, quality: reading.quality)
      window.last = number
      window.samples += 1
      window.quality = max(window.quality, reading.quality)
      windows[index] = window
    }
    return windows
  }

  private func sums(
    _ deviceId: String, _ metric: String, _ boundaries: [Timestamp]
  ) async throws(GatewayStoreError) -> [WindowSum?] {
    try await store.sums(
      of: SeriesKey(scope: .device, scopeID: deviceId, metric: metric), boundaries: boundaries
    ).sums
  }
}
