public import EnergyModel

/// A command with all that is known of it.
public struct CommandResource: Codable, Sendable, Hashable {
  /// One step of its life.
  public struct StatusChange: Codable, Sendable, Hashable {
    /// The new status.
    public var status: CommandStatus
    /// When.
    public var at: Timestamp
    /// In words; absent where the status says it all.
    public var detail: String?

    /// All members, those that can be absent with a default.
    public init(
      status: CommandStatus, at: Timestamp, detail: String? = nil
    ) {
      self.status = status
      self.at = at
      self.detail = detail
    }
  }

  /// Who asked for it.
  public struct Origin: Codable, Sendable, Hashable {
    /// A key's id, `local:<user id>`, `local`, or `gateway`.
    public var actor: String
    /// The schedule that sent it.
    public var schedule: String?
    /// The batch that it is part of.
    public var batchId: String?

    /// All members, those that can be absent with a default.
    public init(
      actor: String, schedule: String? = nil, batchId: String? = nil
    ) {
      self.actor = actor
      self.schedule = schedule
      self.batchId = batchId
    }
  }

  /// What proves that the device did it.
  public struct Evidence: Codable, Sendable, Hashable {
    /// Values before dispatch.
    public var before: [String: ScalarValue]
    /// The same values when the predicate held, or at the end of the wait.
    public var after: [String: ScalarValue]
    /// The predicate as the profile says it.
    public var predicate: String
    /// From the acknowledgement until the predicate held; absent if it never did.
    public var latencyMs: Int64?

    /// All members, those that can be absent with a default.
    public init(
      before: [String: ScalarValue] = [:], after: [String: ScalarValue] = [:], predicate: String,
      latencyMs: Int64? = nil
    ) {
      self.before = before
      self.after = after
      self.predicate = predicate
      self.latencyMs = latencyMs
    }
  }

  /// Why it ended without success.
  public struct Failure: Codable, Sendable, Hashable {
    /// Machine-readable.
    public var code: CommandErrorCode
    /// In words.
    public var message: String
    /// Whether sending it again can help.
    public var retryable: Bool

    /// All members, those that can be absent with a default.
    public init(
      code: CommandErrorCode, message: String, retryable: Bool
    ) {
      self.code = code
      self.message = message
      self.retryable = retryable
    }
  }

  /// `cmd_…`
  public var id: String
  /// The device.
  public var deviceId: String
  /// `battery:charge`
  public var command: String
  /// The arguments, defaults filled in.
  public var input: [String: ScalarValue]
  /// Where it is in its life.
  public var status: CommandStatus
  /// Whether nothing more can happen to it.
  public var isTerminal: Bool
  /// All steps so far.
  public var statusHistory: [StatusChange]
  /// Who asked for it.
  public var origin: Origin
  /// Who goes first when several want the device.
  public var priority: CommandPriority
  /// What it does when another command holds the device.
  public var onConflict: ConflictPolicy
  /// When it may be sent at the earliest; absent = at once.
  public var notBefore: Timestamp?
  /// Seconds that it may wait for its device.
  public var ttlSeconds: Double
  /// The command whose end it waits for.
  public var waitsFor: String?
  /// As given by the sender.
  public var idempotencyKey: String?
  /// How long it holds; absent for a lasting setting.
  public var durationSeconds: Double?
  /// When it was received.
  public var createdAt: Timestamp
  /// When its lease ends, if one runs or ran.
  public var leaseExpiresAt: Timestamp?
  /// The exact writes, in order, as text.
  public var operations: [String]
  /// What proves it; absent before the read-back.
  public var evidence: Evidence?
  /// Why it ended without success.
  public var error: Failure?

