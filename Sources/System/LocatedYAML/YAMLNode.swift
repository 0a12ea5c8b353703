internal import Yams

/// One value of a YAML file, with its place and its path from the top.
///
/// The `…Value` readers report a located finding and return `nil` when the value is of the wrong kind, so a caller can
/// go on and collect the next mistake.
public struct YAMLNode {
  let node: Node
  /// The file it is in.
  public let document: YAMLDocument
  /// Keys and indices from the top, for messages: `devices.battery.points.powerW`.
  public let path: String
  /// The entries of a mapping that was put together; `nil` = as they stand in the file.
  var merged: [(key: YAMLNode, value: YAMLNode)]?

  /// 1-based line.
  public var line: Int { node.mark?.line ?? 0 }
  /// 1-based column.
  public var column: Int { node.mark?.column ?? 0 }

  /// Reports a finding at this value.
  public func report(
    _ number: Int, _ message: String, hint: String? = nil, severity: Diagnostic.Severity = .error
  ) {
    document.report(number, line: line, column: column, message, hint: hint, severity: severity)
  }

  /// Reports a finding within the text of a scalar, at a character that counts from 1. Where the text does not stand
  /// as it is on one line (folded or escaped text), the finding is at its start.
  public func report(_ number: Int, inText character: Int, _ message: String, hint: String? = nil) {
    let quote = isQuoted ? 1 : 0
    let text = scalarText ?? ""
    let source = document.lines.indices.contains(line - 1) ? document.lines[line - 1] : ""
    let isPlain = source.dropFirst(max(0, column - 1 + quote)).hasPrefix(text)
    document.report(
      number, line: line, column: isPlain ? column + quote + max(0, character - 1) : column, message, hint: hint)
  }

  // MARK: What it is

  /// Whether it is a mapping of keys to values.
  public var isMapping: Bool { node.mapping != nil }
  /// Whether it is a list.
  public var isSequence: Bool { node.sequence != nil }
  /// Whether it is a single value (text, number, flag, null).
  public var isScalar: Bool { node.scalar != nil }
  /// Whether it is `null`, `~` or nothing.
  public var isNull: Bool { node.scalar != nil && node.null != nil }
  /// Whether the scalar was written in quotes, so that it is text whatever it looks like.
  public var isQuoted: Bool {
    guard let style = node.scalar?.style else { return false }
    return style == .singleQuoted || style == .doubleQuoted
  }

  /// The text of a scalar as written, without quotes; `nil` for mappings and lists. Reports nothing.
  public var scalarText: String? { node.scalar?.string }

  /// An integer in decimal, hexadecimal (`0x9A`) or octal (`0o17`) notation; `nil` otherwise. Reports nothing.
  public var integer: Int? {
    guard let text = scalarText, !isQuoted else { return nil }
    let unsigned = text.hasPrefix("-") ? String(text.dropFirst()) : text
    let magnitude: Int?
    if unsigned.hasPrefix("0x") || unsigned.hasPrefix("0X") {
      magnitude = Int(unsigned.dropFirst(2).filter { $0 != "_" }, radix: 16)
    } else if unsigned.hasPrefix("0o") {
      magnitude = Int(unsigned.dropFirst(2), radix: 8)
    } else {
      magnitude = Int(unsigned)
    }
    return magnitude.map { text.hasPrefix("-") ? -$0 : $0 }
  }

  /// A finite number; `nil` otherwise. Reports nothing.
  public var number: Double? {
    if let integer { return Double(integer) }
    guard let text = scalarText, !isQuoted, let value = Double(text), value.isFinite else { return nil }
    return value
  }

  /// `true` or `false`; `nil` otherwise. Reports nothing.
  public var flag: Bool? {
    guard !isQuoted else { return nil }
    switch scalarText {
    case "true": return true
    case "false": return false
    default: return nil
    }
  }

  // MARK: Children

  /// The entries of a mapping in the order of the file; empty for everything else. Reports nothing.
  public var entries: [(key: YAMLNode, value: YAMLNode)] {
    if let merged {
      return merged.map { key, value in
        let below = self.below(key.scalarText ?? "?")
        return (key.with(path: below, merged: key.merged), value.with(path: below, merged: value.merged))
      }
    }
    guard case .mapping(let mapping) = node else { return [] }
    return mapping.map { key, value in
      let below = self.below(key.scalar?.string ?? "?")
      return (
        YAMLNode(node: key, document: document, path: below), YAMLNode(node: value, document: document, path: below)
      )
    }
  }

