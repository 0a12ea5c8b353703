extension Operation {
  static let listUsageMeters = Operation(
    "listUsageMeters", "Usage meters", tag: "usage meters", parameters: .paging, answers: [.page("UsageMeter")])

  static let createUsageMeter = Operation(
    "createUsageMeter", "Make a usage meter", tag: "usage meters", body: .ref("UsageMeterDraft"),
    answers: [.made(.ref("UsageMeter"))])

  static let getUsageMeter = Operation(
    "getUsageMeter", "One usage meter, by id or token", tag: "usage meters", answers: [.ok(.ref("UsageMeter"))])

  static let getMeterUsage = Operation(
    "getMeterUsage", "What the events of a usage meter come to; the last 30 days by day", tag: "usage meters",
    parameters: .usage + [.query("customerId", .text, "Only this customer's.")], answers: [.ok(.ref("MeterUsage"))])

  static let getMeterStatistics = Operation(
    "getMeterStatistics", "A usage meter of all time, today, this week and this month", tag: "usage meters",
    parameters: [.query("timezone", .text, "IANA zone; UTC.")], answers: [.ok(.ref("MeterStatistics"))])

  static let listUsageEvents = Operation(
    "listUsageEvents", "Events of a usage meter, newest first", tag: "usage meters",
    parameters: [.query("customerId", .text, "Only this customer's.")] + .paging, answers: [.page("UsageEvent")])

  static let trackUsageEvents = Operation(
    "trackUsageEvents", "Report up to 1000 events; each has its own result", tag: "usage meters",
    body: .ref("UsageEventBatch"),
    answers: [
      .ok(.ref("UsageEventReport")),
      Answer(207, "Some events were rejected: see their results", .ref("UsageEventReport")),
    ])
}

// The seed's spelling, under /api/v1.
extension Operation {
  static let listSeedMeters = Operation(
    "listSeedMeters", "Usage meters", tag: "seed", parameters: .seedPaging,
    answers: [.ok(.seedPage("SeedMeter"))])

  static let createSeedMeter = Operation(
    "createSeedMeter", "Make a usage meter", tag: "seed", body: .ref("SeedMeterDraft"),
    answers: [.made(.ref("SeedMeter"))])

  static let getSeedMeter = Operation(
    "getSeedMeter", "One usage meter, by id or token", tag: "seed", answers: [.ok(.ref("SeedMeter"))])

  static let getSeedMeterUsage = Operation(
    "getSeedMeterUsage", "What the events of a usage meter come to; the last 30 days by day", tag: "seed",
    parameters: .seedPeriod + [.query("customer_id", .text, "Only this customer's.")],
    answers: [.ok(.ref("SeedMeterUsage"))])

  static let getSeedMeterStatistics = Operation(
    "getSeedMeterStatistics", "A usage meter of all time, today, this week and this month", tag: "seed",
    parameters: [.query("timezone", .text, "IANA zone; UTC.")], answers: [.ok(.ref("SeedMeterStatistics"))])

  static let listSeedEvents = Operation(
    "listSeedEvents", "Events of a usage meter, newest first", tag: "seed",
    parameters: [.query("customer_id", .text, "Only this customer's.")] + .seedPaging,
    answers: [.ok(.seedPage("SeedEvent"))])

  static let trackSeedEvent = Operation(
    "trackSeedEvent", "Report one event", tag: "seed", parameters: [.idempotencyKey],
    body: .ref("UsageEventDraft"), answers: [.made(.ref("SeedEvent"))])

  static let trackSeedUsage = Operation(
    "trackSeedUsage", "Report one event", tag: "seed", parameters: [.idempotencyKey],
    body: .ref("UsageEventDraft"), answers: [.made(.ref("SeedEvent"))])

  static let getSeedCustomerUsage = Operation(
    "getSeedCustomerUsage", "A customer's usage of all meters, and his energy; the last 30 days by day", tag: "seed",
    parameters: .seedPeriod, answers: [.ok(.ref("SeedCustomerUsage"))])
}

extension Operation.Parameter {
  fileprivate static let idempotencyKey = header(
    "Idempotency-Key", .json(#"{"type": "string", "minLength": 1, "maxLength": 200}"#),
    "As idempotency_key in the body, for 32 days.")
}

extension [Operation.Parameter] {
  fileprivate static let seedPaging: Self = [
    .query("page", .json(#"{"type": "integer", "minimum": 1, "maximum": 1000000, "default": 1}"#)),
    .query("page_size", .json(#"{"type": "integer", "minimum": 1, "maximum": 500, "default": 20}"#)),
  ]

  fileprivate static let seedPeriod: Self = [
    .query("start_date", .text, "A time or a date; 30 days ago."),
    .query("end_date", .text, "A time, or a date with its whole day; now."),
    .query("group_by", .words(SeedGrouping.allCases.map(\.rawValue)), "day."),
    .query("timezone", .text, "IANA zone of dates and periods."),
  ]
}

extension Schema {
  /// A page in the seed's form.
  fileprivate static func seedPage(_ name: String) -> Schema {
    .json(
      """
      {"type": "object", "properties": {
        "data": {"type": "array", "items": {"$ref": "#/components/schemas/\(name)"}},
        "meta": {"$ref": "#/components/schemas/FluxrateMeta"}}, "required": ["data", "meta"]}
      """)
  }
}
