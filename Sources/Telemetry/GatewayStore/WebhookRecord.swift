public import EnergyModel

/// An address that hears of events.
public struct WebhookRecord: Sendable, Hashable {
  /// `whk_…`
  public var id: String
  /// Where events are posted to.
  public var url: String
  /// What it is for.
  public var label: String
  /// Types, or groups such as `command.*`; empty = all.
  public var eventTypes: [String]
  /// Only events of this customer.
  public var customerID: String?
  /// `whsec_…`. Kept as it is, because the gateway signs with it.
  public var secret: String
  /// The secret before, and until when it signs too.
  public var oldSecret: String?
  /// Until when the secret before signs too.
  public var oldSecretUntil: Timestamp?
  /// The last event of the log that deliveries were made of.
  public var cursor: Int64
  /// When it was made.
  public var createdAt: Timestamp
  /// When it was changed last.
  public var updatedAt: Timestamp
  /// Whether it is told of events.
  public var isEnabled = true
  /// Why the gateway switched it off.
  public var disabledReason: String?
  /// When the gateway switched it off.
  public var disabledAt: Timestamp?
  /// Since when nothing arrives.
  public var failingSince: Timestamp?

  /// A webhook that is switched on and hears of what comes after `cursor`.
  public init(
    id: String, url: String, label: String, eventTypes: [String], customerID: String?, secret: String, cursor: Int64,
    createdAt: Timestamp
  ) {
    self.id = id
    self.url = url
    self.label = label
    self.eventTypes = eventTypes
    self.customerID = customerID
    self.secret = secret
    self.cursor = cursor
    self.createdAt = createdAt
    updatedAt = createdAt
  }
}

/// One event on its way to one webhook. Its body is made of the event log anew with every try, so that what was removed
/// there is not sent.
public struct WebhookDeliveryRecord: Sendable, Hashable {
  /// What has become of it.
  public enum State: String, Sendable, Hashable, CaseIterable {
    /// Its next try comes.
    case waiting
    /// The receiver has it.
    case delivered
    /// Given up.
    case failed
  }

  /// The same with every try.
  public var id: String
  /// To which webhook.
  public var webhookID: String
  /// The event's place in the log; `nil` for tests.
  public var seq: Int64?
  /// The event's type.
  public var eventType: String
  /// What has become of it.
  public var state: State
  /// Tries so far.
  public var attempts = 0
  /// When it was due first.
  public var createdAt: Timestamp
  /// When the last try was.
  public var lastAttemptAt: Timestamp?
  /// When the next try is; `nil` unless it waits.
  public var nextAttemptAt: Timestamp?
  /// The receiver's last answer.
  public var lastStatus: Int?
  /// Why the last try failed.
  public var lastError: String?

  /// A delivery that is due at once.
  public init(id: String, webhookID: String, seq: Int64?, eventType: String, createdAt: Timestamp) {
    self.id = id
    self.webhookID = webhookID
    self.seq = seq
    self.eventType = eventType
    self.createdAt = createdAt
    state = .waiting
    nextAttemptAt = createdAt
  }
}
