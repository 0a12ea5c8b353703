extension Operation {
  private static let time = Schema.json(#"{"type": "string", "format": "date-time"}"#)

  static let listAudit = Operation(
    "listAudit", "Who did what, newest first", tag: "audit",
    parameters: [
      .query("actor", .text),
      .query(
        "action", .text,
        "This action, or all of a group: command.confirmed, command, key, alert, configuration."),
      .query("subject", .text), .query("commandId", .text), .query("from", time),
      .query("to", time, "Excluded."),
    ] + .paging, answers: [.page("AuditRow")])

  static let verifyAudit = Operation(
    "verifyAudit", "Whether every byte of the audit is as it was written", tag: "audit",
    answers: [.ok(.ref("AuditVerification"))])
}
