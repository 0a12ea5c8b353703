import Foundation
import Testing

/// Histories of a battery made from seeds: commands of two senders, withdrawals, stops, devices that ignore, delay,
/// half-apply, forget, refuse and vanish, a journal that fails, wall time that jumps, and crashes between any two steps.
///
/// `HEDDLE_HISTORY_SEED=N` plays one history and prints it; `HEDDLE_HISTORIES=N` plays another number of them.
@Suite("Whatever happens to a battery")
struct CommandPropertyTests {
  static let environment = ProcessInfo.processInfo.environment
  static let count = environment["HEDDLE_HISTORIES"].flatMap { Int($0) } ?? 10_000
  static let seed = environment["HEDDLE_HISTORY_SEED"].flatMap { UInt64($0) }
  /// Histories that are told in full when they fail.
  static let maxReported = 5

  @Test(
    "Each command ends once, nothing is sent late or twice, no interlock is broken, nothing is confirmed that is not so"
  )
  func histories() async throws {
    if let seed = Self.seed { return try Self.tell(seed) }
    let threads = min(4, ProcessInfo.processInfo.activeProcessorCount)
    let failed = try await withThrowingTaskGroup(of: [Failure].self) { group in
      for first in 1...threads {
        group.addTask {
          try await OwnThread.run {
            try stride(from: first, through: Self.count, by: threads).compactMap { number in
              let history = try CommandHistory(seed: UInt64(number))
              history.play()
              let violations = history.witness.violations
              return violations.isEmpty ? nil : Failure(seed: number, violations: violations)
            }
          }
        }
      }
      return try await group.reduce(into: []) { $0 += $1 }.sorted { $0.seed < $1.seed }
    }
    for failure in failed.prefix(Self.maxReported) {
      Issue.record("HEDDLE_HISTORY_SEED=\(failure.seed): \(failure.violations.joined(separator: "\n"))")
    }
    #expect(failed.isEmpty, "\(failed.count) of \(Self.count) histories")
  }

  struct Failure {
    var seed: Int
    var violations: [String]
  }

  @Test("A seed gives the same history again, step for step")
  func reproducible() async throws {
    let stories = try await OwnThread.run {
      try (1...20).map { _ in
        let history = try CommandHistory(seed: 7, tellsStory: true)
        history.play()
        return history.witness.story
      }
    }
    #expect(Set(stories).count == 1)
    #expect(stories[0].count > 10)
  }

  private static func tell(_ seed: UInt64) throws {
    let history = try CommandHistory(seed: seed, tellsStory: true)
    history.play()
    for line in history.witness.story { print(line) }
    #expect(history.witness.violations == [])
  }
}

/// A thread for what runs long and must not take one of the pool.
enum OwnThread {
  static func run<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
      let thread = Thread { continuation.resume(with: Result(catching: work)) }
      thread.stackSize = 8 << 20
      thread.start()
    }
  }
}
