import CBaselines
import Foundation
import Synchronization

/// Runs a producer and a consumer at the same time, each on a processor of its own.
///
/// A round counts only when neither of the two was put off its processor: on a busy machine one side else waits for the
/// other's turn, and both run without ever meeting, which flatters every lock. Rounds are short, and run before all
/// other processes where that is allowed.
///
/// What a cache line takes from one processor to the other decides everything here, and a virtual machine's processors
/// are moved about: it is measured before each pair of rounds. Pairs between processors that are near are preferred.
enum HandOff {
  /// Pairs that have to count.
  static let rounds = 25
  static let mostTries = 250
  /// There and back, within which processors are near: two cores of one die. Between dies it takes 300 and more.
  static let nearNanoseconds = 200.0
  private static let restMicroseconds: UInt32 = 20_000

  /// One side's way through a round.
  typealias Side = @Sendable () -> Void

  /// Rates of two queues in turns.
  struct Result {
    var variant: Double
    var baseline: Double
    var ratio: Double
    var rounds: Int
    /// A cache line there and back, in nanoseconds.
    var line: Double
  }

  private struct Pair {
    var variant: Double
    var baseline: Double
    var line: Double
  }

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

  /// The rounds between near processors where there are enough of them, else all.
  static func alternating(samples: Int, _ variant: () -> Double?, _ baseline: () -> Double?) -> Result {
    var pairs: [Pair] = []
    for _ in 0..<mostTries where pairs.count(where: { $0.line <= nearNanoseconds }) < rounds {
      guard let line = lineNanoseconds() else { continue }
      if line > nearNanoseconds { usleep(restMicroseconds) }
      guard let own = variant(), let other = baseline() else { continue }
      pairs.append(Pair(variant: Double(samples) / own, baseline: Double(samples) / other, line: line))
    }
    let near = pairs.filter { $0.line <= nearNanoseconds }
    let counted = near.count >= rounds ? near : pairs
    return Result(
      variant: median(counted.map(\.variant)), baseline: median(counted.map(\.baseline)),
      ratio: median(counted.map { $0.variant / $0.baseline }), rounds: counted.count,
      line: median(counted.map(\.line)))
  }

  /// What a cache line takes to the other processor and back.
  private static func lineNanoseconds() -> Double? {
    let turns = 2000
    let line = Line()
    return seconds {
      for turn in 0..<turns { line.pass(2 * turn) }
    } consume: {
      for turn in 0..<turns { line.pass(2 * turn + 1) }
    }.map { $0 / Double(turns) * 1e9 }
  }

  /// A number that two threads count up in turns.
  private final class Line: Sendable {
    private let number = Atomic<Int>(0)

    func pass(_ expected: Int) {
      while number.load(ordering: .acquiring) != expected {}
      number.store(expected + 1, ordering: .releasing)
    }
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
      baseline_hasten()
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
