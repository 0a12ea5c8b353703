public import EnergyModel
public import GatewayStore
import TimeSource

/// An energy over a time.
public struct EnergyValue: Sendable, Hashable {
  /// Energy in Wh; `nil` where it is not known: no window, or a balance without its grid meter.
  public var wattHours: Double?
  /// Share of the time for which it is known, 0 to 1; of a balance, that of its worst part.
  public var coverage: Double
  /// The worst quality of the windows.
  public var quality: Quality
  /// How often closed windows of this time were changed.
  public var revision: Int

  /// Makes an energy; without arguments, one that is not known.
  public init(wattHours: Double? = nil, coverage: Double = 0, quality: Quality = .missing, revision: Int = 0) {
    self.wattHours = wattHours
    self.coverage = coverage
    self.quality = quality
    self.revision = revision
  }
}

extension TelemetryPipeline {
  /// Energies of a device, site or customer between boundaries: for `[a, b, c]` those of `a..<b` and of `b..<c`.
  ///
  /// Flushes first, so that it includes what was just measured; where that fails, the coverage says what is missing.
  /// Coverage of the present counts up to now.
  public func usage(
    _ scope: WindowScope, id: String, metrics: [EnergyMetric], boundaries: [Timestamp]
  ) async throws(GatewayStoreError) -> [EnergyMetric: [EnergyValue]] {
    try? await flush()
    let isBalanced = scope != .device && metrics.contains(.consumption)
    var sums: [EnergyMetric: SeriesSums] = [:]
    for metric in Set(metrics + (isBalanced ? EnergyMetric.balanced : [])) {
      sums[metric] = try await store.sums(
        of: SeriesKey(scope: scope, scopeID: id, metric: metric.rawValue), boundaries: boundaries)
    }
    let ranges = Array(zip(boundaries, boundaries.dropFirst()))
    let now = time.wall()
    var result: [EnergyMetric: [EnergyValue]] = [:]
    for metric in metrics {
      result[metric] = ranges.indices.map { index in
        let value = Self.value(sums[metric], index, range: ranges[index], now: now)
        guard isBalanced, metric == .consumption else { return value }
        return balance(value, scope, id, sums, index, range: ranges[index], now: now)
      }
    }
    return result
  }

  /// The windows of a gauge of a device between boundaries; `nil` where there is no sample. The mean is `sum` divided
  /// by `samples`.
  public func history(
    deviceID: String, field: Field, boundaries: [Timestamp]
  ) async throws(GatewayStoreError) -> [WindowSum?] {
    try? await flush()
    return try await store.sums(
      of: SeriesKey(scope: .device, scopeID: deviceID, metric: field.name), boundaries: boundaries
    ).sums
  }

  private static func value(
    _ sums: SeriesSums?, _ index: Int, range: (Timestamp, Timestamp), now: Timestamp
  ) -> EnergyValue {
    guard let sums, index < sums.sums.count, let sum = sums.sums[index] else { return EnergyValue() }
    let end = max(range.0, min(range.1, now))
    let length = Double(end.millisecondsSince(range.0))
    let coverage = length > 0 ? min(1, sum.coveredMilliseconds / length) : 0
    return EnergyValue(wattHours: sum.sum, coverage: coverage, quality: sum.quality, revision: sum.revision)
  }

  /// A balance is only as good as its worst part, and unknown where a part is missing altogether.
  private func balance(
    _ value: EnergyValue, _ scope: WindowScope, _ id: String, _ sums: [EnergyMetric: SeriesSums], _ index: Int,
    range: (Timestamp, Timestamp), now: Timestamp
  ) -> EnergyValue {
    let consumption = SeriesKey(scope: scope, scopeID: id, metric: EnergyMetric.consumption.rawValue)
    var value = value
    for metric in EnergyMetric.balanced {
      let part = Self.value(sums[metric], index, range: range, now: now)
      // A part that begins later, or that nobody has, is not missing.
      let isExpected = plan.windows(scope, id, metric) != nil && (sums[metric]?.first.map { $0 < range.1 } ?? false)
      if part.wattHours != nil || isExpected { value.coverage = min(value.coverage, part.coverage) }
    }
    value.coverage *= plan.balancedShare[consumption] ?? 1
    return value.coverage > 0 ? value : EnergyValue(quality: value.quality)
  }
}
