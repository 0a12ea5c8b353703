import DeviceProfiles
import EnergyModel
import Testing

@Suite struct DocumentDecodingTests {
  private func decoder(
    _ points: String, locals: String = "{}", mqtt: String = "{}", parameters: String = "{}",
    _ given: [String: ScalarValue] = [:]
  ) throws -> EndpointDecoder {
    EndpointDecoder(
      try bind(
        profileText(
          transport: "mqtt: \(mqtt)", parameters: parameters,
          devices: "m: {type: meter, points: \(points), locals: \(locals)}"), given))
  }

  @Test("All elements of a list become one value, absent ones left out")
  func list() throws {
    var decoder = try decoder(
      "{powerW: {topic: t, path: /meters/*/p, combine: sum, scale: 10}}",
      locals: "{n: {topic: t, path: /meters/*/p, combine: count}, hottest: {topic: t, path: /byName/*, combine: max}}")
    let readings = decoder.readings(
      message("t", #"{"meters":[{"p":1},{"p":null},{"p":2.5},{"q":9}],"byName":{"a":3,"b":7}}"#))
    #expect(readings["powerW"]?.value == .number(35))
    #expect(decoder.snapshot().value("n", part: 0)?.value == .number(2))
    #expect(decoder.snapshot().value("hottest", part: 0)?.value == .number(7))
    #expect(decoder.readings(message("t", #"{"other":1}"#)).isEmpty)
  }

  @Test("The topics behind a wildcard become one value; an empty message takes one out")
  func topics() throws {
    var decoder = try decoder("{powerW: {topic: a/+/power, combine: sum}, voltageV: {topic: a/+/power}}")
    _ = decoder.readings(message("a/1/power", "100"))
    #expect(decoder.readings(message("a/2/power", "50"))["powerW"]?.value == .number(150))
    #expect(decoder.readings(message("a/1/power", "10"))["powerW"]?.value == .number(60))
    let gone = decoder.readings(message("a/1/power", ""))
    #expect(gone["powerW"]?.value == .number(50))
    #expect(gone["voltageV"]?.value == .null)
  }

  @Test("An element is picked by a value from another message")
  func join() throws {
    var decoder = try decoder(
      "{powerW: {topic: readings, path: \"/[eid=${meterEid}]/p\"}}",
      locals: "{meterEid: {topic: meters, path: \"/[kind=net]/eid\"}}")
    let readings = #"[{"eid":704643328,"p":5},{"eid":704643584,"p":-700}]"#
    #expect(decoder.readings(message("readings", readings)).isEmpty)
    _ = decoder.readings(message("meters", #"[{"eid":704643328,"kind":"pv"},{"eid":704643584,"kind":"net"}]"#))
    #expect(decoder.readings(message("readings", readings))["powerW"]?.value == .number(-700))
  }

  @Test("Text with a unit behind it is the number before it, and goes back with it")
  func suffix() throws {
    var decoder = try decoder("{powerW: {topic: t, unit: kW, suffix: [W, kW]}}")
    #expect(decoder.readings(message("t", "3.2 kW"))["powerW"]?.value == .number(3200))
    #expect(decoder.readings(message("t", "3.2"))["powerW"]?.value == .number(3200))
    #expect(decoder.problems(message("t", "3.2 kVA")).count == 1)
    let point = try #require(decoder.bound.profile.parts.first?.points.first)
    #expect(point.encode(.number(3200), scaleFactor: 0) == .scalar(.text("3.2 kW")))
  }

  @Test("Messages in other formats are read by paths, and broken ones are problems")
  func formats() throws {
    var decoder = try decoder(
      "{powerW: {topic: t, path: /w1}, voltageV: {topic: x, path: /a/v, format: xml}}", mqtt: "{format: keyvalue}")
    #expect(decoder.readings(message("t", "p1=1,w1=53"))["powerW"]?.value == .number(53))
    #expect(decoder.readings(message("x", "<a><v>230.5</v></a>"))["voltageV"]?.value == .number(230.5))
    #expect(
      decoder.problems(message("x", "<a>")) == ["topic x: payload is not XML: it ends within an element (at byte 3)"])
  }

  @Test("Retained messages are passed over where the profile says so")
  func retained() throws {
    var decoder = try decoder(
      "{powerW: {topic: t, path: /p}, voltageV: {topic: t, path: /v, retained: take}}", mqtt: "{retained: ignore}")
    let old = RawFrame.Body.message(topic: "t", payload: Array(#"{"p":1,"v":230}"#.utf8), isRetained: true)
    let readings = decoder.readings(old)
    #expect(readings["powerW"] == nil)
    #expect(readings["voltageV"]?.value == .number(230))
    #expect(decoder.readings(message("t", #"{"p":1}"#))["powerW"]?.value == .number(1))
  }

  @Test("A captured level sticks, is a name in outgoing topics, and other devices are passed over")
  func captures() throws {
    let mqtt = #"{captures: {id: $id}, requests: [{topic: "R/${id}/keepalive", payload: "", every: 30 s}]}"#
    let parameters = #"{id: {type: text, default: ""}}"#
    var decoder = try decoder(
      "{powerW: {topic: \"N/{id}/power/{instance}\", path: /value}}", mqtt: mqtt, parameters: parameters)
    #expect(decoder.bound.subscriptions == ["N/+/power/+"])
    #expect(decoder.stateRequest(0) == nil)
    #expect(decoder.readings(message("N/abc/power/7", #"{"value":5}"#))["powerW"]?.value == .number(5))
    #expect(decoder.stateRequest(0)?.description == "publish R/abc/keepalive ")
    #expect(decoder.snapshot().value("instance", part: 0)?.value == .text("7"))
    var batch = ReadingBatch()
    decoder.decode(RawFrame(body: message("N/other/power/7", #"{"value":6}"#), receivedAt: noon), into: &batch)
    decoder.decode(RawFrame(body: message("N/abc/power/8", #"{"value":6}"#), receivedAt: noon), into: &batch)
    #expect(batch.entries.isEmpty)
    #expect(batch.otherDevices == 2)
    let fixed = try self.decoder(
      "{powerW: {topic: \"N/{id}/power/{instance}\", path: /value}}", mqtt: mqtt, parameters: parameters,
      ["id": .text("xyz")])
    #expect(fixed.bound.subscriptions == ["N/xyz/power/+"])
    #expect(fixed.stateRequest(0)?.description == "publish R/xyz/keepalive ")
  }

  @Test("A device is there when none of its topics says otherwise")
  func availability() throws {
    let decoder = try decoder(
      "{powerW: {topic: t}}",
      mqtt: "{availability: [{topic: a, online: [up], offline: [down]}, {topic: b, online: [up], offline: [down]}]}")
    func said(_ topic: String, _ word: String) -> [String] {
      decoder.announcements(topic: topic, payload: Array(word.utf8)).map {
        "\($0.source) \($0.isOnline.map { "\($0)" } ?? "?")"
      }
    }
    #expect(said("a", "up") == ["0 true"])
    #expect(said("b", "down") == ["1 false"])
    #expect(said("b", "?") == ["1 ?"])
    #expect(decoder.bound.subscriptions == ["t", "a", "b"])
  }

  @Test("A reply is matched, judged, and gives the reason of a refusal")
  func reply() throws {
    let bound = try bind(
      profileText(
        transport: "mqtt: {}",
        devices: """
          m:
            type: meter
            points: {}
            commands:
              switch:
                input: {on: {}}
                steps:
                  - publish:
                      topic: rpc
                      payload: {id: 2}
                      reply: {topic: answers, match: {/id: 2}, expect: {/error/code: null}, reason: /error/message}
          """))
    #expect(bound.subscriptions == ["answers"])
    let steps = try #require(bound.profile.parts.first?.commands.first?.steps)
    let operations = try EndpointDecoder(bound).snapshot().operations(for: steps, part: 0, input: [:], before: [:])
    #expect(operations.map(\.description) == [#"publish rpc {"id":2}, reply on answers"#])
    guard case .publish(let message) = try #require(operations.first), let reply = message.reply else {
      Issue.record("no reply is expected")
      return
    }
    func verdict(_ topic: String, _ payload: String) -> ExpectedReply.Verdict? {
      reply.verdict(topic: topic, payload: Array(payload.utf8))
    }
    #expect(verdict("answers", #"{"id":1,"result":{}}"#) == nil)
    #expect(verdict("elsewhere", #"{"id":2}"#) == nil)
    #expect(verdict("answers", "nonsense") == nil)
    #expect(verdict("answers", #"{"id":2,"result":{}}"#) == .done)
    #expect(verdict("answers", #"{"id":2,"error":{"code":-114,"message":"no switch:9"}}"#) == .refused("no switch:9"))
  }
}
