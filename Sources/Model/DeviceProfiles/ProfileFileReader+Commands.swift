import EnergyModel
import LocatedYAML

extension ProfileFileReader {
  /// The longest pause within a command.
  static let maxWait: Duration = .seconds(60)
  /// More writes a day than this are no budget.
  static let maxWriteBudget = 10_000

  func readCommands(_ node: YAMLNode?, part: Int, hasDefault: Bool) {
    guard let node else { return }
    guard node.isMapping else {
      node.report(Finding.verb, "'commands' must be a mapping of verbs")
      return
    }
    let kind = parts[part].kind
    for (key, value) in node.entries {
      let verb = key.scalarText ?? ""
      guard CommandCatalogue.verbs(kind).contains(verb) else {
        let hint = verb == "auto" ? "write its steps under 'default'" : nil
        key.report(
          Finding.verb, "a \(kind.rawValue) has no command '\(verb)'",
          hint: hint ?? Suggestion.hint(for: verb, among: CommandCatalogue.verbs(kind)))
        continue
      }
      if let command = readCommand(verb, value, part: part, hasDefault: hasDefault) {
        parts[part].commands.append(command)
      }
    }
  }

  func readDefault(_ node: YAMLNode, part: Int) {
    guard node.expectMapping(keys: ["steps", "confirm"]) else { return }
    let scope = Scope.command(part: part, inputs: [])
    parts[part].defaultState = ProfilePart.DefaultState(
      steps: node.require("steps").map { steps($0, scope, part) } ?? [],
      confirm: node["confirm"].flatMap { confirmation($0, scope) })
  }

  private func readCommand(_ verb: String, _ node: YAMLNode, part: Int, hasDefault: Bool) -> ProfileCommand? {
    guard
      node.expectMapping(keys: [
        "summary", "input", "requires", "steps", "confirm", "keepAlive", "revert", "storage",
        "writeBudget",
      ])
    else { return nil }
    let inputs = readInputs(node["input"], verb, part)
    let scope = Scope.command(part: part, inputs: inputs.map(\.name))
    let storage =
      node["storage"]?.wordValue(among: SettingStorage.allCases.map(\.rawValue))
      .flatMap { SettingStorage(rawValue: $0) } ?? .unknown
    checkWear(node, storage)
    return ProfileCommand(
      verb: verb, summary: node["summary"]?.textValue() ?? "", inputs: inputs,
      preconditions: readPreconditions(node["requires"], scope),
      steps: node.require("steps").map { steps($0, scope, part) } ?? [],
      confirm: node["confirm"].flatMap { confirmation($0, scope) },
      keepAlive: node["keepAlive"].flatMap { keepAlive($0, scope, part) },
      revert: readRevert(node["revert"], scope, part, hasDefault: hasDefault),
      storage: storage, writeBudget: node["writeBudget"]?.integerValue(in: 1...Self.maxWriteBudget), line: node.line)
  }

  /// What is kept in flash must not be written again and again by a renewal.
  private func checkWear(_ node: YAMLNode, _ storage: SettingStorage) {
    if storage == .ram {
      node["writeBudget"]?.report(Finding.storage, "what is kept in ram does not wear out", hint: "leave it out")
    }
    if storage == .nvm, let keepAlive = node["keepAlive"], keepAlive["steps"] == nil {
      keepAlive.report(
        Finding.storage, "the renewal would write everything into flash again and again",
        hint: "name the steps that the maker documents for renewing: keepAlive: {timeout: …, steps: […]}")
    }
  }

  // MARK: Inputs

  private func readInputs(_ node: YAMLNode?, _ verb: String, _ part: Int) -> [CommandInput] {
    guard let node else { return [] }
    let known = CommandCatalogue.inputs(parts[part].kind, verb)
    guard node.isMapping else {
      node.report(Finding.input, "'input' must be a mapping of names")
      return []
    }
    let names = node.entries.compactMap(\.key.scalarText)
    return node.entries.compactMap { key, value in
      let name = key.scalarText ?? ""
      guard let entry = known.first(where: { $0.name == name }) else {
        let hint = known.isEmpty ? "it takes none" : Suggestion.hint(for: name, among: known.map(\.name))
        key.report(Finding.input, "\(verb) has no input '\(name)'", hint: hint)
        return nil
      }
      return readInput(name, entry.kind, value, .command(part: part, inputs: names))
    }
  }

