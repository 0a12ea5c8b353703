import LocatedYAML
import Testing

@Suite struct LocatedYAMLTests {
  func document(_ text: String) -> YAMLDocument { YAMLDocument(text: text, file: "f.yaml", codePrefix: "C") }

  @Test("A syntax error has its place")
  func syntax() {
    let broken = document("a: 1\nb: [1, 2\nc: 3\n")
    #expect(broken.root == nil)
    #expect(broken.diagnostics.first?.code == "C004")
    #expect(broken.diagnostics.first?.line == 3)
  }

  @Test("A key that is there twice is an error with its name")
  func duplicates() {
    let twice = document("a: 1\nb: 2\na: 3\n")
    #expect(twice.diagnostics.map(\.code) == ["C005"])
    #expect(twice.diagnostics.first?.message.contains("'a'") == true)
  }

  @Test("Values of the wrong kind are reported where they stand")
  func kinds() throws {
    let wrong = document("count: many\nflag: 1\ntime: 5 parsecs\nextra: 1\n")
    let root = try #require(wrong.root)
    root.expectMapping(keys: ["count", "flag", "time", "extras"])
    #expect(root["count"]?.integerValue() == nil)
    #expect(root["flag"]?.flagValue() == nil)
    #expect(root["time"]?.durationValue() == nil)
    #expect(root.require("name") == nil)
    #expect(wrong.diagnostics.map { "\($0.line):\($0.column)" } == ["4:1", "1:8", "2:7", "3:7", "1:1"])
    #expect(wrong.diagnostics.first?.hint == "did you mean 'extras'?")
  }

  @Test("A finding inside a text points at its character, quoted or not; in folded text at the start")
  func insideText() throws {
    let texts = document("a: one two\nb: \"one two\"\nc: >-\n  one\n  two\n")
    let root = try #require(texts.root)
    for key in ["a", "b", "c"] { root[key]?.report(50, inText: 5, "here") }
    #expect(texts.diagnostics.map { "\($0.line):\($0.column)" } == ["1:8", "2:9", "3:4"])
    #expect(texts.diagnostics.first?.picture.contains("\n   |        ^") == true)
  }

  @Test("Depth, size and aliases that multiply are bounded")
  func bounds() {
    let deep = String(repeating: "[", count: 40) + String(repeating: "]", count: 40)
    #expect(document(deep).diagnostics.map(\.code) == ["C003"])
    #expect(document(String(repeating: "#", count: YAMLDocument.maxBytes + 1)).diagnostics.map(\.code) == ["C001"])
    var laughs = "a0: &a0 [1, 2, 3, 4, 5, 6, 7, 8, 9]\n"
    for level in 1...12 {
      let aliases = [String](repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
      laughs += "a\(level): &a\(level) [\(aliases)]\n"
    }
    #expect(document(laughs).diagnostics.map(\.code) == ["C003"])
    #expect(document("").diagnostics.map(\.code) == ["C002"])
  }

  @Test(
    "Durations are a number and a unit",
    arguments: [
      ("250 ms", Duration.milliseconds(250)), ("10s", .seconds(10)), ("1.5 min", .seconds(90)), ("2 h", .seconds(7200)),
      ("7 d", .seconds(604_800)), ("0", .zero),
    ])
  func durations(text: String, expected: Duration) {
    #expect(DurationText.parse(text) == expected)
  }

  @Test("Anything else is no duration", arguments: ["", "5", "s", "-1 s", "1 y", "1e9 d", "99999999 d", "1 s s"])
  func noDurations(text: String) {
    #expect(DurationText.parse(text) == nil)
  }

  @Test("A near word is suggested, swaps of neighbours count once")
  func suggestions() {
    #expect(Suggestion.hint(for: "chrage", among: ["charge", "discharge"]) == "did you mean 'charge'?")
    #expect(Suggestion.hint(for: "xyz", among: ["b", "a"]) == "known: a, b")
    #expect(Suggestion.hint(for: "x", among: [String]()) == nil)
  }
}
