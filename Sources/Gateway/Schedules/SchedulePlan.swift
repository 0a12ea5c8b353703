import EnergyModel
import GatewayStore
import ScheduleCalendar

/// What schedules want of one device at one moment: plain values, no clock, no disk.
struct SchedulePlan {
  /// A time in which one command holds.
  struct Segment: Hashable {
    var scheduleID: String
    /// Its beginning names it: nothing is sent twice for the same one.
    var start: Timestamp
    /// When it is to end; `nil` = it is a one-shot, or nothing ends it.
    var end: Timestamp?
    var command: ScheduledCommand
    /// Whether it is between the intervals.
    var isFallback = false
  }

  /// The weekly schedules that the device follows, those that go before others first.
  private let weekly: [(record: ScheduleRecord, schedule: WeeklySchedule, rules: [ScheduleRecord.Rule])]
  /// The one-shots that are for the device, oldest first.
  let oneShots: [ScheduleRecord]

  /// Without an end that is known, the command between intervals is begun anew so often: leases have an end.
  static let fallbackMilliseconds: Int64 = 86_400_000

  /// - Parameters:
  ///   - records: schedules in force, newest first.
  ///   - tags: of the device.
  ///   - zone: of the device's site.
  init(_ records: [ScheduleRecord], device: String, customer: String?, tags: [String], zone: String) {
    let own = records.filter { $0.target == .device(device) }
    let tagged = records.filter { record in
      guard case .tag(let tag, let restriction) = record.target else { return false }
      return tags.contains(tag) && (restriction == nil || restriction == customer)
    }
    // A device with a weekly schedule of its own does not follow those of its tags.
    let mine = own.compactMap { Self.weekly($0, zone) }
    weekly = mine.isEmpty ? tagged.compactMap { Self.weekly($0, zone) } : mine
    oneShots = (own + tagged).filter { if case .once = $0.plan { true } else { false } }
      .sorted { $0.createdAt < $1.createdAt }
  }

  private static func weekly(
    _ record: ScheduleRecord, _ zone: String
  ) -> (ScheduleRecord, WeeklySchedule, [ScheduleRecord.Rule])? {
    guard case .weekly(let rules, _, _) = record.plan,
      let clock = LocalClock(record.timeZone ?? zone) ?? LocalClock("UTC"),
      let schedule = Self.schedule(of: rules, clock)
    else { return nil }
    return (record, schedule, rules)
  }

  /// The times of rules that were checked when they came.
  static func schedule(of rules: [ScheduleRecord.Rule], _ clock: LocalClock) -> WeeklySchedule? {
    let times = rules.compactMap { rule -> WeeklySchedule.Rule? in
      guard let start = ClockTime(rule.startTime), let end = ClockTime(rule.endTime) else { return nil }
      return WeeklySchedule.Rule(days: Set(rule.daysOfWeek), start: start, end: end)
    }
    guard times.count == rules.count else { return nil }
    return try? WeeklySchedule(times, clock: clock)
  }

  /// What the weekly schedules want now: of those that have an interval now the newest, else what is to be between the
  /// intervals; `nil` = the device is left to itself.
  func segment(at now: Timestamp) -> Segment? {
    for (index, (record, schedule, rules)) in weekly.enumerated() {
      guard let interval = schedule.interval(at: now) else { continue }
      // A newer schedule that begins meanwhile takes over, and hands back afterwards.
      let newer = weekly[..<index]
      let end = newer.compactMap { $0.schedule.nextInterval(after: now)?.start }.min() ?? interval.end
      let handBack = newer.compactMap { Self.lastEnd(of: $0.schedule, from: interval.start, to: now) }.max()
      return Segment(
        scheduleID: record.id, start: handBack ?? interval.start, end: min(end, interval.end),
        command: rules[interval.rule].command)
    }
    return fallback(at: now)
  }

  private func fallback(at now: Timestamp) -> Segment? {
    for (record, _, _) in weekly {
      guard case .weekly(_, let command?, _) = record.plan else { continue }
      let end = weekly.compactMap { $0.schedule.nextInterval(after: now)?.start }.min()
      let earliest = now.advanced(byMilliseconds: -Self.fallbackMilliseconds)
      let since = weekly.compactMap { Self.lastEnd(of: $0.schedule, from: earliest, to: now) }.max()
      let start = since ?? Self.dayStart(now)
      return Segment(scheduleID: record.id, start: start, end: end, command: command, isFallback: true)
    }
    return nil
  }

  /// The end of the last interval that ended in a time; `nil` if none did.
  private static func lastEnd(of schedule: WeeklySchedule, from: Timestamp, to now: Timestamp) -> Timestamp? {
    var time = from
    var last: Timestamp?
    while let edge = schedule.nextEdge(after: time), edge <= now {
      last = edge
      time = edge
    }
    return last
  }

  private static func dayStart(_ now: Timestamp) -> Timestamp {
    now.advanced(byMilliseconds: -(now.milliseconds % fallbackMilliseconds))
  }

  /// When `segment(at:)` may answer something else next.
  func nextEdge(after now: Timestamp) -> Timestamp? {
    weekly.compactMap { $0.schedule.nextEdge(after: now) }.min()
  }
}
