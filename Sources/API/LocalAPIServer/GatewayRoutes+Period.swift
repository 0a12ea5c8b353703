import LocalAPISchema
import TimeSource

extension GatewayRoutes {
  private static let ownNames = ["range", "from", "to", "by"]
  private static let seedNames = [
    "windowSize", "period", "filterRangeAfter", "filterRangeBefore", "filterRangeRelative", "timeframe",
  ]

  /// The time that usage is asked for and the length of its buckets: in Heddle's words (`range`, or `from` and `to`, and
  /// `by`) or in the words of metrics.
  ///
  /// - Parameters:
  ///   - range: without any word.
  ///   - step: without any word.
  func period(
    _ query: QueryReader, _ calendar: UsageCalendar, range: String, by step: UsageCalendar.Step
  ) throws(APIError) -> (interval: UsageInterval, step: UsageCalendar.Step) {
    if let seed = Self.seedNames.first(where: { query.text($0) != nil }) {
      if let own = Self.ownNames.first(where: { query.text($0) != nil }) {
        throw .invalid("?\(own)", "'\(own)' and '\(seed)' are words of two styles: use one of them")
      }
      let window = try MetricWindow(query)
      return (try MetricRange(query).interval(calendar, now: time.wall()), window?.step ?? step)
    }
    let step = try query.word("by", UsageCalendar.Step.self) ?? step
    guard let from = query.text("from") else {
      guard query.text("to") == nil else { throw .invalid("?to", "'to' needs 'from'") }
      return (try calendar.interval(range: query.text("range") ?? range, now: time.wall()), step)
    }
    guard query.text("range") == nil else {
      throw .invalid("?range", "give either 'range' or 'from' and 'to', not both")
    }
    return (try calendar.interval(from: from, to: query.text("to"), now: time.wall()), step)
  }
}
