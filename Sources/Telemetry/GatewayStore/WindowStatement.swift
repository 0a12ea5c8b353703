import EnergyModel
import GRDB
import GRDBSQLite

/// Adds to one window, as the store does thousands of times in a flush: bound through SQLite's own interface, because a
/// list of arguments for each row costs as much as the row.
struct WindowStatement {
  private static let sql = """
    INSERT INTO windows(bucket, series, ts, sum, last, min, max, samples, covered_ms, quality, revision, closed)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)
    ON CONFLICT(bucket, series, ts) DO UPDATE SET
      sum = sum + excluded.sum, last = coalesce(excluded.last, last), min = min(min, excluded.min),
      max = max(max, excluded.max), samples = samples + excluded.samples,
      covered_ms = covered_ms + excluded.covered_ms, quality = max(quality, excluded.quality),
      revision = revision + closed, closed = max(closed, excluded.closed)
    """

  private let statement: Statement
  private let db: Database

  init(_ db: Database) throws {
    statement = try db.cachedStatement(sql: Self.sql)
    self.db = db
  }

  /// Adds to the window of a series that begins at a second.
  func add(_ delta: WindowDelta, series: Int64, second: Int64, isClosed: Bool) throws {
    let handle = statement.sqliteStatement
    defer { sqlite3_reset(handle) }
    sqlite3_bind_int64(handle, 1, second.flooredQuotient(by: GatewayStore.bucketSeconds))
    sqlite3_bind_int64(handle, 2, series)
    sqlite3_bind_int64(handle, 3, second)
    sqlite3_bind_double(handle, 4, delta.sum)
    if let range = delta.range {
      sqlite3_bind_double(handle, 5, range.last)
      sqlite3_bind_double(handle, 6, range.min)
      sqlite3_bind_double(handle, 7, range.max)
    } else {
      for column in 5...7 as ClosedRange<CInt> { sqlite3_bind_null(handle, column) }
    }
    sqlite3_bind_int64(handle, 8, Int64(delta.samples))
    sqlite3_bind_double(handle, 9, delta.coveredMilliseconds)
    sqlite3_bind_int64(handle, 10, Int64(delta.quality.rawValue))
    sqlite3_bind_int64(handle, 11, isClosed ? 1 : 0)
    let result = sqlite3_step(handle)
    guard result == SQLITE_DONE else {
      throw DatabaseError(resultCode: ResultCode(rawValue: result), message: db.lastErrorMessage, sql: Self.sql)
    }
  }
}
