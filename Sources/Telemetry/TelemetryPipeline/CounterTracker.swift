/// Follows one lifetime counter and says how much energy each reading adds.
///
/// A reading that goes down, or up by more than the device could have moved, is held back and makes the counter
/// `suspect`; only several readings in a row that agree with each other, and do so for a while, are taken as a reset: what a
/// broker sends once more after a restart comes in one burst. A device that says 0 for
/// a while after its start and then comes back to the old count is recognised, too.
struct CounterTracker {
  /// Readings that have to agree before a reset is believed.
  static let resetConfirmations = 3
  /// The time that they have to span, in ms.
  static let resetSpan: Int64 = 5000
  /// Room above the rated power.
  static let powerMargin = 1.25
  /// What a device of unknown rating is believed to move, in W.
  static let defaultMaxPowerW = 250_000.0
  /// A counter's step while none was seen yet, in Wh: the coarsest that is usual.
  static let defaultStepWh = 1000.0

  enum Outcome: Equatable {
    /// The first reading: from here on differences count.
    case baseline
    /// This much energy since that time, in Wh.
    case booked(wattHours: Double, since: Int64)
    /// Not believed; the counter stays where it is.
    case held
  }

  /// A count, and when it was read first.
  struct Point: Equatable {
    var value: Double
    var at: Int64
  }

  /// Readings that may be a reset: the first and the last of them, and how many agree.
  struct Candidate: Equatable {
    var first: Point
    var last: Point
    var readings: Int
  }

  /// The count before a reset, and the count that the reset led to.
  struct Reset: Equatable {
    var before: Point
    var to: Double
  }

  let behavior: CounterBehavior
  /// The last count that was believed, and when it was read last.
  private(set) var current: Point?
  /// When the count changed last.
  private(set) var changedAt: Int64 = 0
  /// How often it was reset.
  private(set) var epoch = 0
  /// The smallest step seen.
  private(set) var step: Double?
  private(set) var lastReset: Reset?
  /// A reset that is not believed yet.
  private(set) var candidate: Candidate?

  init(behavior: CounterBehavior) { self.behavior = behavior }

  /// Continues after a restart.
  init(
    behavior: CounterBehavior, current: Point, changedAt: Int64, epoch: Int, step: Double?, lastReset: Reset?,
    candidate: Candidate? = nil
  ) {
    self.behavior = behavior
    self.current = current
    self.changedAt = changedAt
    self.epoch = epoch
    self.step = step
    self.lastReset = lastReset
    self.candidate = candidate
  }

  /// The wall clock was set back: what was read before happened that much earlier on the new clock.
  mutating func shift(byMilliseconds delta: Int64) {
    current?.at &+= delta
    changedAt &+= delta
    candidate?.first.at &+= delta
    candidate?.last.at &+= delta
    lastReset?.before.at &+= delta
  }

  /// Takes a reading in Wh.
  ///
  /// - Parameters:
  ///   - time: later than that of all readings before.
  ///   - ratedPowerW: what the device can move; `nil` where it is unknown.
  mutating func accept(_ value: Double, at time: Int64, ratedPowerW: Double?) -> Outcome {
    guard value.isFinite, value >= 0 else { return .held }
    guard let previous = current else {
      current = Point(value: value, at: time)
      changedAt = time
      return .baseline
    }
    let maxPowerW = (ratedPowerW ?? Self.defaultMaxPowerW) * Self.powerMargin
    let limit = bound(since: changedAt, until: time, maxPowerW: maxPowerW)
    if let difference = plausibleDifference(value, from: previous, limit: limit) {
      return advance(to: value, at: time, difference: difference, since: previous.at)
    }
    if let difference = returnFromReset(value, at: time, from: previous, maxPowerW: maxPowerW) {
      lastReset = nil
      epoch += 1
      return advance(to: value, at: time, difference: difference, since: previous.at)
    }
    return hold(value, at: time, previous: previous, limit: limit, maxPowerW: maxPowerW)
  }

  /// The energy that can have been counted: from the last change on, not from the last reading, because a coarse
  /// counter stands still between its steps.
  private func bound(since: Int64, until: Int64, maxPowerW: Double) -> Double {
    let hours = max(0, Double(until) - Double(since)) / 3_600_000
    return maxPowerW * hours + (step ?? Self.defaultStepWh) + 1e-6
  }

  private func plausibleDifference(_ value: Double, from previous: Point, limit: Double) -> Double? {
    if value >= previous.value { return value - previous.value <= limit ? value - previous.value : nil }
    switch behavior {
    case .monotonic: return nil
    case .wraps(let end):
      let difference = end - previous.value + value
      return difference >= 0 && difference <= limit ? difference : nil
    case .daily: return min(value, limit)
    }
  }

  /// The energy since before a reset that turns out to have been none.
  private func returnFromReset(_ value: Double, at time: Int64, from previous: Point, maxPowerW: Double) -> Double? {
    guard let reset = lastReset, value >= reset.before.value else { return nil }
    let difference = value - reset.before.value
    guard difference <= bound(since: reset.before.at, until: time, maxPowerW: maxPowerW) else { return nil }
    // What was counted in between is booked already.
    return max(0, difference - (previous.value - reset.to))
  }

  private mutating func advance(to value: Double, at time: Int64, difference: Double, since: Int64) -> Outcome {
    candidate = nil
    if difference > 0, let previous = current, value > previous.value { step = min(step ?? difference, difference) }
    if value != current?.value { changedAt = time }
    if behavior == .daily, let previous = current, value < previous.value { epoch += 1 }
    current = Point(value: value, at: time)
    return .booked(wattHours: difference, since: since)
  }

  private mutating func hold(
    _ value: Double, at time: Int64, previous: Point, limit: Double, maxPowerW: Double
  ) -> Outcome {
    let point = Point(value: value, at: time)
    guard var agreed = candidate, value >= agreed.last.value,
      (value < previous.value) == (agreed.last.value < previous.value),
      value - agreed.last.value <= bound(since: agreed.last.at, until: time, maxPowerW: maxPowerW)
    else {
      candidate = Candidate(first: point, last: point, readings: 1)
      return .held
    }
    agreed.last = point
    agreed.readings += 1
    candidate = agreed
    guard agreed.readings >= Self.resetConfirmations, time - agreed.first.at >= Self.resetSpan else { return .held }
    return acceptReset(agreed, previous: previous, limit: limit)
  }

  private mutating func acceptReset(_ agreed: Candidate, previous: Point, limit: Double) -> Outcome {
    epoch += 1
    candidate = nil
    let before = Point(value: previous.value, at: changedAt)
    current = agreed.last
    changedAt = agreed.last.at
    guard agreed.last.value < previous.value else {
      lastReset = nil
      return .booked(wattHours: min(agreed.last.value - previous.value, limit), since: previous.at)
    }
    lastReset = Reset(before: before, to: agreed.first.value)
    // What was counted between the last old and the first new reading is not known.
    return .booked(wattHours: agreed.last.value - agreed.first.value, since: agreed.first.at)
  }
}
