import EnergyModel
import LocatedYAML

/// Registers that are more than one address of the own unit.
extension ProfileFileReader {
  /// `246` or `$name`.
  func unitReference(_ node: YAMLNode?) -> UnitReference {
    guard let node else { return .own }
    guard let text = node.scalarText, text.hasPrefix("$") else {
      return node.integerValue(in: 0...255).map { .number(UInt8(clamping: $0)) } ?? .own
    }
    return unitParameter(String(text.dropFirst()), node)
  }

  private func unitParameter(_ name: String, _ node: YAMLNode) -> UnitReference {
    guard let parameter = parameters.first(where: { $0.name == name }) else {
      node.report(
        Finding.unknownParameter, "there is no parameter '\(name)'",
        hint: Suggestion.hint(for: name, among: parameters.map(\.name)))
      return .own
    }
    guard case .integer(let range) = parameter.kind, range.lowerBound >= 0, range.upperBound <= 255 else {
      node.report(
        Finding.unitID, "'\(name)' is no unit: units are whole numbers from 0 to 255",
        hint: "write type: integer, range: 0..247 at the parameter")
      return .own
    }
    return .parameter(name)
  }

  /// `holding: [78, 80]`: the addresses of all words, highest first.
  func words(_ table: RegisterTable, _ list: YAMLNode, _ node: YAMLNode) -> RegisterSource? {
    let addresses = list.elements.compactMap { addressValue($0) }
    guard addresses.count == list.elements.count, let first = addresses.first else {
      if list.elements.isEmpty { list.report(Finding.words, "\(list.subject) has no address") }
      return nil
    }
    guard !table.isBits, let type = type(node) else {
      if table.isBits { list.report(Finding.words, "a list of addresses is for registers, this is a bit") }
      return nil
    }
    for key in ["order", "repeat"] {
      node[key]?.report(Finding.words, "'\(key)' has no meaning for a list of words: they are named highest first")
    }
    if case .string = type {
      list.report(Finding.words, "a list of addresses is for numbers, this is text")
      return nil
    }
    guard addresses.count == type.registerCount, Set(addresses).count == addresses.count else {
      let wanted = type.registerCount == 1 ? "one address" : "\(type.registerCount) different addresses"
      list.report(Finding.words, "a value of type \(type.word) has \(wanted), these are \(addresses.count)")
      return nil
    }
    let source = RegisterSource(
      unit: unitReference(node["unitId"]), table: table, address: addresses.min() ?? first, words: addresses,
      type: type, order: .abcd)
    guard source.span <= longestRead else {
      list.report(
        Finding.words, "the words must come from one read, and \(source.span) registers are more than \(longestRead)")
      return nil
    }
    return source
  }

  /// `repeat: {count: 8, step: 20}`, `repeat: {count: nameOfLocal, step: 20, max: 16}`.
  func repetition(
    _ node: YAMLNode, _ point: YAMLNode, _ source: RegisterSource, _ scope: Scope
  ) -> RegisterRepetition? {
    guard node.expectMapping(keys: ["count", "step", "max"]), let count = node.require("count"),
      let step = node.require("step")?.integerValue(in: 1...0xFFFF)
    else { return nil }
    guard let combine = point.require("combine").flatMap({ combineValue($0) }) else { return nil }
    var repetition = RegisterRepetition(count: .constant(1), step: step, max: 1, combine: combine)
    if count.integer != nil {
      guard let number = count.integerValue(in: 1...RegisterRepetition.limit) else { return nil }
      node["max"]?.report(Finding.repetition, "'max' goes with a count that the device says")
      repetition.count = .constant(number)
      repetition.max = number
    } else {
      guard let name = count.textValue(),
        let most = node.require("max")?.integerValue(in: 1...RegisterRepetition.limit)
      else { return nil }
      if case .part(let part) = scope { pendingCounts.append((count, name, part)) }
      repetition.count = .local(name)
      repetition.max = most
    }
    let end = Int(source.address) + (repetition.max - 1) * step + source.type.registerCount
    guard end <= 0x10000 else {
      node.report(Finding.address, "the last of \(repetition.max) values ends behind 65535")
      return nil
    }
    return repetition
  }

  func combineValue(_ node: YAMLNode) -> Combine? {
    node.wordValue(among: Combine.allCases.map(\.rawValue)).flatMap { Combine(rawValue: $0) }
  }

  /// What is combined must be numbers, and must be several.
  func checkCombined(_ node: YAMLNode, _ point: ProfilePoint, _ part: Int) {
    let isSeveral = point.source.isCombined || point.source.hasWildcard || point.source.path?.hasList == true
    guard isSeveral, node["combine"] != nil else {
      node["combine"]?.report(Finding.repetition, "'combine' is for several values", hint: severalHint(point.source))
      return
    }
    if case .string = point.source.registerType {
      node["type"]?.report(Finding.repetition, "texts are not combined, only numbers")
    }
    if case .field(let field) = point.target, !field.isNumeric {
      node["combine"]?.report(Finding.repetition, "numbers are combined, and \(field.name) is none")
    }
    for key in ["enum", "flags"] {
      node[key]?.report(Finding.repetition, "'\(key)' makes words, and only numbers are combined")
    }
  }