  /// The journal's record as the API shows it.
  public init(_ record: CommandRecord) {
    id = record.id
    deviceId = record.deviceID
    command = record.name.description
    input = record.input
    status = record.status
    isTerminal = record.isTerminal
    statusHistory = record.history.map {
      StatusChange(status: $0.status, at: $0.at, detail: $0.detail.isEmpty ? nil : $0.detail)
    }
    origin = Origin(actor: record.actor, schedule: record.scheduleID, batchId: record.batchID)
    priority = record.priority
    onConflict = record.onConflict
    notBefore = record.notBefore
    ttlSeconds = record.ttlSeconds
    waitsFor = record.waitsFor
    idempotencyKey = record.idempotencyKey
    durationSeconds = record.durationSeconds
    createdAt = record.createdAt
    leaseExpiresAt = record.leaseExpiresAt
    operations = record.operations
    evidence = record.evidence.map {
      Evidence(before: $0.before, after: $0.after, predicate: $0.predicate, latencyMs: $0.latencyMilliseconds)
    }
    error = record.failure.map { Failure(code: $0.code, message: $0.message, retryable: $0.isRetryable) }
  }

  /// Whether the first answer of the device is in: confirmed, or ended in some other way.
  public var isSettled: Bool { isTerminal || status == .confirmed || status == .drifted }
}

/// The body of `POST /v1/devices/{id}/commands`.
public struct CommandSubmission: Codable, Sendable, Hashable {
  /// What to do when another command holds the device.
  public typealias ConflictPolicy = EnergyModel.ConflictPolicy

  /// `battery:charge`, or the verb alone (`charge`).
  public var command: String?
  /// The verb alone; the same as a `command` without a type.
  public var verb: String?
  /// The arguments in SI units.
  public var input: [String: ScalarValue]?
  /// How long it is to hold.
  public var durationSeconds: Double?
  /// Until when it is to hold; instead of `durationSeconds`.
  public var until: Timestamp?
  /// Seconds until the command is not worth sending any more, counted from now or from `notBefore`.
  public var ttlSeconds: Double?
  /// When it may be sent at the earliest; at once unless it is said.
  public var notBefore: Timestamp?
  /// `user` unless it is said.
  public var priority: CommandPriority?
  /// Only say what would be written.
  public var dryRun: Bool?
  /// The same as the header `Idempotency-Key`.
  public var idempotencyKey: String?
  /// `reject` unless it is said.
  public var onConflict: ConflictPolicy?

  /// All members, those that can be absent with a default.
  public init(
    command: String? = nil, verb: String? = nil, input: [String: ScalarValue]? = nil, durationSeconds: Double? = nil,
    until: Timestamp? = nil, ttlSeconds: Double? = nil, notBefore: Timestamp? = nil, priority: CommandPriority? = nil,
    dryRun: Bool? = nil, idempotencyKey: String? = nil, onConflict: ConflictPolicy? = nil
  ) {
    self.command = command
    self.verb = verb
    self.input = input
    self.durationSeconds = durationSeconds
    self.until = until
    self.ttlSeconds = ttlSeconds
    self.notBefore = notBefore
    self.priority = priority
    self.dryRun = dryRun
    self.idempotencyKey = idempotencyKey
    self.onConflict = onConflict
  }
}

/// What a command would write, and that it would be accepted now.
public struct CommandPreview: Codable, Sendable, Hashable {
  /// The device.
  public var deviceId: String
  /// `battery:charge`
  public var command: String
  /// The arguments, defaults filled in.
  public var input: [String: ScalarValue]
  /// How long it would hold; absent for a lasting setting.
  public var durationSeconds: Double?
  /// The exact writes, in order, as text.
  public var operations: [String]
  /// Always `true`: nothing was sent.
  public var dryRun = true

  /// All members, those that can be absent with a default.
  public init(
    deviceId: String, command: String, input: [String: ScalarValue] = [:], durationSeconds: Double? = nil,
    operations: [String] = []
  ) {
    self.deviceId = deviceId
    self.command = command
    self.input = input
    self.durationSeconds = durationSeconds
    self.operations = operations
  }
}
