public import EnergyModel
import GRDB

extension GatewayStore {
  /// Seconds in a window of a quarter of an hour.
  static let quarterSeconds: Int64 = 900
  /// Seconds in a bucket of such windows: the rows of one series and day lie side by side.
  static let quarterBucketSeconds: Int64 = 86_400
  /// Seconds of minutes that one step puts together: no other writer waits longer than for these.
  private static let stepSeconds: Int64 = 1800

  /// Puts the oldest minutes together to quarters of an hour, half an hour of them per call.
  ///
  /// Sums, lowest, highest and last values stay what they are; a time that begins or ends within a quarter of an hour
  /// counts the quarter to the time in which it begins.
  /// - Parameter time: only windows that began before it, rounded down to half an hour.
  /// - Returns: how many windows of a minute went; 0 when nothing is left to do.
  public func rollUpMinutes(before time: Timestamp) async throws(GatewayStoreError) -> Int {
    try await write("put old windows together") { db in
      let limit = time.second.flooredQuotient(by: Self.stepSeconds) * (Self.stepSeconds / Self.bucketSeconds)
      let oldest = try Int64.fetchOne(
        db, sql: "SELECT bucket FROM windows WHERE bucket < ? ORDER BY bucket LIMIT 1", arguments: [limit])
      guard let oldest else { return 0 }
      let buckets = Self.stepSeconds / Self.bucketSeconds
      let first = oldest.flooredQuotient(by: buckets) * buckets
      try db.execute(
        sql: """
          INSERT INTO quarters(bucket, series, ts, sum, last, min, max, samples, covered_ms, quality, revision)
          SELECT a.ts / \(Self.quarterBucketSeconds), a.series, a.ts, a.sum, l.last, a.low, a.high, a.samples, a.covered,
            a.quality, a.revision
          FROM (SELECT series, ts - ts % \(Self.quarterSeconds) AS ts, sum(sum) AS sum, min(min) AS low,
              max(max) AS high, sum(samples) AS samples, sum(covered_ms) AS covered, max(quality) AS quality,
              sum(revision) AS revision, max(ts) AS newest
            FROM windows WHERE bucket >= ?1 AND bucket < ?2 GROUP BY series, ts / \(Self.quarterSeconds)) a
          JOIN windows l ON l.bucket = a.newest / \(Self.bucketSeconds) AND l.series = a.series AND l.ts = a.newest
          WHERE true
          ON CONFLICT(bucket, series, ts) DO UPDATE SET
            sum = sum + excluded.sum, last = coalesce(excluded.last, last), min = min(min, excluded.min),
            max = max(max, excluded.max), samples = samples + excluded.samples,
            covered_ms = covered_ms + excluded.covered_ms, quality = max(quality, excluded.quality),
            revision = revision + 1 + excluded.revision
          """, arguments: [first, first + buckets])
      try db.execute(
        sql: "DELETE FROM windows WHERE bucket >= ? AND bucket < ?", arguments: [first, first + buckets])
      return db.changesCount
    }
  }

  /// Removes the oldest day of quarters of an hour if it began before a time.
  ///
  /// - Returns: how many windows were removed; 0 when nothing is left to remove.
  public func removeOldestQuarters(before time: Timestamp) async throws(GatewayStoreError) -> Int {
    try await write("remove old windows") { db in
      let limit = time.second.flooredQuotient(by: Self.quarterBucketSeconds)
      let oldest = try Int64.fetchOne(
        db, sql: "SELECT bucket FROM quarters WHERE bucket < ? ORDER BY bucket LIMIT 1", arguments: [limit])
      guard let oldest else { return 0 }
      try db.execute(sql: "DELETE FROM quarters WHERE bucket = ?", arguments: [oldest])
      return db.changesCount
    }
  }

  /// When the oldest window of a minute began; `nil` without any.
  public func oldestMinute() async throws(GatewayStoreError) -> Timestamp? {
    try await perform("find the oldest window") { db in
      try Int64.fetchOne(db, sql: "SELECT bucket FROM windows ORDER BY bucket LIMIT 1").map {
        Timestamp(milliseconds: $0 &* Self.bucketSeconds &* 1000)
      }
    }
  }
}
