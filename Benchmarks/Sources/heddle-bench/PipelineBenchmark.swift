import DeviceProfiles
import EnergyModel

/// Register frames through the decoder, the ring and the whole aggregation (latest values, gauges, energy for device,
/// site and customer): samples per second of processor time of all threads, which is what one core does.
struct PipelineBenchmark {
  static let frames = 40_000
  static let rounds = 5

  func run() async throws -> Measurement {
    let result = try await alternating(rounds: Self.rounds, wholeRate, decodeRate)
    return Measurement(
      name: "30 registers → aggregates, per core", result: Table.millions(result.variant, "samples/s"),
      baseline: "decode alone \(Table.millions(result.baseline))", ratio: result.ratio, gate: "all samples arrive",
      holds: true)
  }

  private func decodeRate() throws -> Double {
    var decoder = EndpointDecoder(try BenchmarkProfile.bound(unit: 1))
    var batch = ReadingBatch()
    var decoded = 0
    let frames = self.frames
    let time = threadSeconds {
      for number in 0..<Self.frames {
        decoder.decode(frames[number % frames.count], into: &batch)
        decoded += batch.count
        batch.removeAll()
      }
    }
    return Double(decoded) / time
  }

  private func wholeRate() async throws -> Double {
    let bench = try await BenchmarkPipeline(fields: BenchmarkProfile.fields)
    let feed = bench.feed(EndpointDecoder(try BenchmarkProfile.bound(unit: 1)))
    let frames = self.frames
    let time = processorSeconds {
      for number in 0..<Self.frames { feed.take(frames[number % frames.count]) }
      bench.settle()
    }
    try await bench.finish(expecting: Self.frames * BenchmarkProfile.valueCount)
    return Double(Self.frames * BenchmarkProfile.valueCount) / time
  }

  /// Powers and voltages move, counters stand still, so that none of them is implausible.
  private var frames: [RawFrame] {
    (0..<100).map { number in
      let values = BenchmarkProfile.fields.map { field in
        field.behavior == .gauge ? UInt16(1000 + number) : 1000
      }
      return RawFrame(
        body: .registers(table: .holding, address: 0, values: values), receivedAt: Timestamp(milliseconds: 0))
    }
  }
}
