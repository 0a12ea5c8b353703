import EnergyModel
import LocalAPISchema
import NIOCore

/// The text of a history on its way, row by row, in one of the formats.
struct HistoryPage {
  private let query: HistoryQuery
  private let deviceId: String
  private var buffer = ByteBuffer()
  private var rows = 0
  private var last: HistoryQuery.Position?
  /// Whether a row came for which there was no room.
  private(set) var isFull = false

  init(_ query: HistoryQuery, deviceId: String) {
    self.query = query
    self.deviceId = deviceId
  }

  /// Bytes that wait.
  var count: Int { buffer.readableBytes }

  mutating func take() -> ByteBuffer {
    defer { buffer = ByteBuffer() }
    return buffer
  }

  mutating func begin() {
    switch query.format {
    case .json:
      let head = [
        ("deviceId", Self.quoted(deviceId)), ("resolution", Self.quoted(query.resolution.rawValue)),
        ("timezone", Self.quoted(query.calendar.identifier)),
        ("from", Self.quoted("\(query.interval.start)")), ("to", Self.quoted("\(query.interval.end)")),
      ]
      buffer.writeString("{" + head.map { "\"\($0)\":\($1)" }.joined(separator: ",") + ",\"data\":[")
    case .csv:
      buffer.writeString(
        query.resolution == .raw
          ? "ts,field,value,quality\r\n" : "ts,field,avg,min,max,last,difference,samples,quality\r\n")
    case .ndjson: break
    }
  }

  mutating func end() {
    guard query.format == .json else { return }
    let cursor = isFull ? last.map { ",\"nextCursor\":\(Self.quoted($0.cursor))" } ?? "" : ""
    buffer.writeString("]\(cursor)}")
  }

  mutating func add(_ reading: HistoryReading, field: Int) {
    guard begins(reading.observedAt, field, reading.quality) else { return }
    if query.format == .csv {
      let text = if case .null = reading.value { "" } else { Self.csv(reading.value.description) }
      buffer.writeString(",\(text),\(reading.quality.name)\r\n")
    } else {
      let value =
        switch reading.value {
        case .text(let text): Self.quoted(text)
        case .number(let number): Self.number(number)
        case .flag, .null: reading.value.description
        }
      buffer.writeString(",\"value\":\(value)")
      endObject(reading.quality)
    }
  }

  mutating func add(_ window: HistoryWindow, field: Int, at time: Timestamp) {
    guard begins(time, field, window.quality) else { return }
    let numbers = [
      ("avg", window.avg), ("min", window.min), ("max", window.max), ("last", window.last),
      ("difference", window.difference),
    ]
    if query.format == .csv {
      let cells = numbers.map { $0.1.map(Self.number) ?? "" } + ["\(window.samples)", window.quality.name]
      buffer.writeString("," + cells.joined(separator: ",") + "\r\n")
    } else {
      for case (let name, let number?) in numbers { buffer.writeString(",\"\(name)\":\(Self.number(number))") }
      buffer.writeString(",\"samples\":\(window.samples)")
      endObject(window.quality)
    }
  }

  /// Time and field of a row; `false` where the row is not wanted or has no room.
  private mutating func begins(_ time: Timestamp, _ field: Int, _ quality: Quality) -> Bool {
    guard query.after.map({ $0.isBefore(time, field) }) ?? true,
      query.qualities.isEmpty || query.qualities.contains(quality)
    else { return false }
    if let limit = query.limit, rows >= limit {
      isFull = true
      return false
    }
    let name = query.fields[field].name
    switch query.format {
    case .csv: buffer.writeString("\(time),\(name)")
    case .json: buffer.writeString((rows == 0 ? "" : ",") + "{\"ts\":\"\(time)\",\"field\":\"\(name)\"")
    case .ndjson: buffer.writeString("{\"ts\":\"\(time)\",\"field\":\"\(name)\"")
    }
    rows += 1
    last = HistoryQuery.Position(time: time, field: field)
    return true
  }

  private mutating func endObject(_ quality: Quality) {
    buffer.writeString(",\"quality\":\"\(quality.name)\"}" + (query.format == .ndjson ? "\n" : ""))
  }

  /// JSON has no numbers that are none.
  private static func number(_ number: Double) -> String {
    number.isFinite ? ScalarValue.number(number).description : "null"
  }

  private static func quoted(_ text: String) -> String {
    (try? JSONText.encode(text)).map { String(buffer: $0) } ?? "\"\""
  }

  /// As RFC 4180 has it.
  private static func csv(_ text: String) -> String {
    guard text.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return text }
    return "\"" + text.replacing("\"", with: "\"\"") + "\""
  }
}
