import EnergyModel
import LocatedYAML

extension ProfileFileReader {
  static let sourceKeys = [
    "holding", "input", "coil", "discrete", "sunspec", "topic", "request", "value", "constant",
  ]
  private static let conversionKeys = [
    "invalid", "bits", "scale", "offset", "scaleFactor", "unit", "negate", "enum", "otherwise", "flags",
  ]
  private static let pointKeys =
    sourceKeys + conversionKeys + ["path", "type", "length", "order", "valid", "counter", "poll", "optional"]
  private static let controlKeys = [
    "holding", "coil", "sunspec", "type", "length", "order", "scale", "offset", "scaleFactor", "unit", "negate",
    "enum", "range", "write", "poll",
  ]
  private static let derived = ["chargePowerW", "dischargePowerW", "importPowerW", "exportPowerW"]

  // MARK: Points and locals

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
    if let field { checkKind(node, field, point) }
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

  // MARK: Sources

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
    if key != "topic", key != "request" { node["path"]?.report(Finding.source, "'path' goes with topic or request") }
    switch key {
    case "sunspec": return sunSpec(value, node).map { .sunSpec($0) }
    case "topic":
      guard let topic = topicValue(value) else { return nil }
      rejectType(node, "a message")
      let path = node["path"].map { pathValue($0) } ?? DocumentPath(steps: [])
      return path.map { .message(MessageSource(topic: topic, path: $0)) }
    case "request": return response(value, node)
    case "value":
      rejectType(node, "a computed point")
      return expression(value, scope).map { .computed($0) }
    case "constant": return constant(value, scope)
    default: return register(key, value, node).map { .register($0) }
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
    for key in ["type", "length", "order"] {
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

  private func response(_ node: YAMLNode, _ point: YAMLNode) -> PointSource? {
    guard case .http(let settings) = transport, let name = node.textValue() else { return nil }
    rejectType(point, "an answer")
    guard settings.requests.contains(where: { $0.name == name }) else {
      node.report(
        Finding.request, "there is no request '\(name)' in transport.http.requests",
        hint: Suggestion.hint(for: name, among: settings.requests.map(\.name)))
      return nil
    }
    let path = point["path"].map { pathValue($0) } ?? DocumentPath(steps: [])
    return path.map { .response(ResponseSource(request: name, path: $0)) }
  }

  private func register(_ key: String, _ value: YAMLNode, _ node: YAMLNode) -> RegisterSource? {
    guard let table = RegisterTable(rawValue: key), let address = addressValue(value) else { return nil }
    if table.isBits {
      rejectType(node, "a bit")
      return RegisterSource(table: table, address: address, type: .bit, order: .abcd)
    }
    guard let type = type(node) else { return nil }
    guard Int(address) + type.registerCount <= 0x10000 else {
      value.report(Finding.address, "a value of \(type.registerCount) registers at \(address) ends behind 65535")
      return nil
    }
    return RegisterSource(table: table, address: address, type: type, order: order(node))
  }

  private func order(_ node: YAMLNode) -> WordOrder {
    if let stated = node["order"].flatMap({ orderValue($0) }) { return stated }
    if case .modbus(let settings) = transport { return settings.order }
    return .abcd
  }

  private func type(_ node: YAMLNode) -> RegisterType? {
    let words: [String: RegisterType] = [
      "u16": .u16, "i16": .i16, "u32": .u32, "i32": .i32, "u64": .u64, "i64": .i64, "f32": .f32, "f64": .f64,
    ]
    guard let stated = node.require("type") else { return nil }
    let names = ["u16", "i16", "u32", "i32", "u64", "i64", "f32", "f64", "string"]
    guard let word = stated.wordValue(among: names) else { return nil }
    if word != "string" {
      node["length"]?.report(Finding.type, "'length' is for strings, this is \(word)")
      return words[word]
    }
    var longest = ReadPlanner.maxRegisters
    if case .modbus(let settings) = transport { longest = min(longest, settings.maxRegisters) }
    return node.require("length")?.integerValue(in: 1...longest).map { .string(registers: $0) }
  }

  // MARK: SunSpec

  private func sunSpec(_ node: YAMLNode, _ point: YAMLNode) -> SunSpecSource? {
    guard node.expectMapping(keys: ["model", "point", "instance", "offset"]), let model = node.require("model")
    else { return nil }
    let nodes = model.isSequence ? model.elements : [model]
    let models = nodes.compactMap { $0.integerValue(in: 1...0xFFFE).flatMap { UInt16(exactly: $0) } }
    guard models.count == nodes.count, let first = models.first else { return nil }
    let instance = node["instance"].map { $0.integerValue(in: 1...SunSpecDiscovery.maxModels) } ?? 1
    guard let instance else { return nil }
    if let name = node["point"] {
      node["offset"]?.report(Finding.sunSpec, "a SunSpec point has a name or an offset, not both")
      for key in ["type", "length", "order"] {
        point[key]?.report(Finding.sunSpec, "the standard says the type of \(name.scalarText ?? "the point")")
      }
      if let stray = point["scaleFactor"] {
        stray.report(Finding.sunSpec, "the standard says the scale factor of \(name.scalarText ?? "the point")")
      }
      return standardPoint(name, models, instance)
    }
    guard let offset = node["offset"] else {
      node.report(Finding.sunSpec, "\(node.subject) needs 'point' or 'offset'")
      return nil
    }
    guard let registers = offset.integerValue(in: 2...0xFFFF), let type = type(point) else { return nil }
    return SunSpecSource(
      models: [first] + models.dropFirst(), point: nil, offset: registers, type: type, scaleFactorOffset: nil,
      instance: instance)
  }

  private func standardPoint(_ node: YAMLNode, _ models: [UInt16], _ instance: Int) -> SunSpecSource? {
    guard let name = node.textValue() else { return nil }
    var definition: SunSpecPointDefinition?
    for model in models {
      let names = SunSpecModels.pointNames(model: model)
      guard !names.isEmpty else {
        node.report(
          Finding.sunSpec, "the points of SunSpec model \(model) are not known here",
          hint: "give offset and type instead")
        return nil
      }
      guard let found = SunSpecModels.point(name, model: model) else {
        node.report(
          Finding.sunSpec, "SunSpec model \(model) has no point '\(name)'",
          hint: Suggestion.hint(for: name, among: names))
        return nil
      }
      definition = definition ?? found
    }
    guard let definition else { return nil }
    return SunSpecSource(
      models: models, point: name, offset: definition.offset, type: definition.type,
      scaleFactorOffset: definition.scaleFactorOffset, instance: instance)
  }

  // MARK: Conversion

  private func readConversion(_ node: YAMLNode, _ target: ProfilePoint.Target, _ part: Int) -> PointConversion {
    var conversion = PointConversion()
    let field: Field? = if case .field(let field) = target { field } else { nil }
    if let invalid = node["invalid"] {
      conversion.invalid = invalid.isSequence ? invalid.elements.map { scalar($0) } : [scalar(invalid)]
    }
    conversion.bits = node["bits"].flatMap { bits($0) }
    conversion.scale = node["scale"].flatMap { scale($0) } ?? 1
    conversion.offset = node["offset"]?.numberValue() ?? 0
    conversion.negate = node["negate"]?.flagValue() ?? false
    if let factor = node["scaleFactor"], let name = factor.textValue() {
      conversion.scaleFactorName = name
      pendingScaleFactors.append((factor, name, part))
    }
    conversion.unit = node["unit"].flatMap { unit($0, field) }
    // The dead band is a difference: 2 °F are 1.1 K, not −16.7 °C.
    conversion.ignoresUnitOffset = field?.name == "deadbandC"
    conversion.enumeration = node["enum"].flatMap { enumeration($0, field) }
    conversion.otherwise = node["otherwise"].flatMap { word($0, field) }
    conversion.flags = node["flags"].flatMap { flags($0, field) }
    if node["flags"] != nil { node["enum"]?.report(Finding.conversion, "a point has enum or flags, not both") }
    if node["enum"] == nil { node["otherwise"]?.report(Finding.conversion, "'otherwise' goes with 'enum'") }
    return conversion
  }

  private func scale(_ node: YAMLNode) -> Double? {
    guard let value = node.numberValue() else { return nil }
    guard value != 0 else {
      node.report(Finding.conversion, "a scale of 0 makes every value 0")
      return nil
    }
    return value
  }

  private func bits(_ node: YAMLNode) -> ClosedRange<Int>? {
    if node.integer != nil { return node.integerValue(in: 0...63).map { $0...$0 } }
    guard let range = rangeValue(node) else { return nil }
    guard let low = Int(exactly: range.lowerBound), let high = Int(exactly: range.upperBound), low >= 0, high <= 63
    else {
      node.report(Finding.range, "bits are counted from 0 to 63, lowest first")
      return nil
    }
    return low...high
  }

  private func unit(_ node: YAMLNode, _ field: Field?) -> Unit.Conversion? {
    guard let word = node.textValue() else { return nil }
    guard let conversion = Unit.conversions[word] else {
      let known = Unit.conversions.filter { field == nil || $0.value.unit == field?.unit }.keys
      node.report(Finding.unit, "unknown unit '\(word)'", hint: Suggestion.hint(for: word, among: known.sorted()))
      return nil
    }
    if let field, conversion.unit != field.unit {
      let known = Unit.conversions.filter { $0.value.unit == field.unit }.keys.sorted().joined(separator: ", ")
      let wanted = field.unit == .count ? "has no unit" : "is in \(field.unit.rawValue)"
      node.report(
        Finding.unit, "'\(word)' cannot be the unit of \(field.name), which \(wanted)",
        hint: known.isEmpty ? nil : "units that fit: \(known)")
      return nil
    }
    return conversion
  }

  private func enumeration(_ node: YAMLNode, _ field: Field?) -> [ScalarValue: ScalarValue]? {
    guard node.isMapping else {
      node.report(Finding.conversion, "'enum' must be a mapping of codes to words")
      return nil
    }
    var words: [ScalarValue: ScalarValue] = [:]
    for (key, value) in node.entries {
      if let word = word(value, field) { words[scalar(key)] = word }
    }
    return words
  }

  /// What a code becomes: a word of the field's vocabulary, or a value of its type.
  private func word(_ node: YAMLNode, _ field: Field?) -> ScalarValue? {
    guard let field else { return scalar(node) }
    switch field.type {
    case .number: return node.numberValue().map { .number($0) }
    case .flag: return node.flagValue().map { .flag($0) }
    case .text: return node.textValue().map { .text($0) }
    case .label:
      guard let word = node.textValue(), checkWord(word, field, node) else { return nil }
      return .text(word)
    }
  }

  @discardableResult
  func checkWord(_ word: String, _ field: Field, _ node: YAMLNode) -> Bool {
    guard !field.labels.contains(word) else { return true }
    node.report(
      Finding.vocabulary, "'\(word)' is not a word of \(field.name)",
      hint: Suggestion.hint(for: word, among: field.labels) ?? "words: \(field.labels.joined(separator: ", "))")
    return false
  }

  private func flags(_ node: YAMLNode, _ field: Field?) -> [Int: String]? {
    if let field, field.type != .text {
      node.report(Finding.conversion, "flags become text, and \(field.name) is none", hint: "bind them to 'faults'")
      return nil
    }
    guard node.isMapping else {
      node.report(Finding.conversion, "'flags' must be a mapping of bits to names")
      return nil
    }
    var names: [Int: String] = [:]
    for (key, value) in node.entries {
      if let bit = key.integerValue(in: 0...63), let name = value.textValue() { names[bit] = name }
    }
    return names
  }

  // MARK: Controls

  func readControls(_ node: YAMLNode?, part: Int) {
    guard let node else { return }
    guard case .modbus = transport, node.isMapping else {
      node.report(Finding.control, "controls are registers and coils: they need the transport modbus")
      return
    }
    for (key, value) in node.entries {
      guard let name = identifier(key), value.expectMapping(keys: Self.controlKeys),
        let source = source(value, scope: .part(part))
      else { continue }
      let destination: ProfileControl.Destination
      switch source {
      case .register(let register): destination = .register(register)
      case .sunSpec(let point): destination = .sunSpec(point)
      default: continue
      }
      let control = ProfileControl(
        name: name, destination: destination, conversion: readConversion(value, .local(name), part),
        range: value["range"].flatMap { rangeValue($0) }, writeFunction: writeFunction(value, source),
        pollClass: value["poll"].flatMap { pollClass($0) }, line: value.line)
      checkControl(control, source, value)
      parts[part].controls.append(control)
    }
  }

  private func writeFunction(_ node: YAMLNode, _ source: PointSource) -> WriteFunction? {
    guard let stated = node["write"], let number = stated.integerValue() else { return nil }
    guard let function = WriteFunction(rawValue: number) else {
      stated.report(Finding.control, "registers are written with function 6 or 16, not \(number)")
      return nil
    }
    if source.registerType == .bit {
      stated.report(Finding.control, "a coil is written with function 5: leave out 'write'")
      return nil
    }
    if function == .single, let count = source.registerType?.registerCount, count > 1 {
      stated.report(Finding.control, "function 6 writes one register, this value has \(count)", hint: "write: 16")
      return nil
    }
    return function
  }

  private func checkControl(_ control: ProfileControl, _ source: PointSource, _ node: YAMLNode) {
    if case .sunSpec(let point) = control.destination, let name = point.point, let model = point.models.first,
      SunSpecModels.point(name, model: model)?.isWritable == false
    {
      node["sunspec"]?.report(Finding.control, "\(name) of SunSpec model \(model) is read-only in the standard")
    }
    guard let type = source.registerType else { return }
    switch type {
    case .bit, .string:
      node["range"]?.report(Finding.control, "a range is for numbers")
      return
    default: break
    }
    guard let range = control.range else {
      if control.conversion.enumeration == nil, node["range"] == nil {
        node.report(
          Finding.control, "'\(control.name)' needs a range: the values that may be written",
          hint: "such as range: 0..100")
      }
      return
    }
    // With a scale factor only the device knows what fits.
    if case .sunSpec = control.destination { return }
    if control.conversion.scaleFactorName != nil { return }
    let converter = ValueConverter(control.conversion, type: type, output: .any, valid: nil)
    for bound in [range.lowerBound, range.upperBound] {
      let raw = converter.raw(for: .number(bound), power: .none)
      guard raw.flatMap({ type.encode($0, order: .abcd) }) == nil else { continue }
      node["range"]?.report(
        Finding.control, "\(ScalarValue.number(bound)) does not fit the register (\(type.word)) of '\(control.name)'")
    }
  }
}