  private func readInput(
    _ name: String, _ kind: CommandInput.Kind, _ node: YAMLNode, _ scope: Scope
  ) -> CommandInput? {
    var input = CommandInput(
      name: name, kind: kind, min: nil, max: nil, defaultValue: nil, isOptional: false, help: "")
    if node.isNull { return input }
    guard node.expectMapping(keys: ["min", "max", "default", "optional", "choices", "help"]) else { return nil }
    if case .choice(let words) = kind, let choices = node["choices"] {
      input.kind = .choice(readChoices(choices, among: words))
    } else {
      node["choices"]?.report(Finding.input, "'choices' is for words, \(name) is none")
    }
    for key in ["min", "max"] {
      guard let limit = node[key] else { continue }
      if case .number = kind { continue }
      limit.report(Finding.input, "'\(key)' is for numbers, \(name) is none")
    }
    input.min = node["min"].flatMap { expression($0, scope) }
    input.max = node["max"].flatMap { expression($0, scope) }
    input.isOptional = node["optional"]?.flagValue() ?? false
    input.help = node["help"]?.textValue() ?? ""
    if let standard = node["default"] {
      if case .choice(let words) = input.kind, let word = standard.scalarText, words.contains(word) {
        input.defaultValue = Expression(constant: .text(word))
      } else {
        input.defaultValue = expression(standard, scope)
      }
    }
    return input
  }

  private func readChoices(_ node: YAMLNode, among words: [String]) -> [String] {
    let nodes = node.isSequence ? node.elements : [node]
    return nodes.compactMap { choice in
      guard let word = choice.textValue() else { return nil }
      guard words.contains(word) else {
        choice.report(
          Finding.vocabulary, "'\(word)' is not a word of the model here",
          hint: Suggestion.hint(for: word, among: words))
        return nil
      }
      return word
    }
  }

  private func readPreconditions(_ node: YAMLNode?, _ scope: Scope) -> [ProfileCommand.Precondition] {
    guard let node else { return [] }
    guard node.isSequence else {
      node.report(Finding.step, "'requires' must be a list")
      return []
    }
    return node.elements.compactMap { element in
      guard element.expectMapping(keys: ["expect", "message"]),
        let expect = element.require("expect").flatMap({ expression($0, scope) }),
        let message = element.require("message")?.textValue()
      else { return nil }
      return ProfileCommand.Precondition(expect: expect, message: message)
    }
  }

  // MARK: What follows the steps

  private func confirmation(_ node: YAMLNode, _ scope: Scope) -> Confirmation? {
    guard node.expectMapping(keys: ["expect", "within", "settle"]),
      let expect = node.require("expect").flatMap({ expression($0, scope) }),
      let within = node.require("within")?.durationValue()
    else { return nil }
    let settle = node["settle"]?.durationValue() ?? .zero
    if settle >= within {
      node["settle"]?.report(Finding.range, "'settle' must be shorter than 'within', or nothing can be confirmed")
    }
    return Confirmation(expect: expect, within: within, settle: settle)
  }

  private func keepAlive(_ node: YAMLNode, _ scope: Scope, _ part: Int) -> ProfileCommand.KeepAlive? {
    guard node.expectMapping(keys: ["timeout", "steps"]), let timeout = node.require("timeout")?.durationValue()
    else { return nil }
    guard timeout >= .seconds(3) else {
      node["timeout"]?.report(Finding.range, "a timer shorter than 3 s cannot be fed reliably")
      return nil
    }
    return ProfileCommand.KeepAlive(timeout: timeout, steps: node["steps"].map { steps($0, scope, part) } ?? [])
  }

  private func readRevert(
    _ node: YAMLNode?, _ scope: Scope, _ part: Int, hasDefault: Bool
  ) -> ProfileCommand.Revert {
    guard let node else { return .none }
    if node.isMapping {
      guard node.expectMapping(keys: ["steps", "confirm"]) else { return .none }
      return .steps(
        node.require("steps").map { steps($0, scope, part) } ?? [],
        confirm: node["confirm"].flatMap { confirmation($0, scope) })
    }
    guard node.wordValue(among: ["none", "default"]) == "default" else { return .none }
    if !hasDefault {
      node.report(Finding.revert, "'\(parts[part].name)' has no 'default' to revert to")
    }
    return .toDefault
  }

  // MARK: Steps

  private func steps(_ node: YAMLNode, _ scope: Scope, _ part: Int) -> [CommandStep] {
    guard node.isSequence else {
      node.report(Finding.step, "\(node.subject) must be a list of steps")
      return []
    }
    return node.elements.compactMap { step($0, scope, part) }
  }

