import EnergyModel
import LocatedYAML
import Testing

@testable import DeviceProfiles

@Suite("Changing a JSON text")
struct JSONEditTests {
  private func edited(_ text: String, _ json: String, at path: String) throws -> String {
    var edit = try JSONEdit(Array(text.utf8))
    try edit.set(json, at: try #require(DocumentPath(path)))
    return edit.text
  }

  @Test("Only the bytes of the value change")
  func bytesStay() throws {
    let text = #" { "a" : 1.50, "b\"{" : [ 1e3 , {"k": "x]", "v": -0} ], "c":"Ä" } "#
    #expect(try edited(text, "2", at: "/a") == text.replacing("1.50", with: "2"))
    #expect(try edited(text, "7", at: "/b\"{/0") == text.replacing("1e3", with: "7"))
    #expect(try edited(text, "null", at: "/b\"{/1/v") == text.replacing("-0", with: "null"))
    #expect(try edited(text, "true", at: "/b\"{/[k=x]]/v") == text.replacing("-0", with: "true"))
    #expect(try edited(text, #""ß""#, at: "/c") == text.replacing("Ä", with: "ß"))
    #expect(try edited(#"{"1":{"x":2}}"#, "3", at: "/1/x") == #"{"1":{"x":3}}"#)
  }

  @Test("A member that is missing is added, its parent is not")
  func added() throws {
    #expect(try edited("{}", "1", at: "/a") == #"{"a":1}"#)
    #expect(try edited(#"{"a": {"b": 1 }}"#, "2", at: "/a/c") == #"{"a": {"b": 1 ,"c":2}}"#)
    #expect(throws: EncodingError.self) { try edited("{}", "1", at: "/a/b") }
    #expect(throws: EncodingError.self) { try edited(#"{"a":[1]}"#, "1", at: "/a/1") }
    #expect(throws: EncodingError.self) { try edited(#"{"a":[1]}"#, "1", at: "/a") }
    #expect(throws: EncodingError.self) { try edited("[1]", "1", at: "/0") }
  }

  @Test("No text makes it trap, and what it changes stays JSON")
  func anyText() {
    var random = SystemRandomNumberGenerator()
    let pieces = ["{", "}", "[", "]", ":", ",", "\"a\"", "\"\\\"", "1", " ", "null", "\\", "\"", "-", "\u{0}"]
    for _ in 0..<20_000 {
      let text = (0..<Int.random(in: 0..<14, using: &random)).map { _ in pieces.randomElement() ?? "" }.joined()
      for path in ["/a", "/a/0", "/a/[a=1]/a"] {
        guard let steps = DocumentPath(path), var edit = try? JSONEdit(Array(text.utf8)) else { continue }
        guard (try? edit.set("5", at: steps)) != nil else { continue }
        #expect((try? JSONDocument(parsing: Array(edit.text.utf8))) != nil, "\(text) → \(edit.text)")
      }
    }
  }

  @Test("An object that is too large is not changed")
  func tooLarge() {
    let request = HTTPRequestData(method: "GET", path: "/x")
    let modification = HTTPModification(
      read: request, changes: [.init(path: DocumentPath(steps: [.key("a")]), json: "1")], only: [], write: request)
    let text = #"{"a":0,"b":""# + String(repeating: "x", count: HTTPModification.maxBytes) + #""}"#
    #expect(throws: EncodingError.self) { try modification.request(from: Array(text.utf8)) }
  }
}

@Suite("Answers that are not JSON")
struct AnswerFormatTests {
  @Test("What an answer must say is looked for in the format of the request")
  func expectation() throws {
    var request = HTTPRequestData(
      method: "GET", path: "/x",
      expect: [.init(path: try #require(DocumentPath("/ret")), equals: .text("OK"))])
    request.format = .keyvalue
    #expect(request.failedExpectation(in: Array("ret=OK,pow=1".utf8)) == nil)
    #expect(request.failedExpectation(in: Array("ret=PARAM NG".utf8))?.contains("PARAM NG") == true)
    request.format = .xml
    #expect(request.failedExpectation(in: Array("<ret>OK</ret>".utf8)) == nil)
    request.format = .json
    #expect(request.failedExpectation(in: Array("ret=OK".utf8)) != nil)
  }
}

@Suite("Marks of login values")
struct LoginMarkTests {
  @Test("Marks survive every escape and are filled in as their place wants it")
  func escapes() throws {
    let text = "a b&${login.sid}$x${login.}${other}"
    #expect(LoginMark.names(in: text) == ["sid"])
    #expect(TemplateRenderer.formEncoded("a b${login.sid}") == "a+b${login.sid}")
    let values = ["sid": "ä\"/&"]
    let form = HTTPRequestData(
      method: "POST", path: "/x?s=${login.sid}", contentType: HTTPRequestData.form, body: "s=${login.sid}")
    let filled = try #require(form.filled(login: values))
    #expect(filled.path == "/x?s=%C3%A4%22/%26")
    #expect(filled.body == "s=%C3%A4%22%2F%26")
    let json = HTTPRequestData(
      method: "POST", path: "/x", contentType: HTTPRequestData.json, body: #"{"s":"${login.sid}"}"#)
    #expect(json.filled(login: values)?.body == #"{"s":"ä\"/&"}"#)
    #expect(json.filled(login: [:]) == nil)
  }
}

@Suite("Findings about vendor APIs")
struct HTTPFindingTests {
  private func findings(_ http: String, step: String = "request: {get: /on}") -> [String] {
    let indented = http.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n")
    let text = """
      schema: heddle.profile/1
      id: test
      name: Test
      manufacturer: Test
      products: [Test]
      maturity: documentation
      source: {document: "written for the test"}
      parameters: {key: {type: text, default: "", help: "key"}}
      transport:
        http:
      \(indented)
          requests: {info: {get: "$key/info"}}
      devices:
        meter:
          type: meter
          points: {powerW: {request: info, path: /p}}
          commands:
            switch:
              input: {on: {}}
              steps: [{\(step)}]
      tests: [{name: x, responses: {info: {p: 1}}, expect: {meter: {powerW: 1}}}]
      """
    return ProfileReader.read(text: text, file: "t.yaml").diagnostics.map(\.oneLine)
  }

  @Test("A login and a quota that are right have none")
  func fine() {
    #expect(
      findings(
        """
        quota: {requests: 300, per: 1 d}
        headers: {X: "${login.token}"}
        login: {steps: [{post: /login, json: {key: $key}, keep: {token: /t}}], lifetime: 1 h}
        """, step: #"modify: {get: /a, set: {/x: "=input.on", /y: "=login.token"}, put: /a}"#
      ).isEmpty)
  }

  @Test(
    "Mistakes have a place and a number",
    arguments: [
      ("headers: {X: \"${login.token}\"}", "P150", "keeps no 'token'"),
      ("login: {steps: [{post: /l, json: {a: \"${login.b}\"}, keep: {b: /b}}]}", "P150", "not known yet"),
      ("login: {steps: [{post: /l}]}", "P150", "nothing comes out"),
      ("login: {steps: []}", "P150", "list of requests"),
      ("login: {cookies: true, steps: [{post: /l}], lifetime: 5 s}", "P150", "less than a minute"),
      ("login: {cookies: true, steps: [{post: /l}], lasting: [x]}", "P150", "keeps no 'x'"),
      ("quota: {requests: 3, per: 1 s}", "P151", "minute or longer"),
    ])
  func mistakes(text: String, code: String, words: String) {
    let found = findings(text)
    #expect(found.contains { $0.contains("[\(code)]") && $0.contains(words) }, "\(found)")
  }

  @Test("A modification needs places and one way to send the object back")
  func modification() {
    #expect(findings("minGap: 1 s", step: "modify: {get: /a, set: {/x: 1}}").contains { $0.contains("P128") })
    #expect(findings("minGap: 1 s", step: "modify: {get: /a, set: {}, put: /a}").contains { $0.contains("P128") })
  }

  @Test("A path that begins with a parameter gets its slash, one way or the other")
  func prefix() throws {
    let text = """
      {schema: heddle.profile/1, id: t, name: T, manufacturer: T, products: [T], maturity: documentation,
      source: {document: "for the test"}, parameters: {key: {type: text, default: "", help: "key"}},
      transport: {http: {requests: {info: {get: "$key/info"}}}},
      devices: {meter: {type: meter, points: {powerW: {request: info, path: /p}}}}}
      """
    let profile = try #require(ProfileReader.read(text: text, file: "t.yaml").profile)
    for (key, path) in [("", "/info"), ("1234", "/1234/info"), ("/a b", "/a%20b/info")] {
      let bound = try BoundProfile(profile: profile, parameters: ["key": .text(key)])
      #expect(bound.polledRequests.first?.request.path == path)
    }
  }
}
