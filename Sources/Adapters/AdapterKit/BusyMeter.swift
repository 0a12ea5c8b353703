/// The share of the last minute in which a bus was in use.
struct BusyMeter {
  /// The time that the share covers, in seconds and slots.
  static let slotCount = 60

  private let start: Duration
  private var busy = [Duration](repeating: .zero, count: slotCount)
  private var newest: Int64

  init(start: Duration) {
    self.start = start
    newest = start.components.seconds
  }

  /// Counts one exchange; it belongs to the second in which it ended.
  mutating func note(from begin: Duration, to end: Duration) {
    advance(to: end)
    busy[slot(of: end.components.seconds)] += max(.zero, end - begin)
  }

  /// 0 to 1 over the last minute, or since the start where that is less.
  mutating func share(at now: Duration) -> Double {
    advance(to: now)
    let span = min(.seconds(BusyMeter.slotCount), now - start)
    guard span > .zero else { return 0 }
    return min(1, busy.reduce(.zero, +) / span)
  }

  private mutating func advance(to now: Duration) {
    let second = now.components.seconds
    guard second > newest else { return }
    let passed = min(second - newest, Int64(BusyMeter.slotCount))
    for step in 0..<passed { busy[slot(of: second - step)] = .zero }
    newest = second
  }

  private func slot(of second: Int64) -> Int {
    let remainder = Int(second % Int64(BusyMeter.slotCount))
    return remainder < 0 ? remainder + BusyMeter.slotCount : remainder
  }
}
