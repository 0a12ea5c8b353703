import LocatedYAML

/// Where the value of a point comes from.
extension ProfileFileReader {
  static let sourceKeys = [
    "holding", "input", "coil", "discrete", "sunspec", "topic", "request", "value", "constant",
  ]
  /// What says more about a register.
  static let registerKeys = ["unitId", "type", "length", "byte", "order"]

  func source(_ node: YAMLNode, scope: Scope) -> PointSource? {
    let given = Self.sourceKeys.filter { node[$0] != nil }
    guard given.count == 1, let key = given.first, let value = node[key] else {
      let found = given.isEmpty ? "it has none" : "it has \(given.joined(separator: " and "))"
      node.report(
        Finding.source, "\(node.subject) needs exactly one source, \(found)",
        hint: "sources: \(Self.sourceKeys.joined(separator: ", "))")
      return nil
    }
    guard isReachable(key, value) else { return nil }
    if key == "topic" || key == "request" || key == "value" || key == "constant" {
      for stray in ["unitId", "repeat"] {
        node[stray]?.report(Finding.source, "'\(stray)' is for registers and SunSpec points")
      }
    }
    if key != "topic", key != "request" { node["path"]?.report(Finding.source, "'path' goes with topic or request") }
    if key != "topic" {
      for key in ["format", "retained"] { node[key]?.report(Finding.source, "'\(key)' goes with topic") }
    }
    switch key {
    case "sunspec": return sunSpec(value, node).map { .sunSpec($0) }
    case "topic":
      rejectType(node, "a message")
      return message(value, node, scope)
    case "request": return response(value, node, scope)
    case "value":
      rejectType(node, "a computed point")
      return expression(value, scope).map { .computed($0) }
    case "constant": return constant(value, scope)
    default: return register(key, value, node, scope).map { .register($0) }
    }
  }

  private func isReachable(_ key: String, _ node: YAMLNode) -> Bool {
    let needed: String
    switch (key, transport) {
    case ("value", _), ("constant", _), ("topic", .mqtt), ("request", .http): return true
    case ("topic", _): needed = "mqtt"
    case ("request", _): needed = "http"
    case (_, .modbus): return true
    default: needed = "modbus"
    }
    node.report(Finding.source, "'\(key)' needs the transport \(needed)")
    return false
  }

  private func rejectType(_ node: YAMLNode, _ what: String) {
    for key in ["type", "length", "byte", "order"] {
      node[key]?.report(Finding.type, "'\(key)' is for registers, this is \(what)")
    }
  }

  /// A fixed value; `$name` makes it the value of a parameter.
  private func constant(_ node: YAMLNode, _ scope: Scope) -> PointSource? {
    if !node.isQuoted, let text = node.scalarText, text.hasPrefix("$") {
      return expression(node, scope).map { .computed($0) }
    }
    guard node.isScalar, !node.isNull else {
      node.report(Finding.source, "\(node.subject) must be a value")
      return nil
    }
    return .constant(scalar(node))
  }

  private func message(_ node: YAMLNode, _ point: YAMLNode, _ scope: Scope) -> PointSource? {
    guard let topic = topicValue(node), case .mqtt(let settings) = transport else { return nil }
    let path = point["path"].map { pointPath($0, scope) } ?? DocumentPath(steps: [])
    guard let path else { return nil }
    var source = MessageSource(topic: topic, path: path, format: settings.format)
    source.format = point["format"].flatMap { formatValue($0) } ?? settings.format
    source.ignoresRetained = point["retained"].map { ignoresRetained($0) } ?? settings.ignoresRetained
    if source.format == .sparkplug, path.steps.isEmpty {
      point.report(Finding.path, "a Sparkplug message has many metrics: \(point.subject) needs 'path'")
    }
    return .message(source)
  }

  func formatValue(_ node: YAMLNode) -> DocumentFormat? {
    node.wordValue(among: DocumentFormat.allCases.map(\.rawValue)).flatMap { DocumentFormat(rawValue: $0) }
  }

  func ignoresRetained(_ node: YAMLNode) -> Bool { node.wordValue(among: ["ignore", "take"]) == "ignore" }

