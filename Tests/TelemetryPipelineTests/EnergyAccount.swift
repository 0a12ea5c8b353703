import EnergyModel

@testable import TelemetryPipeline

/// Energy over a time as it is worked out from a list of readings, plainly and without any of the pipeline's code: every
/// pair of readings that belong together is a straight line.
struct EnergyAccount {
  /// A stretch for which the energy is known.
  struct Line {
    var from: Int64
    var until: Int64
    /// W at both ends.
    var first: Double
    var last: Double

    /// Wh between two times, of the positive (1) or the negative (−1) side.
    func energy(_ side: Double, from start: Int64, until end: Int64) -> Double {
      let (a, b) = (max(start, from), min(end, until))
      guard b > a else { return 0 }
      func watts(_ time: Int64) -> Double {
        side * (first + (last - first) * Double(time - from) / Double(until - from))
      }
      let (left, right) = (watts(a), watts(b))
      let hours = Double(b - a) / 3_600_000
      if left >= 0, right >= 0 { return (left + right) / 2 * hours }
      if left <= 0, right <= 0 { return 0 }
      // A triangle from the crossing of zero on.
      let above = max(left, right)
      return above / 2 * hours * above / (abs(left) + abs(right))
    }
  }

  /// One reading as it arrived, with what the generator knows about it.
  struct Entry {
    var at: Int64
    var value: Double
    /// The device said nonsense: it does not count.
    var isNonsense = false
    /// Counts up with each reset of the counter.
    var life = 0
  }

  var lines: [Line]
  /// 1 for what is delivered or imported, −1 for the other direction.
  var side = 1.0

  /// From a power: two readings belong together if they are at most five minutes apart.
  init(power entries: [Entry], side: Double) {
    let kept = Self.inOrder(entries).filter { !$0.isNonsense }
    lines = zip(kept, kept.dropFirst()).compactMap { one, next in
      next.at - one.at <= 300_000 ? Line(from: one.at, until: next.at, first: one.value, last: next.value) : nil
    }
    self.side = side
  }

  /// From a counter: what it counted between two readings of one life, evenly. A new life is believed at its third
  /// reading, and what it counted up to then is spread over all of that time.
  init(counter entries: [Entry], wrapsAt limit: Double? = nil, isDaily: Bool = false) {
    var kept = Self.inOrder(entries).filter { !$0.isNonsense }
    var readings: [Int: Int] = [:]
    kept.removeAll { entry in
      readings[entry.life, default: 0] += 1
      return entry.life > 0 && readings[entry.life] == 2
    }
    // A life that ended before its third reading was never believed.
    kept.removeAll { $0.life > 0 && (readings[$0.life] ?? 0) < 3 }
    lines = zip(kept, kept.dropFirst()).compactMap { one, next in
      guard one.life == next.life else { return nil }
      var difference = next.value - one.value
      if difference < 0 { difference = isDaily ? next.value : difference + (limit ?? 0) }
      let watts = difference * 3_600_000 / Double(next.at - one.at)
      return Line(from: one.at, until: next.at, first: watts, last: watts)
    }
  }

  /// What arrives late or twice does not count.
  private static func inOrder(_ entries: [Entry]) -> [Entry] {
    var newest = Int64.min
    return entries.filter { entry in
      guard entry.at > newest else { return false }
      newest = entry.at
      return true
    }
  }

  /// Wh and covered milliseconds of each time between two boundaries.
  func sums(_ boundaries: [Int64]) -> [(wattHours: Double, covered: Int64)] {
    var sums = Array(repeating: (wattHours: 0.0, covered: Int64(0)), count: max(0, boundaries.count - 1))
    var index = 0
    for line in lines {
      while index < sums.count, boundaries[index + 1] <= line.from { index += 1 }
      var bucket = index
      while bucket < sums.count, boundaries[bucket] < line.until {
        let (start, end) = (max(boundaries[bucket], line.from), min(boundaries[bucket + 1], line.until))
        sums[bucket].wattHours += line.energy(side, from: start, until: end)
        sums[bucket].covered += max(0, end - start)
        bucket += 1
      }
    }
    return sums
  }
}

/// What the clocks of a zone show, worked out from its offset alone.
struct PlainZone {
  /// Seconds east of UTC at a time in seconds.
  let offset: (Int64) -> Int64

  /// The first moment of a local day; days count from 1970-01-01.
  func midnight(_ day: Int64) -> Int64 {
    var time = day * 86_400 - offset(day * 86_400)
    // The offset of the guess may be that of the other side of a change.
    time = day * 86_400 - offset(time)
    return time * 1000
  }

  /// The local day that a time in milliseconds is in.
  func day(_ milliseconds: Int64) -> Int64 {
    let second = milliseconds / 1000
    return (second + offset(second)) / 86_400
  }
}
