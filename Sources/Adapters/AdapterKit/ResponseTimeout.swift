/// How long an answer may take: learned from the answers that came, within the limits of the profile.
///
/// A device that answers in 20 ms is given up long before the profile's worst case, so that its silence costs the others
/// of its bus little. Each silence in a row doubles the time, up to the longest: a device that only became slow is heard
/// again, and from its answers on it has the time that it needs. A device that was never heard has the longest time.
public struct ResponseTimeout: Sendable, Hashable {
  /// Answers before anything is learned.
  public static let leastAnswers = 16
  /// The time is so many times what nearly all answers needed, and a little more.
  public static let factor = 2.0
  /// What is added, in any case.
  public static let margin = Duration.milliseconds(50)
  /// The shortest time where the profile says nothing is this share of the longest.
  public static let shortestShare = 0.25
  /// The same is never less than this: a machine under load is slow, too.
  public static let leastShortest = Duration.milliseconds(300)
  /// Nothing is shorter, whatever a profile says.
  static let step = Duration.milliseconds(1)
  /// The memory of the slowest answer loses this share of itself with each other answer.
  static let fading = 1.0 / 256

  /// Shortest and longest time.
  public let limits: ClosedRange<Duration>
  private var answers = 0
  private var learned: Duration?
  private var slowest = Duration.zero
  private var silences = 0

  /// - Parameters:
  ///   - longest: what the profile allows.
  ///   - shortest: what the profile asks for at least; a share of the longest where it says nothing.
  public init(longest: Duration, shortest: Duration? = nil) {
    let wanted = shortest ?? max(longest * Self.shortestShare, Self.leastShortest)
    limits = min(max(wanted, Self.step), longest)...max(longest, min(wanted, longest))
  }

  /// The time for the next request. It goes in doublings of the shortest, so that a failure is told in the same words as
  /// long as its cause is the same.
  public var current: Duration {
    guard let learned else { return limits.upperBound }
    var time = limits.lowerBound
    while time < learned, time < limits.upperBound { time += time }
    for _ in 0..<silences where time < limits.upperBound { time += time }
    return min(time, limits.upperBound)
  }

  /// An answer came.
  ///
  /// - Parameter usual: what 99 of 100 answers needed lately.
  public mutating func answered(after duration: Duration, usual: Duration?) {
    answers = min(answers + 1, Self.leastAnswers)
    silences = 0
    slowest = max(duration, slowest * (1 - Self.fading))
    guard answers >= Self.leastAnswers, let usual else { return }
    learned = max(usual, slowest) * Self.factor + Self.margin
  }

  /// No answer came in time.
  public mutating func silent() { silences = min(silences + 1, 32) }
}
