import Synchronization

/// Tells the first time of each number from the later ones.
final class FirstTimes: Sendable {
  private let seen = Mutex(Set<Int>())
  func isFirst(_ number: Int) -> Bool { seen.withLock { $0.insert(number).inserted } }
}
