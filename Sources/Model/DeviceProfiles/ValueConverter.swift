import EnergyModel

/// The conversion of one point, prepared: from a raw value to SI and back.
struct ValueConverter: Sendable {
  /// What comes out.
  enum Output: Sendable, Hashable {
    case number, flag, text
    case label([String])
    /// Whatever it is: locals and controls.
    case any
  }

  /// The power of ten that a value is multiplied with.
  enum Power: Sendable, Hashable {
    case none
    case of(Int)
    /// The device does not give the scale factor, so the value has no meaning.
    case absent
  }

  struct Outcome: Sendable {
    var value: ScalarValue
    var quality: Quality
    /// What could not be understood; `nil` in all normal cases.
    var problem: String?
  }

  let output: Output
  let conversion: PointConversion
  let type: RegisterType?
  let valid: ClosedRange<Double>?
  let linear: LinearConversion

  init(_ conversion: PointConversion, type: RegisterType?, output: Output, valid: ClosedRange<Double>?) {
    self.conversion = conversion
    self.type = type
    self.output = output
    self.valid = valid
    let unitFactor = conversion.unit?.factor ?? 1
    let unitOffset = conversion.ignoresUnitOffset ? 0 : conversion.unit?.offset ?? 0
    let sign: Double = conversion.negate ? -1 : 1
    linear = LinearConversion(
      factor: conversion.scale * unitFactor * sign, addend: (conversion.offset * unitFactor + unitOffset) * sign)
  }

  static func output(of field: Field) -> Output {
    switch field.type {
    case .number: .number
    case .flag: .flag
    case .text: .text
    case .label(let words): .label(words)
    }
  }

  // MARK: From the wire

  func convert(_ raw: RawScalar, power: Power) -> Outcome {
    if isInvalid(raw) || power == .absent { return Outcome(value: .null, quality: .missing) }
    if let names = conversion.flags { return flags(raw, names) }
    var value = scalar(conversion.suffixes.isEmpty ? raw : withoutSuffix(raw))
    if let enumeration = conversion.enumeration, let word = word(for: value, in: enumeration) {
      value = word
    } else if case .number(let number) = value {
      value = linear.apply(number, power).finite
    } else if case .flag(let flag) = value, conversion.negate {
      value = .flag(!flag)
    }
    if let enumeration = conversion.enumeration, !enumeration.isEmpty { value = enumerated(value, in: enumeration) }
    return finish(value)
  }

  private func finish(_ value: ScalarValue) -> Outcome {
    guard value != .null else { return Outcome(value: .null, quality: .missing) }
    guard let coerced = coerce(value) else {
      return Outcome(value: .null, quality: .bad, problem: "'\(value)' is not \(expectation)")
    }
    if let valid, case .number(let number) = coerced, !valid.contains(number) {
      return Outcome(value: coerced, quality: .suspect)
    }
    return Outcome(value: coerced, quality: .good)
  }

  /// The value that a computed point or a constant has, in the type of its field.
  func convertComputed(_ value: ScalarValue) -> Outcome {
    switch value {
    case .number(let number): convert(.double(number), power: .none)
    case .text(let text): convert(.text(text), power: .none)
    case .flag(let flag): convert(.flag(flag), power: .none)
    case .null: Outcome(value: .null, quality: .missing)
    }
  }

  /// `3.2 kW` → `3.2`.
  private func withoutSuffix(_ raw: RawScalar) -> RawScalar {
    guard case .text(let text) = raw else { return raw }
    let trimmed = text.trimmingBlanks
    guard let suffix = conversion.suffixes.first(where: { trimmed.hasSuffix($0) }) else { return raw }
    return .text(trimmed.dropLast(suffix.count).trimmingBlanks)
  }

  private func isInvalid(_ raw: RawScalar) -> Bool {
    switch raw {
    case .null: true
    case .single(let value): !value.isFinite || conversion.invalid.contains { $0.number.map { Float($0) } == value }
    case .double(let value): !value.isFinite || conversion.invalid.contains { $0.number == value }
    case .unsigned(let value): conversion.invalid.contains { $0.number == Double(value) }
    case .signed(let value):
      // A mark may be written as the number or as the bits: -32768 or 0x8000.
      conversion.invalid.contains { mark in
        mark.number == Double(value) || (type.map { mark.number == Double($0.pattern(of: value)) } ?? false)
      }
    case .text(let text):
      conversion.invalid.contains { mark in
        mark == .text(text) || (mark.number != nil && mark.number == Double(text.trimmingBlanks))
      }
    case .flag(let flag): conversion.invalid.contains(.flag(flag))
    }
  }