  private func severalHint(_ source: PointSource) -> String {
    switch source {
    case .message: "write a path such as /meters/*/power or a topic with a wildcard"
    case .response: "write a path such as /meters/*/power"
    case .register, .sunSpec, .computed, .constant:
      "add 'repeat', or name a SunSpec point such as module.*.DCW"
    }
  }

  /// Counts are locals that are read from registers, once each.
  func checkCounts() {
    for entry in pendingCounts {
      let local = parts[entry.part].points.first { $0.target == .local(entry.name) }
      guard let local, !local.isCombined else {
        let names = parts[entry.part].points.compactMap { if case .local(let name) = $0.target { name } else { nil } }
        entry.node.report(
          Finding.repetition, "'\(parts[entry.part].name)' has no local '\(entry.name)' that says how many there are",
          hint: Suggestion.hint(for: entry.name, among: names))
        continue
      }
    }
  }

  // MARK: Blocks

  /// `["input 0..59", "unit 246 holding 3..40"]`.
  func blocks(_ node: YAMLNode?, isRead: Bool) -> [RegisterBlock] {
    guard let node else { return [] }
    var blocks: [RegisterBlock] = []
    for element in node.isSequence ? node.elements : [node] {
      guard let block = block(element) else { continue }
      if isRead {
        let limit = block.table.isBits ? ReadPlanner.maxBits : longestRead
        if block.addresses.count > limit {
          element.report(Finding.block, "a request reads \(limit) at most, this block has \(block.addresses.count)")
        }
        if blocks.contains(where: { $0.isSameSpace(as: block) && $0.addresses.overlaps(block.addresses) }) {
          element.report(Finding.block, "this block overlaps another one")
        }
      }
      blocks.append(block)
    }
    return blocks
  }

  private func block(_ node: YAMLNode) -> RegisterBlock? {
    var words = (node.scalarText ?? "").split(separator: " ").map(String.init)
    var unit = UnitReference.own
    if words.first == "unit", words.count == 4 {
      if words[1].hasPrefix("$") {
        unit = unitParameter(String(words[1].dropFirst()), node)
      } else if let number = UInt8(words[1]) {
        unit = .number(number)
      } else {
        words = []
      }
      words = Array(words.dropFirst(2))
    }
    guard words.count == 2, let table = RegisterTable(rawValue: words[0]), let range = addressRange(words[1]) else {
      node.report(
        Finding.block, "\(node.subject) must name a table and its registers, it is '\(node.scalarText ?? "")'",
        hint: "write 'input 0..59' or 'unit 246 holding 3..40'")
      return nil
    }
    return RegisterBlock(unit: unit, table: table, addresses: range)
  }

  private func addressRange(_ text: String) -> ClosedRange<UInt16>? {
    let limits = text.split(separator: ".", omittingEmptySubsequences: true).map { limit in
      limit.hasPrefix("0x") ? UInt16(limit.dropFirst(2), radix: 16) : UInt16(limit)
    }
    guard limits.count == (text.contains("..") ? 2 : 1), let low = limits[0], let high = limits[limits.count - 1],
      low <= high
    else { return nil }
    return low...high
  }

  /// Values with fixed addresses lie within a block or outside of all, and never in what is forbidden.
  func checkBlocks(_ transportNode: YAMLNode?) {
    guard case .modbus(let settings) = transport, let node = transportNode?["modbus"] else { return }
    let sources = parts.flatMap { part in
      part.points.map { ($0.name, $0.source) }
        + part.controls.filter { $0.pollClass != nil }.compactMap { control in
          if case .register(let register) = control.destination { (control.name, .register(register)) } else { nil }
        }
    }
    for case (let name, .register(let register)) in sources {
      for range in register.ranges {
        func touches(_ block: RegisterBlock) -> Bool {
          block.unit == register.unit && block.table == register.table && block.addresses.overlaps(range)
        }
        if settings.blocks.contains(where: { touches($0) && !$0.addresses.contains(range) }) {
          node["blocks"]?.report(Finding.block, "'\(name)' stands on the border of a block")
        }
        if settings.forbidden.contains(where: touches) {
          node["forbidden"]?.report(Finding.block, "'\(name)' is read from registers that are forbidden")
        }
      }
    }
  }
}

extension RegisterBlock {
  fileprivate func isSameSpace(as other: RegisterBlock) -> Bool { unit == other.unit && table == other.table }
}

extension RegisterSource {
  /// Where it stands, each of several.
  fileprivate var ranges: [ClosedRange<UInt16>] {
    (0..<(repetition?.max ?? 1)).compactMap { element in
      let low = Int(address) + element * (repetition?.step ?? 0)
      guard let first = UInt16(exactly: low), let last = UInt16(exactly: low + span - 1) else { return nil }
      return first...last
    }
  }
}

extension ClosedRange<UInt16> {
  fileprivate func contains(_ other: ClosedRange<UInt16>) -> Bool {
    other.lowerBound >= lowerBound && other.upperBound <= upperBound
  }
}
