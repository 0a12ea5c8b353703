import EnergyModel
import LocatedYAML
import ModbusWire

extension ProfileFileReader {
  func readTransport(_ node: YAMLNode) {
    guard node.expectMapping(keys: ["modbus", "mqtt", "http"]) else { return }
    guard node.entries.count == 1, let (key, settings) = node.entries.first else {
      node.report(Finding.transport, "a profile has exactly one transport: modbus, mqtt or http")
      return
    }
    switch key.scalarText {
    case "modbus": readModbus(settings)
    case "mqtt": readMQTT(settings)
    case "http": readHTTP(settings)
    default: break
    }
  }

  // MARK: Modbus

  private func readModbus(_ node: YAMLNode) {
    transport = .modbus(ModbusSettings(unit: Expression(constant: .number(1))))
    guard
      node.expectMapping(keys: [
        "unit", "maxRegisters", "maxGap", "blocks", "forbidden", "writeAnswer", "delayAfterConnect", "minGap",
        "timeout", "minTimeout", "order", "sunspecBases", "framing",
      ]), let unit = node.require("unit").flatMap({ expression($0, .installation) })
    else { return }
    var settings = ModbusSettings(unit: unit)
    if let constant = unit.constantValue, constant.number.flatMap({ UInt8(exactly: $0) }) == nil {
      node["unit"]?.report(Finding.transport, "the unit must be a number from 0 to 255 or a $parameter")
    }
    settings.maxRegisters =
      node["maxRegisters"]?.integerValue(in: 1...ReadPlanner.maxRegisters) ?? settings.maxRegisters
    settings.maxGap = node["maxGap"]?.integerValue(in: 0...ReadPlanner.maxRegisters) ?? settings.maxGap
    settings.delayAfterConnect = node["delayAfterConnect"]?.durationValue() ?? settings.delayAfterConnect
    settings.minGap = node["minGap"]?.durationValue() ?? settings.minGap
    settings.timeout = node["timeout"]?.durationValue() ?? settings.timeout
    settings.minTimeout = node["minTimeout"]?.durationValue()
    if let shortest = settings.minTimeout, shortest > settings.timeout {
      node["minTimeout"]?.report(Finding.transport, "it is longer than timeout, which is \(settings.timeout)")
    }
    settings.framings = node["framing"].flatMap { framings($0) } ?? settings.framings
    if let order = node["order"].flatMap({ orderValue($0) }) {
      settings.order = order.order
      settings.orderParameter = order.parameter
    }
    if let bases = node["sunspecBases"] {
      if bases.isSequence {
        settings.sunSpecBases = bases.elements.compactMap { addressValue($0) }
      } else {
        settings.sunSpecBases = addressValue(bases).map { [$0] } ?? []
      }
    }
    if let answer = node["writeAnswer"]?.wordValue(among: ["strict", "tolerant"]) {
      settings.takesAnyWriteAnswer = answer == "tolerant"
    }
    // A block is measured with the limit of a request.
    transport = .modbus(settings)
    settings.blocks = blocks(node["blocks"], isRead: true)
    settings.forbidden = blocks(node["forbidden"], isRead: false)
    transport = .modbus(settings)
  }

  /// One word or a list of them.
  private func framings(_ node: YAMLNode) -> [ModbusFraming]? {
    let words = ModbusFraming.allCases.map(\.rawValue)
    let found = (node.isSequence ? node.elements : [node])
      .compactMap { $0.wordValue(among: words).flatMap(ModbusFraming.init) }
    guard Set(found).count == found.count, !found.isEmpty else {
      node.report(Finding.transport, "'framing' names each way that the product speaks once")
      return nil
    }
    return found
  }

