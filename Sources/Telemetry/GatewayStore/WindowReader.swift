import EnergyModel
import GRDB

/// Sums one series over several times, out of the levels of windows that say the most at once.
struct WindowReader {
  private let db: Database
  private let series: Int64
  private let marks: WindowMarks
  /// Where something can be.
  private let seconds: Range<Int64>
  /// Where minutes of any series are.
  private let minutes: Range<Int64>

  init(_ db: Database, series: Int64, first: Int64) throws {
    self.db = db
    self.series = series
    marks = try WindowMarks(db)
    let ends = try Row.fetchOne(
      try db.cachedStatement(sql: "SELECT (SELECT min(bucket) FROM windows), (SELECT max(bucket) FROM windows)"))
    let oldest: Int64? = try ends?.decode(atIndex: 0)
    let newest: Int64? = try ends?.decode(atIndex: 1)
    let length = WindowLevel.minutes.bucketSeconds
    minutes = if let oldest, let newest { oldest * length..<(newest + 1) * length } else { 0..<0 }
    // The windows of all levels that its first minute lies in begin with its day.
    let start = Swift.max(WindowLevel.days.start(of: first), marks.sumsFrom)
    let end = Swift.max(minutes.upperBound, marks.summedThrough(series: series), marks.minutesFrom)
    seconds = start..<Swift.max(start, end)
  }

  /// One for each time between two boundaries; `nil` where there is no window.
  func sums(_ boundaries: [Timestamp]) throws -> [WindowSum?] {
    // The first full minute of each boundary on: a window belongs to the time in which it begins.
    let seconds = boundaries.map(\.secondRoundedUp)
    let times = zip(seconds, seconds.dropFirst())
    guard times.allSatisfy({ $0 <= $1 }) else { return try times.flatMap { try sums([$0, $1]) } }
    return try sums(seconds)
  }

  private func sums(_ boundaries: [Int64]) throws -> [WindowSum?] {
    var plan = WindowPlan(
      summedThrough: marks.summedThrough(series: series), minutesFrom: marks.minutesFrom)
    for (start, end) in zip(boundaries, boundaries.dropFirst()) where start < end {
      plan.add((start..<end).clamped(to: seconds))
    }
    var pass = WindowPass(boundaries)
    for piece in plan.pieces {
      let seconds = piece.level == .minutes ? piece.seconds.clamped(to: minutes) : piece.seconds
      try pass.read(piece.level, series: series, seconds, in: db)
    }
    return pass.sums
  }
}
