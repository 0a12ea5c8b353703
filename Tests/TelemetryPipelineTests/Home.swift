import EnergyModel
import GatewayStore

@testable import TelemetryPipeline

/// 2026-05-01T12:00:00Z in milliseconds.
let noon: Int64 = 1_777_636_800_000

/// A home whose samples go straight into an aggregator, on a clock that the test turns.
struct Home {
  let layout: PipelineLayout
  var aggregator: WindowAggregator
  /// Monotonic milliseconds.
  var monotonic: Int64 = 1_000_000
  /// Wall time minus monotonic time.
  var offset: Int64 = noon - 1_000_000
  var flushed: [WindowDelta] = []

  var wall: Int64 { monotonic + offset }

  init(_ devices: [PipelineLayout.Device], limits: PipelineLimits = PipelineLimits()) {
    layout = PipelineLayout(devices: devices)
    aggregator = WindowAggregator(layout: layout, limits: limits)
  }

  static func device(
    _ id: String, _ kind: DeviceKind, _ fields: [String], role: MeterRole? = nil, hybrid: Bool = false,
    site: String? = "home", customer: String? = "demo", rated: Double? = nil
  ) -> PipelineLayout.Device {
    PipelineLayout.Device(
      id: id, kind: kind, meterRole: role, isHybrid: hybrid, siteID: site, customerID: customer,
      staleAfter: .seconds(30), ratedPowerW: rated, fields: fields.compactMap { Field.named($0) })
  }

  mutating func advance(seconds: Double) { monotonic += Int64(seconds * 1000) }

  func sample(
    _ device: String, _ field: String, _ value: Double, quality: Quality = .good, observedAt: Int64? = nil
  ) -> Sample {
    guard let index = layout.index(of: device), let field = Field.named(field) else {
      return Sample(series: .max, value: value, observedAt: 0)
    }
    let input = aggregator.plan.inputIndices[index * Field.all.count + Int(field.index)]
    return Sample(
      series: UInt32(truncatingIfNeeded: input), value: value, quality: quality, observedAt: observedAt ?? wall,
      receivedAfter: Int32(clamping: wall - (observedAt ?? wall)), acceptedAt: UInt32(truncatingIfNeeded: monotonic))
  }

  mutating func give(
    _ device: String, _ field: String, _ value: Double, quality: Quality = .good, observedAt: Int64? = nil
  ) {
    aggregator.accept(sample(device, field, value, quality: quality, observedAt: observedAt), now: monotonic)
  }

  /// The windows of a series by minute since noon.
  mutating func windows(_ scope: WindowScope, _ id: String, _ metric: String) -> [Int64: WindowDelta] {
    aggregator.closeAccumulators()
    flushed += aggregator.pending.take()
    let key = SeriesKey(scope: scope, scopeID: id, metric: metric)
    guard let series = aggregator.plan.series.firstIndex(of: key) else { return [:] }
    var merged: [Int64: WindowDelta] = [:]
    for delta in flushed where delta.series == series {
      let minute = delta.minute - noon / 60_000
      if var old = merged[minute] {
        old.sum += delta.sum
        old.coveredMilliseconds += delta.coveredMilliseconds
        old.samples += delta.samples
        merged[minute] = old
      } else {
        merged[minute] = delta
      }
    }
    return merged
  }

  /// The sum of a series; `nil` if it has no window.
  mutating func total(_ scope: WindowScope, _ id: String, _ metric: EnergyMetric) -> Double? {
    let windows = windows(scope, id, metric.rawValue)
    return windows.isEmpty ? nil : windows.values.reduce(0) { $0 + $1.sum }
  }

  /// The covered seconds of a series.
  mutating func covered(_ scope: WindowScope, _ id: String, _ metric: EnergyMetric) -> Double {
    windows(scope, id, metric.rawValue).values.reduce(0) { $0 + $1.coveredMilliseconds } / 1000
  }
}

func isClose(_ value: Double?, _ expected: Double, tolerance: Double = 1e-6) -> Bool {
  guard let value else { return false }
  return abs(value - expected) <= tolerance * max(1, abs(expected))
}
