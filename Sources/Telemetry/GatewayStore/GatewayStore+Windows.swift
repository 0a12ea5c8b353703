public import EnergyModel
import GRDB
import Synchronization

/// A row of the table of series.
struct InternedSeries {
  var id: Int64
  /// Where its first window begins, in seconds.
  var first: Int64
}

/// The series that are known to be in the file.
final class SeriesCache: Sendable {
  private let known = Mutex<[SeriesKey: InternedSeries]>([:])

  subscript(key: SeriesKey) -> InternedSeries? { known.withLock { $0[key] } }

  func merge(_ new: [SeriesKey: InternedSeries]) {
    guard !new.isEmpty else { return }
    known.withLock { $0.merge(new) { _, new in new } }
  }
}

extension GatewayStore {
  /// Seconds since 1970 that windows can have: what is beyond is no time.
  private static let possibleSeconds: ClosedRange<Int64> = -(1 << 40)...(1 << 40)
  /// The most times that one call sums up.
  public static let rangesPerCall = 100_000

  /// Adds the deltas to the windows, replaces the accumulators and latest values and appends raw readings, in one
  /// transaction.
  ///
  /// Not idempotent: a batch whose call returned must not be given again; one whose call threw must.
  public func apply(_ batch: WindowBatch) async throws(GatewayStoreError) {
    let (interned, rawIDs) = try await write("save windows") { [seriesIDs] db in
      var interner = SeriesInterner(series: batch.series, known: seriesIDs)
      try Self.add(batch.deltas, closedThrough: batch.closedThrough, interner: &interner, in: db)
      try Self.closeWindows(through: batch.closedThrough, in: db)
      try Self.save(batch.accumulators, in: db)
      try Self.save(batch.latest, in: db)
      let rawIDs = try batch.raw.map { try Self.append($0, in: db) }
      try Self.markBooked(in: db)
      return (interner.new, rawIDs)
    }
    // Only now: ids that were given in a transaction that did not commit are given again to others.
    seriesIDs.merge(interned)
    if let rawIDs { batch.raw?.names.remember(rawIDs) }
  }

  /// Sums a series between boundaries: the result for `[a, b, c]` is that of `a..<b` and of `b..<c`.
  ///
  /// The boundaries come from the caller, so days in any zone are right. A boundary within a minute counts the minute
  /// to the time in which it begins; where minutes are not kept any more, the quarter of an hour.
  public func sums(of key: SeriesKey, boundaries: [Timestamp]) async throws(GatewayStoreError) -> SeriesSums {
    let times = boundaries.prefix(Self.rangesPerCall + 1)
    return try await perform("read windows") { db in
      let row = try Row.fetchOne(
        db, sql: "SELECT id, first_ts FROM series WHERE scope = ? AND scope_id = ? AND metric = ?",
        arguments: [key.scope.rawValue, key.scopeID, key.metric])
      guard let row else { return SeriesSums(first: nil, sums: Array(repeating: nil, count: max(0, times.count - 1))) }
      let firstSecond: Int64 = try row.decode(forColumn: "first_ts")
      let reader = try WindowReader(db, series: try row.decode(forColumn: "id"), first: firstSecond)
      let sums = try reader.sums(Array(times))
      return SeriesSums(first: Timestamp(milliseconds: firstSecond &* 1000), sums: sums)
    }
  }

  private static func add(
    _ deltas: [WindowDelta], closedThrough: Timestamp, interner: inout SeriesInterner, in db: Database
  ) throws {
    let statement = try WindowStatement(addingIn: db)
    let marks = try WindowMarks(db)
    var summer = WindowSummer(db, marks: marks)
    for delta in deltas {
      let (second, overflow) = delta.minute.multipliedReportingOverflow(by: 60)
      // A number that is none would be NULL and make every flush fail from now on.
      guard !overflow, possibleSeconds.contains(second), delta.sum.isFinite, delta.coveredMilliseconds.isFinite,
        let series = try interner.id(of: delta.series, second: second, in: db)
      else { continue }
      if second < marks.minutesFrom {
        try summer.addToQuarter(delta.window, series: series, second: second)
      } else {
        try statement.write(
          delta.window, series: series, second: second, isClosed: second < closedThrough.second - 59)
      }
      summer.note(series: series, second: second)
    }
    try summer.finish()
  }

  /// Closes the windows that ended since the last call and got nothing more.
  private static func closeWindows(through time: Timestamp, in db: Database) throws {
    let last = try Int64.fetchOne(db, sql: "SELECT value FROM marks WHERE name = 'closedThrough'")
    let now = time.second
    if let last, last < now {
      // Two buckets of overlap: a window is open until it has ended and the time for late samples has passed.
      try db.execute(
        sql: "UPDATE windows SET closed = 1 WHERE bucket BETWEEN ? AND ? AND closed = 0 AND ts <= ?",
        arguments: [
          WindowLevel.minutes.bucket(of: last) - 2, WindowLevel.minutes.bucket(of: now), now - 60,
        ])
    }
    try db.execute(
      sql: "INSERT INTO marks(name, value) VALUES ('closedThrough', ?1) ON CONFLICT(name) DO UPDATE SET value = ?1",
      arguments: [now])
  }
}

extension WindowDelta {
  /// What it adds, as a window.
  fileprivate var window: WindowSum {
    let range = range
    return WindowSum(
      sum: sum, min: range?.min, max: range?.max, last: range?.last, samples: samples,
      coveredMilliseconds: coveredMilliseconds, quality: quality, revision: 0)
  }
}

/// Turns positions in a batch into ids of series.
private struct SeriesInterner {
  let series: [SeriesKey]
  let known: SeriesCache
  /// What this transaction wrote.
  var new: [SeriesKey: InternedSeries] = [:]
  private var resolved: [InternedSeries?]

  init(series: [SeriesKey], known: SeriesCache) {
    self.series = series
    self.known = known
    resolved = Array(repeating: nil, count: series.count)
  }

  mutating func id(of position: Int, second: Int64, in db: Database) throws -> Int64? {
    guard series.indices.contains(position) else { return nil }
    if let found = resolved[position] ?? known[series[position]], found.first <= second {
      resolved[position] = found
      return found.id
    }
    let written = try write(series[position], second: second, in: db)
    resolved[position] = written
    new[series[position]] = written
    return written.id
  }

  /// Adds the series, or moves its beginning back where older windows arrive.
  private func write(_ key: SeriesKey, second: Int64, in db: Database) throws -> InternedSeries {
    let sql = """
      INSERT INTO series(scope, scope_id, metric, first_ts) VALUES (?, ?, ?, ?)
      ON CONFLICT(scope, scope_id, metric) DO UPDATE SET first_ts = min(first_ts, excluded.first_ts)
      RETURNING id, first_ts
      """
    let row = try Row.fetchOne(db, sql: sql, arguments: [key.scope.rawValue, key.scopeID, key.metric, second])
    guard let row else { throw GatewayStoreError(code: .other, operation: "name a series", reason: "no id") }
    return InternedSeries(id: try row.decode(atIndex: 0), first: try row.decode(atIndex: 1))
  }
}

extension Timestamp {
  /// Whole seconds since 1970, rounded down.
  var second: Int64 { milliseconds.flooredQuotient(by: 1000) }

  /// Whole seconds since 1970, rounded up.
  var secondRoundedUp: Int64 { second + (milliseconds == second &* 1000 ? 0 : 1) }
}

extension Int64 {
  /// Division that rounds down, also below zero.
  func flooredQuotient(by divisor: Int64) -> Int64 {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient - 1 : quotient
  }
}
