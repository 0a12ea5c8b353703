import CBaselines
import DeviceProfiles
import EnergyModel

/// How often the thread of an adapter asks for memory while frames come in, after all that is kept has grown to its
/// size: decoding, intake, ring, and the aggregation, because each frame comes alone.
struct AllocationBenchmark {
  static let frames = 4096
  /// What waits for the store goes on growing, and now and then it moves.
  static let gate = 0.002

  func run() async throws -> [Measurement] {
    let messages = BenchmarkMessage.payloads(64).map { payload in
      RawFrame(
        body: .message(topic: BenchmarkMessage.topic, payload: payload, isRetained: false),
        receivedAt: Timestamp(milliseconds: 0))
    }
    let registers = RawFrame(
      body: .registers(table: .holding, address: 0, values: Array(repeating: 1000, count: BenchmarkProfile.valueCount)),
      receivedAt: Timestamp(milliseconds: 0))
    return [
      try await measure("message of 12 readings", BenchmarkMessage.fields, try BenchmarkMessage.bound(), messages),
      try await measure("30 registers", BenchmarkProfile.fields, try BenchmarkProfile.bound(unit: 1), [registers]),
    ]
  }

  private func measure(
    _ name: String, _ fields: [Field], _ bound: BoundProfile, _ frames: [RawFrame]
  ) async throws -> Measurement {
    let bench = try await BenchmarkPipeline(fields: fields)
    let counted = Self.count(bench, bench.feed(EndpointDecoder(bound)), frames)
    let each = Double(counted) / Double(Self.frames)
    return Measurement(
      name: "allocations per \(name), steady", result: "\((each * 1000).rounded() / 1000)", gate: "≤ \(Self.gate)",
      holds: each <= Self.gate)
  }

  private static func count(_ bench: BenchmarkPipeline, _ feed: BenchmarkPipeline.Feed, _ frames: [RawFrame]) -> Int {
    for number in 0..<512 { feed.take(frames[number % frames.count]) }
    var counted = 0
    for number in 0..<Self.frames {
      let frame = frames[number % frames.count]
      let before = baseline_allocations()
      feed.accept(frame)
      counted += baseline_allocations() - before
      if number % BenchmarkPipeline.Feed.framesPerDrain == 0 { bench.settle() }
    }
    return counted
  }
}
