extension Operation {
  static let listEvents = Operation(
    "listEvents", "The event log, oldest first", tag: "events",
    parameters: [
      .query("after", .integer, "Only later ones; without it the newest."),
      .query("limit", .json(#"{"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}"#)),
      .query("deviceId", .text),
    ], answers: [.ok(.ref("EventList"))])

  static let streamEvents = Operation(
    "streamEvents", "Events and device states as server-sent events", tag: "events",
    parameters: [
      .query("topics", .text, "events, states, or both with a comma (default)."), .query("deviceId", .text),
      .query("after", .json(#"{"type": "integer", "minimum": 0}"#)), .header("Last-Event-ID", .text),
    ], answers: [.init(200, "id is the event's sequence; a comment every 15 s", .text, type: "text/event-stream")])
}
