import DeviceProfiles
import EnergyModel
import Foundation
import GatewayStore
import Logging
import Synchronization
import TelemetryPipeline
import TimeSource

/// Register frames through the decoder, the ring and the whole aggregation (latest values, gauges, energy for device,
/// site and customer): samples per second of processor time of all threads, which is what one core does.
struct PipelineBenchmark {
  static let frames = 20_000
  static let rounds = 5
  /// Frames between two drains, as often as an aggregator that is awake gets its turn.
  static let framesPerDrain = 32

  func run() async throws -> [Measurement] {
    let decodeOnly = try decodeRate()
    var rates: [Double] = []
    for _ in 0..<Self.rounds { rates.append(try await wholeRate()) }
    return [
      Measurement(
        name: "decode → ring → aggregate, per core", result: "\(Table.millions(median(rates))) samples",
        baseline: "decode alone \(Table.millions(decodeOnly))", ratio: median(rates) / decodeOnly,
        gate: "all samples arrive", holds: true)
    ]
  }

  private func decodeRate() throws -> Double {
    var decoder = EndpointDecoder(try BenchmarkProfile.bound(unit: 1))
    var batch = ReadingBatch()
    var decoded = 0
    let time = processorSeconds {
      for number in 0..<Self.frames {
        decoder.decode(frame(number, at: Timestamp(milliseconds: Int64(number))), into: &batch)
        decoded += batch.entries.count
        batch.removeAll()
      }
    }
    return Double(decoded) / time
  }

  private func wholeRate() async throws -> Double {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("heddle-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let clock = SteppedClock()
    let logger = Logger(label: "heddle.bench") { _ in SwiftLogNoOpLogHandler() }
    let store = try await GatewayStore.open(
      path: directory.appendingPathComponent("heddle.sqlite").path, now: clock.now, logger: logger)
    let device = PipelineLayout.Device(
      id: "inverter", kind: .inverter, siteID: "site", customerID: "customer", staleAfter: .seconds(30),
      fields: BenchmarkProfile.fields)
    let pipeline = try await TelemetryPipeline(
      layout: PipelineLayout(devices: [device]), store: store, time: clock.source, logger: logger)
    let producer = pipeline.makeProducer(link: "bench")
    let decoder = EndpointDecoder(try BenchmarkProfile.bound(unit: 1))
    let time = feed(decoder, producer, pipeline, clock)
    let accepted = pipeline.statistics.acceptedSamples
    guard accepted == UInt64(Self.frames * BenchmarkProfile.valueCount) else {
      throw BenchmarkProfile.Failure(description: "\(accepted) samples arrived: \(pipeline.statistics)")
    }
    await pipeline.stop()
    return Double(accepted) / time
  }

  private func feed(
    _ decoder: consuming EndpointDecoder, _ producer: TelemetryProducer, _ pipeline: TelemetryPipeline,
    _ clock: SteppedClock
  ) -> Double {
    var decoder = decoder
    var batch = ReadingBatch()
    return processorSeconds {
      for number in 0..<Self.frames {
        clock.step()
        decoder.decode(frame(number, at: clock.now), into: &batch)
        producer.accept { intake in
          for entry in batch.entries { intake.append(entry.reading, device: entry.part) }
        }
        batch.removeAll()
        if number % Self.framesPerDrain == 0 { _ = pipeline.latest(0) }
      }
      _ = pipeline.latest(0)
    }
  }

  /// Powers and voltages move, counters stand still, so that none of them is implausible.
  private func frame(_ number: Int, at time: Timestamp) -> RawFrame {
    let values = BenchmarkProfile.fields.map { field in
      field.behavior == .gauge ? UInt16(truncatingIfNeeded: 1000 + number % 100) : 1000
    }
    return RawFrame(body: .registers(table: .holding, address: 0, values: values), receivedAt: time)
  }
}

/// A clock that moves 10 ms per frame, so that windows close as they do in a busy gateway.
final class SteppedClock: Sendable {
  private static let start: Int64 = 1_777_636_800_000
  private let elapsed = Atomic<Int64>(0)

  var now: Timestamp { Timestamp(milliseconds: Self.start + elapsed.load(ordering: .relaxed)) }

  var source: TimeSource {
    TimeSource(
      wall: { self.now }, monotonic: { .milliseconds(self.elapsed.load(ordering: .relaxed)) },
      sleepUntil: { _ in try await Task.sleep(for: .seconds(3600)) })
  }

  func step() { elapsed.add(10, ordering: .relaxed) }
}
