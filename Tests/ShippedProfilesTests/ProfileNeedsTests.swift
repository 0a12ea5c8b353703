import DeviceProfiles
import Foundation
import LocatedYAML
import Testing

/// The table of what real products need, against the shipped profiles that it names.
///
/// A row is `| 17 | need | construct | profiles |`. The construct is in code spans: `key` or `key: value` must stand in
/// the profile's file, `…text…` within one of its texts. Of several, each named profile has to use one at least, and
/// every construct has to be used by one of them.
@Suite("The table of needs")
struct ProfileNeedsTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var line: Int
    var group: Int
    var need: String
    var constructs: [String]
    var profiles: [String]

    var testDescription: String { "\(group): \(need)" }
  }

  static let rows: [Row] = {
    let page = try? ProjectFiles.text(ProjectFiles.root.appending(path: "Sources/Gateway/docs/ProfileNeeds.md"))
    return (page ?? "").split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap { line, text in
      let cells = text.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      guard cells.count == 4, let group = Int(cells[0]) else { return nil }
      return Row(
        line: line + 1, group: group, need: cells[1], constructs: spans(cells[2]), profiles: spans(cells[3]))
    }
  }()

  private static func spans(_ text: String) -> [String] {
    text.matches(of: #/`([^`]+)`/#).map { String($0.output.1) }
  }

  /// Keys, pairs of key and value, and texts of a file.
  private struct Content {
    var keys: Set<String> = []
    var pairs: Set<String> = []
    var texts: [String] = []

    init(_ node: YAMLNode) { add(node, under: nil) }

    private mutating func add(_ node: YAMLNode, under key: String?) {
      for (name, value) in node.entries {
        let text = name.scalarText ?? ""
        keys.insert(text)
        texts.append(text)
        add(value, under: text)
      }
      for element in node.elements { add(element, under: key) }
      if node.isSequence, let key { pairs.insert("\(key): […]") }
      guard let text = node.scalarText else { return }
      texts.append(text)
      if let key { pairs.insert("\(key): \(text)") }
    }

    func uses(_ construct: String) -> Bool {
      if construct.hasPrefix("…"), construct.hasSuffix("…") {
        let part = String(construct.dropFirst().dropLast())
        return texts.contains { $0.contains(part) }
      }
      return keys.contains(construct) || pairs.contains(construct)
    }
  }

  private static let contents: [String: Content] = {
    var contents: [String: Content] = [:]
    for path in ProjectFiles.profilePaths {
      guard let text = try? ProjectFiles.text(ProjectFiles.profiles.appending(path: path)) else { continue }
      let document = YAMLDocument(text: text, file: path, codePrefix: "P")
      guard let root = document.root, let id = root["id"]?.scalarText else { continue }
      contents[id] = Content(root)
    }
    return contents
  }()

  @Test("All 22 groups of needs are there, each with rows")
  func groups() {
    #expect(Set(Self.rows.map(\.group)) == Set(1...22))
    #expect(Self.rows.count >= 60)
  }

  @Test("Every row names a construct, and profiles that really use it", arguments: rows)
  func row(_ row: Row) {
    #expect(!row.constructs.isEmpty && !row.profiles.isEmpty, "line \(row.line)")
    var unused = Set(row.constructs)
    for profile in row.profiles {
      guard let content = Self.contents[profile] else {
        Issue.record("line \(row.line): there is no profile '\(profile)'")
        continue
      }
      let used = row.constructs.filter(content.uses)
      #expect(!used.isEmpty, "line \(row.line): \(profile) uses none of \(row.constructs)")
      unused.subtract(used)
    }
    #expect(unused.isEmpty, "line \(row.line): no named profile uses \(unused.sorted())")
  }
}
