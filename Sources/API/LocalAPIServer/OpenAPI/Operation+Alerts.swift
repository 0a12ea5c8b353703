extension Operation {
  static let listAlerts = Operation(
    "listAlerts", "What a person has to look at, newest first", tag: "alerts",
    parameters: [
      .query("deviceId", .text),
      .query("resolved", .json(#"{"type": "boolean", "default": false}"#), "Those that are over too."),
    ] + .paging, answers: [.page("Alert")])

  static let getAlert = Operation(
    "getAlert", "One alert", tag: "alerts", answers: [.ok(.ref("Alert"))])

  static let acknowledgeAlert = Operation(
    "acknowledgeAlert", "Say that somebody knows of it; it stays until it is over", tag: "alerts",
    answers: [.ok(.ref("Alert"))])
}
