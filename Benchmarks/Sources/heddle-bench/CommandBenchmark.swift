import Foundation

/// From `heddle battery charge` to the first byte at the device, and to `confirmed`: the release programs, a device on
/// Modbus TCP whose bus is idle, and the bare round trip to the same device in the same run.
struct CommandBenchmark {
  /// Commands that count; a few before them do not.
  static let commands = 100
  static let warmUp = 5
  static let roundTrips = 2000
  /// What has to hold.
  static let firstByteLimit = 0.25

  let programs: String

  func run() async throws -> [Measurement] {
    let battery = try BenchmarkBattery()
    defer { battery.stop() }
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("heddle-bench-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try write(folder, port: battery.port)
    let daemon = try start(folder)
    defer {
      // Threads of Swift's pool have SIGTERM blocked; nothing here is worth a clean end.
      kill(daemon.processIdentifier, SIGKILL)
      daemon.waitUntilExit()
    }
    try await untilOnline(folder)
    var firstBytes: [Double] = []
    var confirmed: [Double] = []
    var bare: [Double] = []
    for number in 0..<Self.warmUp + Self.commands {
      _ = battery.takeWrite()
      let began = ContinuousClock.now
      let status = try heddle(folder, "battery", "charge", "battery-1", "--power", "\(1000 + number)W", "--for", "30m")
      let ended = ContinuousClock.now
      guard status == 0, let written = battery.takeWrite() else {
        throw BenchmarkProfile.Failure(description: "command \(number) ended with \(status)")
      }
      if number >= Self.warmUp {
        firstBytes.append(Self.seconds(written - began))
        confirmed.append(Self.seconds(ended - began))
      }
      bare += try battery.roundTrips(Self.roundTrips / (Self.warmUp + Self.commands))
    }
    let baseline = "bare round trip \(Self.text(bare))"
    let slowest = Self.percentile(firstBytes, 0.99)
    return [
      Measurement(
        name: "heddle → first byte at the device, idle bus", result: Self.text(firstBytes), baseline: baseline,
        gate: "p99 ≤ 250 ms", holds: slowest <= Self.firstByteLimit),
      Measurement(
        name: "heddle → confirmed", result: Self.text(confirmed), baseline: baseline, gate: "all confirmed",
        holds: confirmed.count == Self.commands),
    ]
  }

  // MARK: Programs

  private func start(_ folder: URL) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "\(programs)/heddled")
    process.arguments = [
      "run", "--socket", folder.path + "/heddle.sock", "--config", folder.path + "/heddle.yaml", "--store",
      folder.path + "/heddle.db", "--profiles", folder.path, "--log-level", "error",
    ]
    try process.run()
    return process
  }

  private func heddle(_ folder: URL, _ arguments: String...) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "\(programs)/heddle")
    process.arguments = arguments + ["--socket", folder.path + "/heddle.sock"]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }

  /// The first command that is confirmed says that everything runs.
  private func untilOnline(_ folder: URL) async throws {
    for _ in 0..<100 {
      if try heddle(folder, "battery", "charge", "battery-1", "--power", "900W", "--for", "30m") == 0 { return }
      try await Task.sleep(for: .milliseconds(200))
    }
    throw BenchmarkProfile.Failure(description: "the battery does not come online")
  }

  private func write(_ folder: URL, port: UInt16) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try """
    api: {listen: none}
    links:
      - {id: bus, modbus: {tcp: "127.0.0.1:\(port)"}}
    devices:
      - {id: battery-1, profile: benchmark-battery, link: bus}

    """.write(to: folder.appendingPathComponent("heddle.yaml"), atomically: true, encoding: .utf8)
    try Self.profile.write(to: folder.appendingPathComponent("battery.yaml"), atomically: true, encoding: .utf8)
  }

  private static let profile = """
    schema: heddle.profile/1
    id: benchmark-battery
    name: Benchmark battery
    manufacturer: Heddle
    products: [Benchmark]
    maturity: documentation
    source: {document: "made up for measuring"}
    transport: {modbus: {unit: 1}}
    poll: {fast: 1 s, normal: 1 s, slow: 1 min}
    devices:
      battery:
        type: battery
        staleAfter: 10 s
        points:
          socPercent: {holding: 100, type: u16, poll: fast}
          powerW: {holding: 101, type: i16, negate: true, poll: fast}
        controls:
          chargeW: {holding: 110, type: u16, range: 0..5000, poll: fast}
        commands:
          charge:
            input: {powerW: {min: 100, max: 5000}}
            steps: [{write: {chargeW: input.powerW}}]
            confirm: {expect: "abs(powerW + input.powerW) < 0.5", within: 5 s}
            revert: default
            storage: ram
        default:
          steps: [{write: {chargeW: 0}}]
          confirm: {expect: "chargeW == 0", within: 5 s}

    """

  // MARK: Figures

  static func seconds(_ duration: Duration) -> Double {
    Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
  }

  private static func percentile(_ numbers: [Double], _ share: Double) -> Double {
    let sorted = numbers.sorted()
    guard !sorted.isEmpty else { return 0 }
    return sorted[min(sorted.count - 1, Int((Double(sorted.count) * share).rounded(.up)) - 1)]
  }

  private static func text(_ numbers: [Double]) -> String {
    func milliseconds(_ share: Double) -> String {
      let value = percentile(numbers, share) * 1000
      return value < 1 ? "\((value * 1000).rounded() / 1000)" : "\((value * 10).rounded() / 10)"
    }
    return "p50 \(milliseconds(0.5)) ms, p99 \(milliseconds(0.99)) ms"
  }
}
