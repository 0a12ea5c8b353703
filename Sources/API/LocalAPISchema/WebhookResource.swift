public import EnergyModel

/// An address that hears of events.
public struct WebhookResource: Codable, Sendable, Hashable {
  /// `whk_…`
  public var id: String
  /// Where events are posted to.
  public var url: String
  /// What it is for.
  public var label: String
  /// Types, or groups such as `command.*`; empty = all.
  public var eventTypes: [String]
  /// Only events about this customer's things; absent = all.
  public var customerId: String?
  /// Whether it is told of events. What happens meanwhile waits.
  public var enabled: Bool
  /// Why the gateway switched it off.
  public var disabledReason: String?
  /// When the gateway switched it off.
  public var disabledAt: Timestamp?
  /// Since when nothing arrives; absent where the last delivery did.
  public var failingSince: Timestamp?
  /// Until when what is sent is also signed with the secret before.
  public var oldSecretUntil: Timestamp?
  /// The secret, in the answer that made it and never again.
  public var secret: String?
  /// When it was made.
  public var createdAt: Timestamp
  /// When it was changed last.
  public var updatedAt: Timestamp

  /// All members, those that can be absent with a default.
  public init(
    id: String, url: String, label: String = "", eventTypes: [String] = [], customerId: String? = nil,
    enabled: Bool = true, disabledReason: String? = nil, disabledAt: Timestamp? = nil, failingSince: Timestamp? = nil,
    oldSecretUntil: Timestamp? = nil, secret: String? = nil, createdAt: Timestamp, updatedAt: Timestamp
  ) {
    self.id = id
    self.url = url
    self.label = label
    self.eventTypes = eventTypes
    self.customerId = customerId
    self.enabled = enabled
    self.disabledReason = disabledReason
    self.disabledAt = disabledAt
    self.failingSince = failingSince
    self.oldSecretUntil = oldSecretUntil
    self.secret = secret
    self.createdAt = createdAt
    self.updatedAt = updatedAt
  }

  /// What of it can be changed.
  public var draft: WebhookDraft {
    WebhookDraft(url: url, label: label, eventTypes: eventTypes, customerId: customerId, enabled: enabled)
  }
}

/// What a webhook is to be: the body of `POST /v1/webhooks`, and of `PATCH` with the members that change.
public struct WebhookDraft: Codable, Sendable, Hashable {
  /// Where events are posted to.
  public var url: String
  /// What it is for.
  public var label: String
  /// Types, or groups such as `command.*`; empty = all.
  public var eventTypes: [String]
  /// Only events about this customer's things.
  public var customerId: String?
  /// Whether it is told of events.
  public var enabled: Bool

  /// All members, those that can be absent with a default.
  public init(
    url: String, label: String = "", eventTypes: [String] = [], customerId: String? = nil, enabled: Bool = true
  ) {
    self.url = url
    self.label = label
    self.eventTypes = eventTypes
    self.customerId = customerId
    self.enabled = enabled
  }
}

/// One event on its way to one webhook.
public struct WebhookDelivery: Codable, Sendable, Hashable {
  /// What has become of it.
  public enum State: String, Codable, CaseIterable, Sendable {
    /// Its next try comes.
    case waiting
    /// The receiver has it.
    case delivered
    /// Given up, until somebody asks for it again.
    case failed
  }

  /// The header `webhook-id`: the same with every try, also after a restart.
  public var id: String
  /// To which webhook.
  public var webhookId: String
  /// The event's place in the log; absent for tests.
  public var eventSequence: Int64?
  /// The event's type.
  public var eventType: String
  /// What has become of it.
  public var state: State
  /// Tries so far.
  public var attempts: Int
  /// When it was due first.
  public var createdAt: Timestamp
  /// When the last try was.
  public var lastAttemptAt: Timestamp?
  /// When the next try is.
  public var nextAttemptAt: Timestamp?
  /// The receiver's last answer.
  public var lastStatus: Int?
  /// Why the last try failed.
  public var lastError: String?

  /// All members, those that can be absent with a default.
  public init(
    id: String, webhookId: String, eventSequence: Int64? = nil, eventType: String, state: State, attempts: Int = 0,
    createdAt: Timestamp, lastAttemptAt: Timestamp? = nil, nextAttemptAt: Timestamp? = nil, lastStatus: Int? = nil,
    lastError: String? = nil
  ) {
    self.id = id
    self.webhookId = webhookId
    self.eventSequence = eventSequence
    self.eventType = eventType
    self.state = state
    self.attempts = attempts
    self.createdAt = createdAt
    self.lastAttemptAt = lastAttemptAt
    self.nextAttemptAt = nextAttemptAt
    self.lastStatus = lastStatus
    self.lastError = lastError
  }
}

/// The body of `POST /v1/webhooks/{id}/replay`.
public struct WebhookReplay: Codable, Sendable, Hashable {
  /// Events from then on are sent again.
  public var since: Timestamp

  /// From a time on.
  public init(since: Timestamp) { self.since = since }
}

/// The answer to a replay.
public struct ReplayedEvents: Codable, Sendable, Hashable {
  /// How many events are sent again.
  public var events: Int

  /// A number of events.
  public init(events: Int) { self.events = events }
}
