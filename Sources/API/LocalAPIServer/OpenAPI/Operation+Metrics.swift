import LocalAPISchema

extension Operation {
  static let getMetric = Operation(
    "getMetric", "A metric over time", tag: "metrics",
    parameters: [
      .query("groupBy", .words(MetricGrouping.allCases.map(\.rawValue)), "Else what the filter names, else DEVICE."),
      .query("fill", .words(MetricQuery.Fill.allCases.map(\.rawValue)), "Buckets without a value: null by default."),
      .query(
        "minCoverage", .json(#"{"type": "number", "minimum": 0, "maximum": 1}"#),
        "A bucket that is covered less has no value."),
      .query("view", .words(MetricQuery.View.allCases.map(\.rawValue)), "texture: emissions in pounds."),
    ] + .metricWindow + .metricFilters + .metricRange, answers: [.ok(.ref("Metric"))])
}

extension [Operation.Parameter] {
  /// Whose metrics: several by repeating the name or with commas, with and without brackets.
  static let metricFilters: Self = ["filterDeviceId", "filterSiteId", "filterCustomerId"].flatMap { name in
    [
      .query(name, .text, "Ids, separated by commas."),
      .query("\(name)[]", .json(#"{"type": "array", "items": {"type": "string"}}"#)),
    ]
  }

  /// The length of the buckets.
  static let metricWindow: Self = [
    .query("windowSize", .words(MetricWindow.allCases.map(\.rawValue)), "Length of the buckets."),
    .query("period", .words(["hour", "day", "week", "month", "year"]), "Another word for windowSize."),
  ]

  /// The time that metrics are asked for.
  static let metricRange: Self = [
    .query("filterRangeAfter", .text, "A time, or a date in the zone."),
    .query("filterRangeBefore", .text, "A time, or a date in the zone, excluded; now where it is absent."),
    .query("filterRangeRelative", .words(UsageCalendar.relativeRanges), "So long before the end; 1d."),
    .query("timeframe", .words(UsageCalendar.relativeRanges), "Another word for filterRangeRelative."),
    .query("timezone", .text, "IANA zone; the site's."),
  ]
}
