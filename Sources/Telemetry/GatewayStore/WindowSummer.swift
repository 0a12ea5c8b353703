import GRDB

/// Makes coarse windows of finer ones.
struct WindowSummer {
  /// A time of a series.
  private struct Moment: Hashable {
    var series: Int64
    var second: Int64
  }

  private let db: Database
  private let marks: WindowMarks
  /// What changed in times that are summed up.
  private var changed: Set<Moment> = []

  init(_ db: Database, marks: WindowMarks) {
    self.db = db
    self.marks = marks
  }

  /// Makes all windows of a series in whole days.
  func sumUp(series: Int64, _ days: Range<Int64>) throws {
    for level in WindowLevel.summed { try sumUp(level, series: series, days) }
  }

  // MARK: What comes late

  /// Adds to a quarter of an hour whose minutes are gone.
  func addToQuarter(_ window: WindowSum, series: Int64, second: Int64) throws {
    let start = WindowLevel.quarters.start(of: second)
    var pass = WindowPass([start, start + WindowLevel.quarters.seconds])
    try pass.read(.quarters, series: series, start..<start + 1, in: db)
    var sum = pass.sums.first.flatMap(\.self)?.followed(by: window)
    sum?.revision += 1
    try WindowStatement(replacing: .quarters, in: db).write(sum ?? window, series: series, second: start)
  }

  /// Remembers that something was added, if coarser windows have that time already.
  mutating func note(series: Int64, second: Int64) {
    guard second < marks.summedThrough(series: series) else { return }
    changed.insert(Moment(series: series, second: WindowLevel.quarters.start(of: second)))
  }

  /// Makes the coarser windows of what was added again.
  func finish() throws {
    for level in WindowLevel.summed where !changed.isEmpty {
      let windows = Set(changed.map { Moment(series: $0.series, second: level.start(of: $0.second)) })
      for window in windows.sorted(by: { ($0.series, $0.second) < ($1.series, $1.second) }) {
        try sumUp(level, series: window.series, window.second..<window.second + level.seconds)
      }
    }
  }

  private func sumUp(_ level: WindowLevel, series: Int64, _ seconds: Range<Int64>) throws {
    guard let below = level.below else { return }
    // Quarters without minutes have been made already.
    let seconds = below == .minutes ? seconds.clamped(to: marks.minutesFrom..<Int64.max) : seconds
    guard !seconds.isEmpty else { return }
    let starts = Array(stride(from: seconds.lowerBound, through: seconds.upperBound, by: Int(level.seconds)))
    var pass = WindowPass(starts)
    try pass.read(below, series: series, seconds, in: db)
    let statement = try WindowStatement(replacing: level, in: db)
    for (start, sum) in zip(starts, pass.sums) {
      if let sum { try statement.write(sum, series: series, second: start) }
    }
  }
}
