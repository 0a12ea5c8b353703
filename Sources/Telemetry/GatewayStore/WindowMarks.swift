import GRDB

/// How far the levels of windows got, in seconds since 1970; over restarts.
struct WindowMarks {
  /// Every level has what the minutes before it have, and is kept so; the begin of a day in UTC.
  var summedThrough: Int64
  /// The same holds for the whole day after it, for the series with ids up to this one.
  var summedSeries: Int64
  /// There are no minutes before it: what comes for that time goes into the quarters of an hour.
  var minutesFrom: Int64
  /// What is before it is too old to be kept.
  var sumsFrom: Int64

  init(_ db: Database) throws {
    let statement = try db.cachedStatement(
      sql: """
        SELECT name, value FROM marks
        WHERE name IN ('windowsSummedThrough', 'windowsSummedSeries', 'minutesFrom', 'sumsFrom')
        """)
    var values: [String: Int64] = [:]
    let rows = try Row.fetchCursor(statement)
    while let row = try rows.next() { values[try row.decode(atIndex: 0)] = try row.decode(atIndex: 1) }
    summedThrough = values["windowsSummedThrough"] ?? .min
    summedSeries = values["windowsSummedSeries"] ?? 0
    minutesFrom = values["minutesFrom"] ?? .min
    sumsFrom = values["sumsFrom"] ?? .min
  }

  /// Up to where all levels of a series are complete.
  func summedThrough(series: Int64) -> Int64 {
    series <= summedSeries ? summedThrough + WindowLevel.daySeconds : summedThrough
  }

  func save(in db: Database) throws {
    let values = [
      ("windowsSummedThrough", summedThrough), ("windowsSummedSeries", summedSeries), ("minutesFrom", minutesFrom),
      ("sumsFrom", sumsFrom),
    ]
    for (name, value) in values where value != .min { try StoreMark(name: name, value: value).set(in: db) }
  }
}
