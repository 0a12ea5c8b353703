import EnergyModel
import LocatedYAML

/// Reads one profile. Names are checked at the end, when all of them are known.
final class ProfileFileReader {
  typealias Finding = ProfileFinding

  /// What an expression may refer to.
  enum Scope {
    /// Parameters only: transport settings.
    case installation
    /// Parameters, also those that are read from the device: when a variant is in force.
    case variant
    case part(Int)
    case command(part: Int, inputs: [String])

    /// Points never see what a login keeps.
    var isPoint: Bool { if case .part = self { true } else { false } }
  }

  struct PendingExpression {
    var node: YAMLNode
    /// Characters of the node's text before the expression.
    var offset: Int
    var expression: Expression
    var scope: Scope
  }

  let document: YAMLDocument
  /// Whether this is the profile with a variant laid over it: tests and variants stand in the profile itself.
  let isVariant: Bool
  var parameters: [ProfileParameter] = []
  var transport: ProfileTransport = .mqtt(MQTTSettings())
  var parts: [ProfilePart] = []
  var variants: [ProfileVariant] = []
  /// Where parameters are read from the device, until the transport is known.
  var pendingReads: [(node: YAMLNode, parameter: Int)] = []
  var pending: [PendingExpression] = []
  /// What `${login.name}` may name.
  var loginNames: Set<String> = []
  /// Names of locals that are used as scale factors.
  var pendingScaleFactors: [(node: YAMLNode, name: String, part: Int)] = []
  /// Names of locals that say how many values there are.
  var pendingCounts: [(node: YAMLNode, name: String, part: Int)] = []
  /// Names of captured levels of topics, each once, with where they came first.
  var captures: [(name: String, node: YAMLNode)] = []
  /// The node of each computed point, for findings about cycles.
  var computedNodes: [String: YAMLNode] = [:]

  init(_ document: YAMLDocument, isVariant: Bool = false) {
    self.document = document
    self.isVariant = isVariant
  }

  func read(_ root: YAMLNode) -> DeviceProfile? {
    guard
      root.expectMapping(keys: [
        "schema", "extends", "id", "name", "manufacturer", "products", "maturity", "source", "parameters", "transport",
        "poll", "identify", "devices", "variants", "tests",
      ])
    else { return nil }
    readSchema(root)
    let id = root.require("id").flatMap { identifier($0, allowing: "-", upper: false) }
    let name = root.require("name")?.textValue()
    let manufacturer = root.require("manufacturer")?.textValue()
    let products = root.require("products")?.textListValue()
    let maturity = root.require("maturity")?.wordValue(among: DeviceProfile.Maturity.allCases.map(\.rawValue))
    let provenance = readProvenance(root)
    readParameters(root["parameters"])
    if let node = root.require("transport") { readTransport(node) }
    readParameterSources()
    let intervals = readIntervals(root["poll"])
    let identify = root["identify"].flatMap { readIdentity($0) }
    readDevices(root)
    fillSunSpecBases(identify)
    finishCaptures()
    readVariants(root)
    checkNames()
    checkCounts()
    checkBlocks(root["transport"])
    let tests = isVariant ? [] : readTests(root)
    guard let id, let name, let manufacturer, let products, let provenance,
      let maturity = maturity.flatMap({ DeviceProfile.Maturity(rawValue: $0) })
    else { return nil }
    return DeviceProfile(
      id: id, name: name, manufacturer: manufacturer, products: products, maturity: maturity, provenance: provenance,
      parameters: parameters, transport: transport, pollIntervals: intervals, identify: identify, parts: parts,
      variants: variants, tests: tests, base: root["extends"]?.scalarText, file: document.file)
  }

  private func readSchema(_ root: YAMLNode) {
    guard let node = root.require("schema"), let text = node.textValue(), text != ProfileReader.schema else { return }
    node.report(
      Finding.schema, "this gateway reads profiles of schema '\(ProfileReader.schema)', this is '\(text)'",
      hint: "write schema: \(ProfileReader.schema)")
  }

  private func readProvenance(_ root: YAMLNode) -> DeviceProfile.Provenance? {
    guard let node = root.require("source"), node.expectMapping(keys: ["document", "caveats"]) else { return nil }
    guard let text = node.require("document")?.textValue() else { return nil }
    return DeviceProfile.Provenance(document: text, caveats: node["caveats"]?.textListValue() ?? [])
  }

  private func readIntervals(_ node: YAMLNode?) -> [PollClass: Duration] {
    var intervals: [PollClass: Duration] = [.fast: .seconds(2), .normal: .seconds(10), .slow: .seconds(300)]
    guard let node, node.expectMapping(keys: ["fast", "normal", "slow"]) else { return intervals }
    for (key, value) in node.entries {
      guard let pollClass = key.scalarText.flatMap({ PollClass(rawValue: $0) }), let time = value.durationValue()
      else { continue }
      guard time >= .milliseconds(100) else {
        value.report(Finding.range, "\(value.subject) must be at least 100 ms")
        continue
      }
      intervals[pollClass] = time
    }
    return intervals
  }

  // MARK: Devices

  private func readDevices(_ root: YAMLNode) {
    guard let node = root.require("devices") else { return }
    guard node.isMapping, !node.entries.isEmpty else {
      node.report(Finding.field, "'devices' must be a mapping with at least one device")
      return
    }
    for (key, value) in node.entries {
      guard let name = identifier(key) else { continue }
      if ["input", "before", "parameter", "login"].contains(name) {
        key.report(Finding.identifier, "'\(name)' has a meaning in expressions and cannot be a device")
      }
      readPart(name, value)
    }
  }

