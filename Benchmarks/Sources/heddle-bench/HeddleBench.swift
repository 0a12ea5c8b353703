import Foundation

/// Measures the hot path and prints one table.
///
/// Ratios compare two variants that take turns within each round of the same run, so that a busy machine hits both;
/// the median of the rounds counts. Absolute numbers are for sizing only. Words as arguments run only the parts that
/// contain one of them; after `long`, of those that take minutes.
@main
struct HeddleBench {
  static func main() async throws {
    let wanted = CommandLine.arguments.dropFirst()
    switch wanted.first {
    case "year": return try await YearOfWindows(arguments: Array(wanted.dropFirst())).run()
    case CountingServer.word: exit(CountingServer.serve(Array(wanted.dropFirst())))
    case "profile": print(BenchmarkProfile.text(every: wanted.dropFirst().first ?? "1 s"))
    case "long": try await long(Array(wanted.dropFirst()))
    default: try await short(Array(wanted))
    }
  }

  private static var programs: String { ProcessInfo.processInfo.environment["HEDDLE_PROGRAMS"] ?? ".build/release" }

  private static func short(_ wanted: [String]) async throws {
    var table = Table()
    func measure(_ name: String, _ body: () async throws -> [Measurement]) async throws {
      guard wanted.isEmpty || wanted.contains(where: { name.contains($0) }) else { return }
      table.add(await rows(name, body))
    }
    for ring in rings { try await measure("ring against \(ring.baseline.rawValue)") { [ring.run()] } }
    try await measure("aggregation against C and Dictionary") { AggregationBenchmark().run() }
    try await measure("JSON to readings") { [try MessageDecodeBenchmark().run()] }
    try await measure("JSON to aggregates") { [try await MessagePipelineBenchmark().run()] }
    try await measure("allocations") { try await AllocationBenchmark().run() }
    try await measure("registers to aggregates") { [try await PipelineBenchmark().run()] }
    try await measure("layout of the store") { try await StoreLayoutBenchmark().run() }
    try await measure("raw readings in the store") { try await RawLayoutBenchmark().run() }
    try await measure("disk in all") { try await DiskBenchmark().run() }
    try await measure("one series in the store") { try await SeriesQueryBenchmark().run() }
    try await measure("requests") { [try ReadPlanBenchmark().run()] }
    try await measure("decode every family of profiles") { try DecodeBenchmark().run() }
    try await measure("MQTT QoS 0") { [try await MQTTBenchmark(qos: 0, messages: 40_000, gate: 0.95).run()] }
    try await measure("MQTT QoS 1") { [try await MQTTBenchmark(qos: 1, messages: 40_000, gate: 0.8).run()] }
    try await measure("Modbus cost") { try await ModbusCostBenchmark().run() }
    try await measure("Modbus throughput") { [try await ModbusThroughputBenchmark().run()] }
    try await measure("silent unit") { [try await SilentUnitBenchmark(seconds: 40).run()] }
    try await measure("dripping server") { [try await DrippingServerBenchmark().run()] }
    try await measure("command to device") { try await CommandBenchmark(programs: programs).run() }
    print("\n\(table)")
    guard table.allHold else { exit(1) }
  }

  /// What takes minutes.
  private static func long(_ wanted: [String]) async throws {
    var table = Table()
    func measure(_ name: String, _ body: () async throws -> Measurement) async throws {
      guard wanted.isEmpty || wanted.contains(where: { name.contains($0) }) else { return }
      table.add(await rows(name) { [try await body()] })
    }
    let daemon = DaemonBenchmarks(programs: programs)
    try await measure("silent unit") { try await SilentUnitBenchmark(seconds: 300).run() }
    try await measure("idle") { try await daemon.idle() }
    try await measure("reconnects") { try await daemon.reconnects() }
    try await measure("memory") { try await daemon.memory() }
    try await measure("thousand endpoints") { try await daemon.manyEndpoints() }
    print("\n\(table)")
    guard table.allHold else { exit(1) }
  }

  /// What cannot be measured has failed, and the rest goes on.
  private static func rows(_ name: String, _ body: () async throws -> [Measurement]) async -> [Measurement] {
    FileHandle.standardError.write(Data("\(name) …\n".utf8))
    do {
      return try await body()
    } catch {
      return [Measurement(name: name, result: "\(error)", gate: "can be measured", holds: false)]
    }
  }

  /// With 65,536 slots the lines come from the cache that both processors share, and the hand-off itself is compared. A
  /// link's ring in the gateway has 4,096: all of it lies in the other processor's own cache each time, whoever moves it,
  /// and what is wanted is that it is no worse for that.
  private static let rings = [
    RingBenchmark(batch: 1, capacity: 65_536, baseline: .deque, gate: 8),
    RingBenchmark(batch: 64, capacity: 65_536, baseline: .boost, gate: 3, wanted: 4),
    RingBenchmark(batch: 64, capacity: 65_536, baseline: .array, gate: 2),
    RingBenchmark(batch: 1, capacity: 4096, baseline: .deque, gate: 3),
    RingBenchmark(batch: 64, capacity: 4096, baseline: .boost, gate: 2),
    RingBenchmark(batch: 64, capacity: 4096, baseline: .array, gate: 1),
    RingBenchmark(batch: 12, capacity: 4096, baseline: .array, gate: 1.5),
  ]
}