  private func step(_ node: YAMLNode, _ scope: Scope, _ part: Int) -> CommandStep? {
    guard node.expectMapping(keys: ["write", "publish", "request", "modify", "wait"]) else { return nil }
    guard node.entries.count == 1, let (key, value) = node.entries.first else {
      node.report(Finding.step, "a step is one of write, publish, request, modify and wait")
      return nil
    }
    switch (key.scalarText, transport) {
    case ("wait", _): return wait(value)
    case ("write", .modbus): return write(value, scope, part)
    case ("publish", .mqtt): return publish(value, scope)
    case ("request", .http): return request(value, scope, isPolled: false).map { .request($0) }
    case ("modify", .http): return modification(value, scope).map { .modify($0) }
    case ("write", _): key.report(Finding.step, "'write' needs the transport modbus")
    case ("publish", _): key.report(Finding.step, "'publish' needs the transport mqtt")
    case ("request", _), ("modify", _):
      key.report(Finding.step, "'\(key.scalarText ?? "")' needs the transport http")
    default: break
    }
    return nil
  }

  private func wait(_ node: YAMLNode) -> CommandStep? {
    guard let time = node.durationValue() else { return nil }
    guard time <= Self.maxWait else {
      node.report(Finding.step, "a command waits at most \(DurationText.format(Self.maxWait))")
      return nil
    }
    return .wait(time)
  }

  private func publish(_ node: YAMLNode, _ scope: Scope) -> CommandStep? {
    guard node.expectMapping(keys: ["topic", "payload", "metrics", "retain", "reply"]),
      let topic = node.require("topic").flatMap({ text($0, scope) }), let content = content(node, scope)
    else { return nil }
    var message = PublishTemplate(topic: topic, content: content)
    message.isRetained = node["retain"]?.flagValue() ?? false
    message.reply = node["reply"].flatMap { reply($0) }
    return .publish(message)
  }

  private func content(_ node: YAMLNode, _ scope: Scope) -> PublishTemplate.Content? {
    guard let metrics = node["metrics"] else {
      return node.require("payload").flatMap { payload($0, scope) }.map { .payload($0) }
    }
    node["payload"]?.report(Finding.step, "a message has a payload or metrics, not both")
    guard metrics.isMapping, !metrics.entries.isEmpty else {
      metrics.report(Finding.step, "'metrics' must be a mapping of Sparkplug metrics to values")
      return nil
    }
    return .metrics(
      metrics.entries.compactMap { key, value in
        guard let name = checkedText(key), let text = value.textValue() else { return nil }
        let formula = text.hasPrefix("=") ? expression(value, scope, skipping: 1) : Expression(constant: scalar(value))
        return formula.map { (name, $0) }
      })
  }

  private func reply(_ node: YAMLNode) -> PublishTemplate.Reply? {
    guard node.expectMapping(keys: ["topic", "format", "match", "expect", "reason", "within"]),
      let topic = node.require("topic").flatMap({ topicValue($0) }), case .mqtt(let settings) = transport
    else { return nil }
    let within = node["within"]?.durationValue() ?? .seconds(5)
    if within > Self.maxWait {
      node["within"]?.report(Finding.range, "a reply is awaited for at most \(DurationText.format(Self.maxWait))")
    }
    return PublishTemplate.Reply(
      topic: topic, format: node["format"].flatMap { formatValue($0) } ?? settings.format,
      match: expectations(node["match"]), expect: expectations(node["expect"]),
      reasonPath: node["reason"].flatMap { pathValue($0) }, within: within)
  }

  private func write(_ node: YAMLNode, _ scope: Scope, _ part: Int) -> CommandStep? {
    guard node.isMapping, !node.entries.isEmpty else {
      node.report(Finding.step, "'write' must be a mapping of controls to values")
      return nil
    }
    var entries: [(control: String, value: Expression)] = []
    for (key, value) in node.entries {
      let name = key.scalarText ?? ""
      guard let control = parts[part].controls.first(where: { $0.name == name }) else {
        key.report(
          Finding.control, "'\(parts[part].name)' has no control '\(name)'",
          hint: Suggestion.hint(for: name, among: parts[part].controls.map(\.name)))
        continue
      }
      guard let expression = valueToWrite(value, control, scope) else { continue }
      checkRange(expression, control, value)
      entries.append((name, expression))
    }
    return .write(entries)
  }

  /// A word of the control's own enumeration stands for itself, everything else is an expression.
  private func valueToWrite(_ node: YAMLNode, _ control: ProfileControl, _ scope: Scope) -> Expression? {
    if let words = control.conversion.enumeration?.values, let text = node.scalarText, words.contains(.text(text)) {
      return Expression(constant: .text(text))
    }
    return expression(node, scope)
  }

  private func checkRange(_ expression: Expression, _ control: ProfileControl, _ node: YAMLNode) {
    guard let range = control.range, let constant = expression.constantValue?.number, !range.contains(constant)
    else { return }
    let limits = "\(ScalarValue.number(range.lowerBound))..\(ScalarValue.number(range.upperBound))"
    node.report(Finding.control, "\(ScalarValue.number(constant)) is outside the range of '\(control.name)', \(limits)")
  }
}
