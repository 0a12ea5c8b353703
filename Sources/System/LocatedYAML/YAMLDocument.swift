internal import Yams

/// A parsed YAML file whose every value knows its line and column.
///
/// Reading goes through `YAMLNode`, which collects findings here instead of throwing at the first one, so that a file
/// with five mistakes is reported five times at once.
public final class YAMLDocument {
  /// The file as the user named it.
  public let file: String
  /// What was found so far, in the order of finding.
  public private(set) var diagnostics: [Diagnostic] = []
  let lines: [String]
  let codePrefix: String
  /// What the top of the text is called in messages.
  let subject: String

  /// A file larger than this is refused before parsing.
  public static let maxBytes = 1 << 20
  /// Deeper nesting than this is refused.
  public static let maxDepth = 32
  /// More values than this are refused; aliases count as often as they are used.
  public static let maxValues = 200_000

  /// Parses text. `root` is `nil` after a syntax error, which is then in `diagnostics`.
  ///
  /// - Parameters:
  ///   - text: the file's content.
  ///   - file: its name, for messages.
  ///   - codePrefix: the letter before the numbers of findings: `P` profiles, `C` configuration.
  ///   - subject: what the whole is called in messages, where it is no file.
  public init(text: String, file: String, codePrefix: String, subject: String = "the file") {
    self.file = file
    self.subject = subject
    self.codePrefix = codePrefix
    lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    parse(text)
  }

  /// The top of the file; `nil` if it could not be parsed or is empty.
  public var root: YAMLNode? { top.map { YAMLNode(node: $0, document: self, path: "") } }
  private var top: Node?

  /// Whether any finding is an error.
  public var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }

  /// Adds a finding at a place.
  public func report(
    _ number: Int, line: Int, column: Int, _ message: String, hint: String? = nil,
    severity: Diagnostic.Severity = .error
  ) {
    let source = lines.indices.contains(line - 1) ? lines[line - 1] : nil
    let digits = String(number)
    let code = codePrefix + String(repeating: "0", count: max(0, 3 - digits.count)) + digits
    diagnostics.append(
      Diagnostic(
        severity: severity, code: code, file: file, line: line, column: column, message: message, hint: hint,
        sourceLine: source))
  }

  private func parse(_ text: String) {
    guard text.utf8.count <= Self.maxBytes else {
      report(1, line: 0, column: 0, "the file is larger than \(Self.maxBytes) bytes")
      return
    }
    do {
      guard let node = try Yams.compose(yaml: text) else {
        report(2, line: 1, column: 1, "the file is empty")
        return
      }
      var count = 0
      guard fits(node, depth: 1, count: &count) else {
        let reason =
          count > Self.maxValues
          ? "there are more than \(Self.maxValues) values" : "values are nested deeper than \(Self.maxDepth) levels"
        report(3, line: 1, column: 1, reason)
        return
      }
      top = node
    } catch let error as YamlError {
      reportSyntax(error)
    } catch {
      report(4, line: 1, column: 1, "not valid YAML: \(error)")
    }
  }

  private func reportSyntax(_ error: YamlError) {
    switch error {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      let place = context.map { " (\($0))" } ?? ""
      report(4, line: mark.line, column: mark.column, "not valid YAML: \(problem)\(place)")
    case .duplicatedKeysInMapping(let duplicates, let context):
      let keys = duplicates.map { "'\($0)'" }.joined(separator: ", ")
      report(
        5, line: context.mark.line, column: context.mark.column, "the key \(keys) is there more than once",
        hint: "keep one of them")
    default:
      report(4, line: 1, column: 1, "not valid YAML: \(error)")
    }
  }

  /// Whether depth and number of values are within the limits. Stops at the limit: a few lines of aliases can stand for
  /// billions of values.
  private func fits(_ node: Node, depth: Int, count: inout Int) -> Bool {
    count += 1
    guard depth <= Self.maxDepth, count <= Self.maxValues else { return false }
    switch node {
    case .mapping(let mapping):
      for (_, value) in mapping { guard fits(value, depth: depth + 1, count: &count) else { return false } }
    case .sequence(let sequence):
      for value in sequence { guard fits(value, depth: depth + 1, count: &count) else { return false } }
    default: break
    }
    return true
  }
}
