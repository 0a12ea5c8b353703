public import EnergyModel

/// Something that is counted by events and not by a device.
public struct UsageMeterRecord: Sendable, Hashable {
  /// `mtr_…`
  public var id: String
  /// By which programs name it.
  public var token: String
  /// By which people name it; no two meters have the same.
  public var name: String
  /// What becomes of its events.
  public var aggregation: UsageAggregation
  /// For people: `kWh`, `request`.
  public var unit: String
  /// The member of an event's metadata: what `uniqueCount` counts, or where the quantity is.
  public var property: String
  /// When it was made.
  public var createdAt: Timestamp

  /// All members.
  public init(
    id: String, token: String, name: String, aggregation: UsageAggregation, unit: String, property: String,
    createdAt: Timestamp
  ) {
    self.id = id
    self.token = token
    self.name = name
    self.aggregation = aggregation
    self.unit = unit
    self.property = property
    self.createdAt = createdAt
  }
}

/// A use by a customer.
public struct UsageEventRecord: Sendable, Hashable {
  /// `use_…`
  public var id: String
  /// The meter.
  public var meterID: String
  /// The customer.
  public var customerID: String
  /// When it happened.
  public var at: Timestamp
  /// How much.
  public var quantity: ExactQuantity
  /// What `uniqueCount` counts; `nil` for other meters.
  public var uniqueValue: String?
  /// When it arrived.
  public var receivedAt: Timestamp
  /// The sender's own name for it.
  public var idempotencyKey: String?
  /// More about it, JSON.
  public var metadata: String?

  /// All members, those that can be absent with a default.
  public init(
    id: String, meterID: String, customerID: String, at: Timestamp, quantity: ExactQuantity,
    uniqueValue: String? = nil, receivedAt: Timestamp, idempotencyKey: String? = nil, metadata: String? = nil
  ) {
    self.id = id
    self.meterID = meterID
    self.customerID = customerID
    self.at = at
    self.quantity = quantity
    self.uniqueValue = uniqueValue
    self.receivedAt = receivedAt
    self.idempotencyKey = idempotencyKey
    self.metadata = metadata
  }
}

/// An event on its way in.
public struct UsageEventEntry: Sendable, Hashable {
  /// By what the sender names the customer.
  public enum Customer: Sendable, Hashable {
    /// The gateway's own id.
    case id(String)
    /// The operator's id; one that nobody has makes a customer with this new id.
    case reference(String, newID: String)
  }

  /// The event; its `customerID` is filled in by the store.
  public var event: UsageEventRecord
  /// Whose it is.
  public var customer: Customer
  /// The same for the same content, for repeated idempotency keys.
  public var digest: String

  /// All members.
  public init(event: UsageEventRecord, customer: Customer, digest: String) {
    self.event = event
    self.customer = customer
    self.digest = digest
  }
}

/// What became of an event.
public enum UsageEventResult: Sendable, Hashable {
  /// It is kept.
  case accepted(UsageEventRecord)
  /// Its key came before with the same content: this is the first one.
  case duplicate(UsageEventRecord)
  /// Its key came before with another content.
  case keyReused
  /// There is no such customer, or not for this sender.
  case noCustomer
}

/// What the events of a meter come to in a time.
public struct UsageSum: Sendable, Hashable {
  /// By the meter's aggregation; `nil` where there is nothing to go by (no event for `max` and `last`).
  public var quantity: ExactQuantity?
  /// Events in the time.
  public var events: Int
  /// Different customers in the time.
  public var customers: Int
}

/// When a meter was used first and last.
public struct UsageSpan: Sendable, Hashable {
  /// The time of its first event; `nil` without events.
  public var first: Timestamp?
  /// The time of its last event.
  public var last: Timestamp?
  /// Events of all time.
  public var events: Int
}
