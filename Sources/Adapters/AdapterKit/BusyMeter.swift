/// The share of the last minute in which a bus was in use, and how often it was.
public struct BusyMeter: Sendable {
  /// The time that the share covers, in seconds and slots.
  public static let slotCount = 60

  private let start: Duration
  private var busy = [Duration](repeating: .zero, count: slotCount)
  private var uses = [UInt32](repeating: 0, count: slotCount)
  private var newest: Int64

  /// - Parameter start: monotonic time.
  public init(start: Duration) {
    self.start = start
    newest = start.components.seconds
  }

  /// Counts one exchange; it belongs to the second in which it ended.
  public mutating func note(from begin: Duration, to end: Duration) {
    advance(to: end)
    busy[slot(of: end.components.seconds)] += max(.zero, end - begin)
    uses[slot(of: end.components.seconds)] &+= 1
  }

  /// 0 to 1 over the last minute, or since the start where that is less.
  public mutating func share(at now: Duration) -> Double {
    advance(to: now)
    let span = min(.seconds(BusyMeter.slotCount), now - start)
    guard span > .zero else { return 0 }
    return min(1, busy.reduce(.zero, +) / span)
  }

  /// Exchanges in a second over the last minute, or since the start where that is less.
  public mutating func rate(at now: Duration) -> Double {
    advance(to: now)
    // A start is not told as a storm.
    let span = min(.seconds(BusyMeter.slotCount), max(now - start, .seconds(1)))
    return Double(uses.reduce(0) { $0 + UInt64($1) }) / (span / .seconds(1))
  }

  private mutating func advance(to now: Duration) {
    let second = now.components.seconds
    guard second > newest else { return }
    let passed = min(second - newest, Int64(BusyMeter.slotCount))
    for step in 0..<passed {
      busy[slot(of: second - step)] = .zero
      uses[slot(of: second - step)] = 0
    }
    newest = second
  }

  private func slot(of second: Int64) -> Int {
    let remainder = Int(second % Int64(BusyMeter.slotCount))
    return remainder < 0 ? remainder + BusyMeter.slotCount : remainder
  }
}
