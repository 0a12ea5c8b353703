public import EnergyModel
import GRDB

/// A carbon intensity from a time on, as a source said it.
public struct CarbonRecord: Sendable, Hashable {
  /// When it begins.
  public var at: Timestamp
  /// Grams of CO2 for each kilowatt hour.
  public var gramsPerKWh: Double

  /// All members.
  public init(at: Timestamp, gramsPerKWh: Double) {
    self.at = at
    self.gramsPerKWh = gramsPerKWh
  }
}

extension GatewayStore {
  /// Keeps what a source of carbon intensities said; a later value for the same time replaces the earlier one.
  public func saveCarbon(source: String, _ records: [CarbonRecord]) async throws(GatewayStoreError) {
    try await write("keep carbon intensities") { db in
      // A forecast is told again and again: what is the same is not written.
      let statement = try db.cachedStatement(
        sql: """
          INSERT INTO carbon_intensities(source, at, grams_per_kwh) VALUES (?, ?, ?)
          ON CONFLICT(source, at) DO UPDATE SET grams_per_kwh = excluded.grams_per_kwh
          WHERE grams_per_kwh <> excluded.grams_per_kwh
          """)
      for record in records where record.gramsPerKWh.isFinite {
        try statement.execute(arguments: [source, record.at.milliseconds, record.gramsPerKWh])
      }
    }
  }

  /// What a source said so far, in the order of time.
  public func carbon(source: String) async throws(GatewayStoreError) -> [CarbonRecord] {
    try await perform("read carbon intensities") { db in
      try Row.fetchAll(
        db, sql: "SELECT at, grams_per_kwh FROM carbon_intensities WHERE source = ? ORDER BY at", arguments: [source]
      ).map { CarbonRecord(at: try $0.time("at"), gramsPerKWh: try $0.decode(forColumn: "grams_per_kwh")) }
    }
  }

  /// Forgets intensities from before a time. Returns how many went.
  public func removeCarbon(before time: Timestamp) async throws(GatewayStoreError) -> Int {
    try await write("remove old carbon intensities") { db in
      try db.execute(sql: "DELETE FROM carbon_intensities WHERE at < ?", arguments: [time.milliseconds])
      return db.changesCount
    }
  }
}
