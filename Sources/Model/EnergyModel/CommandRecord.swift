/// A command with everything that is known of it: what the journal keeps and the API shows.
public struct CommandRecord: Sendable, Hashable {
  /// One step of its life.
  public struct StatusChange: Sendable, Hashable {
    /// What it became.
    public var status: CommandStatus
    /// Wall time of the change.
    public var at: Timestamp
    /// In words; empty where the status says it all.
    public var detail: String
    /// A step at a time.
    public init(status: CommandStatus, at: Timestamp, detail: String = "") {
      self.status = status
      self.at = at
      self.detail = detail
    }
  }

  /// Why it ended without success.
  public struct Failure: Sendable, Hashable {
    /// The reason as a word for programs.
    public var code: CommandErrorCode
    /// The reason in words: what went wrong and where.
    public var message: String
    /// Whether the same request may work later without a change.
    public var isRetryable: Bool
    /// A reason in both forms.
    public init(code: CommandErrorCode, message: String, isRetryable: Bool) {
      self.code = code
      self.message = message
      self.isRetryable = isRetryable
    }
  }

  /// What proves that the device did it.
  public struct Evidence: Sendable, Hashable {
    /// Values of the names in the predicate before dispatch.
    public var before: [String: ScalarValue]
    /// The same values when the predicate held, or at the end of the wait.
    public var after: [String: ScalarValue]
    /// The predicate as the profile says it.
    public var predicate: String
    /// From the acknowledgement until the predicate held, in milliseconds; `nil` if it never did.
    public var latencyMilliseconds: Int64?
    /// The values before dispatch; what follows is known later.
    public init(
      before: [String: ScalarValue], after: [String: ScalarValue] = [:], predicate: String,
      latencyMilliseconds: Int64? = nil
    ) {
      self.before = before
      self.after = after
      self.predicate = predicate
      self.latencyMilliseconds = latencyMilliseconds
    }
  }

  /// Going back to normal after a command, begun and not proven yet.
  public struct OpenRevert: Sendable, Hashable {
    /// What the command becomes when the device shows that it is back to normal.
    public var endsAs: CommandStatus
    /// Whether the device took the writes; `false` while nobody knows whether they left.
    public var isSent: Bool
    /// A revert that was begun.
    public init(endsAs: CommandStatus, isSent: Bool) {
      self.endsAs = endsAs
      self.isSent = isSent
    }
  }

  /// `cmd_…`, made by the gateway.
  public var id: String
  /// The device, by its id in configuration and API.
  public var deviceID: String
  /// What the device is to do.
  public var name: CommandName
  /// The arguments by name, defaults filled in at dispatch; a number is in the unit of its name (`powerW`).
  public var input: [String: ScalarValue]
  /// How long it holds; `nil` = a lasting setting, or until it is ended.
  public var durationSeconds: Double?
  /// Who sent it: a key's id, `local:<user>` on the socket, `gateway` for its own reverts.
  public var actor: String
  /// The schedule that sent it, by its id; `nil` where none did.
  public var scheduleID: String?
  /// The batch that it is part of, by its id; `nil` where it was sent alone.
  public var batchID: String?
  /// Who goes first when several want the device.
  public var priority: CommandPriority
  /// What it does when another command holds the device.
  public var onConflict: ConflictPolicy
  /// Wall time before which it is not sent; `nil` = at once.
  public var notBefore: Timestamp?
  /// Seconds that it may wait for its device, counted from when it was accepted or from `notBefore`.
  public var ttlSeconds: Double
  /// The command whose end it waits for; `nil` when it waits for none.
  public var waitsFor: String?
  /// The sender's key for repeating a request safely; unique per actor.
  public var idempotencyKey: String?
  /// SHA-256 of the request, hexadecimal, to tell a repetition from another request with the same key.
  public var requestDigest: String
  /// When the gateway took the request.
  public var createdAt: Timestamp
  /// Where it is in its life now.
  public var status: CommandStatus
  /// All steps, oldest first.
  public var history: [StatusChange]
  /// The exact wire operations, in order, as text.
  public var operations: [String]
  /// What read-back showed; `nil` before dispatch and for commands without a predicate.
  public var evidence: Evidence?
  /// Why it ended without success; `nil` while it runs and after success.
  public var failure: Failure?
  /// When its lease ends on the wall clock, if one runs or ran.
  public var leaseExpiresAt: Timestamp?
  /// When it was dispatched on a clock that does not jump: what is left of its lease is counted from here.
  public var dispatchedOn: BootTime?
  /// The way back to normal, once it was begun and until the device shows it; then nothing is resumed.
  public var revert: OpenRevert?

  /// A command that was accepted and has no history yet.
  public init(
    id: String, deviceID: String, name: CommandName, input: [String: ScalarValue], durationSeconds: Double?,
    actor: String, scheduleID: String? = nil, batchID: String? = nil, priority: CommandPriority = .user,
    onConflict: ConflictPolicy = .reject, notBefore: Timestamp? = nil,
    ttlSeconds: Double = CommandRecord.defaultTTLSeconds, idempotencyKey: String?, requestDigest: String,
    createdAt: Timestamp
  ) {
    self.id = id
    self.deviceID = deviceID
    self.name = name
    self.input = input
    self.durationSeconds = durationSeconds
    self.actor = actor
    self.scheduleID = scheduleID
    self.batchID = batchID
    self.priority = priority
    self.onConflict = onConflict
    self.notBefore = notBefore
    self.ttlSeconds = ttlSeconds
    self.idempotencyKey = idempotencyKey
    self.requestDigest = requestDigest
    self.createdAt = createdAt
    status = .accepted
    history = []
    operations = []
  }

  /// A command that waited longer than this for its device is not sent any more, unless it says otherwise.
  public static let defaultTTLSeconds: Double = 60

  /// Whether it may have reached the device and is not over.
  public var mayBeInForce: Bool {
    if name == .refresh { return false }
    return switch status {
    case .dispatched, .acknowledged, .drifted: true
    case .confirmed: !isTerminal
    case .rejected, .accepted, .scheduled, .queued, .completed, .reverted, .unconfirmed, .failed, .expired, .cancelled,
      .superseded:
      false
    }
  }

  /// Whether nothing more can happen to it.
  public var isTerminal: Bool { status.isTerminal(hasLease: leaseExpiresAt != nil) }
}