  private func scalar(_ raw: RawScalar) -> ScalarValue {
    switch raw {
    case .unsigned(let value): return .number(conversion.bits.map { taken($0, from: value) } ?? Double(value))
    case .signed(let value):
      guard let bits = conversion.bits else { return .number(Double(value)) }
      return .number(taken(bits, from: type?.pattern(of: value) ?? UInt64(bitPattern: value)))
    case .single(let value): return .number(Self.shortest(value))
    case .double(let value):
      guard let bits = conversion.bits else { return value.finite }
      return Int64(exactly: value).map { .number(taken(bits, from: UInt64(bitPattern: $0))) } ?? .null
    case .text(let text): return textOrNumber(text)
    case .flag(let flag): return .flag(flag)
    case .null: return .null
    }
  }

  /// Text for a number is read as one; a local becomes a number only where nothing is lost by it (`007` stays text).
  private func textOrNumber(_ text: String) -> ScalarValue {
    if case .string = type { return text.isEmpty ? .null : .text(text) }
    guard conversion.enumeration == nil else { return .text(text) }
    switch output {
    case .number: return Self.number(in: text).map { .number($0) } ?? .text(text)
    case .any:
      guard let value = Self.number(in: text) else { return .text(text) }
      let digits = text.drop { $0 == "-" }
      let isPlain = !(digits.hasPrefix("0") && digits.count > 1 && !digits.hasPrefix("0.")) && !text.hasPrefix("+")
      return isPlain ? .number(value) : .text(text)
    case .flag, .text, .label: return .text(text)
    }
  }

  private static func number(in text: String) -> Double? {
    let trimmed = text.trimmingBlanks
    guard let first = trimmed.utf8.first, first == 0x2B || first == 0x2D || first == 0x2E || (0x30...0x39) ~= first,
      let value = Double(trimmed), value.isFinite
    else { return nil }
    return value
  }

  /// Bits as a number, with the sign that they may have.
  private func taken(_ bits: ClosedRange<Int>, from pattern: UInt64) -> Double {
    let value = Self.take(bits, from: pattern)
    guard conversion.isSigned, bits.count < 64, value >> UInt64(bits.count - 1) & 1 == 1 else {
      return conversion.isSigned ? Double(Int64(bitPattern: value)) : Double(value)
    }
    return Double(Int64(bitPattern: value | UInt64.max << UInt64(bits.count)))
  }

  static func take(_ bits: ClosedRange<Int>, from pattern: UInt64) -> UInt64 {
    let width = UInt64(bits.count)
    let mask: UInt64 = width >= 64 ? .max : (1 << width) - 1
    return (pattern >> UInt64(bits.lowerBound)) & mask
  }

  /// 230.1, not 230.10000610351562: the shortest decimal of seven digits that is this 32-bit number.
  static func shortest(_ single: Float) -> Double {
    let exact = Double(single)
    guard exact != 0, exact.isFinite, (1e-5...1e7).contains(exact.magnitude) else { return exact }
    var power = 1.0
    var scaled = exact.magnitude
    while scaled < 1e6 {
      scaled *= 10
      power *= 10
    }
    let rounded = (exact * power).rounded() / power
    return Float(rounded) == single ? rounded : exact
  }

  // MARK: Words

  /// The word for a raw code before it is scaled: text keys, and numbers that came as text or flag.
  private func word(for value: ScalarValue, in enumeration: [ScalarValue: ScalarValue]) -> ScalarValue? {
    switch value {
    case .number, .null: return nil
    case .flag(let flag): return enumeration[value] ?? enumeration[.number(flag ? 1 : 0)]
    case .text(let text):
      if let word = enumeration[value] { return word }
      if let number = Self.number(in: text), let word = enumeration[.number(number)] { return word }
      return text == "true" || text == "false" ? enumeration[.flag(text == "true")] : nil
    }
  }

