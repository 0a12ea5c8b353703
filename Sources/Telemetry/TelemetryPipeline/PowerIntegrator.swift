/// Integrates a signed power between two samples, minute by minute and direction by direction.
struct PowerIntegrator {
  /// The part of an interval that lies in one window.
  struct Piece: Equatable {
    /// Minutes since 1970.
    var minute: Int64
    /// Where it begins and ends, milliseconds since 1970.
    var from: Int64
    var until: Int64
    /// Energy at positive power, in Wh.
    var positive: Double
    /// Energy at negative power, in Wh, never negative.
    var negative: Double
  }

  /// The last sample that was believed.
  private(set) var last: (at: Int64, watts: Double)?

  /// Begins without a sample, or after a restart with the one before it.
  init(last: (at: Int64, watts: Double)? = nil) { self.last = last }

  /// The wall clock was set: what was measured before happened that much later on the new clock.
  mutating func shift(byMilliseconds delta: Int64) { last?.at &+= delta }

  /// Takes a sample and hands over the energy since the one before, if that is not longer ago than `maxGap`.
  mutating func accept(_ watts: Double, at time: Int64, maxGapMilliseconds: Int64, _ book: (Piece) -> Void) {
    guard let last else {
      self.last = (time, watts)
      return
    }
    guard time > last.at else { return }
    self.last = (time, watts)
    guard time &- last.at <= maxGapMilliseconds else { return }
    let window = Windows.milliseconds
    let slope = (watts - last.watts) / Double(time - last.at)
    var from = last.at
    while from < time {
      let minute = Windows.minute(of: from)
      let until = min(time, (minute + 1) * window)
      let start = last.watts + slope * Double(from - last.at)
      let end = until == time ? watts : last.watts + slope * Double(until - last.at)
      let hours = Double(until - from) / 3_600_000
      book(
        Piece(
          minute: minute, from: from, until: until, positive: Self.meanAboveZero(start, end) * hours,
          negative: Self.meanAboveZero(-start, -end) * hours))
      from = until
    }
  }

  /// The mean of a straight line over the part of it that lies above zero, related to its whole length.
  static func meanAboveZero(_ start: Double, _ end: Double) -> Double {
    if start >= 0, end >= 0 { return (start + end) / 2 }
    if start <= 0, end <= 0 { return 0 }
    let high = max(start, end)
    return high * high / (2 * abs(end - start))
  }
}

/// The grid of windows: one minute, aligned to UTC.
enum Windows {
  static let milliseconds: Int64 = 60_000

  /// The window that a time lies in, minutes since 1970.
  static func minute(of time: Int64) -> Int64 {
    let (quotient, remainder) = time.quotientAndRemainder(dividingBy: milliseconds)
    return remainder < 0 ? quotient - 1 : quotient
  }

  /// The quarter of an hour that a minute lies in, both since 1970.
  static func quarter(ofMinute minute: Int64) -> Int64 { (minute - (minute % 15 + 15) % 15) / 15 }

  /// Cuts an interval at the borders of windows and hands over each piece with its share of the whole.
  ///
  /// Beyond `limit` windows the pieces are several windows long and stand in the first of them, so that a month off
  /// costs no more than two days and every day still gets its share.
  static func split(from start: Int64, until end: Int64, limit: Int, _ body: (_ minute: Int64, _ share: Double) -> Void)
  {
    guard end > start else { return }
    let count = minute(of: end - 1) - minute(of: start) + 1
    let stride = max(1, (count + Int64(max(1, limit)) - 1) / Int64(max(1, limit)))
    let length = Double(end - start)
    var from = start
    while from < end {
      let first = minute(of: from)
      let until = min(end, (first + stride) * milliseconds)
      body(first, Double(until - from) / length)
      from = until
    }
  }
}
