public import EnergyModel
import GRDB

extension GatewayStore {
  /// Series whose day one step sums up: some 23,000 minutes, so that no other writer waits for long.
  private static let seriesPerStep = 16
  /// Seconds of minutes that one step removes.
  private static let removalSeconds: Int64 = 1800

  /// Sums minutes up to quarters of an hour, hours and days, for some series and the oldest day (in UTC) that is not
  /// summed up yet, per call. The minutes stay.
  ///
  /// From then on sums of long times are read from the coarser windows, and what comes late for that day goes into
  /// them with the minutes.
  /// - Parameter time: only days that ended before it.
  /// - Returns: how many series were summed up; 0 when nothing is left to do.
  public func sumUpWindows(before time: Timestamp) async throws(GatewayStoreError) -> Int {
    try await write("sum windows up") { db in
      var marks = try WindowMarks(db)
      guard let start = try Self.nextDay(marks, in: db), start <= time.second - WindowLevel.daySeconds else { return 0 }
      let end = start + WindowLevel.daySeconds
      let ids = try Int64.fetchAll(
        db, sql: "SELECT id FROM series WHERE id > ? AND first_ts < ? ORDER BY id LIMIT ?",
        arguments: [marks.summedSeries, end, Self.seriesPerStep])
      let summer = WindowSummer(db, marks: marks)
      for id in ids { try summer.sumUp(series: id, start..<end) }
      if ids.count == Self.seriesPerStep, let last = ids.last {
        (marks.summedThrough, marks.summedSeries) = (start, last)
      } else {
        (marks.summedThrough, marks.summedSeries) = (end, 0)
      }
      try marks.save(in: db)
      return max(1, ids.count)
    }
  }

  /// The begin of the oldest day that has something and is not summed up.
  private static func nextDay(_ marks: WindowMarks, in db: Database) throws -> Int64? {
    // It is begun.
    if marks.summedSeries > 0 { return marks.summedThrough }
    return try [WindowLevel.minutes, .quarters].compactMap { level in
      let bucket = try Int64.fetchOne(
        db, sql: "SELECT bucket FROM \(level.table) WHERE bucket >= ? ORDER BY bucket LIMIT 1",
        arguments: [level.bucket(of: marks.summedThrough)])
      return bucket.map { WindowLevel.days.start(of: $0 * level.bucketSeconds) }
    }.min()
  }

  /// Removes the oldest minutes, half an hour of them per call; only what is summed up.
  ///
  /// From then on a time that begins or ends within a quarter of an hour counts the quarter to the time in which it
  /// begins.
  /// - Parameter time: only windows that began before it, rounded down to half an hour.
  /// - Returns: how many windows were removed; 0 when nothing is left that may go.
  public func removeOldestMinutes(before time: Timestamp) async throws(GatewayStoreError) -> Int {
    try await write("remove old windows") { db in
      var marks = try WindowMarks(db)
      let buckets = Self.removalSeconds / WindowLevel.minutes.bucketSeconds
      let limit = min(time.second, marks.summedThrough).flooredQuotient(by: Self.removalSeconds) * buckets
      let oldest = try Int64.fetchOne(
        db, sql: "SELECT bucket FROM windows WHERE bucket < ? ORDER BY bucket LIMIT 1", arguments: [limit])
      guard let oldest else { return 0 }
      let end = (oldest.flooredQuotient(by: buckets) + 1) * buckets
      try db.execute(sql: "DELETE FROM windows WHERE bucket < ?", arguments: [end])
      let count = db.changesCount
      marks.minutesFrom = max(marks.minutesFrom, end * WindowLevel.minutes.bucketSeconds)
      try marks.save(in: db)
      return count
    }
  }

  /// Removes the oldest day of quarters of an hour, and what was made of it, if it ended before a time and its minutes
  /// are gone.
  ///
  /// - Returns: how many windows were removed; 0 when nothing is left to remove.
  public func removeOldestSums(before time: Timestamp) async throws(GatewayStoreError) -> Int {
    try await write("remove old windows") { db in
      var marks = try WindowMarks(db)
      let limit = min(time.second, marks.minutesFrom)
      let day = WindowLevel.quarters
      let oldest = try Int64.fetchOne(
        db, sql: "SELECT bucket FROM quarters WHERE bucket < ? ORDER BY bucket LIMIT 1",
        arguments: [day.bucket(of: limit)])
      guard let oldest else { return 0 }
      marks.sumsFrom = max(marks.sumsFrom, (oldest + 1) * day.bucketSeconds)
      var count = 0
      for level in WindowLevel.summed {
        try db.execute(
          sql: "DELETE FROM \(level.table) WHERE bucket < ?", arguments: [level.bucket(of: marks.sumsFrom)])
        count += db.changesCount
      }
      try marks.save(in: db)
      return count
    }
  }

  /// When the oldest window of a minute began; `nil` without any.
  public func oldestMinute() async throws(GatewayStoreError) -> Timestamp? {
    try await perform("find the oldest window") { db in
      try Int64.fetchOne(db, sql: "SELECT bucket FROM windows ORDER BY bucket LIMIT 1").map {
        Timestamp(milliseconds: $0 &* WindowLevel.minutes.bucketSeconds &* 1000)
      }
    }
  }
}
