/// A number from 0 (inclusive) to 1 (exclusive), handed in so that tests decide it.
public typealias RandomSource = @Sendable () -> Double

/// Growing pauses between attempts: each twice as long as the one before, up to a cap, with jitter.
///
/// The jitter only shortens a pause, so the cap holds.
public struct BackOff: Sendable, Hashable {
  /// The first pause where nothing else is said.
  public static let firstPause = Duration.seconds(1)
  /// The longest pause where nothing else is said.
  public static let longestPause = Duration.seconds(60)
  /// The share of a pause that jitter may take away, so that a hundred links do not return in the same instant.
  public static let jitterShare = 0.2

  /// The pause after the first failure.
  public let first: Duration
  /// No pause is longer.
  public let cap: Duration
  /// Pauses since the last reset.
  public private(set) var attempts = 0
  private var pause: Duration

  /// A back-off that starts with `first`.
  public init(first: Duration = BackOff.firstPause, cap: Duration = BackOff.longestPause) {
    self.first = min(first, cap)
    self.cap = cap
    pause = self.first
  }

  /// How long to wait after one more failure.
  public mutating func next(random: RandomSource) -> Duration {
    let jittered = pause * (1 - BackOff.jitterShare * clamped(random()))
    pause = pause > cap / 2 ? cap : pause * 2
    attempts += 1
    return jittered
  }

  /// Starts again with the first pause.
  public mutating func reset() {
    pause = first
    attempts = 0
  }
}

/// Keeps a random source that breaks its promise (or gives NaN) within 0 to 1.
func clamped(_ unit: Double) -> Double { unit > 0 ? min(unit, 1) : 0 }
