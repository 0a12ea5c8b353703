import EnergyModel
import Foundation
import GRDB

/// A raw reading that no window has yet.
public struct UnbookedReading: Sendable, Hashable {
  /// Id of the device.
  public var deviceID: String
  /// Name of the field.
  public var field: String
  /// What was measured.
  public var reading: RawReading
}

extension GatewayStore {
  /// The group up to which the windows have all readings.
  static let bookedMark = "rawBooked"

  /// What was made durable by `append` and is in no window yet, in the order in which it came: after a crash, the
  /// aggregation takes it again.
  public func unbookedReadings() async throws(GatewayStoreError) -> [UnbookedReading] {
    try await perform("read what the windows do not have") { db in
      let mark = try Int64.fetchOne(db, sql: "SELECT value FROM marks WHERE name = ?", arguments: [Self.bookedMark])
      guard mark != nil else {
        // A file from before there was a mark has booked everything. A full disk must not keep the gateway from
        // starting: then the first flush makes the mark.
        try? Self.markBooked(in: db)
        return []
      }
      var reader = UnbookedReader(db)
      return try reader.read()
    }
  }

  /// The windows have all readings of all groups from now on.
  static func markBooked(in db: Database) throws {
    try db.execute(
      sql: """
        INSERT INTO marks(name, value)
        SELECT ?, coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'raw_groups'), 0) WHERE true
        ON CONFLICT(name) DO UPDATE SET value = excluded.value
        """, arguments: [bookedMark])
  }
}

/// Reads groups with the names of their series.
private struct UnbookedReader {
  let db: Database
  private var names: [UInt32: RawSeriesNames.Key] = [:]
  private var values: [UInt32: RawValues] = [:]

  init(_ db: Database) { self.db = db }

  mutating func read() throws -> [UnbookedReading] {
    var samples: [RawSample] = []
    let groups = try Row.fetchCursor(
      db, sql: "SELECT data FROM raw_groups WHERE id > (SELECT value FROM marks WHERE name = ?) ORDER BY id",
      arguments: [GatewayStore.bookedMark])
    while let group = try groups.next() {
      let data: Data = try group.decode(atIndex: 0)
      // A damaged group is told when it is put together.
      try? RawGroup.decode([UInt8](data)) { samples.append($0) }
    }
    var readings: [UnbookedReading] = []
    for sample in samples {
      guard let key = try name(of: sample.series) else { continue }
      var meaning = values[sample.series] ?? RawValues(field: Field.named(key.field))
      let value = try meaning.value(sample.value, in: db)
      values[sample.series] = meaning
      readings.append(
        UnbookedReading(
          deviceID: key.deviceID, field: key.field,
          reading: RawReading(
            observedAt: Timestamp(milliseconds: sample.observedAt), value: value, quality: sample.quality)))
    }
    return readings
  }

  private mutating func name(of series: UInt32) throws -> RawSeriesNames.Key? {
    if let known = names[series] { return known }
    let row = try Row.fetchOne(
      db, sql: "SELECT device_id, field FROM raw_series WHERE id = ?", arguments: [Int64(series)])
    guard let row else { return nil }
    let key = RawSeriesNames.Key(deviceID: try row.decode(atIndex: 0), field: try row.decode(atIndex: 1))
    names[series] = key
    return key
  }
}
