import CBaselines
import Foundation
import TelemetryPipeline

/// Hands samples from one thread to another through the ring, against other queues with the same samples, the same
/// capacity and the same waiting.
struct RingBenchmark {
  /// What the ring is compared with.
  enum Baseline: String {
    /// A deque behind a lock, one push and one pop at a time.
    case deque = "Mutex + Deque, 1 by 1"
    /// An array behind a lock, appended to in the same batches, that the consumer swaps for an empty one.
    case array = "Mutex + array"
    /// Boost.Lockfree's queue, one push and one pop at a time.
    case boost = "Boost spsc_queue, 1 by 1"
  }

  /// Samples that are published together; 1 also takes them out one by one.
  let batch: Int
  let capacity: Int
  let baseline: Baseline
  let gate: Double
  /// More than the gate, where that is wanted and not reached wherever the host puts the two processors.
  var wanted: Double?

  /// As many as take a millisecond or so.
  private var samples: Int { baseline == .deque ? 20_000 : 200_000 }

  func run() -> Measurement {
    let queues = RingBaselines(samples: samples, capacity: capacity, batch: batch)
    let seconds: () -> Double? =
      switch baseline {
      case .deque: queues.dequeSeconds
      case .array: queues.arraySeconds
      case .boost: queues.boostSeconds
      }
    let result = HandOff.alternating(samples: samples, ringSeconds, seconds)
    let how = batch == 1 ? "1 by 1" : "batches of \(batch)"
    return Measurement(
      name: "ring, \(how), \(capacity) slots", result: Table.millions(result.variant),
      baseline: "\(baseline.rawValue) \(Table.millions(result.baseline))", ratio: result.ratio,
      gate: "≥ \(gate)× (\(wish)\(result.rounds) rounds, line \(Int(result.line)) ns)", holds: result.ratio >= gate)
  }

  private var wish: String { wanted.map { "\($0)× wanted, " } ?? "" }

  private func ringSeconds() -> Double? {
    let ring = TelemetryRing(minimumCapacity: capacity)
    let producing = Carrier(ring.producer)
    let consuming = Carrier(ring.consumer)
    let total = samples
    let batch = self.batch
    return HandOff.seconds {
      var producer = producing.take()
      var turns: UInt32 = 0
      var next = 0
      while next < total {
        let end = min(next + batch, total)
        while next < end {
          if producer.stage(.numbered(next)) {
            next += 1
          } else {
            producer.publish()
            baseline_wait(&turns)
          }
        }
        producer.publish()
      }
    } consume: {
      var consumer = consuming.take()
      let limit = batch == 1 ? 1 : Int.max
      var turns: UInt32 = 0
      var seen = 0
      var checksum = 0.0
      while seen < total {
        let count = consumer.drain(max: limit) { piece in
          for index in piece.indices { checksum += piece[index].value + Double(piece[index].series) }
        }
        seen += count
        if count == 0 { baseline_wait(&turns) }
      }
      precondition(checksum > 0)
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

extension Sample {
  /// What all queues carry.
  static func numbered(_ number: Int) -> Sample {
    Sample(series: UInt32(truncatingIfNeeded: number & 1023), value: 1, observedAt: Int64(number))
  }
}
