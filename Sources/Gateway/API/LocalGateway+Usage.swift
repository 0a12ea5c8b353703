import EnergyModel
import GatewayStore
import LocalAPISchema
import LocalAPIServer
import TelemetryPipeline

extension LocalGateway {
  func usage(_ request: UsageRequest) async throws(APIError) -> [String: UsageMetric] {
    let running = try live()
    let (scope, id): (WindowScope, String) =
      switch request.subject {
      case .customer(let id): (.customer, id)
      case .site(let id): (.site, id)
      }
    let whole = try await energies(running, scope, id, [request.interval])
    let pieces = request.buckets.isEmpty ? [:] : try await energies(running, scope, id, request.buckets)
    var report: [String: UsageMetric] = [:]
    for metric in EnergyMetric.allCases {
      guard let total = whole[metric]?.first else { continue }
      let series = zip(request.buckets, pieces[metric] ?? []).map { interval, value in
        UsageBucket(
          start: interval.start, end: interval.end, value: value.wattHours, coverage: Self.rounded(value.coverage),
          quality: value.quality.name)
      }
      report[metric.rawValue] = UsageMetric(
        total: total.wattHours, unit: Unit.wattHour.rawValue, coverage: Self.rounded(total.coverage),
        method: metric == .consumption && total.wattHours != nil ? "balance" : nil, series: series)
    }
    return report
  }

  private func energies(
    _ running: RunningConfiguration, _ scope: WindowScope, _ id: String, _ intervals: [UsageInterval]
  ) async throws(APIError) -> [EnergyMetric: [EnergyValue]] {
    let boundaries = [intervals.first?.start].compactMap(\.self) + intervals.map(\.end)
    return try await stored { () async throws(GatewayStoreError) in
      try await running.pipeline.usage(scope, id: id, metrics: EnergyMetric.allCases, boundaries: boundaries)
    }
  }

  /// A coverage of 0.99987 says nothing to people that 1 does not.
  private static func rounded(_ coverage: Double) -> Double { (coverage * 1000).rounded() / 1000 }
}
