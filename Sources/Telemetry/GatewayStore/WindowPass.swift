import EnergyModel
import GRDB
import GRDBSQLite

/// Windows of one series in their order, added up between boundaries.
struct WindowPass {
  /// In seconds, in order.
  let boundaries: [Int64]
  /// One for each time between two boundaries; `nil` where there is no window.
  private(set) var sums: [WindowSum?]
  private var index = 0

  init(_ boundaries: [Int64]) {
    self.boundaries = boundaries
    sums = Array(repeating: nil, count: Swift.max(0, boundaries.count - 1))
  }

  /// Adds the windows that begin in a time, which does not begin before the last one ended.
  mutating func read(_ level: WindowLevel, series: Int64, _ seconds: Range<Int64>, in db: Database) throws {
    try level.read(series: series, seconds, in: db) { add(WindowSum($0), at: sqlite3_column_int64($0, 0)) }
  }

  private mutating func add(_ window: WindowSum, at second: Int64) {
    while index < sums.count, boundaries[index + 1] <= second { index += 1 }
    guard index < sums.count else { return }
    sums[index] = sums[index]?.followed(by: window) ?? window
  }
}

extension WindowLevel {
  /// Gives the windows of a series that begin in a time, in their order: rows of `selectSQL`.
  func read(
    series: Int64, _ seconds: Range<Int64>, in db: Database, _ body: (OpaquePointer) -> Void
  ) throws {
    guard !seconds.isEmpty else { return }
    // SQLite's own interface: a row of GRDB costs several times as much as the row, and arguments as much as a search.
    let handle = try db.cachedStatement(sql: selectSQL).sqliteStatement
    defer { sqlite3_reset(handle) }
    sqlite3_bind_int64(handle, 1, bucket(of: seconds.lowerBound))
    sqlite3_bind_int64(handle, 2, bucket(of: seconds.upperBound - 1))
    sqlite3_bind_int64(handle, 3, series)
    sqlite3_bind_int64(handle, 4, seconds.lowerBound)
    sqlite3_bind_int64(handle, 5, seconds.upperBound)
    var result = sqlite3_step(handle)
    while result == SQLITE_ROW {
      body(handle)
      result = sqlite3_step(handle)
    }
    guard result == SQLITE_DONE else {
      throw DatabaseError(resultCode: ResultCode(rawValue: result), message: db.lastErrorMessage)
    }
  }
}

extension WindowSum {
  /// A row of `WindowLevel.selectSQL`.
  fileprivate init(_ row: OpaquePointer) {
    func number(_ column: CInt) -> Double? {
      sqlite3_column_type(row, column) == SQLITE_NULL ? nil : sqlite3_column_double(row, column)
    }
    self.init(
      sum: sqlite3_column_double(row, 1), min: number(3), max: number(4), last: number(2),
      samples: Int(sqlite3_column_int64(row, 5)), coveredMilliseconds: sqlite3_column_double(row, 6),
      quality: UInt8(exactly: sqlite3_column_int64(row, 7)).flatMap(Quality.init(rawValue:)) ?? .bad,
      revision: Int(sqlite3_column_int64(row, 8)))
  }

  /// What both times say together.
  func followed(by later: WindowSum) -> WindowSum {
    WindowSum(
      sum: sum + later.sum, min: Self.one(min, later.min, Swift.min), max: Self.one(max, later.max, Swift.max),
      last: later.last ?? last, samples: samples + later.samples,
      coveredMilliseconds: coveredMilliseconds + later.coveredMilliseconds,
      quality: Swift.max(quality, later.quality), revision: revision + later.revision)
  }

  private static func one(_ first: Double?, _ second: Double?, _ choose: (Double, Double) -> Double) -> Double? {
    guard let first, let second else { return first ?? second }
    return choose(first, second)
  }
}
