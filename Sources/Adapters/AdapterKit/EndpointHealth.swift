public import EnergyModel

/// How well one endpoint is heard, and when it may be asked again.
///
/// `online` → `degraded` after one failure → `offline` after `failuresUntilOffline` failures in a row, or as soon as one
/// comes `offlineDeadline` after the last valid answer. An endpoint that was never heard is offline with its first
/// failure. Only a valid answer brings it back. While it fails it is asked with single probes, each after a longer
/// pause.
public struct EndpointHealth: Sendable, Hashable {
  /// Failures in a row after which an endpoint is offline.
  public static let failuresUntilOffline = 3
  /// How old the last valid answer may be when a failure still counts as a passing one.
  public static let offlineDeadline = Duration.seconds(30)

  /// What happened to an endpoint.
  public enum Event: Sendable, Hashable {
    /// A valid answer or message.
    case success
    /// A valid answer, but the device refuses a part of what it is asked for. It is asked on at the usual pace.
    case refusal(String)
    /// A valid answer that says "later". It is asked again after a pause, and never goes offline because of this.
    case busy(String)
    /// No answer, or one that could not be understood.
    case failure(String)
    /// The link itself is down. The link's back-off decides about the next attempt, not the endpoint's.
    case unreachable(String)
    /// Nothing came for longer than the profile allows, or the device announced that it left: offline at once.
    case silence(String)
  }

  /// The state for people and for the checks before a command.
  public private(set) var connectivity: Connectivity
  /// Monotonic time from which the endpoint may be asked again.
  public private(set) var nextAttempt: Duration = .zero
  private var backOff: BackOff
  private var lastAnswer: Duration?

  /// An endpoint of which nothing is known yet.
  public init(wall: Timestamp, backOff: BackOff = BackOff()) {
    connectivity = Connectivity(since: wall)
    self.backOff = backOff
  }

  /// Whether the endpoint may be asked now.
  public func permitsAttempt(at now: Duration) -> Bool { now >= nextAttempt }

  /// Takes an event in.
  ///
  /// - Parameter now: monotonic time, which decides everything.
  /// - Parameter wall: wall time, for `since` and `lastSeenAt`.
  /// - Returns: the connectivity if its state or its reason changed, to be passed on; else `nil`.
  public mutating func note(
    _ event: Event, now: Duration, wall: Timestamp, random: RandomSource
  ) -> Connectivity? {
    let before = connectivity
    switch event {
    case .success:
      heard(now: now, wall: wall, as: .online, reason: nil)
      allowAtOnce()
    case .refusal(let reason):
      heard(now: now, wall: wall, as: .degraded, reason: reason)
      allowAtOnce()
    case .busy(let reason):
      heard(now: now, wall: wall, as: .degraded, reason: reason)
      nextAttempt = now + backOff.next(random: random)
    case .failure(let reason):
      failed(now: now, wall: wall, reason: reason)
      nextAttempt = now + backOff.next(random: random)
    case .unreachable(let reason):
      failed(now: now, wall: wall, reason: reason)
      allowAtOnce()
    case .silence(let reason):
      connectivity.consecutiveFailures += 1
      move(to: .offline, wall: wall, reason: reason)
    }
    let isNews = before.state != connectivity.state || before.lastError != connectivity.lastError
    return isNews ? connectivity : nil
  }

  private mutating func allowAtOnce() {
    backOff.reset()
    nextAttempt = .zero
  }

  private mutating func heard(now: Duration, wall: Timestamp, as state: Connectivity.State, reason: String?) {
    lastAnswer = now
    connectivity.lastSeenAt = wall
    connectivity.consecutiveFailures = 0
    move(to: state, wall: wall, reason: reason)
  }

  private mutating func failed(now: Duration, wall: Timestamp, reason: String) {
    connectivity.consecutiveFailures += 1
    let isPassing =
      connectivity.consecutiveFailures < EndpointHealth.failuresUntilOffline && connectivity.state != .offline
      && lastAnswer.map { now - $0 < EndpointHealth.offlineDeadline } ?? false
    move(to: isPassing ? .degraded : .offline, wall: wall, reason: reason)
  }

  private mutating func move(to state: Connectivity.State, wall: Timestamp, reason: String?) {
    if connectivity.state != state { connectivity.since = wall }
    connectivity.state = state
    connectivity.lastError = reason
  }
}
