/// Which level answers for which part of a time: the coarsest whose windows lie wholly in it, finer ones at its edges.
///
/// A day of any zone begins on a quarter of an hour, so its edges are a few quarters and hours.
struct WindowPlan {
  struct Piece: Equatable {
    var level: WindowLevel
    var seconds: Range<Int64>
  }

  /// Up to where levels above the finest are complete.
  let summedThrough: Int64
  /// Before it quarters of an hour are the finest: one counts to the time in which it begins.
  let minutesFrom: Int64
  /// In the order of time.
  private(set) var pieces: [Piece] = []

  init(summedThrough: Int64, minutesFrom: Int64) {
    self.summedThrough = summedThrough
    self.minutesFrom = minutesFrom
  }

  /// Takes a time that does not begin before the end of the last one.
  mutating func add(_ seconds: Range<Int64>) {
    cover(seconds.clamped(to: .min..<summedThrough), with: .days)
    addFinest(seconds.clamped(to: summedThrough..<Int64.max))
  }

  private mutating func cover(_ seconds: Range<Int64>, with level: WindowLevel) {
    guard !seconds.isEmpty else { return }
    guard let finer = level.below else { return addFinest(seconds) }
    let end = level.start(of: seconds.upperBound)
    var start = level.start(of: seconds.lowerBound)
    if start < seconds.lowerBound { start += level.seconds }
    guard start < end else { return cover(seconds, with: finer) }
    cover(seconds.lowerBound..<start, with: finer)
    append(level, start..<end)
    cover(end..<seconds.upperBound, with: finer)
  }

  private mutating func addFinest(_ seconds: Range<Int64>) {
    append(.quarters, seconds.clamped(to: .min..<minutesFrom))
    append(.minutes, seconds.clamped(to: minutesFrom..<Int64.max))
  }

  /// Neighbours of one level are one piece, whatever times they belong to.
  private mutating func append(_ level: WindowLevel, _ seconds: Range<Int64>) {
    guard !seconds.isEmpty else { return }
    if let last = pieces.last, last.level == level, last.seconds.upperBound == seconds.lowerBound {
      pieces[pieces.count - 1].seconds = last.seconds.lowerBound..<seconds.upperBound
    } else {
      pieces.append(Piece(level: level, seconds: seconds))
    }
  }
}
