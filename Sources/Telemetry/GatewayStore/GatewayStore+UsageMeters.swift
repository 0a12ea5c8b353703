public import EnergyModel
import GRDB

extension GatewayStore {
  /// Keeps a new meter; `false` where another one has its name.
  public func insert(_ meter: UsageMeterRecord) async throws(GatewayStoreError) -> Bool {
    try await write("keep usage meter \(meter.id)") { db in
      try db.execute(
        sql: """
          INSERT INTO usage_meters(id, token, name, aggregation, unit, property, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)
          ON CONFLICT(name) DO NOTHING
          """,
        arguments: [
          meter.id, meter.token, meter.name, meter.aggregation.rawValue, meter.unit, meter.property,
          meter.createdAt.milliseconds,
        ])
      return db.changesCount > 0
    }
  }

  /// All meters in the order of their ids.
  public func usageMeters() async throws(GatewayStoreError) -> [UsageMeterRecord] {
    try await perform("read usage meters") { db in
      try Row.fetchAll(db, sql: "SELECT * FROM usage_meters ORDER BY id").map { row in
        UsageMeterRecord(
          id: try row.decode(forColumn: "id"), token: try row.decode(forColumn: "token"),
          name: try row.decode(forColumn: "name"), aggregation: try row.word(UsageAggregation.self, "aggregation"),
          unit: try row.decode(forColumn: "unit"), property: try row.decode(forColumn: "property"),
          createdAt: try row.time("created_at"))
      }
    }
  }

  /// What the events of a meter come to in times, by its aggregation.
  ///
  /// - Parameters:
  ///   - customerID: only this customer's; `nil` = all.
  ///   - intervals: each from its start up to its end, excluded.
  ///   - now: a level holds at most until now.
  public func usage(
    of meter: UsageMeterRecord, customerID: String?, intervals: [Range<Timestamp>], now: Timestamp
  ) async throws(GatewayStoreError) -> [UsageSum] {
    try await perform("read usage") { db in
      let reader = UsageReader(meter: meter, customerID: customerID, now: now)
      return try intervals.prefix(Self.rangesPerCall).map { try reader.sum($0, in: db) }
    }
  }

  /// When a meter was used first and last.
  public func usageSpan(
    meterID: String, customerID: String?
  ) async throws(GatewayStoreError) -> UsageSpan {
    try await perform("read usage") { db in
      let row = try Row.fetchOne(
        db,
        sql: """
          SELECT min(at) AS first, max(at) AS last, count(*) AS events FROM usage_events
          WHERE meter_id = ?1 AND (?2 IS NULL OR customer_id = ?2)
          """, arguments: [meterID, customerID])
      guard let row else { return UsageSpan(first: nil, last: nil, events: 0) }
      return UsageSpan(
        first: try row.optionalTime("first"), last: try row.optionalTime("last"),
        events: try row.decode(forColumn: "events"))
    }
  }
}

/// Aggregates the events of one meter.
private struct UsageReader {
  let meter: UsageMeterRecord
  let customerID: String?
  let now: Timestamp

  private static let condition = "meter_id = ?1 AND at >= ?2 AND at < ?3 AND (?4 IS NULL OR customer_id = ?4)"
  /// Quantities are added in two parts, which together do not overflow before nine million of the largest ones.
  private static let total = "sum(quantity / 1000000) AS whole, sum(quantity % 1000000) AS rest"

  func sum(_ interval: Range<Timestamp>, in db: Database) throws -> UsageSum {
    let row = try row(
      """
      SELECT count(*) AS events, count(DISTINCT customer_id) AS customers, \(Self.total),
        max(quantity) AS largest, count(DISTINCT value) AS different FROM usage_events WHERE \(Self.condition)
      """, interval, in: db)
    guard let row else { return UsageSum(quantity: nil, events: 0, customers: 0) }
    return UsageSum(
      quantity: try quantity(interval, row, in: db), events: try row.decode(forColumn: "events"),
      customers: try row.decode(forColumn: "customers"))
  }

  private func quantity(_ interval: Range<Timestamp>, _ row: Row, in db: Database) throws -> ExactQuantity? {
    switch meter.aggregation {
    case .sum: return try total(row) ?? .zero
    case .max:
      let largest: Int64? = try row.decode(forColumn: "largest")
      return largest.map { ExactQuantity(millionths: Int128($0)) }
    case .uniqueCount:
      let different: Int64 = try row.decode(forColumn: "different")
      return ExactQuantity(millionths: Int128(different) * ExactQuantity.scale)
    case .last:
      let newest = try self.row(
        """
        SELECT \(Self.total) FROM (SELECT quantity,
          row_number() OVER (PARTITION BY customer_id ORDER BY at DESC, seq DESC) AS place
          FROM usage_events WHERE \(Self.condition)) WHERE place = 1
        """, interval, in: db)
      return try newest.flatMap(total)
    case .weightedSum: return try levels(interval, in: db)
    }
  }

  private func row(_ sql: String, _ interval: Range<Timestamp>, in db: Database) throws -> Row? {
    try Row.fetchOne(try db.cachedStatement(sql: sql), arguments: arguments(interval))
  }

  private func arguments(_ interval: Range<Timestamp>) -> StatementArguments {
    [meter.id, interval.lowerBound.milliseconds, interval.upperBound.milliseconds, customerID]
  }

  private func total(_ row: Row) throws -> ExactQuantity? {
    let whole: Int64? = try row.decode(forColumn: "whole")
    let rest: Int64? = try row.decode(forColumn: "rest")
    guard let whole, let rest else { return nil }
    return ExactQuantity(millionths: Int128(whole) * ExactQuantity.scale + Int128(rest))
  }

  /// Level times hours. A level holds until the customer's next one, also from before the time; the future has none.
  private func levels(_ interval: Range<Timestamp>, in db: Database) throws -> ExactQuantity? {
    let statement = try db.cachedStatement(
      sql: """
        SELECT customer_id, max(at, ?2) AS since, quantity FROM (
          SELECT customer_id, at, seq, quantity,
            lead(at) OVER (PARTITION BY customer_id ORDER BY at, seq) AS until
          FROM usage_events WHERE meter_id = ?1 AND at < ?3 AND (?4 IS NULL OR customer_id = ?4))
        WHERE until IS NULL OR until > ?2 ORDER BY customer_id, at, seq
        """)
    let end = Swift.min(interval.upperBound, now).milliseconds
    var sum: Int128 = 0
    var level: (customer: String, since: Int64, quantity: Int64)?
    func add(until time: Int64) {
      guard let level, time > level.since else { return }
      sum += Int128(level.quantity) * Int128(time - level.since)
    }
    let rows = try Row.fetchCursor(statement, arguments: arguments(interval))
    var hasAny = false
    while let row = try rows.next() {
      let customer: String = try row.decode(forColumn: "customer_id")
      let since: Int64 = try row.decode(forColumn: "since")
      add(until: customer == level?.customer ? Swift.min(since, end) : end)
      level = (customer, since, try row.decode(forColumn: "quantity"))
      hasAny = true
    }
    add(until: end)
    let hour: Int128 = 3_600_000
    return hasAny ? ExactQuantity(millionths: (sum + hour / 2) / hour) : nil
  }
}
