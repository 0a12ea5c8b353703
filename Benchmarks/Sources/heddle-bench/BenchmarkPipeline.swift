import DeviceProfiles
import EnergyModel
import Foundation
import GatewayStore
import Logging
import Synchronization
import TelemetryPipeline
import TimeSource

/// A pipeline of inverters at one site of one customer, on a store of its own, with a clock that is moved by hand.
final class BenchmarkPipeline: Sendable {
  private let directory: URL
  private let pipeline: TelemetryPipeline
  private let producer: TelemetryProducer
  private let clock = SteppedClock()

  init(fields: [Field], devices: Int = 1) async throws {
    directory = FileManager.default.temporaryDirectory.appendingPathComponent("heddle-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let logger = Logger(label: "heddle.bench") { _ in SwiftLogNoOpLogHandler() }
    let store = try await GatewayStore.open(
      path: directory.appendingPathComponent("heddle.sqlite").path, now: clock.now, logger: logger)
    let inverters = (0..<devices).map { number in
      PipelineLayout.Device(
        id: "inverter-\(number)", kind: .inverter, siteID: "site", customerID: "customer", staleAfter: .seconds(30),
        fields: fields)
    }
    pipeline = try await TelemetryPipeline(
      layout: PipelineLayout(devices: inverters), store: store, time: clock.source, logger: logger)
    producer = pipeline.makeProducer(link: "bench")
  }

  deinit { try? FileManager.default.removeItem(at: directory) }

  /// What an adapter's thread has.
  final class Feed {
    /// Frames between two drains, as often as an aggregator that is awake gets its turn.
    static let framesPerDrain = 64

    private let bench: BenchmarkPipeline
    private var decoder: EndpointDecoder
    private var batch = ReadingBatch()
    private var frames = 0

    fileprivate init(_ bench: BenchmarkPipeline, _ decoder: EndpointDecoder) {
      self.bench = bench
      self.decoder = decoder
    }

    /// Takes a frame that arrives now.
    func take(_ frame: RawFrame) {
      accept(frame)
      frames += 1
      if frames % Self.framesPerDrain == 0 { bench.settle() }
    }

    /// What the adapter's thread does with it.
    func accept(_ frame: RawFrame) {
      bench.clock.step()
      var frame = frame
      frame.receivedAt = bench.clock.now
      decoder.decode(frame, into: &batch)
      bench.producer.accept { intake in
        batch.forEach { part, number in
          intake.append(number, device: part)
        } word: { part, reading in
          intake.append(reading, device: part)
        }
      }
      batch.removeAll()
    }
  }

  func feed(_ decoder: EndpointDecoder) -> Feed { Feed(self, decoder) }

  /// Takes readings of any device at a time and hands them to the store, with or without their windows.
  func save(_ readings: [(device: Int, reading: NumericReading)], at time: Timestamp, windows: Bool) async throws {
    clock.move(to: time)
    // A ring has room for this many of a message's readings.
    for start in stride(from: 0, to: readings.count, by: 1000) {
      producer.accept { intake in
        for entry in readings[start..<min(start + 1000, readings.count)] {
          intake.append(entry.reading, device: entry.device)
        }
      }
      settle()
    }
    if windows { try await pipeline.flush() } else { try await pipeline.secure() }
  }

  /// Everything that was accepted is in the aggregates afterwards.
  func settle() { _ = pipeline.latest(0) }

  /// Says whether all samples arrived, and ends the pipeline.
  func finish(expecting samples: Int) async throws {
    let statistics = pipeline.statistics
    await pipeline.stop()
    guard statistics.acceptedSamples == UInt64(samples) else {
      throw BenchmarkProfile.Failure(description: "\(samples) samples were sent: \(statistics)")
    }
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

  func move(to time: Timestamp) { elapsed.store(time.milliseconds - Self.start, ordering: .relaxed) }
}
