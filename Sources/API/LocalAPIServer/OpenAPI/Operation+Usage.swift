extension Operation {
  static let getCustomerUsage = Operation(
    "getCustomerUsage", "Energy of a customer per metric", tag: "usage", parameters: .usage,
    answers: [.ok(.ref("Usage"))])

  static let getSiteUsage = Operation(
    "getSiteUsage", "Energy of a site per metric", tag: "usage", parameters: .usage, answers: [.ok(.ref("Usage"))])
}

extension [Operation.Parameter] {
  /// The time that usage is asked for, in Heddle's words or in those of metrics.
  static let usage: Self =
    [
      .query("range", .text, "today (default), yesterday, month, or a number of days such as 7d or 30d."),
      .query("from", .text, "A time or a local date; instead of range."),
      .query("to", .text, "A time or a local date, excluded; now where it is absent."),
      .query("by", .words(UsageCalendar.Step.allCases.map(\.rawValue))),
    ] + .metricWindow + .metricRange
}
