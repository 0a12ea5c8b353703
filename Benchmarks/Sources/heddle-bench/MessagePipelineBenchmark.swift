import DeviceProfiles
import EnergyModel
import Foundation
import GatewayStore
import Logging
import TelemetryPipeline

/// A message of JSON to aggregates: through decoder, ring and the whole aggregation of the gateway (latest values,
/// gauges, energy for device, site and customer), against what one writes without thinking of speed: `JSONDecoder` into
/// a dictionary of numbers, an `AsyncStream` of readings, a dictionary of accumulators. Processor time of all threads,
/// which is what one core does.
struct MessagePipelineBenchmark {
  static let rounds = 5
  static let gate = 100.0
  private static let messages = 512
  private static let passes = 40

  private let payloads = BenchmarkMessage.payloads(messages)

  func run() async throws -> Measurement {
    let result = try await alternating(rounds: Self.rounds, gatewayRate, idiomaticRate)
    return Measurement(
      name: "JSON of \(payloads[0].count) bytes → aggregates, per core",
      result: Table.millions(result.variant, "messages/s"),
      baseline: "JSONDecoder → AsyncStream → Dictionary \(Table.millions(result.baseline))", ratio: result.ratio,
      gate: "≥ \(Self.gate)×", holds: result.ratio >= Self.gate)
  }

  private func gatewayRate() async throws -> Double {
    let bench = try await BenchmarkPipeline(fields: BenchmarkMessage.fields)
    let feed = bench.feed(EndpointDecoder(try BenchmarkMessage.bound()))
    let frames = payloads.map { payload in
      RawFrame(
        body: .message(topic: BenchmarkMessage.topic, payload: payload, isRetained: false),
        receivedAt: Timestamp(milliseconds: 0))
    }
    let time = processorSeconds {
      for _ in 0..<Self.passes { for frame in frames { feed.take(frame) } }
      bench.settle()
    }
    try await bench.finish(expecting: Self.passes * frames.count * BenchmarkMessage.readings)
    return Double(Self.passes * frames.count) / time
  }

  private struct Key: Hashable {
    var device: String
    var metric: String
  }

  private final class Accumulator {
    var sum = 0.0
    var last = 0.0
    var low = Double.infinity
    var high = -Double.infinity
    var samples = 0

    func add(_ value: Double) {
      sum += value
      last = value
      low = min(low, value)
      high = max(high, value)
      samples += 1
    }
  }

  private func idiomaticRate() async throws -> Double {
    let start = clockSeconds(CLOCK_PROCESS_CPUTIME_ID)
    let bodies = payloads.map { Data($0) }
    let (stream, continuation) = AsyncStream.makeStream(of: (key: Key, value: Double).self)
    let producer = Task.detached {
      let decoder = JSONDecoder()
      for body in bodies {
        guard let message = try? decoder.decode(BenchmarkMessage.Open.self, from: body) else { continue }
        for (metric, value) in message.metrics {
          continuation.yield((Key(device: message.device, metric: metric), value))
        }
      }
      continuation.finish()
    }
    var accumulators: [Key: Accumulator] = [:]
    var samples = 0
    for await (key, value) in stream {
      if let known = accumulators[key] {
        known.add(value)
      } else {
        let new = Accumulator()
        new.add(value)
        accumulators[key] = new
      }
      samples += 1
    }
    await producer.value
    guard samples == bodies.count * BenchmarkMessage.readings else {
      throw BenchmarkProfile.Failure(description: "\(samples) samples arrived")
    }
    return Double(bodies.count) / (clockSeconds(CLOCK_PROCESS_CPUTIME_ID) - start)
  }
}
