@testable import DeviceProfiles
import EnergyModel
import Testing

/// Documents that are compared with the shape of the one before, against a reader that parses each of them.
@Suite struct DocumentShapeTests {
  private static let paths = [
    "/id", "/m/power", "/m/energy", "/m/list/1", "/m/list/0/deep", "/m", "/on", "/gone", "/m/power", "/1", "/a~1b",
    "/text",
  ].compactMap(DocumentPath.init)

  private let shaped = JSONDocument()
  private let parsing = JSONDocument()
  private let picker: JSONPicker

  init() throws { picker = try #require(JSONPicker(Self.paths)) }

  /// What both make of a document: its values, or why it is none.
  private func both(_ text: [UInt8]) -> (shaped: String, parsed: String) {
    func spelled(_ value: ScalarValue?) -> String {
      // Texts spell what a description leaves out: the sign of a zero, and the last bit of a number.
      if case .number(let number)? = value { "\(number.bitPattern)" } else { value.map { "\($0)" } ?? "nothing" }
    }
    let own: String
    do throws(JSONDocumentError) {
      let values = try shaped.pick(picker, from: text)
      own = Self.paths.indices.map { spelled(values.value($0)) }.joined(separator: " ")
    } catch { own = error.message }
    let other: String
    do throws(JSONDocumentError) {
      try parsing.parse(text)
      other = Self.paths.map { spelled(parsing.value(at: $0)) }.joined(separator: " ")
    } catch { other = error.message }
    return (own, other)
  }

  /// A document in which only values differ, with those that a shape leaves to the parser among them.
  private func document(_ numbers: inout SeededNumbers) -> String {
    let scalars = [
      "0", "-0", "-0.0", "7", "-61", "4231.5", "0.30000000000000004", "18446744073709551615", "18446744073709551616",
      "-9223372036854775808", "123456789012345678", "1234567890123456", "0.1234567890123456", "1e3", "1E-7", "-2.5e+10",
      "1e400", "1e-400", "9007199254740993", "true", "false", "null", #""running""#, #""""#, #""a\u00e9\n""#,
      #""größer""#, "01", "1.", ".5", "-", "+1", "1e", "tru", "nul", #""open"#, "NaN", "{}", "[]", "", "1 2", #""a"b"#,
      "99999999999999.5", "999999999999999", "0.000000000000001", "\u{1}", "\"\u{1}\"",
    ]
    func scalar() -> String {
      // Most documents are whole.
      Int.random(in: 0..<12, using: &numbers) > 0
        ? "\(Int.random(in: -99_999...99_999, using: &numbers))"
          + (["", ".5", ".25"].randomElement(using: &numbers) ?? "")
        : scalars.randomElement(using: &numbers) ?? ""
    }
    return """
      {"id": \(scalar()), "m":{"power":\(scalar()),"energy":\(scalar()) ,"list":[{"deep":\(scalar())},\(scalar()),[3]],\
      "skipped":\(scalar())},
      "on":\(scalar()),"1":\(scalar()),"a/b":\(scalar()), "text":\(scalar()), "on":2}
      """
  }

  @Test("What is read by the shape of the last document is what the parser reads")
  func values() {
    var numbers = SeededNumbers(seed: 4)
    for _ in 0..<4000 {
      let text = document(&numbers)
      let (own, other) = both(Array(text.utf8))
      #expect(own == other, "\(text)")
    }
  }

  @Test("A document with a byte that was not there before is not taken for one of the same shape")
  func mutations() {
    var numbers = SeededNumbers(seed: 5)
    for _ in 0..<4000 {
      var bytes = Array(document(&numbers).utf8)
      if Bool.random(using: &numbers) { _ = both(bytes) }
      let place = Int.random(in: 0..<bytes.count, using: &numbers)
      switch Int.random(in: 0..<4, using: &numbers) {
      case 0: bytes.remove(at: place)
      case 1: bytes[place] = UInt8.random(in: 0...255, using: &numbers)
      case 2: bytes.insert(Array("{}[],:\"\\ 0e-\0".utf8).randomElement(using: &numbers) ?? 0, at: place)
      default: bytes.removeLast(place)
      }
      let (own, other) = both(bytes)
      #expect(own == other, "\(String(decoding: bytes, as: UTF8.self))")
    }
  }

  @Test("Texts of a document are those of that document, not of the one that gave the shape")
  func texts() throws {
    for word in ["one", "two", "three", #"fo\u0075r"#, "fünf", "six"] {
      let (own, other) = both(Array(#"{"text":"\#(word)","on":"\#(word)\#(word)"}"#.utf8))
      #expect(own == other)
    }
  }

  @Test("Keys with escapes are the keys that they spell")
  func keys() {
    for key in [#"\u0069d"#, "id", #"i\u0064"#, #"id\\"#, #"id\""#, "id"] {
      let (own, other) = both(Array(#"{"\#(key)":5,"on":{"\#(key)":1}}"#.utf8))
      #expect(own == other)
    }
  }
}
