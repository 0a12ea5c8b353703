import Foundation
import Synchronization
import TelemetryPipeline

/// Hands samples from one thread to another: through the ring, and through an array behind a lock, with the same
/// batches, the same capacity and the same waiting (both sides yield). Measured in processor time of both threads,
/// because on a busy machine wall time measures when the other thread gets its turn.
struct RingBenchmark {
  static let rounds = 9
  static let samples = 6_000_000

  let batch: Int
  let capacity: Int
  /// About half of what was measured on a quiet machine, at least 1: larger batches favour the lock, which is then taken
  /// rarely and copies whole blocks.
  var gate: Double { batch < 32 ? 1.5 : 1 }

  func run() -> Measurement {
    let result = alternating(rounds: Self.rounds, ringRate, lockRate)
    return Measurement(
      name: "ring hand-off, batches of \(batch), \(capacity) slots", result: Table.millions(result.variant),
      baseline: "Mutex + array \(Table.millions(result.baseline))", ratio: result.ratio, gate: "≥ \(gate)×",
      holds: result.ratio >= gate)
  }

  private func sample(_ number: Int) -> Sample {
    Sample(series: UInt32(truncatingIfNeeded: number & 1023), value: 1, observedAt: Int64(number))
  }

  private func ringRate() -> Double {
    let ring = TelemetryRing(minimumCapacity: capacity)
    let producing = Carrier(ring.producer)
    let consuming = Carrier(ring.consumer)
    let total = Self.samples
    let batch = self.batch
    return Double(total)
      / twoThreads {
        var producer = producing.take()
        var next = 0
        while next < total {
          let end = min(next + batch, total)
          while next < end {
            if producer.stage(sample(next)) {
              next += 1
            } else {
              producer.publish()
              sched_yield()
            }
          }
          producer.publish()
        }
      } consume: {
        var consumer = consuming.take()
        var seen = 0
        var checksum = 0.0
        while seen < total {
          let count = consumer.drain { piece in
            for index in piece.indices { checksum += piece[index].value + Double(piece[index].series) }
          }
          seen += count
          if count == 0 { sched_yield() }
        }
        return checksum
      }
  }

  private func lockRate() -> Double {
    let shared = Shared(capacity: capacity)
    let capacity = self.capacity
    let total = Self.samples
    let batch = self.batch
    return Double(total)
      / twoThreads {
        var next = 0
        var staged: [Sample] = []
        staged.reserveCapacity(batch)
        while next < total {
          staged.removeAll(keepingCapacity: true)
          while staged.count < batch, next < total {
            staged.append(sample(next))
            next += 1
          }
          while !shared.append(staged, capacity: capacity) { sched_yield() }
        }
      } consume: {
        var seen = 0
        var checksum = 0.0
        var taken: [Sample] = []
        taken.reserveCapacity(capacity)
        while seen < total {
          shared.swap(&taken)
          for sample in taken { checksum += sample.value + Double(sample.series) }
          seen += taken.count
          if taken.isEmpty { sched_yield() }
          taken.removeAll(keepingCapacity: true)
        }
        return checksum
      }
  }

  private func twoThreads(
    _ produce: @escaping @Sendable () -> Void, consume: @escaping @Sendable () -> Double
  ) -> Double {
    let done = DispatchSemaphore(value: 0)
    return processorSeconds {
      Thread.detachNewThread {
        produce()
        done.signal()
      }
      Thread.detachNewThread {
        precondition(consume() > 0)
        done.signal()
      }
      done.wait()
      done.wait()
    }
  }

  /// The baseline: an array behind a lock that the consumer swaps for an empty one.
  private final class Shared: Sendable {
    private let samples = Mutex<[Sample]>([])

    init(capacity: Int) { samples.withLock { $0.reserveCapacity(capacity) } }

    func append(_ batch: [Sample], capacity: Int) -> Bool {
      samples.withLock { samples in
        guard samples.count + batch.count <= capacity else { return false }
        samples.append(contentsOf: batch)
        return true
      }
    }

    func swap(_ other: inout [Sample]) {
      // A lock's state can only be exchanged by value, which costs no copy of the samples.
      let empty = other
      other = []
      other = samples.withLock { samples in
        defer { samples = empty }
        return samples
      }
    }
  }

  /// Carries an end of the ring into the closure of a thread. `@unchecked`: only that thread takes it out.
  private final class Carrier<End: ~Copyable>: @unchecked Sendable {
    private var end: End?
    init(_ end: consuming End) { self.end = consume end }

    func take() -> End {
      guard let end = end.take() else { preconditionFailure("an end of the ring is taken once") }
      return end
    }
  }
}
