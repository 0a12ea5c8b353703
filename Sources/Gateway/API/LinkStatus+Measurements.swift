import AdapterKit
import DeviceProfiles
import LocalAPISchema

extension LinkStatus {
  /// Takes over what was measured.
  ///
  /// - Parameter devices: the ids of the devices of each endpoint.
  mutating func take(_ statistics: LinkStatistics, devices: [EndpointID: [String]]) {
    requestsPerSecond = statistics.requestsPerSecond
    responseSeconds = statistics.response.map { MeasuredSeconds($0) }
    endpoints = statistics.endpoints.map { endpoint in
      EndpointMeasurements(
        devices: devices[endpoint.id] ?? [], responseSeconds: endpoint.response.map { MeasuredSeconds($0) },
        timeoutSeconds: endpoint.timeout.map { $0 / .seconds(1) },
        polls: endpoint.polls.map { poll in
          EndpointMeasurements.Poll(
            pollClass: poll.pollClass.rawValue, everySeconds: poll.wanted.map { $0 / .seconds(1) },
            intervalSeconds: poll.interval.map { MeasuredSeconds($0) },
            delaySeconds: poll.delay.map { MeasuredSeconds($0) }, count: poll.count, late: poll.late,
            skipped: poll.skipped)
        })
    }
  }
}

extension MeasuredSeconds {
  fileprivate init(_ percentiles: Percentiles) {
    self.init(p50: percentiles.p50 / .seconds(1), p95: percentiles.p95 / .seconds(1))
  }
}