  /// The usual addresses where the profile has SunSpec points and says nothing.
  func fillSunSpecBases(_ identify: ProfileIdentity?) {
    guard case .modbus(var settings) = transport, settings.sunSpecBases.isEmpty else { return }
    var usesSunSpec = parts.contains { part in
      part.points.contains { if case .sunSpec = $0.source { true } else { false } }
        || part.controls.contains { if case .sunSpec = $0.destination { true } else { false } }
    }
    if case .sunSpec = identify?.source { usesSunSpec = true }
    for parameter in parameters { if case .sunSpec = parameter.read?.source { usesSunSpec = true } }
    guard usesSunSpec else { return }
    settings.sunSpecBases = [40000, 0, 50000]
    transport = .modbus(settings)
  }

  /// A fixed order, or the parameter that says it.
  func orderValue(_ node: YAMLNode) -> (order: WordOrder, parameter: String?)? {
    let words = WordOrder.allCases.map(\.rawValue)
    guard let name = node.scalarText?.after("$") else {
      return node.wordValue(among: words).flatMap { WordOrder(rawValue: $0) }.map { ($0, nil) }
    }
    guard checkedText(node) != nil, let parameter = parameters.first(where: { $0.name == name }) else { return nil }
    guard case .choice(let choices) = parameter.kind, choices.allSatisfy(words.contains) else {
      node.report(
        Finding.parameter, "'\(name)' cannot be an order: it must be of type choice",
        hint: "choices: [\(words.joined(separator: ", "))], or some of them")
      return nil
    }
    return (.abcd, name)
  }

  func addressValue(_ node: YAMLNode) -> UInt16? { node.integerValue(in: 0...0xFFFF).flatMap { UInt16(exactly: $0) } }

  // MARK: MQTT

  private func readMQTT(_ node: YAMLNode) {
    var settings = MQTTSettings()
    defer { transport = .mqtt(settings) }
    if node.isNull { return }
    guard
      node.expectMapping(keys: ["availability", "silentAfter", "requests", "format", "retained", "captures"])
    else { return }
    settings.silentAfter = node["silentAfter"]?.durationValue()
    settings.format = node["format"].flatMap { formatValue($0) } ?? .json
    settings.ignoresRetained = node["retained"].map { ignoresRetained($0) } ?? false
    if let availability = node["availability"] {
      let nodes = availability.isSequence ? availability.elements : [availability]
      settings.availability = nodes.compactMap { readAvailability($0) }
    }
    for (key, value) in node["captures"]?.entries ?? [] {
      guard let name = identifier(key) else { continue }
      captures.append((name, key))
      settings.captures.append(MQTTSettings.Capture(name: name, fixed: text(value, .installation)))
    }
    for request in node["requests"]?.elements ?? [] {
      guard request.expectMapping(keys: ["topic", "payload", "every"]),
        let topic = request.require("topic").flatMap({ text($0, .installation) }),
        let payload = request.require("payload").flatMap({ payload($0, .installation) }),
        let every = request.require("every")?.durationValue()
      else { continue }
      guard every >= .seconds(1) else {
        request["every"]?.report(Finding.range, "a device is not asked more often than once a second")
        continue
      }
      settings.requests.append(
        MQTTSettings.PolledPublish(
          message: PublishTemplate(topic: topic, content: .payload(payload)), every: every))
    }
  }

  private func readAvailability(_ node: YAMLNode) -> MQTTSettings.Availability? {
    guard node.expectMapping(keys: ["topic", "path", "online", "offline"]),
      let topic = node.require("topic").flatMap({ topicValue($0) })
    else { return nil }
    return MQTTSettings.Availability(
      topic: topic, path: node["path"].flatMap { pathValue($0) } ?? DocumentPath(steps: []),
      online: node.require("online")?.textListValue() ?? [], offline: node.require("offline")?.textListValue() ?? [])
  }