  /// The elements of a list; empty for everything else. Reports nothing.
  public var elements: [YAMLNode] {
    guard case .sequence(let sequence) = node else { return [] }
    return sequence.enumerated().map { index, element in
      YAMLNode(node: element, document: document, path: "\(path)[\(index)]")
    }
  }

  /// The value under a key; `nil` if absent. Reports nothing.
  public subscript(key: String) -> YAMLNode? {
    if let merged {
      guard let value = merged.first(where: { $0.key.scalarText == key })?.value else { return nil }
      return value.with(path: below(key), merged: value.merged)
    }
    guard case .mapping(let mapping) = node else { return nil }
    for (candidate, value) in mapping where candidate.scalar?.string == key {
      return YAMLNode(node: value, document: document, path: below(key))
    }
    return nil
  }

  private func below(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  // MARK: Readers that report

  /// The entries of a mapping whose keys must be among `known`; unknown keys are reported with the nearest known one.
  /// Returns whether this is a mapping at all.
  @discardableResult
  public func expectMapping(keys known: [String]) -> Bool {
    guard isMapping else {
      report(10, "\(subject) must be a mapping (key: value), it is \(kindName)")
      return false
    }
    for (key, _) in entries {
      guard let name = key.scalarText, known.contains(name) else {
        let name = key.scalarText ?? "?"
        key.report(
          11, "unknown key '\(name)'\(path.isEmpty ? "" : " in \(path)")",
          hint: Suggestion.hint(for: name, among: known))
        continue
      }
    }
    return true
  }

  /// The value under a key; reports when it is absent.
  public func require(_ key: String) -> YAMLNode? {
    if let value = self[key] { return value }
    report(12, "\(subject) needs '\(key)'")
    return nil
  }

  /// Text. Numbers and flags are taken as written.
  public func textValue() -> String? {
    if let text = scalarText, !isNull || isQuoted { return text }
    report(13, "\(subject) must be text, it is \(kindName)")
    return nil
  }

  /// A whole number in a range.
  public func integerValue(in range: ClosedRange<Int> = Int.min...Int.max) -> Int? {
    guard let value = integer else {
      report(14, "\(subject) must be a whole number, it is \(described)")
      return nil
    }
    guard range.contains(value) else {
      report(15, "\(subject) must be between \(range.lowerBound) and \(range.upperBound), it is \(value)")
      return nil
    }
    return value
  }

  /// A finite number.
  public func numberValue() -> Double? {
    guard let value = number else {
      report(16, "\(subject) must be a number, it is \(described)")
      return nil
    }
    return value
  }

  /// `true` or `false`.
  public func flagValue() -> Bool? {
    guard let value = flag else {
      report(17, "\(subject) must be true or false, it is \(described)")
      return nil
    }
    return value
  }

  /// A duration such as `250 ms`, `10 s`, `5 min`, `2 h`, `7 d`.
  public func durationValue() -> Duration? {
    guard let text = scalarText, let duration = DurationText.parse(text) else {
      report(18, "\(subject) must be a duration, it is \(described)", hint: "write a number and ms, s, min, h or d")
      return nil
    }
    return duration
  }

  /// One of some words.
  public func wordValue(among words: [String]) -> String? {
    guard let text = textValue() else { return nil }
    guard words.contains(text) else {
      report(19, "unknown \(lastKey) '\(text)'", hint: Suggestion.hint(for: text, among: words))
      return nil
    }
    return text
  }

  /// A list of texts; a single text counts as a list of one.
  public func textListValue() -> [String]? {
    if isScalar { return textValue().map { [$0] } }
    guard isSequence else {
      report(20, "\(subject) must be a list, it is \(kindName)")
      return nil
    }
    return elements.compactMap { $0.textValue() }
  }

  // MARK: Words for messages

  /// The path, quoted, or "the file".
  public var subject: String { path.isEmpty ? document.subject : "'\(path)'" }
  /// The last key of the path.
  public var lastKey: String { path.split(separator: ".").last.map(String.init) ?? "value" }

  var kindName: String {
    if isMapping { return "a mapping" }
    if isSequence { return "a list" }
    return isNull ? "empty" : "a single value"
  }

  var described: String { isScalar && !isNull ? "'\(scalarText ?? "")'" : kindName }
}
