public import EnergyModel

/// Something that is counted by events. A device of type `meter` is something else.
public struct UsageMeterResource: Codable, Sendable, Hashable {
  /// `mtr_…`
  public var id: String
  /// By which programs name it in events.
  public var token: String
  /// By which people name it; unique.
  public var name: String
  /// How its events become one number.
  public var aggregation: UsageAggregation
  /// For people: `kWh`, `request`.
  public var unit: String
  /// The member of an event's metadata that `UNIQUE_COUNT` counts, or that has the quantity where the event has none.
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

/// The body of `POST /v1/usage/meters`.
public struct UsageMeterDraft: Codable, Sendable, Hashable {
  /// By which people name it, 1 to 200 characters.
  public var name: String
  /// How its events become one number.
  public var aggregation: UsageAggregation
  /// For people.
  public var unit: String?
  /// The member of an event's metadata that counts; `user_id` for `UNIQUE_COUNT`, else `quantity`.
  public var property: String?

  /// All members, those that can be absent with a default.
  public init(name: String, aggregation: UsageAggregation, unit: String? = nil, property: String? = nil) {
    self.name = name
    self.aggregation = aggregation
    self.unit = unit
    self.property = property
  }
}

/// One use by a customer.
public struct UsageEventResource: Codable, Sendable, Hashable {
  /// `use_…`
  public var id: String
  /// The meter.
  public var meterId: String
  /// The customer.
  public var customerId: String
  /// When it happened.
  public var timestamp: Timestamp
  /// How much, a decimal number as text.
  public var quantity: String
  /// When it arrived.
  public var receivedAt: Timestamp
  /// The sender's own name for it.
  public var idempotencyKey: String?
  /// More about it.
  public var metadata: [String: JSONValue]?

  /// All members, those that can be absent with a default.
  public init(
    id: String, meterId: String, customerId: String, timestamp: Timestamp, quantity: String, receivedAt: Timestamp,
    idempotencyKey: String? = nil, metadata: [String: JSONValue]? = nil
  ) {
    self.id = id
    self.meterId = meterId
    self.customerId = customerId
    self.timestamp = timestamp
    self.quantity = quantity
    self.receivedAt = receivedAt
    self.idempotencyKey = idempotencyKey
    self.metadata = metadata
  }
}

/// The answer of `POST /v1/usage/events`.
public struct UsageEventReport: Codable, Sendable, Hashable {
  /// What became of one event.
  public struct Result: Codable, Sendable, Hashable {
    /// What can become of an event.
    public enum Status: String, Codable, CaseIterable, Sendable {
      /// It is kept.
      case accepted
      /// Its idempotency key came before: nothing was added.
      case duplicate
      /// It was not kept.
      case rejected
    }

    /// Its place in the request, from 0.
    public var index: Int
    /// What became of it.
    public var status: Status
    /// The id of the event, of the first one for a duplicate.
    public var id: String?
    /// Why it was rejected.
    public var error: APIError.FieldError?

    /// All members, those that can be absent with a default.
    public init(index: Int, status: Status, id: String? = nil, error: APIError.FieldError? = nil) {
      self.index = index
      self.status = status
      self.id = id
      self.error = error
    }
  }

  /// Events that are kept.
  public var accepted: Int
  /// Events that were there before.
  public var duplicates: Int
  /// Events that were not kept.
  public var rejected: Int
  /// One for each event, in order.
  public var results: [Result]

  /// Counts the results.
  public init(results: [Result]) {
    func count(_ status: Result.Status) -> Int { results.count { $0.status == status } }
    (accepted, duplicates, rejected) = (count(.accepted), count(.duplicate), count(.rejected))
    self.results = results
  }
}

/// The answer of `GET /v1/usage/meters/{id}/usage`.
public struct MeterUsageReport: Codable, Sendable, Hashable {
  /// One bucket.
  public struct Bucket: Codable, Sendable, Hashable {
    /// From here.
    public var start: Timestamp
    /// Up to here, excluded.
    public var end: Timestamp
    /// The number, decimal, as text; absent where no event says it.
    public var usage: String?
    /// Events in the bucket.
    public var eventCount: Int

    /// All members.
    public init(start: Timestamp, end: Timestamp, usage: String?, eventCount: Int) {
      self.start = start
      self.end = end
      self.usage = usage
      self.eventCount = eventCount
    }
  }

  /// The meter.
  public var meterId: String
  /// The only customer that is counted; absent = all.
  public var customerId: String?
  /// From here.
  public var from: Timestamp
  /// Up to here, excluded.
  public var to: Timestamp
  /// IANA zone of the buckets.
  public var timezone: String
  /// The length of the buckets.
  public var by: String
  /// What the meter's unit is.
  public var unit: String
  /// The number of the whole time, decimal, as text; absent where no event says it.
  public var total: String?
  /// Events in the whole time.
  public var eventCount: Int
  /// Different customers in the whole time.
  public var uniqueCustomers: Int
  /// One entry per bucket; empty with `by=none`.
  public var series: [Bucket]

  /// All members, those that can be absent with a default.
  public init(
    meterId: String, customerId: String? = nil, from: Timestamp, to: Timestamp, timezone: String, by: String,
    unit: String, total: String?, eventCount: Int, uniqueCustomers: Int, series: [Bucket] = []
  ) {
    self.meterId = meterId
    self.customerId = customerId
    self.from = from
    self.to = to
    self.timezone = timezone
    self.by = by
    self.unit = unit
    self.total = total
    self.eventCount = eventCount
    self.uniqueCustomers = uniqueCustomers
    self.series = series
  }
}

/// The answer of `GET /v1/usage/meters/{id}/stats`.
public struct MeterStatistics: Codable, Sendable, Hashable {
  /// The meter.
  public var meterId: String
  /// What the meter's unit is.
  public var unit: String
  /// The number of all time; absent where no event says it.
  public var total: String?
  /// Events of all time.
  public var eventCount: Int
  /// Customers of all time.
  public var uniqueCustomers: Int
  /// The time of the first event.
  public var firstEventAt: Timestamp?
  /// The time of the last event.
  public var lastEventAt: Timestamp?
  /// Since midnight of the zone.
  public var today: String?
  /// Since Monday.
  public var thisWeek: String?
  /// Since the first of the month.
  public var thisMonth: String?

  /// All members.
  public init(
    meterId: String, unit: String, total: String?, eventCount: Int, uniqueCustomers: Int, firstEventAt: Timestamp?,
    lastEventAt: Timestamp?, today: String?, thisWeek: String?, thisMonth: String?
  ) {
    self.meterId = meterId
    self.unit = unit
    self.total = total
    self.eventCount = eventCount
    self.uniqueCustomers = uniqueCustomers
    self.firstEventAt = firstEventAt
    self.lastEventAt = lastEventAt
    self.today = today
    self.thisWeek = thisWeek
    self.thisMonth = thisMonth
  }
}
