import Dispatch
public import Synchronization

/// Wakes the one thread that empties the rings, and costs producers nothing while that thread is awake.
///
/// The thread says that it sleeps, looks once more, and only then waits; a producer that publishes looks whether
/// somebody sleeps. The two full fences make sure that at least one of them sees the other.
public final class Doorbell: Sendable {
  @usableFromInline let isParked = Atomic<Bool>(false)
  private let semaphore = DispatchSemaphore(value: 0)

  /// Makes a bell that nobody waits for.
  public init() {}

  /// Called after each publish.
  @inlinable
  public func ring() {
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    if isParked.load(ordering: .relaxed) { wake() }
  }

  @usableFromInline
  func wake() {
    if isParked.exchange(false, ordering: .acquiringAndReleasing) { semaphore.signal() }
  }

  /// Blocks the calling thread until the bell rings; returns at once if there is something to do.
  ///
  /// - Parameter hasWork: looked at after the thread has said that it sleeps.
  public func wait(unless hasWork: () -> Bool) {
    isParked.store(true, ordering: .sequentiallyConsistent)
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    if hasWork(), isParked.exchange(false, ordering: .acquiringAndReleasing) { return }
    // Also where work was found but a producer has signalled already: that signal must not be left for later.
    semaphore.wait()
  }
}
