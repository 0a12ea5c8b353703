/// A command with everything that is known of it: what the journal keeps and the API shows.
public struct CommandRecord: Sendable, Hashable {
  /// One step of its life.
  public struct StatusChange: Sendable, Hashable {
    public var status: CommandStatus
    public var at: Timestamp
    /// In words; empty where the status says it all.
    public var detail: String
    public init(status: CommandStatus, at: Timestamp, detail: String = "") {
      self.status = status
      self.at = at
      self.detail = detail
    }
  }

  /// Why it ended without success.
  public struct Failure: Sendable, Hashable {
    public var code: CommandErrorCode
    public var message: String
    public var isRetryable: Bool
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

  /// `cmd_…`, made by the gateway.
  public var id: String
  public var deviceID: String
  public var name: CommandName
  public var input: [String: ScalarValue]
  /// How long it holds; `nil` = a lasting setting, or until it is ended.
  public var durationSeconds: Double?
  /// Who sent it: a key's id, `local:<user>` on the socket, `gateway` for its own reverts.
  public var actor: String
  public var idempotencyKey: String?
  /// SHA-256 of the request, hexadecimal, to tell a repetition from another request with the same key.
  public var requestDigest: String
  public var createdAt: Timestamp
  public var status: CommandStatus
  public var history: [StatusChange]
  /// The exact wire operations, in order, as text.
  public var operations: [String]
  public var evidence: Evidence?
  public var failure: Failure?
  /// When its lease ends, if one runs or ran.
  public var leaseExpiresAt: Timestamp?

  public init(
    id: String, deviceID: String, name: CommandName, input: [String: ScalarValue], durationSeconds: Double?,
    actor: String, idempotencyKey: String?, requestDigest: String, createdAt: Timestamp
  ) {
    self.id = id
    self.deviceID = deviceID
    self.name = name
    self.input = input
    self.durationSeconds = durationSeconds
    self.actor = actor
    self.idempotencyKey = idempotencyKey
    self.requestDigest = requestDigest
    self.createdAt = createdAt
    status = .accepted
    history = []
    operations = []
  }

  /// Whether nothing more can happen to it.
  public var isTerminal: Bool { status.isTerminal(hasLease: leaseExpiresAt != nil) }
}
