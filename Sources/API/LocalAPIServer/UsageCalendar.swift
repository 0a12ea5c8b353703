import EnergyModel
import Foundation
import LocalAPISchema

extension UsageCalendar.Step {
  /// The calendar's word for it.
  var unit: Calendar.Component {
    switch self {
    case .quarterHour: .minute
    case .hour: .hour
    case .day, .none: .day
    case .week: .weekOfYear
    case .month: .month
    case .year: .year
    }
  }
}

/// Turns `today`, `7d` or two dates into times, and a time into hours and days of a zone.
struct UsageCalendar {
  /// The length of the buckets.
  enum Step: String, CaseIterable, Sendable {
    case quarterHour = "15m"
    case hour, day, week, month, year, none
  }

  /// Buckets in one answer: a year of quarter hours.
  static let maxBuckets = 36_000
  /// The longest time that can be asked for, in days.
  static let maxDays = 3700.0

  /// How far back a relative range can go.
  static let relativeRanges = ["1h", "12h", "1d", "7d", "30d", "90d", "1y"]

  /// The zone's name.
  var identifier: String { calendar.timeZone.identifier }

  private let calendar: Calendar

  /// `nil` if the zone is not known.
  init?(timezone: String) {
    guard let zone = TimeZone(identifier: timezone) else { return nil }
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = zone
    calendar.firstWeekday = 2
    calendar.minimumDaysInFirstWeek = 4
    self.calendar = calendar
  }

  /// - Parameter range: `today`, `yesterday`, `month`, or a number of days such as `7d`, ending now.
  func interval(range: String, now: Timestamp) throws(APIError) -> UsageInterval {
    let today = startOfDay(now)
    switch range {
    case "today": return UsageInterval(start: today, end: nextMinute(now))
    case "yesterday": return UsageInterval(start: day(today, plus: -1), end: today)
    case "month":
      let parts = calendar.dateComponents([.year, .month], from: date(today))
      let first = calendar.date(from: parts).map(timestamp) ?? today
      return UsageInterval(start: first, end: nextMinute(now))
    default:
      guard range.hasSuffix("d"), let days = Int(range.dropLast()), (1...366).contains(days) else {
        throw .invalid(
          "?range", "'range' cannot be '\(range)'", hint: "one of today, yesterday, month, 1d to 366d (7d, 30d)")
      }
      // Today and the days before it, so that every full day of the range is whole.
      return UsageInterval(start: day(today, plus: 1 - days), end: nextMinute(now))
    }
  }

  /// - Parameters:
  ///   - from: a time or a date; a date is its first moment in the zone.
  ///   - to: the end, excluded; now where it is absent.
  ///   - names: the parameters that say it, for errors.
  func interval(
    from: String, to: String?, now: Timestamp, names: (from: String, to: String) = ("from", "to")
  ) throws(APIError) -> UsageInterval {
    let start = previousMinute(try time(from, names.from))
    let end = try to.map { text throws(APIError) in nextMinute(try time(text, names.to)) } ?? nextMinute(now)
    guard start < end else {
      throw .invalid("?\(names.from)", "'\(names.from)' must be before '\(names.to)'", code: "OUT_OF_RANGE")
    }
    guard Double(end.millisecondsSince(start)) <= Self.maxDays * 86_400_000 else {
      throw .invalid(
        "?\(names.from)", "'\(names.from)' and '\(names.to)' are more than \(Int(Self.maxDays)) days apart",
        code: "OUT_OF_RANGE")
    }
    return UsageInterval(start: start, end: end)
  }

  /// The time from so long ago until now; days and years are those of the zone, to the same time of the day.
  ///
  /// - Parameter name: the parameter that says it, for the error.
  func interval(relative: String, now: Timestamp, _ name: String) throws(APIError) -> UsageInterval {
    let units: [Character: Calendar.Component] = ["h": .hour, "d": .day, "y": .year]
    guard Self.relativeRanges.contains(relative), let unit = relative.last.flatMap({ units[$0] }),
      let count = Int(relative.dropLast())
    else {
      throw .invalid(
        "?\(name)", "'\(name)' cannot be '\(relative)'",
        hint: "one of \(Self.relativeRanges.joined(separator: ", "))")
    }
    let end = nextMinute(now)
    let start = calendar.date(byAdding: unit, value: -count, to: date(end)).map(timestamp)
    return UsageInterval(start: start ?? end.advanced(byMilliseconds: -86_400_000 * Int64(count)), end: end)
  }

  /// The beginning of the day, week, month or year that a time is in.
  func start(of step: Step, _ time: Timestamp) -> Timestamp {
    calendar.dateInterval(of: step.unit, for: date(time)).map { timestamp($0.start) } ?? startOfDay(time)
  }

