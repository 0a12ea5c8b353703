public import EnergyModel
import GRDB

extension GatewayStore {
  /// So long a repeated idempotency key is recognised.
  public static let usageKeyDays: Int64 = 32

  /// Keeps events and makes the customers that they name for the first time, all in one transaction.
  ///
  /// - Parameters:
  ///   - onlyCustomer: the only customer that the sender may write for; then none is made.
  ///   - now: when they arrived.
  /// - Returns: what became of each, in order, and the customers that were made.
  public func append(
    _ entries: [UsageEventEntry], onlyCustomer: String?, now: Timestamp
  ) async throws(GatewayStoreError) -> (results: [UsageEventResult], newCustomers: [CustomerRecord]) {
    try await write("keep usage events") { db in
      try db.execute(
        sql: "DELETE FROM usage_keys WHERE at < ?",
        arguments: [now.advanced(byMilliseconds: -Self.usageKeyDays * 86_400_000).milliseconds])
      var made: [CustomerRecord] = []
      let results = try entries.map { entry in
        try Self.append(entry, onlyCustomer: onlyCustomer, now: now, made: &made, in: db)
      }
      return (results, made)
    }
  }

  private static func append(
    _ entry: UsageEventEntry, onlyCustomer: String?, now: Timestamp, made: inout [CustomerRecord], in db: Database
  ) throws -> UsageEventResult {
    var event = entry.event
    if let key = event.idempotencyKey,
      let first = try Row.fetchOne(
        db, sql: "SELECT digest, event_id FROM usage_keys WHERE meter_id = ? AND key = ?",
        arguments: [event.meterID, key])
    {
      let digest: String = try first.decode(forColumn: "digest")
      let id: String = try first.decode(forColumn: "event_id")
      let known = try usageEvents("WHERE id = ?", [id], in: db).first
      guard digest == entry.digest, let known, onlyCustomer == nil || known.customerID == onlyCustomer else {
        return .keyReused
      }
      return .duplicate(known)
    }
    guard let customer = try customer(entry.customer, onlyCustomer: onlyCustomer, now: now, made: &made, in: db) else {
      return .noCustomer
    }
    event.customerID = customer
    try insert(event, in: db)
    if let key = event.idempotencyKey {
      try db.execute(
        sql: "INSERT INTO usage_keys(meter_id, key, digest, event_id, at) VALUES (?, ?, ?, ?, ?)",
        arguments: [event.meterID, key, entry.digest, event.id, now.milliseconds])
    }
    return .accepted(event)
  }

  private static func insert(_ event: UsageEventRecord, in db: Database) throws {
    try db.execute(
      sql: """
        INSERT INTO usage_events(id, meter_id, customer_id, at, quantity, value, received_at, key, metadata)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        event.id, event.meterID, event.customerID, event.at.milliseconds, Int64(clamping: event.quantity.millionths),
        event.uniqueValue, event.receivedAt.milliseconds, event.idempotencyKey, event.metadata,
      ])
  }

  private static func customer(
    _ customer: UsageEventEntry.Customer, onlyCustomer: String?, now: Timestamp, made: inout [CustomerRecord],
    in db: Database
  ) throws -> String? {
    let (column, value) =
      switch customer {
      case .id(let id): ("id", id)
      case .reference(let reference, _): ("reference_id", reference)
      }
    let known = try String.fetchOne(
      db, sql: "SELECT id FROM customers WHERE \(column) = ? AND removed_at IS NULL ORDER BY id", arguments: [value])
    if let known { return onlyCustomer == nil || known == onlyCustomer ? known : nil }
    guard onlyCustomer == nil, case .reference(let reference, let newID) = customer else { return nil }
    let record = CustomerRecord(id: newID, name: reference, referenceID: reference, createdAt: now, source: .api)
    try upsert(record, in: db)
    made.append(record)
    return newID
  }

  /// Events of a meter, the newest first, and how many there are.
  public func usageEvents(
    meterID: String, customerID: String?, offset: Int, limit: Int
  ) async throws(GatewayStoreError) -> (events: [UsageEventRecord], total: Int) {
    try await perform("read usage events") { db in
      let condition = "WHERE meter_id = ? AND (? IS NULL OR customer_id = ?)"
      let arguments: StatementArguments = [meterID, customerID, customerID]
      let total = try Int.fetchOne(db, sql: "SELECT count(*) FROM usage_events \(condition)", arguments: arguments)
      let events = try Self.usageEvents(
        "\(condition) ORDER BY at DESC, seq DESC LIMIT \(max(0, limit)) OFFSET \(max(0, offset))", arguments, in: db)
      return (events, total ?? 0)
    }
  }

  private static func usageEvents(
    _ clause: String, _ arguments: StatementArguments, in db: Database
  ) throws -> [UsageEventRecord] {
    try Row.fetchAll(db, sql: "SELECT * FROM usage_events \(clause)", arguments: arguments).map { row in
      let millionths: Int64 = try row.decode(forColumn: "quantity")
      return UsageEventRecord(
        id: try row.decode(forColumn: "id"), meterID: try row.decode(forColumn: "meter_id"),
        customerID: try row.decode(forColumn: "customer_id"), at: try row.time("at"),
        quantity: ExactQuantity(millionths: Int128(millionths)), uniqueValue: try row.decode(forColumn: "value"),
        receivedAt: try row.time("received_at"), idempotencyKey: try row.decode(forColumn: "key"),
        metadata: try row.decode(forColumn: "metadata"))
    }
  }
}
