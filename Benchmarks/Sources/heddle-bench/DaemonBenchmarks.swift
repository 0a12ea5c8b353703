import Foundation

/// What the whole daemon needs for many devices on Modbus TCP, a link each, with thirty values: minutes each, so they are
/// part of `make bench-long`.
struct DaemonBenchmarks {
  let programs: String

  /// A daemon with a link, a device and an address of its own for each.
  private func daemon(
    _ devices: Int, every: String, values: Int = BenchmarkProfile.valueCount, _ server: CountingServer
  ) throws -> BenchmarkDaemon {
    var lines = ["api: {listen: none}", "links:"]
    for index in 0..<devices {
      lines.append("  - {id: link-\(index), modbus: {tcp: \"\(Self.address(index)):\(server.port)\"}}")
    }
    lines.append("devices:")
    for index in 0..<devices {
      lines.append("  - {id: device-\(index), profile: benchmark, link: link-\(index), parameters: {unit: 1}}")
    }
    return try BenchmarkDaemon(
      programs: programs, configuration: lines.joined(separator: "\n") + "\n",
      profiles: ["benchmark.yaml": BenchmarkProfile.text(every: every, values: values)])
  }

  private static func address(_ index: Int) -> String { "127.1.\(index / 250).\(index % 250 + 1)" }
  private static func megabytes(_ number: Double) -> String { "\((number * 10).rounded() / 10) MB" }

  /// A thousand endpoints every ten seconds: no due time is missed in ten minutes.
  func manyEndpoints(devices: Int = 1000, seconds: Int = 600) async throws -> Measurement {
    let server = try CountingServer(delay: 0.01)
    defer { server.stop() }
    let daemon = try daemon(devices, every: "10 s", server)
    defer { daemon.stop() }
    try await daemon.untilConnected(devices)
    // All have been asked once: what the start cost is over.
    try await Task.sleep(for: .seconds(15))
    let before = try daemon.polls()
    let answersBefore = try server.counts().answers
    let processor = try daemon.processorSeconds()
    try await Task.sleep(for: .seconds(seconds))
    let after = try daemon.polls()
    let answers = try server.counts().answers - answersBefore
    let missed = after.late - before.late + after.skipped - before.skipped
    let share = (try daemon.processorSeconds() - processor) / Double(seconds)
    let footprint = try daemon.footprint()
    let expected = devices * seconds / 10
    return Measurement(
      name: "\(devices) endpoints × \(BenchmarkProfile.valueCount) values every 10 s, \(seconds) s",
      result: "\(answers) polls, \(missed) due times missed",
      baseline:
        "\(Self.megabytes(footprint.resident)) (\(Self.megabytes(footprint.anonymous)) anonymous), \(footprint.threads) threads, "
        + "\((share * 1000).rounded() / 10) % of a core",
      gate: "0 missed", holds: missed == 0 && Double(answers) >= Double(expected) * 0.999)
  }

  /// A hundred devices: as many readings and polls as in an hour, ten times as fast.
  func memory(seconds: Int = 360) async throws -> Measurement {
    let limit = 48.0
    let server = try CountingServer()
    defer { server.stop() }
    let daemon = try daemon(100, every: "1 s", server)
    defer { daemon.stop() }
    try await daemon.untilConnected(100)
    try await Task.sleep(for: .seconds(seconds))
    let footprint = try daemon.footprint()
    return Measurement(
      name: "resident memory, 100 devices, the polls of an hour at 10 s in \(seconds) s",
      result: Self.megabytes(footprint.resident),
      baseline: "\(Self.megabytes(footprint.anonymous)) anonymous, \(footprint.threads) threads",
      gate: "≤ \(Int(limit)) MB", holds: footprint.resident <= limit)
  }

  /// Twenty devices every ten seconds.
  func idle(seconds: Int = 60) async throws -> Measurement {
    let server = try CountingServer()
    defer { server.stop() }
    let daemon = try daemon(20, every: "10 s", server)
    defer { daemon.stop() }
    try await daemon.untilConnected(20)
    try await Task.sleep(for: .seconds(12))
    let before = try daemon.processorSeconds()
    try await Task.sleep(for: .seconds(seconds))
    let share = (try daemon.processorSeconds() - before) / Double(seconds)
    return Measurement(
      name: "idle, 20 devices every 10 s, \(seconds) s", result: "\((share * 10_000).rounded() / 100) % of a core",
      gate: "≤ 1 %", holds: share <= 0.01)
  }

  /// The least of what is resident in the time of a flush: what waits for it comes and goes.
  private func resident(_ daemon: BenchmarkDaemon) async throws -> Double {
    var least = Double.infinity
    for _ in 0..<12 {
      least = min(least, try daemon.footprint().resident)
      try await Task.sleep(for: .seconds(1))
    }
    return least
  }

  /// Devices that close the connection after each answer. One value each, so that memory is not that of the values.
  func reconnects(_ count: Int = 10_000) async throws -> Measurement {
    let server = try CountingServer()
    defer { server.stop() }
    try server.tell("close 1")
    let devices = 50
    let daemon = try daemon(devices, every: "100 ms", values: 1, server)
    defer { daemon.stop() }
    func untilConnections(_ number: Int) async throws {
      let deadline = ContinuousClock.now + .seconds(600)
      while try server.counts().connections < number {
        guard ContinuousClock.now < deadline else {
          throw BenchmarkProfile.Failure(description: "\(try server.counts().connections) of \(number) connections")
        }
        try await Task.sleep(for: .milliseconds(200))
      }
    }
    // A flush and the first windows are behind it then.
    try await Task.sleep(for: .seconds(75))
    let before = try await resident(daemon)
    let connections = try server.counts().connections
    let began = ContinuousClock.now
    try await untilConnections(connections + count)
    let seconds = Int((ContinuousClock.now - began).components.seconds)
    let after = try await resident(daemon)
    return Measurement(
      name: "resident memory over \(count) reconnects, \(devices) links, \(seconds) s",
      result: "\(after >= before ? "+" : "")\(Self.megabytes(after - before))",
      baseline: "before \(Self.megabytes(before))", gate: "≤ +2 MB", holds: after - before <= 2)
  }
}
