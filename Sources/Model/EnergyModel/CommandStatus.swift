/// Where a command is in its life. See `docs/Commands.md` for the arrows between the states.
public enum CommandStatus: String, CaseIterable, Sendable, Hashable, Codable {
  /// Refused; nothing left the gateway.
  case rejected
  /// Valid, and in the journal.
  case accepted
  /// Waits for its time.
  case scheduled
  /// Waits for the device.
  case queued
  /// Durable in the journal, the first byte may have left.
  case dispatched
  /// The device said yes on the protocol level.
  case acknowledged
  /// Fresh telemetry shows that the device does it. With a lease: the lease runs.
  case confirmed
  /// Read-back during the lease differs.
  case drifted
  /// The lease ran to its end and the device is back to normal.
  case completed
  /// Undone before its time: by a stop, by the fail-safe, or after a crash.
  case reverted
  /// Acknowledged, but read-back never showed it. Never to be shown as success.
  case unconfirmed
  /// The device said no or did not answer.
  case failed
  /// Its time to live ended before dispatch.
  case expired
  /// Withdrawn by its sender.
  case cancelled
  /// Replaced by a later command.
  case superseded

  /// Whether no further state can follow. `confirmed` is final only where no lease runs.
  public func isTerminal(hasLease: Bool) -> Bool {
    switch self {
    case .rejected, .completed, .reverted, .unconfirmed, .failed, .expired, .cancelled, .superseded: true
    case .confirmed: !hasLease
    case .accepted, .scheduled, .queued, .dispatched, .acknowledged, .drifted: false
    }
  }
}
