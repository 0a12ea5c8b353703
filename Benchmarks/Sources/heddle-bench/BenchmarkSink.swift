import AdapterKit
import DeviceProfiles
import EnergyModel
import Glibc
import Synchronization
import TelemetryPipeline

/// Where a link of a benchmark delivers: the way into the pipeline that the gateway takes, and counters beside it.
final class BenchmarkSink: AdapterSink {
  private let producer: TelemetryProducer
  private let pipeline: TelemetryPipeline
  /// Index of each endpoint's device in the pipeline.
  private let indices: [EndpointID: Int]
  private let accepted = Atomic<Int>(0)
  private let durable = Atomic<Int>(0)
  private let goal = Atomic<Int>(.max)
  private let reached = Mutex<Double?>(nil)
  private let keepsTimes: Bool
  private let times = Mutex<[EndpointID: [Double]]>([:])

  /// - Parameter keepsTimes: whether the time of every frame is kept.
  init(
    producer: TelemetryProducer, pipeline: TelemetryPipeline, indices: [EndpointID: Int], keepsTimes: Bool = false
  ) {
    self.producer = producer
    self.pipeline = pipeline
    self.indices = indices
    self.keepsTimes = keepsTimes
  }

  /// Frames that brought readings.
  var frames: Int { accepted.load(ordering: .acquiring) }
  /// Those of them that are on the disk.
  var durableFrames: Int { durable.load(ordering: .acquiring) }
  /// Monotonic seconds at which each frame was there, by endpoint.
  var arrivals: [EndpointID: [Double]] { times.withLock { $0 } }

  /// Notes when so many frames were there.
  func expect(_ frames: Int) { goal.store(frames, ordering: .releasing) }
  /// Monotonic seconds at which they were.
  var reachedAt: Double? { reached.withLock { $0 } }

  func accept(_ batch: borrowing ReadingBatch, from endpoint: EndpointID) {
    guard let index = indices[endpoint] else { return }
    let batch = copy batch
    producer.accept { intake in
      batch.forEach { _, number in
        intake.append(number, device: index)
      } word: { _, reading in
        intake.append(reading, device: index)
      }
    }
    let count = accepted.add(1, ordering: .acquiringAndReleasing).newValue
    if count == goal.load(ordering: .acquiring) {
      // Everything that was accepted is in the aggregates when the pipeline has answered.
      _ = pipeline.latest(index)
      reached.withLock { $0 = clockSeconds(CLOCK_MONOTONIC) }
    }
    if keepsTimes { times.withLock { $0[endpoint, default: []].append(clockSeconds(CLOCK_MONOTONIC)) } }
  }

  func connectivityChanged(_ connectivity: Connectivity, of endpoint: EndpointID) {}

  func secure(_ done: @escaping @Sendable (Bool) -> Void) {
    let count = frames
    Task { [self] in
      do { try await pipeline.secure() } catch { return done(false) }
      durable.store(count, ordering: .releasing)
      done(true)
    }
  }

  var hasRoom: Bool { producer.hasRoom }
}
