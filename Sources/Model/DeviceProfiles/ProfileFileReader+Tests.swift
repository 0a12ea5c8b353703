import EnergyModel
import LocatedYAML

extension ProfileFileReader {
  func readTests(_ root: YAMLNode) -> [ProfileTest] {
    guard let node = root["tests"] else {
      root.report(
        Finding.test, "the profile has no tests, so that nothing shows that it is right", severity: .warning)
      return []
    }
    guard node.isSequence else {
      node.report(Finding.test, "'tests' must be a list")
      return []
    }
    return node.elements.compactMap { readTest($0) }
  }

  private func readTest(_ node: YAMLNode) -> ProfileTest? {
    guard
      node.expectMapping(keys: [
        "name", "parameters", "registers", "messages", "responses", "expect", "command", "writes",
      ]), let name = node.require("name")?.textValue()
    else { return nil }
    let command = node["command"].flatMap { invocation($0) }
    if node["expect"] == nil, node["command"] == nil {
      node.report(Finding.test, "the test '\(name)' expects nothing", hint: "add 'expect' or 'command' and 'writes'")
    }
    if node["command"] == nil { node["writes"]?.report(Finding.test, "'writes' goes with 'command'") }
    if node["command"] != nil { _ = node.require("writes") }
    return ProfileTest(
      name: name, parameters: readTestParameters(node["parameters"]), registers: readMemory(node["registers"]),
      messages: readMessages(node["messages"]), responses: readResponses(node["responses"]),
      expect: readExpectations(node["expect"]), command: command, writes: node["writes"]?.textListValue() ?? [],
      line: node.line)
  }

  private func readTestParameters(_ node: YAMLNode?) -> [String: ScalarValue] {
    var values: [String: ScalarValue] = [:]
    for (key, value) in node?.entries ?? [] {
      let name = key.scalarText ?? ""
      guard let parameter = parameters.first(where: { $0.name == name }) else {
        key.report(
          Finding.unknownParameter, "there is no parameter '\(name)'",
          hint: Suggestion.hint(for: name, among: parameters.map(\.name)))
        continue
      }
      do throws(ProfileBindingError) {
        values[name] = try parameter.check(scalar(value))
      } catch {
        value.report(Finding.parameter, error.message)
      }
    }
    return values
  }

  // MARK: What the device says

  private func readMemory(_ node: YAMLNode?) -> [RegisterSpace: [UInt16: UInt16]] {
    var memory: [RegisterSpace: [UInt16: UInt16]] = [:]
    guard let node else { return memory }
    let tables = RegisterTable.allCases.map(\.rawValue)
    guard case .modbus = transport, node.expectMapping(keys: tables + ["units"]) else {
      node.report(Finding.test, "registers need the transport modbus")
      return memory
    }
    readTables(node, unit: nil, into: &memory)
    for (key, tablesOfUnit) in node["units"]?.entries ?? [] {
      guard let unit = key.integerValue(in: 0...255), tablesOfUnit.expectMapping(keys: tables) else { continue }
      readTables(tablesOfUnit, unit: UInt8(clamping: unit), into: &memory)
    }
    return memory
  }

  private func readTables(_ node: YAMLNode, unit: UInt8?, into memory: inout [RegisterSpace: [UInt16: UInt16]]) {
    for (key, block) in node.entries {
      guard let table = key.scalarText.flatMap({ RegisterTable(rawValue: $0) }) else { continue }
      let space = RegisterSpace(unit: unit, table: table)
      for (start, values) in block.entries {
        guard let first = start.integerValue(in: 0...0xFFFF) else { continue }
        let elements = values.isSequence ? values.elements : [values]
        for (offset, element) in elements.enumerated() {
          guard let value = registerValue(element, table) else { continue }
          guard let address = UInt16(exactly: first + offset) else {
            element.report(Finding.address, "there is no register behind 65535")
            break
          }
          if memory[space]?[address] != nil {
            element.report(Finding.duplicate, "\(space) \(address) is there twice in this test")
          }
          memory[space, default: [:]][address] = value
        }
      }
    }
  }

  private func registerValue(_ node: YAMLNode, _ table: RegisterTable) -> UInt16? {
    if table.isBits, let flag = node.flag { return flag ? 1 : 0 }
    let range = table.isBits ? 0...1 : -0x8000...0xFFFF
    return node.integerValue(in: range).map { UInt16(truncatingIfNeeded: $0) }
  }

  private func readMessages(_ node: YAMLNode?) -> [ProfileTest.Message] {
    guard let node else { return [] }
    guard case .mqtt = transport, node.isSequence else {
      node.report(Finding.test, "'messages' must be a list and needs the transport mqtt")
      return []
    }
    return node.elements.compactMap { message in
      guard message.expectMapping(keys: ["topic", "retained"] + Self.payloadKeys),
        let topic = message.require("topic")?.textValue()
      else { return nil }
      let given = Self.payloadKeys.filter { message[$0] != nil }
      guard given.count == 1, let key = given.first, let value = message[key] else {
        message.report(Finding.test, "a message needs exactly one of \(Self.payloadKeys.joined(separator: ", "))")
        return nil
      }
      guard let payload = payload(key, value) else { return nil }
      return ProfileTest.Message(
        topic: topic, payload: payload, isRetained: message["retained"]?.flagValue() ?? false)
    }
  }

  private static let payloadKeys = ["payload", "hex", "metrics"]

