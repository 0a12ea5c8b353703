/// How many requests a key may make.
public struct RateLimit: Sendable, Hashable {
  /// How many a second in the long run.
  public var requestsPerSecond: Double
  /// How many at once after a rest.
  public var burst: Int

  /// A limit from both numbers, which are within `rates` and `bursts`.
  public init(requestsPerSecond: Double, burst: Int) {
    self.requestsPerSecond = requestsPerSecond
    self.burst = burst
  }

  /// Enough for programs that look at a few hundred devices every few seconds, and little for the machine.
  public static let standard = RateLimit(requestsPerSecond: 50, burst: 200)
  /// The rates that can be asked for.
  public static let rates = 0.1...10_000.0
  /// The bursts that can be asked for.
  public static let bursts = 1...100_000
}
