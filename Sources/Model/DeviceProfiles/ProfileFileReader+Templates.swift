import EnergyModel
import LocatedYAML

/// Expressions, and texts with expressions in them.
extension ProfileFileReader {
  /// An expression, or a number or flag as one. Its names are checked at the end.
  func expression(_ node: YAMLNode, _ scope: Scope, skipping offset: Int = 0) -> Expression? {
    guard let text = node.textValue() else { return nil }
    return expression(String(text.dropFirst(offset)), in: node, scope, at: offset)
  }

  /// An expression that stands in a node's text behind `offset` characters.
  private func expression(_ text: String, in node: YAMLNode, _ scope: Scope, at offset: Int) -> Expression? {
    do throws(ExpressionError) {
      let expression = try Expression(parsing: text)
      pending.append(PendingExpression(node: node, offset: offset, expression: expression, scope: scope))
      return expression
    } catch {
      node.report(Finding.expression, inText: offset + error.column, error.message, hint: error.hint)
      return nil
    }
  }

  func text(_ node: YAMLNode, _ scope: Scope) -> TextTemplate? {
    guard let text = node.textValue() else { return nil }
    if text.hasPrefix("=") { return expression(node, scope, skipping: 1).map { .expression($0) } }
    guard text.contains("${") else { return checkedText(node).map { .literal($0) } }
    return pieces(of: Array(text), node, scope).map { .mixed($0) }
  }

  /// `a/${b + 1}/c` → `a/`, `b + 1`, `/c`; `nil` after a finding.
  func pieces(of text: [Character], _ node: YAMLNode, _ scope: Scope) -> [TextTemplate.Piece]? {
    var pieces: [TextTemplate.Piece] = []
    var isWhole = true
    var index = 0
    var start = 0
    func close() {
      guard start < index else { return }
      let literal = String(text[start..<index])
      checkParameters(in: literal, node, at: start)
      pieces.append(.text(literal))
    }
    while index < text.count {
      guard text[index] == "$", index + 1 < text.count, text[index + 1] == "{" else {
        index += 1
        continue
      }
      close()
      guard let end = Self.closingBrace(in: text, from: index + 2) else {
        node.report(Finding.expression, inText: index + 1, "'${' has no '}'", hint: "write ${expression}")
        return nil
      }
      let inner = String(text[(index + 2)..<end])
      if inner.allSatisfy(\.isWhitespace) {
        node.report(Finding.expression, inText: index + 1, "'${}' has no expression", hint: "write ${expression}")
        isWhole = false
      } else if let found = expression(inner, in: node, scope, at: index + 2) {
        pieces.append(.expression(found))
      } else {
        isWhole = false
      }
      index = end + 1
      start = index
    }
    close()
    return isWhole ? pieces : nil
  }

  /// The brace that ends an expression; braces in texts of the expression do not count.
  private static func closingBrace(in text: [Character], from start: Int) -> Int? {
    var isQuoted = false
    for index in start..<text.count {
      if text[index] == "'" { isQuoted.toggle() }
      if text[index] == "}", !isQuoted { return index }
    }
    return nil
  }

  /// Reports names behind `$` that are no parameters, where they stand.
  func checkParameters(in text: String, _ node: YAMLNode, at offset: Int = 0) {
    var place = offset
    for (index, part) in text.split(separator: "$", omittingEmptySubsequences: false).enumerated() {
      defer { place += part.count + 1 }
      let name = String(part.prefix { $0.isASCII && ($0.isLetter || $0.isNumber) })
      guard index > 0, !name.isEmpty, !parameters.contains(where: { $0.name == name }) else { continue }
      node.report(
        Finding.unknownParameter, inText: place, "there is no parameter '\(name)'",
        hint: Suggestion.hint(for: name, among: parameters.map(\.name)))
    }
  }

