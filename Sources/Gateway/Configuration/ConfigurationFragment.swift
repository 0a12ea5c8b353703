import Foundation
import LocalAPISchema
import LocatedYAML

/// An entry of a configuration file that did not come in one: read by the same rules, with its mistakes placed by JSON
/// pointers.
struct ConfigurationFragment {
  private let document: YAMLDocument

  /// - Parameter subject: what the entry is called in messages: `the link`.
  init(_ entry: JSONValue, subject: String) {
    document = YAMLDocument(text: Self.text(of: entry), file: subject, codePrefix: "C", subject: subject)
  }

  /// The entry; `nil` where it is none, which `check` then tells.
  var root: YAMLNode? { document.root }

  /// What was found wrong so far, in one line; `nil` = nothing.
  var problem: String? {
    document.diagnostics.first { $0.severity == .error }
      .map { $0.message + ($0.hint.map { "; \($0)" } ?? "") }
  }

  /// Throws 422 with everything that was found wrong so far.
  func check() throws(APIError) {
    let findings = document.diagnostics.filter { $0.severity == .error }
    guard let first = findings.first else { return }
    let places = places()
    let errors = findings.map { finding in
      APIError.FieldError(
        pointer: places.last { ($0.line, $0.column) <= (finding.line, finding.column) }?.pointer ?? "",
        code: Self.code(of: finding), detail: finding.message)
    }
    let others = errors.count > 1 ? " (and \(errors.count - 1) more)" : ""
    throw APIError(
      status: 422, code: errors[0].code, message: "\(errors[0].pointer): \(first.message)\(others)", hint: first.hint,
      errors: errors)
  }

  /// Every value with its JSON pointer, in the order of the text.
  private func places() -> [(line: Int, column: Int, pointer: String)] {
    var places: [(line: Int, column: Int, pointer: String)] = []
    func visit(_ node: YAMLNode, _ pointer: String) {
      places.append((node.line, node.column, pointer))
      for (key, value) in node.entries {
        let name = (key.scalarText ?? "").replacing("~", with: "~0").replacing("/", with: "~1")
        places.append((key.line, key.column, "\(pointer)/\(name)"))
        visit(value, "\(pointer)/\(name)")
      }
      for (index, element) in node.elements.enumerated() { visit(element, "\(pointer)/\(index)") }
    }
    if let root { visit(root, "") }
    return places
  }

  /// The API's word for a finding of the reader of files.
  private static func code(of finding: Diagnostic) -> String {
    switch Int(finding.code.dropFirst()) {
    case 11: "UNKNOWN_FIELD"
    case 12: "MISSING_FIELD"
    case 10, 13, 14, 16, 17, 20: "INVALID_TYPE"
    case 15: "OUT_OF_RANGE"
    default: "INVALID_VALUE"
    }
  }

  /// JSON is YAML as long as nothing in its texts counts as the end of a line there.
  static func text(of entry: JSONValue) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let json = (try? encoder.encode(entry)).map { String(decoding: $0, as: UTF8.self) } ?? "null"
    var text = ""
    for scalar in json.unicodeScalars {
      if (0x20..<0x7F).contains(scalar.value) {
        text.unicodeScalars.append(scalar)
      } else {
        let digits = String(scalar.value, radix: 16)
        let width = scalar.value > 0xFFFF ? 8 : 4
        text += (width == 8 ? "\\U" : "\\u") + String(repeating: "0", count: width - digits.count) + digits
      }
    }
    return text
  }
}
