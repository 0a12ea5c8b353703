import EnergyModel
import GRDB

extension GatewayStore {
  /// The last values of all devices. A field that the model no longer has is left out.
  public func latestValues() async throws(GatewayStoreError) -> [LatestRecord] {
    try await perform("read latest values") { db in
      try Row.fetchAll(db, sql: "SELECT * FROM latest_values").compactMap { row in
        guard let field = Field.named(try row.decode(forColumn: "field")) else { return nil }
        let quality: Int = try row.decode(forColumn: "quality")
        return LatestRecord(
          deviceID: try row.decode(forColumn: "device_id"),
          reading: Reading(
            field: field, value: try Self.value(row),
            quality: UInt8(exactly: quality).flatMap(Quality.init(rawValue:)) ?? .bad,
            observedAt: try row.time("observed_at"), receivedAt: try row.time("received_at")))
      }
    }
  }

  /// What the aggregation has to remember, of all devices.
  public func accumulators() async throws(GatewayStoreError) -> [AccumulatorRecord] {
    try await perform("read accumulators") { db in
      try Row.fetchAll(db, sql: "SELECT * FROM accumulators").map { row in
        AccumulatorRecord(
          deviceID: try row.decode(forColumn: "device_id"), name: try row.decode(forColumn: "name"),
          state: try JSONText.decode(AccumulatorState.self, try row.decode(forColumn: "state")))
      }
    }
  }

  static func save(_ accumulators: [AccumulatorRecord], in db: Database) throws {
    let statement = try db.cachedStatement(
      sql: """
        INSERT INTO accumulators(device_id, name, state) VALUES (?, ?, ?)
        ON CONFLICT(device_id, name) DO UPDATE SET state = excluded.state
        """)
    for accumulator in accumulators {
      try statement.execute(arguments: [
        accumulator.deviceID, accumulator.name, try JSONText.encode(accumulator.state),
      ])
    }
  }

  static func save(_ latest: [LatestRecord], in db: Database) throws {
    let statement = try db.cachedStatement(
      sql: """
        INSERT INTO latest_values(device_id, field, type, number, word, quality, observed_at, received_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT(device_id, field) DO UPDATE SET type = excluded.type, number = excluded.number,
          word = excluded.word, quality = excluded.quality, observed_at = excluded.observed_at,
          received_at = excluded.received_at
        """)
    for record in latest {
      let reading = record.reading
      let (type, number, word) = columns(of: reading.value)
      statement.setUncheckedArguments([
        record.deviceID, reading.field.name, type.rawValue, number, word, Int(reading.quality.rawValue),
        reading.observedAt.milliseconds, reading.receivedAt.milliseconds,
      ])
      try statement.execute()
    }
  }

  private enum ValueType: Int { case null, number, label, text, flag }

  private static func columns(of value: ReadingValue) -> (type: ValueType, number: Double?, word: String?) {
    switch value {
    case .number(let number): (.number, number, nil)
    case .label(let label): (.label, nil, label)
    case .text(let text): (.text, nil, text)
    case .flag(let flag): (.flag, flag ? 1 : 0, nil)
    case .null: (.null, nil, nil)
    }
  }

  private static func value(_ row: Row) throws -> ReadingValue {
    let number: Double? = try row.decode(forColumn: "number")
    let word: String? = try row.decode(forColumn: "word")
    return switch ValueType(rawValue: try row.decode(forColumn: "type")) {
    case .number: number.map { .number($0) } ?? .null
    case .label: .label(word ?? "unknown")
    case .text: .text(word ?? "")
    case .flag: .flag(number == 1)
    case .null, nil: .null
    }
  }
}
