import Foundation

/// Measures the hot path and prints one table.
///
/// Ratios compare two variants that take turns within each round of the same run, so that a busy machine hits both;
/// the median of the rounds counts. Absolute numbers are for sizing only.
@main
struct HeddleBench {
  static func main() async throws {
    var table = Table()
    // A ring of the gateway has 4,096 slots; the larger one shows the cost of the hand-off itself.
    for capacity in [4096, 65_536] {
      for batch in [12, 64] {
        print("ring against Mutex + array, batches of \(batch), \(capacity) slots …")
        table.add(RingBenchmark(batch: batch, capacity: capacity).run())
      }
    }
    print("dense array against Dictionary …")
    table.add(AggregationBenchmark().run())
    print("decode → ring → aggregate …")
    table.add(try await PipelineBenchmark().run())
    table.add(try ReadPlanBenchmark().run())
    print("decode every family of profiles …")
    table.add(try DecodeBenchmark().run())
    print("\n\(table)")
    guard table.allHold else { exit(1) }
  }
}