  private func payload(_ key: String, _ node: YAMLNode) -> [UInt8]? {
    switch key {
    case "hex":
      let digits = Array((node.textValue() ?? "").filter { !$0.isWhitespace })
      let bytes = stride(from: 0, to: digits.count - 1, by: 2).compactMap {
        UInt8(String(digits[$0...$0 + 1]), radix: 16)
      }
      guard bytes.count * 2 == digits.count else {
        node.report(Finding.test, "'hex' must be pairs of hexadecimal digits")
        return nil
      }
      return bytes
    case "metrics":
      let metrics = node.entries.compactMap { key, value in
        key.scalarText.map { name in
          let content = scalar(value)
          return SparkplugMetric(name: name, dataType: content.sparkplugType, value: content)
        }
      }
      return SparkplugPayload(metrics: metrics).encoded
    default: return Array(document(node).utf8)
    }
  }

  private func readResponses(_ node: YAMLNode?) -> [String: String] {
    var responses: [String: String] = [:]
    guard let node else { return responses }
    guard case .http = transport, node.isMapping else {
      node.report(Finding.test, "'responses' must be a mapping of requests and needs the transport http")
      return responses
    }
    let known = ([transport] + variants.map(\.profile.transport)).flatMap { transport -> [String] in
      if case .http(let settings) = transport { settings.requests.map(\.name) } else { [] }
    }
    for (key, value) in node.entries {
      let name = key.scalarText ?? ""
      guard known.contains(name) else {
        key.report(
          Finding.request, "there is no request '\(name)' in transport.http.requests",
          hint: Suggestion.hint(for: name, among: known))
        continue
      }
      responses[name] = document(value)
    }
    return responses
  }

  /// JSON as YAML; a single value is the payload itself.
  private func document(_ node: YAMLNode) -> String { node.isScalar ? node.scalarText ?? "" : json(node) }

  private func json(_ node: YAMLNode) -> String {
    if node.isMapping {
      let members = node.entries.map { "\(JSONText.quoted($0.key.scalarText ?? "")):\(json($0.value))" }
      return "{\(members.joined(separator: ","))}"
    }
    if node.isSequence { return "[\(node.elements.map { json($0) }.joined(separator: ","))]" }
    return JSONText.text(scalar(node))
  }

  // MARK: What must come out

  private func readExpectations(_ node: YAMLNode?) -> [String: [String: ScalarValue]] {
    var expected: [String: [String: ScalarValue]] = [:]
    for (key, values) in node?.entries ?? [] {
      guard let part = partIndex(key) else { continue }
      let all = forms(ofPart: part)
      let names = all.map { visibleNames(of: $0) }.reduce(into: Set<String>()) { $0.formUnion($1) }
      for (nameNode, value) in values.entries {
        let name = nameNode.scalarText ?? ""
        guard names.contains(name) else {
          nameNode.report(
            Finding.test, "'\(parts[part].name)' has no value '\(name)'",
            hint: Suggestion.hint(for: name, among: names.sorted()))
          continue
        }
        let wanted = scalar(value)
        if case .text(let word) = wanted, let field = Field.named(name), case .label = field.type,
          all.contains(where: { $0.points.contains { $0.target == .field(field) } })
        {
          checkWord(word, field, value)
        }
        expected[parts[part].name, default: [:]][name] = wanted
      }
    }
    return expected
  }

  private func partIndex(_ node: YAMLNode) -> Int? {
    let name = node.scalarText ?? ""
    if let part = parts.firstIndex(where: { $0.name == name }) { return part }
    node.report(
      Finding.test, "the profile has no device '\(name)'", hint: Suggestion.hint(for: name, among: parts.map(\.name)))
    return nil
  }

  private func invocation(_ node: YAMLNode) -> ProfileTest.Invocation? {
    if node.isScalar {
      let withDefault = parts.indices.filter { forms(ofPart: $0).contains { $0.defaultState != nil } }
      guard node.wordValue(among: ["auto"]) != nil else { return nil }
      guard withDefault.count == 1, let part = withDefault.first else {
        node.report(Finding.test, "say which device: command: {device: …, command: auto}")
        return nil
      }
      return ProfileTest.Invocation(part: parts[part].name, verb: "auto", input: [:])
    }
    guard node.expectMapping(keys: ["device", "command", "input"]),
      let part = node.require("device").flatMap({ partIndex($0) }), let verbNode = node.require("command"),
      let verb = verbNode.textValue()
    else { return nil }
    let all = forms(ofPart: part)
    let verbs = all.flatMap { $0.commands.map(\.verb) + ($0.defaultState == nil ? [] : ["auto"]) }
    guard verbs.contains(verb) else {
      verbNode.report(
        Finding.test, "'\(parts[part].name)' has no command '\(verb)'", hint: Suggestion.hint(for: verb, among: verbs))
      return nil
    }
    let known = all.flatMap { $0.commands.first { $0.verb == verb }?.inputs.map(\.name) ?? [] }
    var input: [String: ScalarValue] = [:]
    for (key, value) in node["input"]?.entries ?? [] {
      let name = key.scalarText ?? ""
      guard known.contains(name) else {
        key.report(
          Finding.test, "\(verb) has no input '\(name)' here", hint: Suggestion.hint(for: name, among: known))
        continue
      }
      input[name] = scalar(value)
    }
    return ProfileTest.Invocation(part: parts[part].name, verb: verb, input: input)
  }
}
