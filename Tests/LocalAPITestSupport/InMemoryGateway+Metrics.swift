import EnergyModel
package import LocalAPISchema
package import LocalAPIServer

extension InMemoryGateway {
  package func metricDevices() async throws(APIError) -> [MetricDevice] {
    deviceList.map {
      MetricDevice(id: $0.id, type: $0.type, siteId: $0.siteId, customerId: $0.customerId, tags: $0.tags)
    }
  }

  /// Every bucket has a hundred Wh more than the one before; the first one is not known. Thermostats have no energy.
  package func metric(_ request: MetricRequest) async throws(APIError) -> MetricAnswer {
    metricRequests.append(request)
    if case .device("thermostat-1") = request.subject { return MetricAnswer(values: nil) }
    let values = request.boundaries.dropFirst().indices.map { index in
      index == 1 ? MetricValue() : MetricValue(Double(index) * 100, coverage: index == 2 ? 0.4 : 1, quality: .good)
    }
    return MetricAnswer(
      values: values,
      sources: request.metric == .emissions ? [IntensitySource(name: "grid.csv", kind: .file, coverage: 1)] : [])
  }
}
