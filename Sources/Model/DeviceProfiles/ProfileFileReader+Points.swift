import EnergyModel
import LocatedYAML

/// Points and locals: what the device says.
extension ProfileFileReader {
  private static let pointKeys =
    sourceKeys + conversionKeys + registerKeys
    + ["path", "format", "retained", "repeat", "combine", "valid", "counter", "poll", "optional"]
  static let derived = ["chargePowerW", "dischargePowerW", "importPowerW", "exportPowerW"]

  func readPoints(_ node: YAMLNode, part: Int) {
    if let points = node["points"], !points.isMapping {
      points.report(Finding.field, "'points' must be a mapping of fields to points")
    }
    for (key, value) in node["points"]?.entries ?? [] {
      guard let field = field(key, part) else { continue }
      readPoint(value, .field(field), part)
    }
    for (key, value) in node["locals"]?.entries ?? [] {
      guard let name = identifier(key) else { continue }
      readPoint(value, .local(name), part)
    }
  }

  private func field(_ key: YAMLNode, _ part: Int) -> Field? {
    let name = key.scalarText ?? ""
    let kind = parts[part].kind
    if Self.derived.contains(name), Field.named(name)?.kinds.contains(kind) == true {
      key.report(Finding.field, "\(name) follows from powerW and is not bound by profiles", hint: "bind powerW")
      return nil
    }
    guard let field = Field.named(name) else {
      key.report(
        Finding.field, "the model has no field '\(name)'",
        hint: Suggestion.hint(for: name, among: Field.of(kind).map(\.name)) ?? "other values can be locals")
      return nil
    }
    guard field.kinds.contains(kind) else {
      let owners = field.kinds.map(\.rawValue).joined(separator: " and ")
      key.report(
        Finding.field, "a \(kind.rawValue) has no field '\(name)': it is one of \(owners)",
        hint: Suggestion.hint(for: name, among: Field.of(kind).map(\.name)))
      return nil
    }
    return field
  }

  private func readPoint(_ node: YAMLNode, _ target: ProfilePoint.Target, _ part: Int) {
    guard node.expectMapping(keys: Self.pointKeys), let source = source(node, scope: .part(part)) else { return }
    var point = ProfilePoint(
      target: target, source: source, conversion: readConversion(node, target, part), valid: nil, counter: nil,
      pollClass: node["poll"].flatMap { pollClass($0) } ?? .normal,
      isOptional: node["optional"]?.flagValue() ?? false, line: node.line)
    let field: Field? = if case .field(let field) = target { field } else { nil }
    point.valid = node["valid"].flatMap { rangeValue($0) }
    point.counter = node["counter"].flatMap { counter($0) } ?? (field?.behavior == .counter ? .monotonic : nil)
    if source.path != nil { point.combine = node["combine"].flatMap { combineValue($0) } }
    if source.path?.hasList == true, node["combine"] == nil {
      (node["path"] ?? node).report(
        Finding.repetition, "the path has many values and the point one: \(node.subject) needs 'combine'",
        hint: "combine: \(Combine.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    if let field { checkKind(node, field, point) }
    checkCombined(node, point, part)
    switch source {
    case .response(let response): point.pollClass = responsePollClass(response, node) ?? point.pollClass
    case .computed: computedNodes["\(part).\(point.name)"] = node["value"] ?? node["constant"]
    default: break
    }
    parts[part].points.append(point)
  }

  private func responsePollClass(_ response: ResponseSource, _ node: YAMLNode) -> PollClass? {
    guard case .http(let settings) = transport else { return nil }
    node["poll"]?.report(Finding.request, "what comes with a request has its rhythm: say poll at the request")
    return settings.requests.first { $0.name == response.request }?.pollClass
  }

  private func checkKind(_ node: YAMLNode, _ field: Field, _ point: ProfilePoint) {
    if !field.isNumeric {
      for key in ["unit", "valid", "counter"] {
        node[key]?.report(Finding.conversion, "'\(key)' is for numbers, and \(field.name) is none")
      }
    }
    guard case .label(let words) = field.type else { return }
    switch point.source {
    case .register, .sunSpec:
      if point.conversion.enumeration == nil {
        node.report(
          Finding.vocabulary, "\(field.name) is one of some words, so codes need 'enum'",
          hint: "words: \(words.joined(separator: ", "))")
      }
    case .constant(let value):
      if case .text(let word) = value { checkWord(word, field, node["constant"] ?? node) }
    case .message, .response, .computed: break
    }
  }

  private func counter(_ node: YAMLNode) -> CounterRule? {
    if node.isMapping {
      guard node.expectMapping(keys: ["wraps"]), let limit = node.require("wraps")?.numberValue() else { return nil }
      return .wraps(at: limit)
    }
    if let flag = node.flag { return flag ? .monotonic : nil }
    return node.wordValue(among: ["daily", "true", "false"]) == "daily" ? .daily : nil
  }
}
