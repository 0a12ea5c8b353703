public import EnergyModel

/// One row of the audit: who did what to what, why, and what changed.
public struct AuditResource: Codable, Sendable, Hashable {
  /// Its place in the chain, from 1 on without gaps.
  public var sequence: Int64
  /// When it was done.
  public var timestamp: Timestamp
  /// A key's id, `local:<user>` on the socket, `gateway` for what the gateway does by itself.
  public var actor: String
  /// What was done: `command.confirmed`, `key.created`, …
  public var action: String
  /// The device, key or file that it was done to.
  public var subject: String
  /// The command that it belongs to.
  public var commandId: String?
  /// Why, in words.
  public var reason: String
  /// How it was before.
  public var before: JSONValue
  /// How it is now.
  public var after: JSONValue
  /// SHA-256 of the row before and of this one, hexadecimal.
  public var hash: String

  /// All members, those that can be absent with a default.
  public init(
    sequence: Int64, timestamp: Timestamp, actor: String, action: String, subject: String, commandId: String? = nil,
    reason: String = "", before: JSONValue = .object([:]), after: JSONValue = .object([:]), hash: String
  ) {
    self.sequence = sequence
    self.timestamp = timestamp
    self.actor = actor
    self.action = action
    self.subject = subject
    self.commandId = commandId
    self.reason = reason
    self.before = before
    self.after = after
    self.hash = hash
  }
}

/// The answer of `GET /v1/audit/verification`.
public struct AuditVerificationResource: Codable, Sendable, Hashable {
  /// One thing that is not as it was written.
  public struct Finding: Codable, Sendable, Hashable {
    /// The row that it is about; absent where it is about the table itself.
    public var sequence: Int64?
    /// What is wrong.
    public var message: String

    /// What is wrong with a row.
    public init(sequence: Int64? = nil, message: String) {
      self.sequence = sequence
      self.message = message
    }
  }

  /// Whether every byte is as it was written.
  public var isSound: Bool
  /// Rows that were looked at.
  public var rows: Int64
  /// The last row that retention removed; 0 if none was.
  public var anchor: Int64
  /// The newest row.
  public var head: Int64
  /// The hash of the newest row, hexadecimal.
  public var headHash: String
  /// What is wrong, in order; at most 100.
  public var findings: [Finding]

  /// All members, those that can be absent with a default.
  public init(
    isSound: Bool, rows: Int64, anchor: Int64 = 0, head: Int64, headHash: String, findings: [Finding] = []
  ) {
    self.isSound = isSound
    self.rows = rows
    self.anchor = anchor
    self.head = head
    self.headHash = headHash
    self.findings = findings
  }
}
