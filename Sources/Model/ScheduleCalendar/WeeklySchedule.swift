public import EnergyModel

/// Intervals that come back every week, in the local time of a zone, through changes of daylight saving time.
///
/// A start or end in an hour that is skipped is at the moment of the change; in an hour that comes twice, at its first
/// coming. An interval that lies in a skipped hour as a whole does not take place.
public struct WeeklySchedule: Sendable, Hashable {
  /// One interval on some days.
  public struct Rule: Sendable, Hashable {
    /// On which days it starts, 0 = Sunday to 6 = Saturday.
    public var days: Set<Int>
    /// When it starts, before 24:00.
    public var start: ClockTime
    /// When it ends; at or before the start, it is the next day.
    public var end: ClockTime

    /// A rule as it is; `WeeklySchedule` checks it.
    public init(days: Set<Int>, start: ClockTime, end: ClockTime) {
      self.days = days
      self.start = start
      self.end = end
    }

    /// On the wall clock, in minutes.
    var length: Int { end.minutes - start.minutes + (end <= start ? ClockTime.minutesPerDay : 0) }
  }

  /// What is wrong with rules.
  public enum Problem: Error, Hashable {
    /// There is no rule.
    case empty
    /// A rule has no day, or one outside 0 to 6.
    case days(rule: Int)
    /// A rule starts when it ends, or at 24:00.
    case times(rule: Int)
    /// Two rules want something at the same time; `day` and `time` are in the later one's words.
    case overlap(rule: Int, with: Int, day: Int, time: ClockTime)
  }

  /// An interval that takes place.
  public struct Interval: Sendable, Hashable {
    /// Index of the rule.
    public var rule: Int
    /// Its first moment.
    public var start: Timestamp
    /// The first moment after it.
    public var end: Timestamp
  }

  /// The rules, none of which overlap.
  public let rules: [Rule]
  /// Whose local time they are in.
  public let clock: LocalClock

  private static let daySeconds: Int64 = 86_400

  /// - Throws: what is wrong, with the index of the rule.
  public init(_ rules: [Rule], clock: LocalClock) throws(Problem) {
    guard !rules.isEmpty else { throw .empty }
    for (index, rule) in rules.enumerated() {
      guard !rule.days.isEmpty, rule.days.allSatisfy({ (0...6).contains($0) }) else { throw .days(rule: index) }
      guard rule.start != rule.end, rule.start.minutes < ClockTime.minutesPerDay else { throw .times(rule: index) }
    }
    try Self.checkOverlaps(rules)
    self.rules = rules
    self.clock = clock
  }

  /// Looks at a week as a circle of minutes on the wall clock.
  private static func checkOverlaps(_ rules: [Rule]) throws(Problem) {
    let week = 7 * ClockTime.minutesPerDay
    var taken: [(start: Int, end: Int, rule: Int)] = []
    for (index, rule) in rules.enumerated() {
      for day in rule.days.sorted() {
        let start = day * ClockTime.minutesPerDay + rule.start.minutes
        let end = start + rule.length
        for shift in [-week, 0, week] {
          let other = taken.first { $0.start < end + shift && start + shift < $0.end }
          if let other { throw .overlap(rule: index, with: other.rule, day: day, time: rule.start) }
        }
        taken.append((start, end, index))
      }
    }
  }

  /// The interval that takes place at a moment; `nil` between intervals.
  public func interval(at time: Timestamp) -> Interval? {
    intervals(around: time, days: -2...1).first { $0.start <= time && time < $0.end }
  }

  /// The first moment after this one at which an interval starts or ends.
  public func nextEdge(after time: Timestamp) -> Timestamp? {
    intervals(around: time, days: -2...9).flatMap { [$0.start, $0.end] }.filter { $0 > time }.min()
  }

  /// The first interval that starts after this moment.
  public func nextInterval(after time: Timestamp) -> Interval? {
    // A rule may miss one week, where its hour is skipped.
    intervals(around: time, days: -2...16).filter { $0.start > time }.min { $0.start < $1.start }
  }

  /// The intervals that start on the days around a moment; a zone may also skip a whole day.
  private func intervals(around time: Timestamp, days: ClosedRange<Int64>) -> [Interval] {
    let today = LocalClock.floorDivide(clock.localSeconds(at: time), Self.daySeconds)
    return days.flatMap { offset in
      let day = today + offset
      // 1970-01-01 was a Thursday.
      let weekday = Int(((day + 4) % 7 + 7) % 7)
      return rules.enumerated().compactMap { index, rule -> Interval? in
        guard rule.days.contains(weekday) else { return nil }
        let start = day * Self.daySeconds + Int64(rule.start.minutes) * 60
        let interval = Interval(
          rule: index, start: clock.firstMoment(of: start),
          end: clock.firstMoment(of: start + Int64(rule.length) * 60))
        return interval.start < interval.end ? interval : nil
      }
    }
  }
}
