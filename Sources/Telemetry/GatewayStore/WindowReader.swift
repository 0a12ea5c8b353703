import EnergyModel
import GRDB
import GRDBSQLite

/// Sums one series over several times: its minutes, and the quarters of an hour that old minutes became.
struct WindowReader {
  /// A table of windows, as far as it reaches.
  private struct Source {
    var table: String
    var bucketSeconds: Int64
    /// The oldest and the newest bucket of all series.
    var buckets: ClosedRange<Int64>
  }

  private let db: Database
  private let series: Int64
  /// Where the series begins, in seconds.
  private let first: Int64
  /// The older ones first.
  private let sources: [Source]

  init(_ db: Database, series: Int64, first: Int64) throws {
    self.db = db
    self.series = series
    self.first = first
    sources = try [
      ("quarters", GatewayStore.quarterBucketSeconds), ("windows", GatewayStore.bucketSeconds),
    ].compactMap { table, seconds in
      guard let oldest = try Int64.fetchOne(db, sql: "SELECT min(bucket) FROM \(table)"),
        let newest = try Int64.fetchOne(db, sql: "SELECT max(bucket) FROM \(table)")
      else { return nil }
      return Source(table: table, bucketSeconds: seconds, buckets: oldest...newest)
    }
  }

  /// From so many times on, all windows are read once in their order, instead of a question for each time.
  private static let timesForOnePass = 8

  /// One for each time between two boundaries; `nil` where there is no window.
  func sums(_ boundaries: [Timestamp]) throws -> [WindowSum?] {
    let times = zip(boundaries, boundaries.dropFirst())
    guard boundaries.count > Self.timesForOnePass, times.allSatisfy({ $0 <= $1 }) else {
      return try times.map { try sum(from: $0, to: $1) }
    }
    var pass = WindowPass(boundaries.map(\.secondRoundedUp))
    guard let start = pass.boundaries.first, let end = pass.boundaries.last else { return [] }
    let seconds = Swift.max(start, first)..<Swift.max(start, first, end)
    for source in sources { try read(seconds, of: source, into: &pass) }
    return pass.sums
  }

  private func read(_ seconds: Range<Int64>, of source: Source, into pass: inout WindowPass) throws {
    guard let buckets = buckets(seconds, of: source) else { return }
    let statement = try db.cachedStatement(
      sql: """
        \(Self.buckets) SELECT w.ts, w.sum, w.min, w.max, w.last, w.samples, w.covered_ms, w.quality, w.revision
        \(rows(source))
        """)
    try statement.setArguments([
      buckets.lowerBound, buckets.upperBound, series, seconds.lowerBound, seconds.upperBound,
    ])
    // SQLite's own interface: a row of GRDB costs several times as much as the row.
    let handle = statement.sqliteStatement
    defer { sqlite3_reset(handle) }
    pass.rewind()
    var result = sqlite3_step(handle)
    while result == SQLITE_ROW {
      pass.add(handle)
      result = sqlite3_step(handle)
    }
    guard result == SQLITE_DONE else {
      throw DatabaseError(resultCode: ResultCode(rawValue: result), message: db.lastErrorMessage)
    }
  }

  /// The windows that begin from a time on and before another; `nil` if there is none.
  func sum(from start: Timestamp, to end: Timestamp) throws -> WindowSum? {
    // The first full minute of each boundary on: a window belongs to the time in which it begins.
    let seconds = Swift.max(start.secondRoundedUp, first)..<Swift.max(start.secondRoundedUp, first, end.secondRoundedUp)
    var result: WindowSum?
    for source in sources {
      guard let part = try sum(seconds, of: source) else { continue }
      result = result?.followed(by: part) ?? part
    }
    return result
  }

  /// The buckets are counted up by the query, because a range of them would be scanned with all series in it.
  private static let buckets = "WITH RECURSIVE b(n) AS (VALUES(?1) UNION ALL SELECT n + 1 FROM b WHERE n < ?2)"

