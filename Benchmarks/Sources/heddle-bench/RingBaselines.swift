import CBaselines
import DequeModule
import Foundation
import Synchronization
import TelemetryPipeline

/// The queues that the ring is compared with: seconds that a round takes, `nil` where it does not count.
struct RingBaselines {
  let samples: Int
  let capacity: Int
  let batch: Int

  func boostSeconds() -> Double? {
    let queue = BoostQueue(capacity: capacity)
    let total = samples
    return HandOff.seconds {
      baseline_queue_produce(queue.queue, total)
    } consume: {
      precondition(baseline_queue_consume(queue.queue, total) > 0)
    }
  }

  func dequeSeconds() -> Double? {
    let queue = LockedDeque()
    let (total, capacity) = (samples, capacity)
    return HandOff.seconds {
      var turns: UInt32 = 0
      for number in 0..<total {
        while !queue.push(.numbered(number), capacity: capacity) { baseline_wait(&turns) }
      }
    } consume: {
      var turns: UInt32 = 0
      var seen = 0
      var checksum = 0.0
      while seen < total {
        guard let sample = queue.pop() else {
          baseline_wait(&turns)
          continue
        }
        checksum += sample.value + Double(sample.series)
        seen += 1
      }
      precondition(checksum > 0)
    }
  }

  func arraySeconds() -> Double? {
    let shared = LockedArray(capacity: capacity)
    let (total, capacity, batch) = (samples, capacity, batch)
    return HandOff.seconds {
      var turns: UInt32 = 0
      var next = 0
      var staged: [Sample] = []
      staged.reserveCapacity(batch)
      while next < total {
        staged.removeAll(keepingCapacity: true)
        while staged.count < batch, next < total {
          staged.append(.numbered(next))
          next += 1
        }
        while !shared.append(staged, capacity: capacity) { baseline_wait(&turns) }
      }
    } consume: {
      var turns: UInt32 = 0
      var seen = 0
      var checksum = 0.0
      var taken: [Sample] = []
      taken.reserveCapacity(capacity)
      while seen < total {
        shared.swap(&taken)
        for sample in taken { checksum += sample.value + Double(sample.series) }
        seen += taken.count
        if taken.isEmpty { baseline_wait(&turns) }
        taken.removeAll(keepingCapacity: true)
      }
      precondition(checksum > 0)
    }
  }

  /// `@unchecked`: one thread puts in, one takes out.
  private final class BoostQueue: @unchecked Sendable {
    let queue: OpaquePointer?
    init(capacity: Int) { queue = baseline_queue_new(capacity) }
    deinit { baseline_queue_free(queue) }
  }

  private final class LockedDeque: Sendable {
    private let samples = Mutex<Deque<Sample>>([])

    func push(_ sample: Sample, capacity: Int) -> Bool {
      samples.withLock { samples in
        guard samples.count < capacity else { return false }
        samples.append(sample)
        return true
      }
    }

    func pop() -> Sample? { samples.withLock { $0.popFirst() } }
  }

  private final class LockedArray: Sendable {
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
}
