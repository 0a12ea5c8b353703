import EnergyModel
import LocatedYAML

/// How raw values become values in SI units and words.
extension ProfileFileReader {
  static let conversionKeys = [
    "invalid", "bits", "signed", "scale", "offset", "scaleFactor", "unit", "negate", "enum", "otherwise", "flags",
    "suffix",
  ]

  func readConversion(_ node: YAMLNode, _ target: ProfilePoint.Target, _ part: Int) -> PointConversion {
    var conversion = PointConversion()
    let field: Field? = if case .field(let field) = target { field } else { nil }
    if let invalid = node["invalid"] {
      conversion.invalid = invalid.isSequence ? invalid.elements.map { scalar($0) } : [scalar(invalid)]
    }
    if let suffix = node["suffix"] {
      let texts = suffix.textListValue() ?? []
      // The longest first, so that W does not take the end of kW.
      conversion.suffixes = texts.map(\.trimmingBlanks).filter { !$0.isEmpty }.sorted { $0.count > $1.count }
    }
    conversion.bits = node["bits"].flatMap { bits($0) }
    conversion.isSigned = node["signed"]?.flagValue() ?? false
    if node["bits"] == nil { node["signed"]?.report(Finding.conversion, "'signed' goes with 'bits'") }
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
}
