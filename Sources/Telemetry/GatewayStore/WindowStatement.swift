import EnergyModel
import GRDB
import GRDBSQLite

/// Writes one window, as the store does thousands of times in a flush: bound through SQLite's own interface, because a
/// list of arguments for each row costs as much as the row.
struct WindowStatement {
  private static let columns = "bucket, series, ts, sum, last, min, max, samples, covered_ms, quality, revision"

  private let statement: Statement
  private let level: WindowLevel
  private let db: Database

  /// Adds to minutes.
  init(addingIn db: Database) throws {
    statement = try db.cachedStatement(
      sql: """
        INSERT INTO windows(\(Self.columns), closed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT(bucket, series, ts) DO UPDATE SET
          sum = sum + excluded.sum, last = coalesce(excluded.last, last), min = min(min, excluded.min),
          max = max(max, excluded.max), samples = samples + excluded.samples,
          covered_ms = covered_ms + excluded.covered_ms, quality = max(quality, excluded.quality),
          revision = revision + closed, closed = max(closed, excluded.closed)
        """)
    level = .minutes
    self.db = db
  }

  /// Puts windows of a level in the place of what is there.
  init(replacing level: WindowLevel, in db: Database) throws {
    statement = try db.cachedStatement(
      sql: "INSERT OR REPLACE INTO \(level.table)(\(Self.columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
    self.level = level
    self.db = db
  }

  /// Writes the window of a series that begins at a second; only minutes are open or closed.
  func write(_ window: WindowSum, series: Int64, second: Int64, isClosed: Bool? = nil) throws {
    let handle = statement.sqliteStatement
    defer { sqlite3_reset(handle) }
    func bind(_ number: Double?, _ column: CInt) {
      if let number { sqlite3_bind_double(handle, column, number) } else { sqlite3_bind_null(handle, column) }
    }
    sqlite3_bind_int64(handle, 1, level.bucket(of: second))
    sqlite3_bind_int64(handle, 2, series)
    sqlite3_bind_int64(handle, 3, second)
    sqlite3_bind_double(handle, 4, window.sum)
    bind(window.last, 5)
    bind(window.min, 6)
    bind(window.max, 7)
    sqlite3_bind_int64(handle, 8, Int64(window.samples))
    sqlite3_bind_double(handle, 9, window.coveredMilliseconds)
    sqlite3_bind_int64(handle, 10, Int64(window.quality.rawValue))
    sqlite3_bind_int64(handle, 11, Int64(window.revision))
    if let isClosed { sqlite3_bind_int64(handle, 12, isClosed ? 1 : 0) }
    let result = sqlite3_step(handle)
    guard result == SQLITE_DONE else {
      throw DatabaseError(resultCode: ResultCode(rawValue: result), message: db.lastErrorMessage)
    }
  }
}
