import EnergyModel
import LocalAPISchema

/// The time that a request asks for, in the seed's words.
struct MetricRange {
  private let relative: (text: String, name: String)
  private let after: String?
  private let before: String?

  init(_ query: QueryReader) throws(APIError) {
    after = query.text("filterRangeAfter")
    before = query.text("filterRangeBefore")
    let names = ["filterRangeRelative", "timeframe"].filter { query.text($0) != nil }
    guard names.count < 2 else {
      throw .invalid("?timeframe", "'timeframe' is another word for 'filterRangeRelative': give one of them")
    }
    guard let name = names.first, let text = query.text(name) else {
      relative = ("1d", "filterRangeRelative")
      return
    }
    guard after == nil else {
      throw .invalid("?\(name)", "give either '\(name)' or 'filterRangeAfter', not both")
    }
    relative = (text, name)
  }

  /// The same in a zone.
  func interval(_ calendar: UsageCalendar, now: Timestamp) throws(APIError) -> UsageInterval {
    if let after {
      return try calendar.interval(from: after, to: before, now: now, names: ("filterRangeAfter", "filterRangeBefore"))
    }
    let end = try before.map { text throws(APIError) in try calendar.time(text, "filterRangeBefore") }
    return try calendar.interval(relative: relative.text, now: end ?? now, relative.name)
  }
}

extension MetricWindow {
  /// The seed's other word for the length of a bucket.
  private enum Period: String, CaseIterable { case hour, day, week, month, year }

  /// `windowSize` or `period`; `nil` without either.
  init?(_ query: QueryReader) throws(APIError) {
    let window = try query.word("windowSize", MetricWindow.self)
    guard let period = try query.word("period", Period.self) else {
      guard let window else { return nil }
      self = window
      return
    }
    guard window == nil else {
      throw .invalid("?period", "'period' is another word for 'windowSize': give one of them")
    }
    self =
      switch period {
      case .hour: .hour
      case .day: .day
      case .week: .week
      case .month: .month
      case .year: .year
      }
  }

  /// The length of the buckets for the calendar.
  var step: UsageCalendar.Step {
    switch self {
    case .quarterHour: .quarterHour
    case .hour: .hour
    case .day: .day
    case .week: .week
    case .month: .month
    case .year: .year
    }
  }
}
