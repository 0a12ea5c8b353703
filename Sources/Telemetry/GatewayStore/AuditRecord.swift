public import EnergyModel

/// One row of the audit: who did what to what, why, and what changed. Rows are only ever appended.
public struct AuditRecord: Sendable, Hashable {
  /// Its place in the chain: 1 and then one more with each row.
  public var sequence: Int64
  /// Wall time.
  public var at: Timestamp
  /// A key's id, `local:<user>` on the socket, `gateway` for what the gateway does by itself.
  public var actor: String
  /// What was done: `command.confirmed`, `configuration.loaded`, `key.created`, …
  public var action: String
  /// What it was done to: a device, key or alert by its id, or a file.
  public var subject: String
  /// The command that it belongs to.
  public var commandID: String?
  /// Why, in words.
  public var reason: String
  /// How it was before, as the text of a JSON object.
  public var before: String
  /// How it is now, as the text of a JSON object.
  public var after: String
  /// SHA-256 of the row before and of this row, 32 bytes; empty until the row is appended.
  public var hash: [UInt8]

  /// The hash in hexadecimal.
  public var hashText: String { AuditChain.hexadecimal(hash) }

  /// A row that is not in the chain yet; number and hash are given when it is appended.
  public init(
    at: Timestamp, actor: String, action: String, subject: String, commandID: String? = nil, reason: String = "",
    before: String = "{}", after: String = "{}"
  ) {
    sequence = 0
    self.at = at
    self.actor = actor
    self.action = action
    self.subject = subject
    self.commandID = commandID
    self.reason = reason
    self.before = before
    self.after = after
    hash = []
  }

  /// The actor of what the gateway does by itself.
  public static let gateway = "gateway"
}

/// Which rows of the audit are wanted. A `nil` does not restrict.
public struct AuditFilter: Sendable, Hashable {
  /// By this actor.
  public var actor: String?
  /// This action, or all that begin with it and a dot: `command` finds `command.confirmed`.
  public var action: String?
  /// To this subject.
  public var subject: String?
  /// Of this command.
  public var commandID: String?
  /// At this time or later.
  public var from: Timestamp?
  /// Before this time.
  public var to: Timestamp?

  /// All members; without any, every row.
  public init(
    actor: String? = nil, action: String? = nil, subject: String? = nil, commandID: String? = nil,
    from: Timestamp? = nil, to: Timestamp? = nil
  ) {
    self.actor = actor
    self.action = action
    self.subject = subject
    self.commandID = commandID
    self.from = from
    self.to = to
  }
}

/// What became of a check of the whole chain.
public struct AuditVerification: Sendable, Hashable {
  /// One thing that is not as it was written.
  public struct Finding: Sendable, Hashable {
    /// The row that it is about; `nil` where it is about the table itself.
    public var sequence: Int64?
    /// What is wrong, in words.
    public var message: String

    /// What is wrong with a row.
    public init(sequence: Int64?, message: String) {
      self.sequence = sequence
      self.message = message
    }
  }

  /// Rows that were looked at.
  public var rows: Int64 = 0
  /// The last row that retention removed; 0 if none was.
  public var anchor: Int64 = 0
  /// The newest row.
  public var head: Int64 = 0
  /// The hash of the newest row, hexadecimal: who notes it elsewhere can find later that the whole chain was made anew.
  public var headHash = ""
  /// What is wrong, in order; empty when every byte is as it was written. At most `maxFindings`.
  public var findings: [Finding] = []

  /// Findings that are named; what is behind them is not looked at.
  public static let maxFindings = 100

  /// A check that has looked at nothing yet.
  public init() {}

  /// Whether the chain is as it was written.
  public var isSound: Bool { findings.isEmpty }
}
