import EnergyModel
import LocalAPISchema

// The seed's names have underscores: `JSONText.seedResponse` turns these into them.

/// A usage meter in the seed's form.
struct SeedMeter: Encodable {
  var id: String
  var meterToken: String
  var name: String
  var propertyName: String
  var aggregationType: UsageAggregation
  var unit: String
  var createdAt: Timestamp

  init(_ meter: UsageMeterResource) {
    id = meter.id
    meterToken = meter.token
    name = meter.name
    propertyName = meter.property
    aggregationType = meter.aggregation
    unit = meter.unit
    createdAt = meter.createdAt
  }
}

/// An event in the seed's form.
struct SeedEvent: Encodable {
  var id: String
  var customerId: String
  var meterId: String
  var quantity: String
  var timestamp: Timestamp
  var createdAt: Timestamp
  var ingestedAt: Timestamp
  var idempotencyKey: String?
  var metaData: [String: JSONValue]

  init(_ event: UsageEventResource) {
    id = event.id
    customerId = event.customerId
    meterId = event.meterId
    quantity = event.quantity
    timestamp = event.timestamp
    createdAt = event.receivedAt
    ingestedAt = event.receivedAt
    idempotencyKey = event.idempotencyKey
    metaData = event.metadata ?? [:]
  }
}

/// A meter's usage in the seed's form.
struct SeedMeterUsage: Encodable {
  struct Group: Encodable {
    var period: Timestamp
    var usage: String
    var eventCount: Int
  }

  var meterId: String
  var totalUsage: String
  var eventCount: Int
  var uniqueCustomers: Int
  var periodStart: Timestamp
  var periodEnd: Timestamp
  var groupedData: [Group]

  init(_ report: MeterUsageReport) {
    meterId = report.meterId
    totalUsage = report.total ?? "0"
    eventCount = report.eventCount
    uniqueCustomers = report.uniqueCustomers
    periodStart = report.from
    periodEnd = report.to
    groupedData = report.series.map {
      Group(period: $0.start, usage: $0.usage ?? "0", eventCount: $0.eventCount)
    }
  }
}

/// A meter's statistics in the seed's form.
struct SeedMeterStatistics: Encodable {
  var meterId: String
  var totalUsage: String
  var eventCount: Int
  var uniqueCustomers: Int
  var firstEvent: Timestamp?
  var lastEvent: Timestamp?
  var usageToday: String
  var usageThisWeek: String
  var usageThisMonth: String

  init(_ statistics: MeterStatistics) {
    meterId = statistics.meterId
    totalUsage = statistics.total ?? "0"
    eventCount = statistics.eventCount
    uniqueCustomers = statistics.uniqueCustomers
    firstEvent = statistics.firstEventAt
    lastEvent = statistics.lastEventAt
    usageToday = statistics.today ?? "0"
    usageThisWeek = statistics.thisWeek ?? "0"
    usageThisMonth = statistics.thisMonth ?? "0"
  }
}

/// A customer's usage in the seed's form, with the energy of his devices beside it.
struct SeedCustomerUsage: Encodable {
  struct Meter: Encodable {
    var meter: SeedMeter
    var usage: SeedMeterUsage

    private enum CodingKeys: CodingKey { case meterName, unit, aggregationType }

    func encode(to encoder: any Encoder) throws {
      try usage.encode(to: encoder)
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(meter.name, forKey: .meterName)
      try container.encode(meter.unit, forKey: .unit)
      try container.encode(meter.aggregationType, forKey: .aggregationType)
    }
  }

  var customerId: String
  var periodStart: Timestamp
  var periodEnd: Timestamp
  var meters: [Meter] = []
  var energy: [String: SeedEnergy] = [:]
}

/// An energy of a customer in the seed's form; what cannot be known is `null`.
struct SeedEnergy: Encodable {
  struct Group: Encodable {
    var period: Timestamp
    var usage: Double?
    var coverage: Double

    private enum CodingKeys: CodingKey { case period, usage, coverage }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(period, forKey: .period)
      try container.encode(usage, forKey: .usage)
      try container.encode(coverage, forKey: .coverage)
    }
  }

  var totalUsage: Double?
  var unit: String
  var coverage: Double
  var groupedData: [Group]

  private enum CodingKeys: CodingKey { case totalUsage, unit, coverage, groupedData }

  init(_ metric: UsageMetric) {
    totalUsage = metric.total
    unit = metric.unit
    coverage = metric.coverage
    groupedData = metric.series.map { Group(period: $0.start, usage: $0.value, coverage: $0.coverage) }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(totalUsage, forKey: .totalUsage)
    try container.encode(unit, forKey: .unit)
    try container.encode(coverage, forKey: .coverage)
    try container.encode(groupedData, forKey: .groupedData)
  }
}
