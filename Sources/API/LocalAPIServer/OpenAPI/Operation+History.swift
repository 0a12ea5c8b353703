extension Operation {
  static let getDeviceHistory = Operation(
    "getDeviceHistory", "What the device reported over a time, oldest first; times without anything have no row",
    tag: "devices",
    parameters: [
      .query("fields", .text, "Names of fields with commas; all that have something in this resolution without it."),
      .query(
        "resolution", .words(["raw", "1m", "15m", "1h", "1d"]),
        "Readings as they came, or windows; hours and days are those of the zone. 1m without it."),
      .query("from", .text, "A time or a date; a day before the end without it."),
      .query("to", .text, "A time or a date, excluded; now without it."),
      .query("timezone", .text, "IANA name; the site's zone without it."),
      .query("quality", .text, "Words with commas: only rows of these qualities."),
      .query(
        "limit", .json(#"{"type": "integer", "minimum": 1, "maximum": 10000}"#),
        "Rows at most: 1000 without it in JSON, all in the other formats."),
      .query("cursor", .text, "The nextCursor of the answer before, with everything else as it was."),
      .query("format", .words(["json", "csv", "ndjson"]), "Instead of the Accept header."),
    ], answers: [.init(200, "OK", .ref("History"), textTypes: ["text/csv", "application/x-ndjson"])])
}
