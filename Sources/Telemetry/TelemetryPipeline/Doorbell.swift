import Dispatch
internal import Glibc
public import Synchronization

/// Wakes the one thread that empties the rings, and costs producers nothing while that thread is awake.
///
/// The thread says that it sleeps, looks once more, and only then waits; a producer that publishes looks whether
/// somebody sleeps. The two full fences make sure that at least one of them sees the other. While samples keep coming
/// the thread rests for a short time between two looks instead of being woken for every message, which would cost more
/// than the samples; only a ring that fills up ends a rest early.
public final class Doorbell: Sendable {
  /// The longest rest: what a sample may wait for the aggregation while others come.
  static let restMilliseconds: CInt = 1

  @usableFromInline static let awake: UInt8 = 0
  @usableFromInline static let resting: UInt8 = 1
  @usableFromInline static let parked: UInt8 = 2

  @usableFromInline let state = Atomic<UInt8>(awake)
  private let semaphore = DispatchSemaphore(value: 0)
  /// A pipe ends rests: it can be waited on for a time without looking at a clock. −1 where the system refuses one; then
  /// rests end by themselves.
  private let restEnd: CInt
  private let restWriteEnd: CInt

  /// Makes a bell that nobody waits for.
  public init() {
    var ends: [CInt] = [-1, -1]
    if pipe(&ends) == 0 {
      for end in ends {
        _ = fcntl(end, F_SETFL, O_NONBLOCK)
        _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      }
    }
    restEnd = ends[0]
    restWriteEnd = ends[1]
  }

  deinit {
    for end in [restEnd, restWriteEnd] where end >= 0 { close(end) }
  }

  /// Whether the thread sleeps until the bell rings.
  public var isParked: Bool { state.load(ordering: .relaxed) == Self.parked }

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
    let before = state.exchange(Self.awake, ordering: .acquiringAndReleasing)
    if before == Self.parked { semaphore.signal() }
    if before == Self.resting {
      var byte: UInt8 = 1
      _ = write(restWriteEnd, &byte, 1)
    }
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
    var descriptor = pollfd(fd: restEnd, events: Int16(POLLIN), revents: 0)
    _ = poll(&descriptor, 1, Self.restMilliseconds)
    guard state.exchange(Self.awake, ordering: .acquiringAndReleasing) == Self.awake else { return }
    // A byte that is written only now ends the next rest at once, which does no harm.
    var bytes: UInt64 = 0
    _ = read(restEnd, &bytes, MemoryLayout.size(ofValue: bytes))
  }
}
