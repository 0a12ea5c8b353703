import AdapterKit
import CBaselines
import DeviceProfiles
import Foundation
import ModbusAdapter

/// A hundred devices on Modbus TCP, a connection each, that take ten milliseconds for an answer: requests a second of a
/// hundred links that poll as fast as they may, against one thread of libmodbus that reads the devices in turn.
struct ModbusThroughputBenchmark {
  static let rounds = 5
  static let devices = 100
  static let gate = 50.0
  private static let answerSeconds = 0.01
  /// Requests of a poll: with a poll each tenth of a second, the link waits for an answer for most of the time.
  private static let requests = 8
  private static let seconds = 2.0

  func run() async throws -> Measurement {
    let server = try CountingServer(delay: Self.answerSeconds)
    defer { server.stop() }
    let result = try await alternating(rounds: Self.rounds) {
      try await linkRate(server)
    } _: {
      try await libmodbusRate(server)
    }
    return Measurement(
      name: "Modbus TCP, \(Self.devices) devices that answer in 10 ms",
      result: "\(Int(result.variant)) requests/s",
      baseline: "one libmodbus thread in turn \(Int(result.baseline))", ratio: result.ratio, gate: "≥ \(Self.gate)×",
      holds: result.ratio >= Self.gate)
  }

  private func linkRate(_ server: CountingServer) async throws -> Double {
    let names = (0..<Self.devices).map { "device-\($0)" }
    let gateway = try await LiveGateway(devices: names, fields: BenchmarkProfile.fields)
    let profile = try BenchmarkProfile.bound(unit: 1, every: "100 ms", requests: Self.requests)
    let links = try names.map { name in
      try LiveGateway.modbusLink(
        name, port: server.port, endpoints: [EndpointSpecification(id: EndpointID(name), profile: profile)],
        sink: gateway.sink())
    }
    for link in links { await link.start() }
    try await Task.sleep(for: .seconds(1.5))
    let before = try server.counts().answers
    let began = clockSeconds(CLOCK_MONOTONIC)
    try await Task.sleep(for: .seconds(Self.seconds))
    let answers = try server.counts().answers - before
    let rate = Double(answers) / (clockSeconds(CLOCK_MONOTONIC) - began)
    await withTaskGroup { group in for link in links { group.addTask { await link.stop() } } }
    try await gateway.stop()
    return rate
  }

  private func libmodbusRate(_ server: CountingServer) async throws -> Double {
    let port = Int32(server.port)
    let result = await onThread {
      var result = baseline_modbus_result()
      let works = baseline_modbus_read(port, Int32(Self.devices), 1, 4, 0, Self.seconds, &result)
      return works ? result : nil
    }
    guard let result else { throw BenchmarkProfile.Failure(description: "libmodbus gets no answer") }
    return Double(result.requests) / result.wall_seconds
  }
}