  /// Captures are known when all topics are read; a value of a device with the same name would hide them.
  func finishCaptures() {
    guard case .mqtt(var settings) = transport else { return }
    for capture in captures where !settings.captures.contains(where: { $0.name == capture.name }) {
      settings.captures.append(MQTTSettings.Capture(name: capture.name))
    }
    for part in parts {
      for point in part.points {
        guard let capture = captures.first(where: { $0.name == point.name }) else { continue }
        capture.node.report(
          Finding.duplicate, "'\(point.name)' is a captured level and a value of '\(part.name)'",
          hint: "give one of them another name")
      }
    }
    transport = .mqtt(settings)
  }

  /// A topic filter with parameters; wildcards and captures stand alone between slashes.
  func topicValue(_ node: YAMLNode) -> String? {
    guard let topic = checkedText(node) else { return nil }
    let levels = topic.split(separator: "/", omittingEmptySubsequences: false)
    for (index, level) in levels.enumerated() {
      let isMisplaced =
        (level.contains("+") && level != "+") || (level.contains("#") && (level != "#" || index + 1 < levels.count))
      guard !isMisplaced else {
        node.report(Finding.path, "a wildcard stands alone between slashes, and # only at the end: '\(topic)'")
        return nil
      }
      guard level.contains("{") || level.contains("}") else { continue }
      guard let name = TopicCaptures.name(of: level), name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) })
      else {
        node.report(Finding.path, "a captured level is a name in braces between slashes: '\(topic)'")
        return nil
      }
      if !captures.contains(where: { $0.name == name }) { captures.append((name, node)) }
    }
    guard !topic.isEmpty else {
      node.report(Finding.path, "the topic is empty")
      return nil
    }
    return topic
  }

  // MARK: HTTP

  private func readHTTP(_ node: YAMLNode) {
    var settings = HTTPSettings()
    defer { transport = .http(settings) }
    guard
      node.expectMapping(keys: [
        "auth", "user", "password", "headers", "timeout", "minGap", "login", "quota", "requests",
      ])
    else { return }
    // What a login keeps is known before anything uses it.
    loginNames = node["login"].map { Self.keptNames($0) } ?? []
    settings.login = node["login"].flatMap { login($0) }
    settings.quota = node["quota"].flatMap { quota($0) }
    if let auth = node["auth"]?.wordValue(among: HTTPSettings.Authentication.allCases.map(\.rawValue)) {
      settings.authentication = HTTPSettings.Authentication(rawValue: auth) ?? .none
    }
    settings.userParameter = node["user"].flatMap { parameterReference($0) }
    settings.passwordParameter = node["password"].flatMap { parameterReference($0) }
    if settings.authentication != .none, node["password"] == nil {
      node.report(Finding.transport, "\(settings.authentication.rawValue) authentication needs 'password'")
    }
    settings.timeout = node["timeout"]?.durationValue() ?? settings.timeout
    settings.minGap = node["minGap"]?.durationValue() ?? settings.minGap
    for (key, value) in node["headers"]?.entries ?? [] {
      guard let name = key.scalarText, let text = text(value, .installation) else { continue }
      settings.headers.append((name, text))
    }
    for (key, value) in node["requests"]?.entries ?? [] {
      guard let name = identifier(key, allowing: "-_"), let request = request(value, .installation, isPolled: true)
      else { continue }
      settings.requests.append(
        HTTPSettings.NamedRequest(
          name: name, request: request, pollClass: value["poll"].flatMap { pollClass($0) } ?? .normal))
    }
  }

  private func parameterReference(_ node: YAMLNode) -> String? {
    guard let text = checkedText(node) else { return nil }
    guard text.hasPrefix("$"), TemplateRenderer.parameterNames(in: text) == [String(text.dropFirst())] else {
      node.report(Finding.transport, "\(node.subject) must be a parameter, such as $\(node.lastKey)")
      return nil
    }
    return String(text.dropFirst())
  }

  func pollClass(_ node: YAMLNode) -> PollClass? {
    node.wordValue(among: PollClass.allCases.map(\.rawValue)).flatMap { PollClass(rawValue: $0) }
  }
}
