import AdapterKit
import DeviceProfiles
import Foundation
import ModbusAdapter

/// A device that sends its answer one byte each tenth of a second, and twenty others on links of their own: how much later
/// their answers come than without it.
struct DrippingServerBenchmark {
  static let rounds = 5
  static let gate = 0.005
  private static let links = 20
  private static let drippingUnit = 99
  private static let period = 0.1
  private static let seconds = 2.0

  func run() async throws -> Measurement {
    let server = try CountingServer()
    defer { server.stop() }
    try server.tell("drip \(Self.drippingUnit)")
    var more: [Double] = []
    var with: [Double] = []
    var without: [Double] = []
    for round in 0..<Self.rounds {
      // The order changes, so that neither always runs on the warmer machine.
      let first = try await slowest(server, isDripping: round % 2 == 0)
      let second = try await slowest(server, isDripping: round % 2 == 1)
      with.append(round % 2 == 0 ? first : second)
      without.append(round % 2 == 0 ? second : first)
      more.append(with[round] - without[round])
    }
    return Measurement(
      name: "a dripping server, delay of \(Self.links) other links, p99",
      result: "\(Self.milliseconds(median(with))) ms", baseline: "without it \(Self.milliseconds(median(without))) ms",
      gate: "≤ 5 ms more", holds: median(more) <= Self.gate)
  }

  private static func milliseconds(_ seconds: Double) -> Double { (seconds * 1e5).rounded() / 100 }

  private func slowest(_ server: CountingServer, isDripping: Bool) async throws -> Double {
    let names = (0..<Self.links).map { "device-\($0)" } + (isDripping ? ["dripping"] : [])
    let gateway = try await LiveGateway(devices: names, fields: BenchmarkProfile.fields)
    var sinks: [BenchmarkSink] = []
    let links = try names.map { name in
      let unit = name == "dripping" ? Self.drippingUnit : 1
      let sink = gateway.sink(keepsTimes: true)
      sinks.append(sink)
      return try LiveGateway.modbusLink(
        name, port: server.port,
        endpoints: [
          EndpointSpecification(
            id: EndpointID(name), profile: try BenchmarkProfile.bound(unit: unit, every: "100 ms"))
        ], sink: sink)
    }
    for link in links { await link.start() }
    try await Task.sleep(for: .seconds(1.5 + Self.seconds))
    await withTaskGroup { group in for link in links { group.addTask { await link.stop() } } }
    try await gateway.stop()
    let delays = sinks.prefix(Self.links).flatMap { sink in
      sink.arrivals.values.flatMap { PollTimes(period: Self.period, arrivals: Array($0.dropFirst(10))).delays }
    }.sorted()
    guard !delays.isEmpty else { throw BenchmarkProfile.Failure(description: "no answers") }
    return delays[min(delays.count - 1, delays.count * 99 / 100)]
  }
}
