public import EnergyModel
public import LocalAPISchema

/// What usage meters need from the gateway.
public protocol UsageMeterService: Sendable {
  /// All usage meters in the order of their ids.
  func usageMeters() async throws(APIError) -> [UsageMeterResource]
  /// Makes one with a new id and token; 409 where another one has its name.
  func createUsageMeter(_ draft: UsageMeterDraft) async throws(APIError) -> UsageMeterResource
  /// Keeps events, all or none of those that can be kept; what became of each, in order.
  func track(_ events: [UsageEventCall], onlyCustomer: String?) async throws(APIError) -> [UsageEventOutcome]
  /// What the events of a meter come to in times.
  func usage(_ request: MeterUsageRequest) async throws(APIError) -> [MeterUsageSum]
  /// When a meter was used first and last.
  func usageSpan(meterId: String, customerId: String?) async throws(APIError) -> (first: Timestamp?, last: Timestamp?)
  /// Events of a meter, newest first.
  func usageEvents(
    meterId: String, customerId: String?, slice: SliceRequest
  ) async throws(APIError) -> ListSlice<UsageEventResource>
}

/// An event on its way in; the server has checked everything but its customer and its idempotency key.
public struct UsageEventCall: Sendable, Hashable {
  /// By what the sender names the customer.
  public enum Customer: Sendable, Hashable {
    /// The gateway's own id.
    case id(String)
    /// The operator's id; one that nobody has makes a customer.
    case reference(String)
  }

  /// The meter; it exists.
  public var meterId: String
  /// Whose use it is.
  public var customer: Customer
  /// When it happened.
  public var at: Timestamp
  /// How much.
  public var quantity: ExactQuantity
  /// What `UNIQUE_COUNT` counts.
  public var uniqueValue: String?
  /// The sender's own name for it.
  public var idempotencyKey: String?
  /// The same for the same meaning: meter, customer, quantity, given time and metadata.
  public var digest: String
  /// More about it.
  public var metadata: [String: JSONValue]?

  /// All members, those that can be absent with a default.
  public init(
    meterId: String, customer: Customer, at: Timestamp, quantity: ExactQuantity, uniqueValue: String? = nil,
    idempotencyKey: String? = nil, digest: String, metadata: [String: JSONValue]? = nil
  ) {
    self.meterId = meterId
    self.customer = customer
    self.at = at
    self.quantity = quantity
    self.uniqueValue = uniqueValue
    self.idempotencyKey = idempotencyKey
    self.digest = digest
    self.metadata = metadata
  }
}

/// What became of an event.
public enum UsageEventOutcome: Sendable, Hashable {
  /// It is kept.
  case accepted(UsageEventResource)
  /// Its key came before with the same content.
  case duplicate(UsageEventResource)
  /// Its key came before with another content.
  case keyReused
  /// There is no such customer for this sender.
  case noCustomer
}

/// Which usage of a meter is wanted.
public struct MeterUsageRequest: Sendable, Hashable {
  /// The meter; it exists.
  public var meterId: String
  /// Only this customer's.
  public var customerId: String?
  /// The times, each for itself.
  public var intervals: [UsageInterval]

  /// All members, those that can be absent with a default.
  public init(meterId: String, customerId: String? = nil, intervals: [UsageInterval]) {
    self.meterId = meterId
    self.customerId = customerId
    self.intervals = intervals
  }
}

/// What the events of a meter come to.
public struct MeterUsageSum: Sendable, Hashable {
  /// By the meter's aggregation; `nil` where no event says it.
  public var quantity: ExactQuantity?
  /// Events in the time.
  public var events: Int
  /// Different customers in the time.
  public var customers: Int

  /// All members.
  public init(quantity: ExactQuantity?, events: Int, customers: Int) {
    self.quantity = quantity
    self.events = events
    self.customers = customers
  }
}