  /// The path of a point: `*` for all elements, `[id=${name}]` for the one that another value of the device names.
  private func pointPath(_ node: YAMLNode, _ scope: Scope) -> DocumentPath? {
    guard let text = node.textValue() else { return nil }
    guard text.contains("${") else { return checkedText(node).flatMap { path($0, node) } }
    guard case .part = scope, let pieces = pieces(of: Array(text), node, scope), let path = path(text, node)
    else { return nil }
    for case .expression(let expression) in pieces where expression.nameList != [expression.text.trimmingBlanks] {
      node.report(Finding.path, "'\(expression.text)' is not the name of a value of the device")
    }
    let isElsewhere = path.steps.contains { step in
      if case .key(let key) = step { key.contains("${") } else { false }
    }
    if isElsewhere { node.report(Finding.path, "a value picks an element", hint: "write /[key=${name}]") }
    return path
  }

  private func response(_ node: YAMLNode, _ point: YAMLNode, _ scope: Scope) -> PointSource? {
    guard case .http(let settings) = transport, let name = node.textValue() else { return nil }
    rejectType(point, "an answer")
    guard settings.requests.contains(where: { $0.name == name }) else {
      node.report(
        Finding.request, "there is no request '\(name)' in transport.http.requests",
        hint: Suggestion.hint(for: name, among: settings.requests.map(\.name)))
      return nil
    }
    let path = point["path"].map { pointPath($0, scope) } ?? DocumentPath(steps: [])
    return path.map { .response(ResponseSource(request: name, path: $0)) }
  }

  private func register(
    _ key: String, _ value: YAMLNode, _ node: YAMLNode, _ scope: Scope
  ) -> RegisterSource? {
    guard let table = RegisterTable(rawValue: key) else { return nil }
    guard !value.isSequence else { return words(table, value, node) }
    guard let address = addressValue(value) else { return nil }
    let unit = unitReference(node["unitId"])
    if table.isBits {
      rejectType(node, "a bit")
      node["repeat"]?.report(Finding.repetition, "'repeat' is for registers, this is a bit")
      return RegisterSource(unit: unit, table: table, address: address, type: .bit, order: .abcd)
    }
    guard let type = type(node) else { return nil }
    guard Int(address) + type.registerCount <= 0x10000 else {
      value.report(Finding.address, "a value of \(type.registerCount) registers at \(address) ends behind 65535")
      return nil
    }
    let order = order(node)
    var source = RegisterSource(
      unit: unit, table: table, address: address, type: type, order: order.order, orderParameter: order.parameter)
    source.repetition = node["repeat"].flatMap { repetition($0, node, source, scope) }
    return source
  }

  private func order(_ node: YAMLNode) -> (order: WordOrder, parameter: String?) {
    if let stated = node["order"].flatMap({ orderValue($0) }) { return stated }
    if case .modbus(let settings) = transport { return (settings.order, settings.orderParameter) }
    return (.abcd, nil)
  }

  func type(_ node: YAMLNode) -> RegisterType? {
    let words: [String: RegisterType] = [
      "u16": .u16, "i16": .i16, "u32": .u32, "i32": .i32, "u64": .u64, "i64": .i64, "f32": .f32, "f64": .f64,
      "bcd16": .bcd16, "bcd32": .bcd32,
    ]
    guard let stated = node.require("type") else { return nil }
    let names = [
      "u16", "i16", "u32", "i32", "u64", "i64", "f32", "f64", "bcd16", "bcd32", "u8", "i8", "string",
    ]
    guard let word = stated.wordValue(among: names) else { return nil }
    if word != "string" { node["length"]?.report(Finding.type, "'length' is for strings, this is \(word)") }
    if word == "u8" || word == "i8" {
      guard let half = node.require("byte")?.wordValue(among: RegisterByte.allCases.map(\.rawValue)),
        let byte = RegisterByte(rawValue: half)
      else { return nil }
      return word == "u8" ? .u8(byte) : .i8(byte)
    }
    node["byte"]?.report(Finding.type, "'byte' is for u8 and i8, this is \(word)")
    guard word == "string" else { return words[word] }
    return node.require("length")?.integerValue(in: 1...longestRead).map { .string(registers: $0) }
  }

  /// Registers in one request, at most.
  var longestRead: Int {
    guard case .modbus(let settings) = transport else { return ReadPlanner.maxRegisters }
    return min(ReadPlanner.maxRegisters, settings.maxRegisters)
  }
}
