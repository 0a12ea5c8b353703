import DeviceProfiles
import EnergyModel
import Testing

@Suite struct TextTemplateTests {
  private func operations(
    _ publish: String, _ input: [String: ScalarValue], transport: String = "mqtt: {}"
  ) throws -> [String] {
    let bound = try bind(
      profileText(
        transport: transport, parameters: "{serial: {type: text}}",
        devices: """
          i:
            type: inverter
            points: {}
            commands:
              set-power-limit: {input: {percent: {optional: true}, watts: {optional: true}}, steps: [\(publish)]}
          """), ["serial": .text("11/4")])
    let steps = try #require(bound.profile.parts.first?.commands.first?.steps)
    return try EndpointDecoder(bound).snapshot().operations(for: steps, part: 0, input: input, before: [:])
      .map(\.description)
  }

  @Test("Expressions stand within topics and payloads, several of them, with texts and braces in them")
  func mixed() throws {
    let topic = "a/$serial/${input.percent > 50 ? 'high' : 'low'}"
    let text = #"{publish: {topic: "\#(topic)", payload: "p=${round(input.percent)},w=${100 * 2};${'}'}$"}}"#
    #expect(try operations(text, ["percent": .number(60.4)]) == ["publish a/11/4/high p=60,w=200;}$"])
  }

  @Test("In JSON the text stays a text, so that a number needs no function to become one")
  func inJSON() throws {
    let text = #"{publish: {topic: t, payload: {value: "${round(input.percent)}", raw: "=input.percent"}}}"#
    #expect(try operations(text, ["percent": .number(60)]) == [#"publish t {"value":"60","raw":60}"#])
  }

  @Test("An optional argument that was not given leaves out the member; a payload needs it")
  func optional() throws {
    let text = #"{publish: {topic: t, payload: {a: "${input.percent} %", b: 1}}}"#
    #expect(try operations(text, [:]) == [#"publish t {"b":1}"#])
    #expect(throws: EncodingError.self) {
      try operations(#"{publish: {topic: t, payload: "${input.percent} %"}}"#, [:])
    }
  }

  @Test("Values in the path of a request are escaped, in a form too")
  func http() throws {
    let path = "/set/$serial/${round(input.watts)}?m=${'a b/c'}"
    let text = #"{request: {post: "\#(path)", form: {data: '{"v":${input.watts}}'}}}"#
    #expect(
      try operations(text, ["watts": .number(1500)], transport: "http: {requests: {}}")
        == ["POST /set/11/4/1500?m=a%20b/c data=%7B%22v%22%3A1500%7D"])
  }
}
