/// Cuts a byte stream into server-sent events (WHATWG HTML, section 9.2.6).
struct ServerSentEventParser {
  struct Event: Sendable, Hashable {
    var id: String?
    var type: String
    var data: String
  }

  /// The longest event; a longer one ends the stream.
  static let maxEventBytes = 4 << 20

  private var line: [UInt8] = []
  private var lastWasReturn = false
  private var id: String?
  private var type = ""
  private var data: [String] = []
  private var dataBytes = 0

  /// Whether an event is longer than allowed.
  var isOverflowing: Bool { line.count + dataBytes > Self.maxEventBytes }

  /// The events that are complete with these bytes.
  mutating func feed(_ bytes: some Sequence<UInt8>) -> [Event] {
    var events: [Event] = []
    for byte in bytes {
      // CR LF is one line end, CR and LF alone are one each.
      if byte == 0x0A, lastWasReturn {
        lastWasReturn = false
        continue
      }
      lastWasReturn = byte == 0x0D
      if byte == 0x0A || byte == 0x0D {
        if let event = endLine() { events.append(event) }
      } else {
        line.append(byte)
      }
    }
    return events
  }

  private mutating func endLine() -> Event? {
    defer { line.removeAll(keepingCapacity: true) }
    if line.isEmpty { return dispatch() }
    let text = String(decoding: line, as: UTF8.self)
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let value = parts.count == 2 ? String(parts[1].hasPrefix(" ") ? parts[1].dropFirst() : parts[1]) : ""
    switch parts[0] {
    case "data":
      data.append(value)
      dataBytes += value.utf8.count
    case "event": type = value
    case "id": id = value
    default: break
    }
    return nil
  }

  private mutating func dispatch() -> Event? {
    defer {
      type = ""
      data = []
      dataBytes = 0
    }
    guard !data.isEmpty else { return nil }
    return Event(id: id, type: type.isEmpty ? "message" : type, data: data.joined(separator: "\n"))
  }
}
