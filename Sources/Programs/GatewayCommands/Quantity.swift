import EnergyModel

/// Quantities as people write them, read in one place: `2500W`, `2.5kW`, `16A`, `21.5C`, `70F`, `80%`, `30m`, `2h`.
enum Quantity {
  /// What is wrong with a text, in words.
  struct ParseError: Error, Hashable, CustomStringConvertible {
    let description: String
  }

  /// Watts.
  static func power(_ text: String) throws(ParseError) -> Double {
    try value(text, in: .watt, example: "2500W or 2.5kW")
  }

  /// Degrees Celsius.
  static func temperature(_ text: String) throws(ParseError) -> Double {
    try value(text, in: .celsius, example: "21.5C or 70F")
  }

  /// Amperes: `16A`, `6000mA`.
  static func current(_ text: String) throws(ParseError) -> Double {
    try value(text, in: .ampere, example: "16A")
  }

  /// Percent; the sign may be left out.
  static func percent(_ text: String) throws(ParseError) -> Double {
    if let number = number(text) { return number }
    return try value(text, in: .percent, example: "80 or 80%")
  }

  /// Seconds: `90s`, `30m`, `2h`, `1h30m`, `1d`.
  static func duration(_ text: String) throws(ParseError) -> Double {
    let units: [String: Double] = ["s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400]
    var rest = Substring(text.filter { $0 != " " })
    var seconds = 0.0
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
      rest = rest.dropFirst(digits.count)
      let name = rest.prefix { $0.isLetter }
      rest = rest.dropFirst(name.count)
      guard let number = number(String(digits)), let unit = units[String(name)] else { seconds = .nan; break }
      seconds += number * unit
    }
    guard seconds.isFinite, seconds > 0 else {
      throw ParseError(description: "'\(text)' is not a duration; write 30m, 2h, 1h30m or 90s")
    }
    return seconds
  }

  /// A value of `key=value`: a number with or without a unit (in SI afterwards), `true`, `false`, or a word.
  static func scalar(_ text: String) -> ScalarValue {
    if let number = number(text) { return .number(number) }
    if let flag = Bool(text) { return .flag(flag) }
    let (digits, unit) = split(text)
    if let number = number(digits), let conversion = conversion(unit) {
      return .number(number * conversion.factor + conversion.offset)
    }
    return .text(text)
  }

  private static func value(_ text: String, in unit: Unit, example: String) throws(ParseError) -> Double {
    let (digits, name) = split(text)
    guard let number = number(digits) else {
      throw ParseError(description: "'\(text)' is not a number; write \(example)")
    }
    guard !name.isEmpty else { throw ParseError(description: "'\(text)' has no unit; write \(example)") }
    guard let conversion = conversion(name), conversion.unit == unit else {
      throw ParseError(description: "'\(name)' is not a unit for this; write \(example)")
    }
    return number * conversion.factor + conversion.offset
  }

  private static func split(_ text: String) -> (digits: String, unit: String) {
    let compact = text.filter { $0 != " " }
    let digits = compact.prefix { $0.isASCII && ($0.isNumber || $0 == "." || $0 == "-" || $0 == "+") }
    return (String(digits), String(compact.dropFirst(digits.count)))
  }

  /// Units in the spelling of the model, or in any case where that is not ambiguous (`kw`, but not `mw`).
  private static func conversion(_ name: String) -> Unit.Conversion? {
    if let exact = Unit.conversions[name] { return exact }
    let similar = Unit.conversions.filter { $0.key.lowercased() == name.lowercased() }
    return similar.count == 1 ? similar.first?.value : nil
  }

  private static func number(_ text: String) -> Double? {
    // Double would also read "inf", "nan" and "0x10".
    guard !text.isEmpty, text.allSatisfy({ $0.isASCII && ($0.isNumber || "+-.".contains($0)) }) else { return nil }
    return Double(text)
  }
}