  /// The end of a date's whole day; a time as it is.
  ///
  /// - Parameter name: the parameter that says it, for the error.
  func endOfDate(_ text: String, _ name: String) throws(APIError) -> Timestamp {
    let start = try time(text, name)
    return text.count == "2026-05-01".count ? day(start, plus: 1) : start
  }

  /// The pieces of an interval, cut at its ends.
  ///
  /// - Parameter name: the parameter that says how long they are, for the error.
  func buckets(
    of interval: UsageInterval, by step: Step, named name: String = "by"
  ) throws(APIError) -> [UsageInterval] {
    guard step != .none else { return [] }
    var buckets: [UsageInterval] = []
    var start = interval.start
    while start < interval.end {
      guard buckets.count < Self.maxBuckets else {
        throw .invalid(
          "?\(name)", "'\(step.rawValue)' would make more than \(Self.maxBuckets) buckets", code: "OUT_OF_RANGE",
          hint: "ask for longer buckets or a shorter time")
      }
      let end = min(boundary(after: start, step), interval.end)
      buckets.append(UsageInterval(start: start, end: end))
      start = end
    }
    return buckets
  }

  /// The end of the minute that a time is in.
  func boundary(afterMinute time: Timestamp) -> Timestamp {
    Self.floor(time, 60_000).advanced(byMilliseconds: 60_000)
  }

  /// The end of the bucket that a time is in.
  func boundary(after time: Timestamp, _ step: Step) -> Timestamp {
    switch step {
    case .quarterHour: return Self.floor(time, 900_000).advanced(byMilliseconds: 900_000)
    case .day: return day(startOfDay(time), plus: 1)
    case .week, .month, .year: return end(of: step.unit, around: time)
    case .hour, .none:
      // Local hours do not begin on the UTC hour everywhere; a change of daylight saving time moves by whole or half
      // hours, which the calendar knows.
      let end = calendar.dateInterval(of: .hour, for: date(time)).map { timestamp($0.end) }
      let fallback = Self.floor(time, 3_600_000).advanced(byMilliseconds: 3_600_000)
      return end.map { $0 > time ? $0 : fallback } ?? fallback
    }
  }

  /// Weeks begin on Monday, as ISO 8601 has it.
  private func end(of unit: Calendar.Component, around time: Timestamp) -> Timestamp {
    guard let end = calendar.dateInterval(of: unit, for: date(time)).map({ timestamp($0.end) }), end > time else {
      return day(startOfDay(time), plus: 1)
    }
    return end
  }

  /// - Parameter name: the parameter that says it, for the error.
  func time(_ text: String, _ name: String) throws(APIError) -> Timestamp {
    if let time = Timestamp(rfc3339: text) ?? Timestamp(rfc3339: text.replacing(" ", with: "+")) { return time }
    if let midnight = Timestamp(rfc3339: text + "T00:00:00Z") {
      var utc = Calendar(identifier: .gregorian)
      utc.timeZone = .gmt
      let parts = utc.dateComponents([.year, .month, .day], from: date(midnight))
      if let local = calendar.date(from: parts) { return timestamp(local) }
    }
    throw .invalid(
      "?\(name)", "'\(name)' cannot be '\(text)'", hint: "2026-05-01, or 2026-05-01T10:00:00Z")
  }

  private func startOfDay(_ time: Timestamp) -> Timestamp { timestamp(calendar.startOfDay(for: date(time))) }

  private func day(_ start: Timestamp, plus days: Int) -> Timestamp {
    // The middle of the day is the same day whatever the change of daylight saving time does to midnight.
    let noon = date(start).addingTimeInterval(43_200)
    guard let other = calendar.date(byAdding: .day, value: days, to: noon) else {
      return start.advanced(byMilliseconds: Int64(days) * 86_400_000)
    }
    return startOfDay(timestamp(other))
  }

  private func date(_ time: Timestamp) -> Date { Date(timeIntervalSince1970: time.seconds) }

  private func timestamp(_ date: Date) -> Timestamp {
    Timestamp(milliseconds: Int64((date.timeIntervalSince1970 * 1000).rounded()))
  }

  private static func floor(_ time: Timestamp, _ size: Int64) -> Timestamp {
    let rest = time.milliseconds % size
    return time.advanced(byMilliseconds: -(rest < 0 ? rest + size : rest))
  }

  private func previousMinute(_ time: Timestamp) -> Timestamp { Self.floor(time, 60_000) }

  private func nextMinute(_ time: Timestamp) -> Timestamp {
    let floor = Self.floor(time, 60_000)
    return floor == time ? floor : floor.advanced(byMilliseconds: 60_000)
  }
}