  private func readPart(_ name: String, _ node: YAMLNode) {
    guard
      node.expectMapping(keys: [
        "type", "role", "hybrid", "staleAfter", "points", "locals", "controls", "commands", "default",
      ]),
      let kind = node.require("type")?.wordValue(among: DeviceKind.allCases.map(\.rawValue))
        .flatMap({ DeviceKind(rawValue: $0) })
    else { return }
    let index = parts.count
    parts.append(
      ProfilePart(
        name: name, kind: kind, meterRole: readRole(node, kind), isHybrid: readHybrid(node, kind),
        staleAfter: node["staleAfter"]?.durationValue(), points: [], controls: [], commands: [], defaultState: nil))
    readPoints(node, part: index)
    readControls(node["controls"], part: index)
    checkDuplicates(node, part: index)
    if parts[index].isHybrid, !parts[index].points.contains(where: { $0.name == "pvPowerW" }) {
      (node["hybrid"] ?? node).report(
        Finding.hybrid, "a hybrid inverter needs pvPowerW: its AC power contains the battery and is no generation")
    }
    let defaultNode = node["default"]
    readCommands(node["commands"], part: index, hasDefault: defaultNode != nil)
    if let defaultNode { readDefault(defaultNode, part: index) }
  }

  private func readRole(_ node: YAMLNode, _ kind: DeviceKind) -> MeterRole? {
    guard kind == .meter else {
      node["role"]?.report(Finding.role, "only a meter has a role, '\(node.lastKey)' is of type \(kind.rawValue)")
      return nil
    }
    guard let stated = node["role"] else { return .sub }
    return stated.wordValue(among: MeterRole.allCases.map(\.rawValue)).flatMap { MeterRole(rawValue: $0) }
  }

  private func readHybrid(_ node: YAMLNode, _ kind: DeviceKind) -> Bool {
    guard let stated = node["hybrid"], stated.flagValue() == true else { return false }
    if kind != .inverter {
      stated.report(Finding.hybrid, "only an inverter can be a hybrid, '\(node.lastKey)' is of type \(kind.rawValue)")
    }
    return kind == .inverter
  }

  private func checkDuplicates(_ node: YAMLNode, part: Int) {
    let points = Set(parts[part].points.map(\.name))
    for (key, _) in node["locals"]?.entries ?? [] {
      guard let name = key.scalarText, node["points"]?[name] != nil else { continue }
      key.report(Finding.duplicate, "'\(name)' is a point and a local", hint: "give the local another name")
    }
    for control in parts[part].controls where control.pollClass != nil && points.contains(control.name) {
      (node["controls"]?[control.name] ?? node).report(
        Finding.duplicate, "'\(control.name)' is a point and a control that is read: expressions could mean either",
        hint: "give the control another name or leave out its poll")
    }
  }

  // MARK: Words

  /// A name of letters and digits that starts with a letter.
  func identifier(_ node: YAMLNode, allowing extra: String = "", upper: Bool = true) -> String? {
    guard let text = node.scalarText else {
      node.report(Finding.identifier, "\(node.subject) must be a name")
      return nil
    }
    let isValid =
      text.first.map { $0.isASCII && $0.isLetter } ?? false
      && text.allSatisfy { character in
        character.isASCII
          && (character.isNumber || (character.isLetter && (upper || character.isLowercase))
            || extra.contains(character))
      }
    guard isValid else {
      let wanted = upper ? "letters and digits" : "lower-case letters, digits and hyphens"
      node.report(Finding.identifier, "'\(text)' is not a name: it must start with a letter and be of \(wanted)")
      return nil
    }
    return text
  }

  /// A number, flag, word or nothing, as YAML means it.
  func scalar(_ node: YAMLNode) -> ScalarValue {
    if node.isQuoted { return .text(node.scalarText ?? "") }
    if node.isNull || !node.isScalar { return .null }
    if let number = node.number { return .number(number) }
    if let flag = node.flag { return .flag(flag) }
    return .text(node.scalarText ?? "")
  }

  /// `0..100`, `-1.5..1.5`.
  func rangeValue(_ node: YAMLNode) -> ClosedRange<Double>? {
    let text = node.scalarText ?? ""
    guard let dots = text.firstIndex(of: "."), let place = rangeMark(in: text, from: dots),
      let low = Double(text[..<place]), let high = Double(text[text.index(place, offsetBy: 2)...]), low.isFinite,
      high.isFinite, low <= high
    else {
      node.report(
        Finding.range, "\(node.subject) must be a range, it is '\(text)'", hint: "write lowest..highest, such as 0..100"
      )
      return nil
    }
    return low...high
  }

  private func rangeMark(in text: String, from start: String.Index) -> String.Index? {
    var index = start
    while index < text.endIndex {
      let next = text.index(after: index)
      if text[index] == ".", next < text.endIndex, text[next] == "." { return index }
      index = next
    }
    return nil
  }

  /// Text whose `$name` are parameters.
  func checkedText(_ node: YAMLNode) -> String? {
    guard let text = node.textValue() else { return nil }
    if let place = Array(text).indices.first(where: { Array(text)[$0...].starts(with: "${") }) {
      node.report(
        Finding.expression, inText: place + 1, "expressions are for texts that go out, here are only parameters",
        hint: "write $name")
    }
    checkParameters(in: text, node)
    return text
  }

  func pathValue(_ node: YAMLNode) -> DocumentPath? {
    guard let text = checkedText(node), let path = path(text, node) else { return nil }
    if path.hasList { node.report(Finding.path, "'*' stands for all elements, here is one value wanted") }
    return path
  }

  func path(_ text: String, _ node: YAMLNode) -> DocumentPath? {
    if let path = DocumentPath(text) { return path }
    node.report(
      Finding.path, "'\(text)' is not a path", hint: "write keys behind slashes, such as /Body/Data/0/value")
    return nil
  }
}
