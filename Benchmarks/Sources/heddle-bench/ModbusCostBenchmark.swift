import AdapterKit
import CBaselines
import DeviceProfiles
import Foundation
import ModbusAdapter

/// Ten units with thirty values each, read every second on one link: how many requests that takes, and what it costs from
/// the wire to the aggregates, against a bare loop of libmodbus that reads the same registers and rests between two
/// requests for as long. Both begin each request with cold caches, as in a gateway that has little to do.
struct ModbusCostBenchmark {
  static let rounds = 5
  static let units = 10
  /// What is wanted, and what is reached on a busy machine: `Benchmarks/README.md` shows where the time goes.
  static let wanted = 2.0
  static let gate = 3.5
  private static let seconds = 3.0

  func run() async throws -> [Measurement] {
    let server = try CountingServer()
    defer { server.stop() }
    let names = (1...Self.units).map { "unit-\($0)" }
    let gateway = try await LiveGateway(devices: names, fields: BenchmarkProfile.fields, flushes: false)
    let endpoints = try names.enumerated().map { index, name in
      EndpointSpecification(id: EndpointID(name), profile: try BenchmarkProfile.bound(unit: index + 1, every: "1 s"))
    }
    let port = server.port
    var rates: [Double] = []
    let cost = try await alternating(rounds: Self.rounds) {
      let link = try LiveGateway.modbusLink(
        "bus", port: port, endpoints: endpoints, sink: gateway.sink())
      await link.start()
      // Connecting and the first polls are not what a day consists of.
      try await Task.sleep(for: .seconds(1.5))
      let before = try server.counts().answers
      let processor = clockSeconds(CLOCK_PROCESS_CPUTIME_ID)
      let began = clockSeconds(CLOCK_MONOTONIC)
      try await Task.sleep(for: .seconds(Self.seconds))
      let spent = clockSeconds(CLOCK_PROCESS_CPUTIME_ID) - processor
      let answers = try server.counts().answers - before
      rates.append(Double(answers) / (clockSeconds(CLOCK_MONOTONIC) - began))
      await link.stop()
      return spent / Double(answers)
    } _: {
      let result = await onThread {
        var result = baseline_modbus_result()
        let works = baseline_modbus_read(
          Int32(port), 1, Int32(Self.units), Int32(BenchmarkProfile.valueCount), 1 / Double(Self.units), Self.seconds,
          &result)
        return works ? result : nil
      }
      guard let result else { throw BenchmarkProfile.Failure(description: "libmodbus gets no answer") }
      return result.processor_seconds / Double(result.requests)
    }
    try await gateway.stop()
    let rate = median(rates)
    let name = "Modbus, \(Self.units) units × \(BenchmarkProfile.valueCount) values each second, one link"
    return [
      Measurement(
        name: name, result: "\((rate * 10).rounded() / 10) requests/s", gate: "10 requests/s ± 3 %",
        holds: abs(rate / Double(Self.units) - 1) <= 0.03),
      Measurement(
        name: "\(name): CPU of a request → aggregates", result: "\(Self.microseconds(cost.variant)) µs",
        baseline: "bare libmodbus loop \(Self.microseconds(cost.baseline)) µs", ratio: cost.ratio,
        gate: "≤ \(Self.gate)× (\(Self.wanted)× wanted)", holds: cost.ratio <= Self.gate),
    ]
  }

  private static func microseconds(_ seconds: Double) -> Double { (seconds * 1e7).rounded() / 10 }
}
