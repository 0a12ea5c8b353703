import Foundation

/// Measures the hot path and prints one table.
///
/// Ratios compare two variants that take turns within each round of the same run, so that a busy machine hits both;
/// the median of the rounds counts. Absolute numbers are for sizing only. Words as arguments run only the parts that
/// contain one of them.
@main
struct HeddleBench {
  static func main() async throws {
    let wanted = CommandLine.arguments.dropFirst()
    if wanted.first == "year" { return try await YearOfWindows(arguments: Array(wanted.dropFirst())).run() }
    var table = Table()
    func measure(_ name: String, _ body: () async throws -> [Measurement]) async throws {
      guard wanted.isEmpty || wanted.contains(where: { name.contains($0) }) else { return }
      print("\(name) …")
      let rows = try await body()
      table.add(rows)
    }
    for ring in rings { try await measure("ring against \(ring.baseline.rawValue)") { [ring.run()] } }
    try await measure("aggregation against C and Dictionary") { AggregationBenchmark().run() }
    try await measure("JSON to readings") { [try MessageDecodeBenchmark().run()] }
    try await measure("JSON to aggregates") { [try await MessagePipelineBenchmark().run()] }
    try await measure("allocations") { try await AllocationBenchmark().run() }
    try await measure("registers to aggregates") { [try await PipelineBenchmark().run()] }
    try await measure("layout of the store") { try await StoreLayoutBenchmark().run() }
    try await measure("raw readings in the store") { try await RawLayoutBenchmark().run() }
    try await measure("requests") { [try ReadPlanBenchmark().run()] }
    try await measure("decode every family of profiles") { try DecodeBenchmark().run() }
    let programs = ProcessInfo.processInfo.environment["HEDDLE_PROGRAMS"] ?? ".build/release"
    try await measure("command to device") { try await CommandBenchmark(programs: programs).run() }
    print("\n\(table)")
    guard table.allHold else { exit(1) }
  }

  /// A ring of the gateway has 4,096 slots; the larger one shows the cost of the hand-off itself.
  private static let rings = [
    RingBenchmark(batch: 1, capacity: 4096, baseline: .deque, gate: 8),
    RingBenchmark(batch: 64, capacity: 4096, baseline: .boost, gate: 4),
    RingBenchmark(batch: 64, capacity: 4096, baseline: .array, gate: 2),
    RingBenchmark(batch: 12, capacity: 4096, baseline: .array, gate: 1.5),
    RingBenchmark(batch: 64, capacity: 65_536, baseline: .array, gate: 2),
  ]
}