  private func enumerated(_ value: ScalarValue, in enumeration: [ScalarValue: ScalarValue]) -> ScalarValue {
    if case .number = value {
      if let word = enumeration[value] { return word }
    } else if value == .null || enumeration.values.contains(value) {
      return value
    }
    if let otherwise = conversion.otherwise { return otherwise }
    switch output {
    case .number, .flag: return .null
    case .text, .label: return .text("unknown")
    case .any:
      return enumeration.values.allSatisfy { if case .text = $0 { true } else { false } } ? .text("unknown") : .null
    }
  }

  private func flags(_ raw: RawScalar, _ names: [Int: String]) -> Outcome {
    let pattern: UInt64
    switch scalar(raw) {
    case .number(let value):
      guard let whole = Int64(exactly: value) else {
        return Outcome(value: .null, quality: .bad, problem: "\(value) has no bits")
      }
      pattern = UInt64(bitPattern: whole)
    case .text(let text): return Outcome(value: .null, quality: .bad, problem: "'\(text)' has no bits")
    case .flag(let flag): pattern = flag ? 1 : 0
    case .null: return Outcome(value: .null, quality: .missing)
    }
    let active = names.keys.sorted().filter { (0..<64).contains($0) && pattern >> UInt64($0) & 1 == 1 }
    return Outcome(value: .text(active.compactMap { names[$0] }.joined(separator: ",")), quality: .good)
  }

  private func coerce(_ value: ScalarValue) -> ScalarValue? {
    switch (output, value) {
    case (.any, _), (.number, .number), (.flag, .flag), (.text, .text): return value
    case (.number, .flag(let flag)): return .number(flag ? 1 : 0)
    case (.number, .text(let text)): return Self.number(in: text).map { .number($0) }
    case (.flag, .number(let number)): return .flag(number != 0)
    case (.flag, .text(let text)): return Self.flag(in: text).map { .flag($0) }
    case (.text, _): return .text(value.description)
    case (.label(let words), _): return .text(words.contains(value.description) ? value.description : "unknown")
    case (_, .null): return .null
    }
  }

  private static func flag(in text: String) -> Bool? {
    switch text.trimmingBlanks.lowercased() {
    case "true", "on", "1", "yes": true
    case "false", "off", "0", "no": false
    default: nil
    }
  }

  private var expectation: String {
    switch output {
    case .number: "a number"
    case .flag: "a flag"
    case .text, .label, .any: "text"
    }
  }

  // MARK: To the wire

  /// The raw value for a value in SI; `nil` where there is none (a word without a code, a point that takes bits out of
  /// a register whose other bits are not known here).
  func raw(for value: ScalarValue, power: Power) -> ScalarValue? {
    if let names = conversion.flags { return raw(forFlags: value, names) }
    if let enumeration = conversion.enumeration {
      let codes = enumeration.filter { $0.value == value }.map(\.key)
      if let code = codes.min(by: Self.precedes) { return shifted(code) }
      guard case .number = value else { return nil }
    }
    switch value {
    case .number(let number):
      let raw = linear.inverted(number, power).flatMap { shifted(.number($0)) }
      return conversion.suffixes.first.map { suffix in raw.map { .text("\($0) \(suffix)") } } ?? raw
    case .flag(let flag):
      let stored = conversion.negate ? !flag : flag
      return type == nil || type == .bit ? .flag(stored) : shifted(.number(stored ? 1 : 0))
    case .text: return value
    case .null: return nil
    }
  }

  private func shifted(_ raw: ScalarValue) -> ScalarValue? {
    guard let bits = conversion.bits else { return raw }
    guard case .number(let number) = raw, let whole = Int64(exactly: number.rounded()) else { return nil }
    let code = Self.take(0...(bits.count - 1), from: UInt64(bitPattern: whole))
    guard taken(0...(bits.count - 1), from: code) == Double(whole) else { return nil }
    return .number(Double(code << UInt64(bits.lowerBound)))
  }

  private func raw(forFlags value: ScalarValue, _ names: [Int: String]) -> ScalarValue? {
    guard case .text(let text) = value else { return nil }
    let active = Set(text.split(separator: ",").map { $0.trimmingBlanks })
    let bits = names.filter { active.contains($0.value) && (0..<53).contains($0.key) }.map(\.key)
    return .number(Double(bits.reduce(UInt64(0)) { $0 | 1 << UInt64($1) }))
  }

  private static func precedes(_ a: ScalarValue, _ b: ScalarValue) -> Bool {
    if let first = a.number, let second = b.number { return first < second }
    return a.description < b.description
  }
}
