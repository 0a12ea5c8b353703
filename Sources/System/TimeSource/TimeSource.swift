public import EnergyModel

/// The two clocks and the way to wait, handed to everything that needs time.
///
/// Nothing below `Gateway` reads a clock by itself, so a test can run a day in milliseconds and let wall time jump.
public struct TimeSource: Sendable {
  /// Wall time, for display, storage and windows. It can jump.
  public let wall: @Sendable () -> Timestamp
  /// Monotonic time since an unspecified start, for everything that is measured.
  public let monotonic: @Sendable () -> Duration
  /// Suspends until the monotonic clock reaches a time; throws `CancellationError` when the task is cancelled.
  public let sleepUntil: @Sendable (Duration) async throws -> Void
  /// Whether monotonic time passes as it does for the kernel. Then who has a thread may wait on that with a timer of its
  /// own, which costs a part of `sleepUntil`.
  public let isRealTime: Bool

  /// A source of its own, such as a test's clock; `sleepUntil` must follow `monotonic`.
  public init(
    wall: @escaping @Sendable () -> Timestamp, monotonic: @escaping @Sendable () -> Duration,
    sleepUntil: @escaping @Sendable (Duration) async throws -> Void, isRealTime: Bool = false
  ) {
    self.wall = wall
    self.monotonic = monotonic
    self.sleepUntil = sleepUntil
    self.isRealTime = isRealTime
  }

  /// Suspends for a time measured on the monotonic clock.
  public func sleep(for duration: Duration) async throws {
    try await sleepUntil(monotonic() + duration)
  }
}
