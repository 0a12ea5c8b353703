import EnergyModel
import GatewayStore
import LocalAPISchema
import LocalAPIServer
import TelemetryPipeline
import TimeSource

extension LocalGateway {
  func usage(_ request: UsageRequest) async throws(APIError) -> [String: UsageMetric] {
    let running = try live()
    let (scope, id): (WindowScope, String) =
      switch request.subject {
      case .customer(let id): (.customer, id)
      case .site(let id): (.site, id)
      }
    // The total is made of the same numbers as the series, so that they always agree.
    let intervals = request.buckets.isEmpty ? [request.interval] : request.buckets
    let energies = try await energies(running, scope, id, intervals)
    var report: [String: UsageMetric] = [:]
    for metric in EnergyMetric.allCases {
      let series = zip(intervals, energies[metric] ?? []).map { interval, value in
        UsageBucket(
          start: interval.start, end: interval.end, value: value.wattHours, coverage: Self.rounded(value.coverage),
          quality: value.quality.name)
      }
      let known = series.compactMap(\.value)
      let total = known.isEmpty ? nil : known.reduce(0, +)
      report[metric.rawValue] = UsageMetric(
        total: total, unit: Unit.wattHour.rawValue, coverage: Self.rounded(coverage(of: series)),
        method: metric == .consumption && total != nil ? "balance" : nil,
        series: request.buckets.isEmpty ? [] : series)
    }
    return report
  }

  /// The coverage of all buckets together; time that is still to come does not count.
  private func coverage(of series: [UsageBucket]) -> Double {
    let now = time.wall()
    let lengths = series.map { Double(max(0, min($0.end, now).millisecondsSince($0.start))) }
    let elapsed = lengths.reduce(0, +)
    guard elapsed > 0 else { return 0 }
    return zip(series, lengths).reduce(0) { $0 + $1.0.coverage * $1.1 } / elapsed
  }

  private func energies(
    _ running: RunningConfiguration, _ scope: WindowScope, _ id: String, _ intervals: [UsageInterval]
  ) async throws(APIError) -> [EnergyMetric: [EnergyValue]] {
    let boundaries = [intervals.first?.start].compactMap(\.self) + intervals.map(\.end)
    return try await stored { () async throws(GatewayStoreError) in
      try await running.pipeline.usage(scope, id: id, metrics: EnergyMetric.allCases, boundaries: boundaries)
    }
  }

  /// Fine enough for a second of a year, without the noise of sums.
  private static func rounded(_ coverage: Double) -> Double { (coverage * 1e8).rounded() / 1e8 }
}