  /// What is sent: JSON as YAML, or the text itself.
  func payload(_ node: YAMLNode, _ scope: Scope) -> PayloadTemplate? {
    if node.isMapping {
      return .object(
        node.entries.compactMap { key, value in
          guard let name = key.scalarText, let below = payload(value, scope) else { return nil }
          _ = checkedText(key)
          return (name, below)
        })
    }
    if node.isSequence { return .array(node.elements.compactMap { payload($0, scope) }) }
    switch scalar(node) {
    case .text(let text) where text.hasPrefix("="):
      return expression(node, scope, skipping: 1).map { .expression($0) }
    case .text: return text(node, scope).map { .text($0) }
    case let value: return .scalar(value)
    }
  }

  static let methods = ["get", "post", "put", "patch", "delete"]

  func request(_ node: YAMLNode, _ scope: Scope, isPolled: Bool) -> HTTPRequestTemplate? {
    let keys = Self.methods + ["json", "form", "expect", "reason", "page", "format"] + (isPolled ? ["poll"] : [])
    guard node.expectMapping(keys: keys) else { return nil }
    return requestContent(node, scope)
  }

  /// A request in a mapping whose keys were checked.
  func requestContent(_ node: YAMLNode, _ scope: Scope) -> HTTPRequestTemplate? {
    let methods = Self.methods.filter { node[$0] != nil }
    guard methods.count == 1, let method = methods.first, let path = node[method] else {
      node.report(Finding.request, "a request needs exactly one of \(Self.methods.joined(separator: ", "))")
      return nil
    }
    guard let template = requestPath(path, scope) else { return nil }
    return HTTPRequestTemplate(
      method: method.uppercased(), path: template, body: body(node, scope), expect: expectations(node["expect"]),
      reasonPath: node["reason"].flatMap { pathValue($0) }, mayAnswerPage: node["page"]?.flagValue() ?? false,
      format: answerFormat(node["format"]))
  }

  private func answerFormat(_ node: YAMLNode?) -> DocumentFormat {
    guard let node, let format = formatValue(node) else { return .json }
    if format == .sparkplug { node.report(Finding.request, "'sparkplug' is a format of MQTT messages only") }
    return format
  }

  /// A path, which may begin with a parameter: the slash is put before it where the parameter has none.
  func requestPath(_ node: YAMLNode, _ scope: Scope) -> TextTemplate? {
    guard let template = text(node, scope) else { return nil }
    if let start = template.literalStart, !start.hasPrefix("/"), !start.hasPrefix("$") {
      node.report(Finding.path, "the path of a request starts with '/'")
    }
    return template
  }

  private func body(_ node: YAMLNode, _ scope: Scope) -> HTTPRequestTemplate.Body {
    if let json = node["json"] {
      node["form"]?.report(Finding.request, "a request has json or form, not both")
      return payload(json, scope).map { .json($0) } ?? .none
    }
    guard let form = node["form"] else { return .none }
    guard form.isMapping else {
      form.report(Finding.request, "'form' must be a mapping of names to values")
      return .none
    }
    return .form(
      form.entries.compactMap { key, value in
        guard let name = key.scalarText, let text = text(value, scope) else { return nil }
        return (name, text)
      })
  }

  func expectations(_ node: YAMLNode?) -> [HTTPRequestTemplate.Expectation] {
    guard let node else { return [] }
    guard node.isMapping else {
      node.report(Finding.request, "'expect' must be a mapping of paths to values")
      return []
    }
    return node.entries.compactMap { key, value in
      pathValue(key).map { HTTPRequestTemplate.Expectation(path: $0, equals: scalar(value)) }
    }
  }

  func readIdentity(_ node: YAMLNode) -> ProfileIdentity? {
    let sources = Self.sourceKeys.filter { $0 != "value" && $0 != "constant" }
    guard node.expectMapping(keys: sources + Self.registerKeys + ["path", "matches"]),
      let matches = node.require("matches")?.textListValue(), let source = source(node, scope: .installation)
    else { return nil }
    return ProfileIdentity(source: source, matches: matches)
  }
}

extension TextTemplate {
  /// What the text begins with whatever its expressions are; `nil` where an expression comes first.
  fileprivate var literalStart: String? {
    switch self {
    case .literal(let text): return text
    case .expression: return nil
    case .mixed(let pieces):
      guard case .text(let text)? = pieces.first else { return nil }
      return text
    }
  }
}
