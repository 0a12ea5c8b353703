import EnergyModel
import LocatedYAML

/// Expressions, and texts with expressions in them.
extension ProfileFileReader {
  /// An expression, or a number or flag as one. Its names are checked at the end.
  func expression(_ node: YAMLNode, _ scope: Scope, skipping offset: Int = 0) -> Expression? {
    guard let text = node.textValue() else { return nil }
    do throws(ExpressionError) {
      let expression = try Expression(parsing: String(text.dropFirst(offset)))
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
    return checkedText(node).map { .literal($0) }
  }

  /// What is sent: JSON as YAML, or the text itself.
  func payload(_ node: YAMLNode, _ scope: Scope) -> PayloadTemplate? {
    if node.isMapping {
      return .object(
        node.entries.compactMap { key, value in
          guard let name = key.scalarText, let below = payload(value, scope) else { return nil }
          return (name, below)
        })
    }
    if node.isSequence { return .array(node.elements.compactMap { payload($0, scope) }) }
    switch scalar(node) {
    case .text(let text) where text.hasPrefix("="):
      return expression(node, scope, skipping: 1).map { .expression($0) }
    case .text: return checkedText(node).map { .text(.literal($0)) }
    case let value: return .scalar(value)
    }
  }

  static let methods = ["get", "post", "put", "patch", "delete"]

  func request(_ node: YAMLNode, _ scope: Scope, isPolled: Bool) -> HTTPRequestTemplate? {
    let keys = Self.methods + ["json", "form", "expect", "reason", "page"] + (isPolled ? ["poll"] : [])
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
      reasonPath: node["reason"].flatMap { pathValue($0) }, mayAnswerPage: node["page"]?.flagValue() ?? false)
  }

  /// A path, which may begin with a parameter: the slash is put before it where the parameter has none.
  func requestPath(_ node: YAMLNode, _ scope: Scope) -> TextTemplate? {
    guard let template = text(node, scope) else { return nil }
    if case .literal(let literal) = template, !literal.hasPrefix("/"), !literal.hasPrefix("$") {
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
    guard node.expectMapping(keys: sources + ["path", "type", "length", "order", "matches"]),
      let matches = node.require("matches")?.textListValue(), let source = source(node, scope: .installation)
    else { return nil }
    return ProfileIdentity(source: source, matches: matches)
  }
}
