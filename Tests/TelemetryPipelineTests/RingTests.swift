import Foundation
import Synchronization
import TestSupport
import Testing

@testable import TelemetryPipeline

@Suite("The ring")
struct RingTests {
  private func sample(_ number: Int) -> Sample {
    Sample(series: UInt32(truncatingIfNeeded: number), value: Double(number), observedAt: Int64(number))
  }

  @Test("A sample takes 32 bytes")
  func size() {
    #expect(MemoryLayout<Sample>.size == 32)
    #expect(MemoryLayout<Sample>.stride == 32)
    #expect(MemoryLayout<WindowAccumulator>.stride <= 64)
  }

  @Test("It behaves as a bounded queue, whatever is staged, published and drained", arguments: 0..<20 as Range<UInt64>)
  func model(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let capacity = 1 << Int.random(in: 1...6, using: &random)
    var ring = TelemetryRing(minimumCapacity: capacity)
    var queued: [Int] = []
    var staged: [Int] = []
    var next = 0
    for step in 0..<2000 {
      switch Int.random(in: 0..<10, using: &random) {
      case 0..<6:
        let fits = ring.producer.stage(sample(next))
        #expect(fits == (queued.count + staged.count < capacity), "seed \(seed) step \(step)")
        if fits { staged.append(next) }
        next += 1
      case 6..<8:
        ring.producer.publish()
        queued += staged
        staged = []
      default:
        let limit = Int.random(in: 0...capacity, using: &random)
        var seen: [Int] = []
        let count = ring.consumer.drain(max: limit) { piece in
          for index in piece.indices { seen.append(Int(piece[index].observedAt)) }
        }
        let expected = Array(queued.prefix(limit))
        #expect(seen == expected && count == expected.count, "seed \(seed) step \(step)")
        queued.removeFirst(expected.count)
      }
      #expect(ring.consumer.occupancy == queued.count, "seed \(seed) step \(step)")
      #expect(ring.producer.occupancy == queued.count + staged.count, "seed \(seed) step \(step)")
      #expect(ring.consumer.isEmpty == queued.isEmpty, "seed \(seed) step \(step)")
    }
  }

  @Test("Capacities are powers of two within limits")
  func capacities() {
    for (asked, given) in [(0, 2), (1, 2), (2, 2), (3, 4), (4096, 4096), (4097, 8192), (-5, 2)] {
      let ring = TelemetryRing(minimumCapacity: asked)
      #expect(ring.producer.capacity == given)
    }
  }

  /// Lets a noncopyable handle be moved into the closure of a thread.
  private final class Box<Value: ~Copyable>: @unchecked Sendable {
    var value: Value
    init(_ value: consuming Value) { self.value = value }
  }

  @Test(
    "Two threads: everything arrives once and in order, and a consumer that sleeps is woken, with rests and without",
    arguments: [false, true])
  func twoThreads(rests: Bool) async {
    let total = 200_000
    let doorbell = Doorbell()
    let ring = TelemetryRing(minimumCapacity: 256, doorbell: doorbell)
    let producer = Box(ring.producer)
    let consumer = Box(ring.consumer)
    await withCheckedContinuation { done in
      let received = Thread {
        var expected = 0
        var failure: String?
        while expected < total {
          consumer.value.drain { piece in
            for index in piece.indices {
              if piece[index].observedAt != Int64(expected), failure == nil {
                failure = "\(piece[index].observedAt) instead of \(expected)"
              }
              expected += 1
            }
          }
          guard expected < total else { break }
          if rests { doorbell.rest() }
          doorbell.wait { !consumer.value.isEmpty }
        }
        #expect(failure == nil)
        done.resume()
      }
      received.start()
      Thread {
        var random = SeededGenerator(seed: 7)
        var next = 0
        while next < total {
          let batch = Int.random(in: 1...40, using: &random)
          var staged = 0
          while staged < batch, next < total, producer.value.stage(self.sample(next)) {
            next += 1
            staged += 1
          }
          producer.value.publish()
          if staged == 0 { sched_yield() }
        }
      }.start()
    }
  }
}
