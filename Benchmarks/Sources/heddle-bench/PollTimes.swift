import Foundation

/// When the answers to polls came, and what follows about their due times, which lie on a fixed grid.
struct PollTimes {
  /// Answers can be so much earlier than the quickest of the first ones and still belong to their poll.
  private static let tolerance = 0.02

  let period: Double
  /// Monotonic seconds, in order.
  let arrivals: [Double]

  /// How much later each answer was than the quickest, which is the nearest to its due time that can be seen.
  var delays: [Double] {
    guard let first = arrivals.first else { return [] }
    let offsets = arrivals.map { time in
      let periods = (time - first) / period
      return (periods - periods.rounded()) * period
    }
    let quickest = offsets.min() ?? 0
    return offsets.map { $0 - quickest }
  }

  /// Polls that were due within a span, and those of them that were answered before the next one was due.
  func kept(from start: Double, to end: Double) -> (kept: Int, due: Int) {
    let quiet = arrivals.filter { $0 < start }
    guard let first = quiet.first else { return (0, Int((end - start) / period)) }
    let offsets = quiet.map { ($0 - first) - (($0 - first) / period).rounded() * period }
    let grid = first + (offsets.min() ?? 0) - Self.tolerance
    let firstSlot = Int(((start - grid) / period).rounded(.up))
    let lastSlot = Int(((end - grid) / period).rounded(.down))
    guard lastSlot > firstSlot else { return (0, 0) }
    let answered = Set(arrivals.map { Int((($0 - grid) / period).rounded(.down)) })
    let slots = firstSlot..<lastSlot
    return (slots.count { answered.contains($0) }, slots.count)
  }
}
