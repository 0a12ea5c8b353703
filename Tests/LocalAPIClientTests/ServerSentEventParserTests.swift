import Testing

@testable import LocalAPIClient

@Suite struct ServerSentEventParserTests {
  @Test("Events are the same however the bytes are cut")
  func cuts() {
    let text = ": hello\r\nretry: 3000\n\nid: 7\nevent: device.offline\ndata: {\"a\":\ndata: 1}\r\r\n:\n\ndata:x\n\n"
    let expected: [ServerSentEventParser.Event] = [
      .init(id: "7", type: "device.offline", data: "{\"a\":\n1}"), .init(id: "7", type: "message", data: "x"),
    ]
    for size in 1...text.utf8.count {
      var parser = ServerSentEventParser()
      var events: [ServerSentEventParser.Event] = []
      var rest = Array(text.utf8)[...]
      while !rest.isEmpty {
        events += parser.feed(rest.prefix(size))
        rest = rest.dropFirst(size)
      }
      #expect(events == expected, "cut into \(size)")
    }
  }

  @Test("An event without an end is noticed")
  func endless() {
    var parser = ServerSentEventParser()
    _ = parser.feed(Array(repeating: UInt8(ascii: "x"), count: ServerSentEventParser.maxEventBytes + 1))
    #expect(parser.isOverflowing)
  }
}
