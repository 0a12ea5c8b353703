/// Something that a person has to look at: it stays until it is over, also across restarts.
public struct AlertRecord: Sendable, Hashable {
  /// What is wrong. The raw value is the word of the API.
  public enum Kind: String, CaseIterable, Sendable, Hashable, Codable {
    /// A device was not brought back to normal after a command.
    case revertFailed = "revert-failed"
    /// A device stopped doing what a running command says, and writing it again did not help.
    case commandDrifted = "command-drifted"
    /// Too little is free on the disk of the database: raw readings are not kept.
    case diskSpaceLow = "disk-space-low"
    /// The database has its largest size: the oldest went before its time.
    case storeLimitReached = "store-limit-reached"
    /// A webhook was switched off because nothing arrives at its receiver.
    case webhookDisabled = "webhook-disabled"
  }

  /// `alt_…`
  public var id: String
  /// What is wrong.
  public var kind: Kind
  /// The device, by its id in configuration and API; the webhook where it is about one; empty for the gateway itself.
  public var deviceID: String
  /// The command that it is about; empty without one.
  public var commandID: String
  /// What is wrong, in words.
  public var message: String
  /// When it began.
  public var raisedAt: Timestamp
  /// When it was last seen to be so.
  public var updatedAt: Timestamp
  /// How often it was seen to be so.
  public var count: Int
  /// When a person said that he knows; `nil` = nobody yet.
  public var acknowledgedAt: Timestamp?
  /// Who that was: a key's id or `local:<user>`.
  public var acknowledgedBy: String?
  /// When it was over; `nil` = it still is so.
  public var resolvedAt: Timestamp?

  /// A new alert that nobody has seen yet.
  public init(id: String, kind: Kind, deviceID: String, commandID: String, message: String, raisedAt: Timestamp) {
    self.id = id
    self.kind = kind
    self.deviceID = deviceID
    self.commandID = commandID
    self.message = message
    self.raisedAt = raisedAt
    updatedAt = raisedAt
    count = 1
  }
}
