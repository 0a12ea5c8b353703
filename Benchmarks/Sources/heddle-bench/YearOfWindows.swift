import EnergyModel
import Foundation
import GRDB
import GatewayStore
import Logging

/// Fills a database with what a gateway has after a year: quarters of an hour, hours and days of the whole year and the
/// minutes of its last months, for the energies of every device, its site and its customer. `heddle-bench year PATH
/// DEVICES`, for `api.sh`.
struct YearOfWindows {
  static let days: Int64 = 365
  /// Days of minutes. With many devices 90 would be more than most disks have; only those of today are read.
  static let minuteDays: Int64 = 90
  static let minuteDaysOfMany: Int64 = 3
  static let many = 100
  /// Four devices make a site, and a customer has two sites.
  static let devicesPerSite = 4
  static let devicesPerCustomer = 8

  /// A table of windows: as in the store.
  private struct Level {
    var table: String
    var seconds: Int64
    var bucketSeconds: Int64
  }

  private static let daySeconds: Int64 = 86_400
  private static let levels = [
    Level(table: "quarters", seconds: 900, bucketSeconds: daySeconds),
    Level(table: "hours", seconds: 3600, bucketSeconds: 32 * daySeconds),
    Level(table: "days", seconds: daySeconds, bucketSeconds: 128 * daySeconds),
  ]

  let path: String
  let devices: Int

  init(arguments: [String]) throws {
    guard arguments.count == 2, let devices = Int(arguments[1]), (1...10_000).contains(devices) else {
      throw BenchmarkProfile.Failure(description: "usage: heddle-bench year PATH DEVICES (1 to 10000)")
    }
    path = arguments[0]
    self.devices = devices
  }

  func run() async throws {
    let now = Int64(Date().timeIntervalSince1970)
    let today = now / Self.daySeconds * Self.daySeconds
    let start = today - Self.days * Self.daySeconds
    // The store makes its tables and names the series.
    let store = try await GatewayStore.open(
      path: path, now: Timestamp(milliseconds: now * 1000),
      logger: Logger(label: "heddle.bench") { _ in SwiftLogNoOpLogHandler() })
    let keys = self.keys
    let deltas = keys.indices.map {
      WindowDelta(series: $0, minute: start / 60, sum: 0, samples: 0, coveredMilliseconds: 0)
    }
    try await store.apply(
      WindowBatch(series: keys, deltas: deltas, closedThrough: Timestamp(milliseconds: now * 1000)))
    try await store.close()

    let database = try DatabaseQueue(path: path)
    try await database.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA synchronous = OFF") }
    for level in Self.levels { try await fill(level, start..<today, in: database) }
    let minuteDays = devices > Self.many ? Self.minuteDaysOfMany : Self.minuteDays
    let minutesFrom = today - minuteDays * Self.daySeconds
    try await database.write { db in
      try db.execute(sql: "DELETE FROM windows")
      try db.execute(
        sql: "INSERT INTO marks(name, value) VALUES ('windowsSummedThrough', ?), ('minutesFrom', ?)",
        arguments: [today, minutesFrom])
    }
    try await fill(Level(table: "windows", seconds: 60, bucketSeconds: 600), minutesFrom..<now, in: database)
    try database.close()
  }

  /// In the order in which the rows lie, a day or a bucket in a transaction.
  private func fill(_ level: Level, _ seconds: Range<Int64>, in database: DatabaseQueue) async throws {
    let step = max(level.bucketSeconds, Self.daySeconds)
    let isMinutes = level.seconds == 60
    let columns = "bucket, series, ts, sum, samples, covered_ms, quality, revision\(isMinutes ? ", closed" : "")"
    let minutes = level.seconds / 60
    for start in stride(from: seconds.lowerBound / step * step, to: seconds.upperBound, by: Int(step)) {
      try await database.write { db in
        try db.execute(
          sql: """
            WITH RECURSIVE
              b(n) AS (VALUES(?1) UNION ALL SELECT n + 1 FROM b WHERE n + 1 < ?2),
              w(n) AS (VALUES(0) UNION ALL SELECT n + ?3 FROM w WHERE n + ?3 < ?4)
            INSERT INTO \(level.table)(\(columns))
            SELECT b.n, s.id, b.n * ?4 + w.n, s.id % 7 * 2 * ?5, 6 * ?5, 60000 * ?5, 0, 0\(isMinutes ? ", 1" : "")
            FROM b CROSS JOIN series s NOT INDEXED CROSS JOIN w WHERE b.n * ?4 + w.n >= ?6 AND b.n * ?4 + w.n < ?7
            """,
          arguments: [
            start / level.bucketSeconds, (start + step) / level.bucketSeconds, level.seconds, level.bucketSeconds,
            minutes, seconds.lowerBound, seconds.upperBound,
          ])
      }
    }
  }

  private var keys: [SeriesKey] {
    func keys(_ scope: WindowScope, _ names: [String]) -> [SeriesKey] {
      names.flatMap { name in
        ["import", "export", "production", "consumption"].map { SeriesKey(scope: scope, scopeID: name, metric: $0) }
      }
    }
    func names(_ kind: String, per count: Int) -> [String] {
      (0...(devices - 1) / count).map { "\(kind)-\($0)" }
    }
    return keys(.device, (0..<devices).map { "device-\($0)" })
      + keys(.site, names("site", per: Self.devicesPerSite))
      + keys(.customer, names("customer", per: Self.devicesPerCustomer))
  }
}
