import Dispatch
public import Synchronization

/// Wakes the one thread that empties the rings, and costs producers nothing while that thread is awake.
///
/// The thread says that it sleeps, looks once more, and only then waits; a producer that publishes looks whether
/// somebody sleeps. The two full fences make sure that at least one of them sees the other. While samples keep coming
/// the thread rests for a short time between two looks instead of being woken for every message, which would cost more
/// than the samples; only a ring that fills up ends a rest early.
public final class Doorbell: Sendable {
  /// The longest rest: what a sample may wait for the aggregation while others come.
  static let restMilliseconds = 1

  @usableFromInline static let awake: UInt8 = 0
  @usableFromInline static let resting: UInt8 = 1
  @usableFromInline static let parked: UInt8 = 2

  @usableFromInline let state = Atomic<UInt8>(awake)
  private let semaphore = DispatchSemaphore(value: 0)

  /// Makes a bell that nobody waits for.
  public init() {}

  /// Called after each publish.
  ///
  /// - Parameter isUrgent: also ends a rest.
  @inlinable
  public func ring(isUrgent: Bool = false) {
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    let state = state.load(ordering: .relaxed)
    if state == Self.parked || (isUrgent && state == Self.resting) { wake() }
  }

  @usableFromInline
  func wake() {
    if state.exchange(Self.awake, ordering: .acquiringAndReleasing) != Self.awake { semaphore.signal() }
  }

  /// Blocks the calling thread until the bell rings; returns at once if there is something to do.
  ///
  /// - Parameter hasWork: looked at after the thread has said that it sleeps.
  public func wait(unless hasWork: () -> Bool) {
    state.store(Self.parked, ordering: .sequentiallyConsistent)
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    if hasWork(), state.exchange(Self.awake, ordering: .acquiringAndReleasing) != Self.awake { return }
    // Also where work was found but a producer has signalled already: that signal must not be left for later.
    semaphore.wait()
  }

  /// Blocks the calling thread for the time of a rest, or until the bell rings urgently.
  public func rest() {
    state.store(Self.resting, ordering: .sequentiallyConsistent)
    if semaphore.wait(timeout: .now() + .milliseconds(Self.restMilliseconds)) == .success { return }
    // A producer that was quicker has signalled, and its signal must not be left for later.
    if state.exchange(Self.awake, ordering: .acquiringAndReleasing) == Self.awake { semaphore.wait() }
  }
}
