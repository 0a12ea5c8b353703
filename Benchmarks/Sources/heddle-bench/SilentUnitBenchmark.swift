import AdapterKit
import DeviceProfiles
import Foundation
import ModbusAdapter

/// Ten units on one connection, polled every second; one of them falls silent while it is measured.
struct SilentUnitBenchmark {
  static let gate = 0.999
  private static let units = 10
  private static let silentUnit = 10
  private static let quietSeconds = 5.0

  /// How long it is measured; the unit falls silent after a tenth of it.
  let seconds: Double

  func run() async throws -> Measurement {
    let server = try CountingServer(delay: 0.01)
    defer { server.stop() }
    let names = (1...Self.units).map { "unit-\($0)" }
    let gateway = try await LiveGateway(devices: names, fields: BenchmarkProfile.fields)
    let endpoints = try names.enumerated().map { index, name in
      EndpointSpecification(id: EndpointID(name), profile: try BenchmarkProfile.bound(unit: index + 1, every: "1 s"))
    }
    let sink = gateway.sink(keepsTimes: true)
    let link = try LiveGateway.modbusLink("bus", port: server.port, endpoints: endpoints, sink: sink)
    await link.start()
    try await Task.sleep(for: .seconds(Self.quietSeconds))
    let began = clockSeconds(CLOCK_MONOTONIC)
    try await Task.sleep(for: .seconds(seconds / 10))
    try server.tell("silent \(Self.silentUnit)")
    try await Task.sleep(for: .seconds(seconds * 0.9))
    let ended = clockSeconds(CLOCK_MONOTONIC)
    let asked = try server.counts()
    await link.stop()
    try await gateway.stop()
    var kept = 0
    var due = 0
    for (id, arrivals) in sink.arrivals where id.name != names[Self.silentUnit - 1] {
      let result = PollTimes(period: 1, arrivals: arrivals).kept(from: began, to: ended)
      kept += result.kept
      due += result.due
    }
    let share = due > 0 ? Double(kept) / Double(due) : 0
    let unanswered = asked.requests - asked.answers
    return Measurement(
      name: "one of \(Self.units) units silent, 1 s period, 500 ms timeout, \(Int(seconds)) s",
      result: "\(kept) of \(due) polls of the others kept (\((share * 10_000).rounded() / 100) %)",
      baseline: "\(unanswered) requests to the silent one", gate: "≥ \(Self.gate * 100) %",
      holds: due > 0 && share >= Self.gate)
  }
}
