import Foundation

/// A Swift source, as lines with and without comments and texts.
struct SourceFile {
  /// Relative to the project.
  let path: String
  let raw: [Substring]
  /// The same lines with comments and text literals blanked out, also what is interpolated in them.
  let code: [Substring]
  let imports: [(module: String, line: Int)]

  /// All sources of a folder of the project.
  static func all(under folder: String) throws -> [SourceFile] {
    let directory = Repository.root.appending(path: folder)
    let names = FileManager.default.enumerator(atPath: directory.path)?.compactMap { $0 as? String } ?? []
    return try names.filter { $0.hasSuffix(".swift") }.sorted().map { name in
      let text = try String(contentsOf: directory.appending(path: name), encoding: .utf8)
      return SourceFile(path: "\(folder)/\(name)", text: text)
    }
  }

  init(path: String, text: String) {
    self.path = path
    raw = text.split(separator: "\n", omittingEmptySubsequences: false)
    let code = SourceFile.blanked(text, alsoTexts: true).split(separator: "\n", omittingEmptySubsequences: false)
      .map { Substring(String($0)) }
    self.code = code
    imports = code.enumerated().compactMap { index, line in
      guard line.utf8.starts(with: "import ".utf8) || line.contains(" import ") else { return nil }
      let pattern =
        /^\s*(?:@\w+\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(\w+)/
      return line.firstMatch(of: pattern).map { (String($0.output.1), index + 1) }
    }
  }

  /// The numbers of the lines with a match outside comments and texts.
  func lines(matching pattern: Regex<Substring>) -> [Int] {
    code.enumerated().filter { $0.element.firstMatch(of: pattern) != nil }.map { $0.offset + 1 }
  }

  func text(of line: Int) -> String { raw[line - 1].trimmingCharacters(in: .whitespaces) }

  /// Whether a comment stands directly above a line, attributes between them left out.
  func hasCommentAbove(_ line: Int) -> Bool {
    var index = line - 2
    while index >= 0 {
      let text = raw[index].trimmingCharacters(in: .whitespaces)
      guard text.hasPrefix("@"), !text.contains(" ") else { return text.hasPrefix("//") || text.hasSuffix("*/") }
      index -= 1
    }
    return false
  }

  static func withoutComments(_ text: String) -> String { blanked(text, alsoTexts: false) }

  /// Replaces comments, and texts if asked for, by blanks; line breaks stay.
  private static func blanked(_ text: String, alsoTexts: Bool) -> String {
    var blanker = Blanker(bytes: Array(text.utf8), alsoTexts: alsoTexts)
    return blanker.run()
  }
}

/// Walks through a source once. It looks closer only at the few bytes that can begin or end something, because tests
/// are built without optimisation and read the whole project.
private struct Blanker {
  let bytes: [UInt8]
  let alsoTexts: Bool
  private var result: [UInt8] = []
  private var index = 0

  init(bytes: [UInt8], alsoTexts: Bool) {
    self.bytes = bytes
    self.alsoTexts = alsoTexts
  }

  mutating func run() -> String {
    result = bytes
    while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "/") where byte(1) == UInt8(ascii: "/"): lineComment()
      case UInt8(ascii: "/") where byte(1) == UInt8(ascii: "*"): blockComment()
      case UInt8(ascii: "\""), UInt8(ascii: "#"): text()
      default: index += 1
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  private func byte(_ offset: Int) -> UInt8? {
    index + offset < bytes.count ? bytes[index + offset] : nil
  }

  private mutating func blank(_ count: Int = 1) {
    for _ in 0..<count where index < bytes.count {
      if bytes[index] != UInt8(ascii: "\n") { result[index] = UInt8(ascii: " ") }
      index += 1
    }
  }

  private mutating func lineComment() {
    while let current = byte(0), current != UInt8(ascii: "\n") { blank() }
  }

  private mutating func blockComment() {
    var depth = 0
    repeat {
      if byte(0) == UInt8(ascii: "/"), byte(1) == UInt8(ascii: "*") {
        depth += 1
        blank(2)
      } else if byte(0) == UInt8(ascii: "*"), byte(1) == UInt8(ascii: "/") {
        depth -= 1
        blank(2)
      } else {
        blank()
      }
    } while depth > 0 && index < bytes.count
  }

  /// A text between one or three quotes with any number of signs, or signs that begin none.
  private mutating func text() {
    let signs = run(of: UInt8(ascii: "#"), from: index)
    let opening = run(of: UInt8(ascii: "\""), from: index + signs)
    // Two quotes are an empty text.
    let quotes = opening >= 3 ? 3 : min(opening, 1)
    index += signs + quotes
    guard quotes > 0 else { return }
    while let current = byte(0) {
      if current == UInt8(ascii: "\""), ends(quotes: quotes, signs: signs) {
        index += quotes + signs
        return
      }
      if quotes == 1, current == UInt8(ascii: "\n") { return }
      let length = current == UInt8(ascii: "\\") && signs == 0 ? 2 : 1
      if alsoTexts { blank(length) } else { index += length }
    }
  }

  private func ends(quotes: Int, signs: Int) -> Bool {
    run(of: UInt8(ascii: "\""), from: index) >= quotes && run(of: UInt8(ascii: "#"), from: index + quotes) >= signs
  }

  private func run(of byte: UInt8, from start: Int) -> Int {
    var end = start
    while end < bytes.count, bytes[end] == byte { end += 1 }
    return end - start
  }
}
