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
    let daemon = try BenchmarkDaemon(
      programs: programs, configuration: Self.configuration(port: battery.port),
      profiles: ["battery.yaml": Self.profile])
    defer { daemon.stop() }
    try await untilOnline(daemon)
    var firstBytes: [Double] = []
    var confirmed: [Double] = []
    var bare: [Double] = []
    for number in 0..<Self.warmUp + Self.commands {
      _ = battery.takeWrite()
      let began = ContinuousClock.now
      let status = try charge(daemon, "\(1000 + number)W")
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

  private func charge(_ daemon: BenchmarkDaemon, _ power: String) throws -> Int32 {
    try daemon.heddle("battery", "charge", "battery-1", "--power", power, "--for", "30m").status
  }

  /// The first command that is confirmed says that everything runs.
  private func untilOnline(_ daemon: BenchmarkDaemon) async throws {
    for _ in 0..<100 {
      if try charge(daemon, "900W") == 0 { return }
      try await Task.sleep(for: .milliseconds(200))
    }
    throw BenchmarkProfile.Failure(description: "the battery does not come online")
  }

  private static func configuration(port: UInt16) -> String {
    """
    api: {listen: none}
    links:
      - {id: bus, modbus: {tcp: "127.0.0.1:\(port)"}}
    devices:
      - {id: battery-1, profile: benchmark-battery, link: bus}

    """
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
