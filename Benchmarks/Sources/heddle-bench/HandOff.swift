import CBaselines
import Foundation
import Synchronization

/// Runs a producer and a consumer at the same time, each on a processor of its own.
///
/// A round counts only when neither of the two was put off its processor: on a busy machine one side else waits for the
/// other's turn, and both run without ever meeting, which flatters every lock. Rounds are short, so that some count.
enum HandOff {
  /// Rounds are tried until that many count.
  static let rounds = 25
  static let mostTries = 1500

  /// One side's way through a round.
  typealias Side = @Sendable () -> Void

  /// Seconds from the common start to the end of the consumer; `nil` where the round does not count.
  static func seconds(_ produce: @escaping Side, consume: @escaping Side) -> Double? {
    let round = Round()
    Thread.detachNewThread { round.run(0, produce) }
    Thread.detachNewThread { round.run(1, consume) }
    round.done.wait()
    round.done.wait()
    let times = round.times.withLock { $0 }
    guard round.preemptions.load(ordering: .relaxed) == 0 else { return nil }
    return times.end - times.start
  }

  /// Rates of two queues in turns, over the rounds that count.
  static func alternating(
    samples: Int, _ variant: () -> Double?, _ baseline: () -> Double?
  ) -> (variant: Double, baseline: Double, ratio: Double, rounds: Int) {
    var rates: [(Double, Double)] = []
    var pending: (variant: Double?, baseline: Double?) = (nil, nil)
    for _ in 0..<mostTries where rates.count < rounds {
      pending.variant = pending.variant ?? variant()
      pending.baseline = pending.baseline ?? baseline()
      if let own = pending.variant, let other = pending.baseline {
        rates.append((Double(samples) / own, Double(samples) / other))
        pending = (nil, nil)
      }
    }
    return (
      median(rates.map(\.0)), median(rates.map(\.1)), median(rates.map { $0.0 / $0.1 }), rates.count
    )
  }

  private final class Round: Sendable {
    let done = DispatchSemaphore(value: 0)
    let preemptions = Atomic<Int>(0)
    let times = Mutex<(start: Double, end: Double)>((0, 0))
    private let ready = Atomic<Int>(0)

    func run(_ processor: Int, _ body: Side) {
      baseline_pin(Int32(processor))
      var turns: UInt32 = 0
      ready.add(1, ordering: .sequentiallyConsistent)
      while ready.load(ordering: .acquiring) < 2 { baseline_wait(&turns) }
      let before = baseline_preemptions()
      let start = clockSeconds(CLOCK_MONOTONIC)
      body()
      let end = clockSeconds(CLOCK_MONOTONIC)
      preemptions.add(baseline_preemptions() - before, ordering: .relaxed)
      times.withLock { times in
        times.start = max(times.start, start)
        times.end = max(times.end, end)
      }
      done.signal()
    }
  }
}