  private func buckets(_ seconds: Range<Int64>, of source: Source) -> ClosedRange<Int64>? {
    let first = Swift.max(seconds.lowerBound.flooredQuotient(by: source.bucketSeconds), source.buckets.lowerBound)
    let end = (seconds.upperBound - 1).flooredQuotient(by: source.bucketSeconds)
    let last = Swift.min(end, source.buckets.upperBound)
    return seconds.isEmpty || first > last ? nil : first...last
  }

  private func rows(_ source: Source) -> String {
    "FROM b CROSS JOIN \(source.table) w ON w.bucket = b.n AND w.series = ?3 AND w.ts >= ?4 AND w.ts < ?5"
  }

  private func sum(_ seconds: Range<Int64>, of source: Source) throws -> WindowSum? {
    guard let buckets = buckets(seconds, of: source) else { return nil }
    let rows = rows(source)
    let statement = try db.cachedStatement(
      sql: """
        \(Self.buckets) SELECT sum(w.sum), min(w.min), max(w.max), sum(w.samples), sum(w.covered_ms), max(w.quality),
          sum(w.revision) \(rows)
        """)
    let arguments: StatementArguments = [
      buckets.lowerBound, buckets.upperBound, series, seconds.lowerBound, seconds.upperBound,
    ]
    guard let row = try Row.fetchOne(statement, arguments: arguments),
      let sum: Double = try row.decode(Double?.self, atIndex: 0)
    else { return nil }
    let high: Double? = try row.decode(atIndex: 2)
    var newest: Double?
    if high != nil {
      let statement = try db.cachedStatement(sql: "\(Self.buckets) SELECT w.last \(rows) ORDER BY w.ts DESC LIMIT 1")
      newest = try Double.fetchOne(statement, arguments: arguments)
    }
    let quality: Int = try row.decode(atIndex: 5)
    return WindowSum(
      sum: sum, min: try row.decode(atIndex: 1), max: high, last: newest, samples: try row.decode(atIndex: 3),
      coveredMilliseconds: try row.decode(atIndex: 4),
      quality: UInt8(exactly: quality).flatMap(Quality.init(rawValue:)) ?? .bad, revision: try row.decode(atIndex: 6))
  }
}

/// Windows in their order, added up between boundaries.
private struct WindowPass {
  /// In seconds, in order.
  let boundaries: [Int64]
  private(set) var sums: [WindowSum?]
  private var index = 0

  init(_ boundaries: [Int64]) {
    self.boundaries = boundaries
    sums = Array(repeating: nil, count: Swift.max(0, boundaries.count - 1))
  }

  /// Another table begins again with the oldest.
  mutating func rewind() { index = 0 }

  /// Takes a row of `ts, sum, min, max, last, samples, covered_ms, quality, revision`.
  mutating func add(_ row: OpaquePointer) {
    let second = sqlite3_column_int64(row, 0)
    while index < sums.count, boundaries[index + 1] <= second { index += 1 }
    guard index < sums.count else { return }
    func number(_ column: CInt) -> Double? {
      sqlite3_column_type(row, column) == SQLITE_NULL ? nil : sqlite3_column_double(row, column)
    }
    let window = WindowSum(
      sum: sqlite3_column_double(row, 1), min: number(2), max: number(3), last: number(4),
      samples: Int(sqlite3_column_int64(row, 5)), coveredMilliseconds: sqlite3_column_double(row, 6),
      quality: UInt8(exactly: sqlite3_column_int64(row, 7)).flatMap(Quality.init(rawValue:)) ?? .bad,
      revision: Int(sqlite3_column_int64(row, 8)))
    sums[index] = sums[index]?.followed(by: window) ?? window
  }
}

extension WindowSum {
  /// What both times say together.
  fileprivate func followed(by later: WindowSum) -> WindowSum {
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
