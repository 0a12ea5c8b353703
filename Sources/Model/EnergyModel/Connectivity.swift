/// Whether the gateway hears from a device. Kept per device, never per link.
public struct Connectivity: Sendable, Hashable {
  /// The word for how well the device is heard.
  public enum State: String, CaseIterable, Sendable, Hashable, Codable {
    /// The last exchanges worked.
    case online
    /// Some of them fail; values may be missing or old.
    case degraded
    /// None works.
    case offline
    /// Nothing has been tried or heard yet.
    case unknown
  }

  /// How well the device is heard.
  public var state: State
  /// Since when `state` holds.
  public var since: Timestamp
  /// When the last valid answer or message came.
  public var lastSeenAt: Timestamp?
  /// Failed exchanges since the last valid one.
  public var consecutiveFailures: Int
  /// The last failure in words, with its place (register, topic, request); `nil` once the device is online again.
  public var lastError: String?

  /// Without arguments: a device that was never heard, since a time.
  public init(
    state: State = .unknown, since: Timestamp, lastSeenAt: Timestamp? = nil, consecutiveFailures: Int = 0,
    lastError: String? = nil
  ) {
    self.state = state
    self.since = since
    self.lastSeenAt = lastSeenAt
    self.consecutiveFailures = consecutiveFailures
    self.lastError = lastError
  }
}
