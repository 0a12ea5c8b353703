public import EnergyModel

/// A value as the device gave it, before anything is understood.
enum RawScalar: Sendable, Hashable {
  /// With the bits in their places.
  case unsigned(UInt64)
  case signed(Int64)
  case single(Float)
  case double(Double)
  case text(String)
  case flag(Bool)
  case null
}

/// A value in the words of the wire, for what plays a device.
public enum RawValue: Sendable, Hashable {
  /// As they stand in the device's memory.
  case registers([UInt16])
  /// A coil or discrete input.
  case bit(Bool)
  /// A value in a JSON document or a plain payload.
  case scalar(ScalarValue)
}

extension RegisterType {
  /// The type as texts for people name it: the word of the profile grammar, with the byte or the length.
  public var word: String {
    switch self {
    case .u16: "u16"
    case .i16: "i16"
    case .u32: "u32"
    case .i32: "i32"
    case .u64: "u64"
    case .i64: "i64"
    case .f32: "f32"
    case .f64: "f64"
    case .bcd16: "bcd16"
    case .bcd32: "bcd32"
    case .u8(let byte): "u8 (\(byte.rawValue) byte)"
    case .i8(let byte): "i8 (\(byte.rawValue) byte)"
    case .string(let registers): "string[\(registers)]"
    case .bit: "bit"
    }
  }

  /// Reads the value that begins at an index; `nil` if the registers end before it does, or for a bit.
  func decode(_ registers: [UInt16], at start: Int, order: WordOrder) -> RawScalar? {
    let count = registerCount
    guard start >= 0, count > 0, start + count <= registers.count else { return nil }
    if case .string = self { return .text(Self.text(registers[start..<start + count], order)) }
    var pattern: UInt64 = 0
    for index in 0..<count {
      let word = registers[order.isLowWordFirst ? start + count - 1 - index : start + index]
      pattern = pattern << 16 | UInt64(order.swapsBytes ? word.byteSwapped : word)
    }
    return Self.value(of: pattern, self)
  }

  /// The value of words that were brought into order, as many as the type has.
  static func value(of pattern: UInt64, _ type: RegisterType) -> RawScalar? {
    switch type {
    case .u16, .u32, .u64: return .unsigned(pattern)
    case .u8(let byte): return .unsigned(UInt64(byte.taken(from: pattern)))
    case .i8(let byte): return .signed(Int64(Int8(bitPattern: byte.taken(from: pattern))))
    case .bcd16, .bcd32: return decimal(pattern, digits: type.registerCount * 4)
    case .i16: return .signed(Int64(Int16(truncatingIfNeeded: pattern)))
    case .i32: return .signed(Int64(Int32(truncatingIfNeeded: pattern)))
    case .i64: return .signed(Int64(bitPattern: pattern))
    case .f32: return .single(Float(bitPattern: UInt32(truncatingIfNeeded: pattern)))
    case .f64: return .double(Double(bitPattern: pattern))
    case .string, .bit: return nil
    }
  }

  /// Binary coded decimals; `null` where a half byte is no digit.
  private static func decimal(_ pattern: UInt64, digits: Int) -> RawScalar {
    var value: UInt64 = 0
    for place in stride(from: digits - 1, through: 0, by: -1) {
      let digit = pattern >> UInt64(4 * place) & 0xF
      guard digit <= 9 else { return .null }
      value = value * 10 + digit
    }
    return .unsigned(value)
  }

  private static func decimalPattern(_ value: Int64) -> UInt64 {
    var rest = UInt64(max(0, value))
    var pattern: UInt64 = 0
    for place in 0..<8 {
      pattern |= rest % 10 << UInt64(4 * place)
      rest /= 10
    }
    return pattern
  }

  /// The bits of one register that the value takes; `nil` for all of them.
  public var registerBits: ClosedRange<Int>? {
    switch self {
    case .u8(let byte), .i8(let byte): byte.bits
    default: nil
    }
  }

  /// The registers of a raw value; `nil` if the type cannot hold it. Of a byte the other half is 0.
  func encode(_ raw: ScalarValue, order: WordOrder) -> [UInt16]? {
    switch (self, raw) {
    case (.string(let count), .text(let text)): return Self.registers(text, count: count, order)
    case (.f32, .number(let value)):
      let single = Float(value)
      return single.isFinite ? split(UInt64(single.bitPattern), order) : nil
    case (.f64, .number(let value)): return value.isFinite ? split(value.bitPattern, order) : nil
    case (.u64, .number(let value)): return UInt64(exactly: value.rounded()).flatMap { split($0, order) }
    case (_, .number(let value)):
      guard let limits = integerLimits, let whole = Int64(exactly: value.rounded()), limits.contains(whole)
      else { return nil }
      switch self {
      case .bcd16, .bcd32: return split(Self.decimalPattern(whole), order)
      case .u8(let byte), .i8(let byte): return split(byte.placed(UInt8(truncatingIfNeeded: whole)), order)
      default: return split(UInt64(bitPattern: whole), order)
      }
    default: return nil
    }
  }

  /// What integers of this type can hold; `nil` for all other types and for `u64`, which is more than `Int64`.
  var integerLimits: ClosedRange<Int64>? {
    switch self {
    case .u8: 0...0xFF
    case .i8: Int64(Int8.min)...Int64(Int8.max)
    case .bcd16: 0...9999
    case .bcd32: 0...99_999_999
    case .u16: 0...0xFFFF
    case .i16: Int64(Int16.min)...Int64(Int16.max)
    case .u32: 0...0xFFFF_FFFF
    case .i32: Int64(Int32.min)...Int64(Int32.max)
    case .i64: Int64.min...Int64.max
    case .u64, .f32, .f64, .string, .bit: nil
    }
  }

  /// The bits of an integer as they stand in the registers, for marks that are written in hexadecimal.
  func pattern(of value: Int64) -> UInt64 {
    if registerBits != nil { return UInt64(UInt8(truncatingIfNeeded: value)) }
    return switch registerCount {
    case 1: UInt64(UInt16(truncatingIfNeeded: value))
    case 2: UInt64(UInt32(truncatingIfNeeded: value))
    default: UInt64(bitPattern: value)
    }
  }

  private func split(_ pattern: UInt64, _ order: WordOrder) -> [UInt16] {
    let count = registerCount
    let words = (0..<count).map { index -> UInt16 in
      let word = UInt16(truncatingIfNeeded: pattern >> UInt64(16 * (count - 1 - index)))
      return order.swapsBytes ? word.byteSwapped : word
    }
    return order.isLowWordFirst ? words.reversed() : words
  }

  /// Text ends at the first NUL; bytes that are not ASCII become `?`, blanks at the ends go.
  private static func text(_ registers: ArraySlice<UInt16>, _ order: WordOrder) -> String {
    var text = ""
    scan: for register in registers {
      let word = order.swapsBytes ? register.byteSwapped : register
      for byte in [UInt8(word >> 8), UInt8(word & 0xFF)] {
        if byte == 0 { break scan }
        text.unicodeScalars.append((0x20..<0x7F).contains(byte) ? Unicode.Scalar(byte) : "?")
      }
    }
    return text.trimmingBlanks
  }

  private static func registers(_ text: String, count: Int, _ order: WordOrder) -> [UInt16]? {
    let bytes = Array(text.utf8)
    guard bytes.count <= count * 2 else { return nil }
    return (0..<count).map { index in
      let high = index * 2 < bytes.count ? bytes[index * 2] : 0
      let low = index * 2 + 1 < bytes.count ? bytes[index * 2 + 1] : 0
      let word = UInt16(high) << 8 | UInt16(low)
      return order.swapsBytes ? word.byteSwapped : word
    }
  }
}

extension RegisterByte {
  /// The bits of the register that it is.
  var bits: ClosedRange<Int> { self == .high ? 8...15 : 0...7 }

  func taken(from pattern: UInt64) -> UInt8 { UInt8(truncatingIfNeeded: pattern >> UInt64(bits.lowerBound)) }

  func placed(_ byte: UInt8) -> UInt64 { UInt64(byte) << UInt64(bits.lowerBound) }
}

extension WordOrder {
  var isLowWordFirst: Bool { self == .cdab || self == .dcba }
  var swapsBytes: Bool { self == .badc || self == .dcba }
}

extension StringProtocol {
  /// Without white space at both ends.
  var trimmingBlanks: String {
    var rest = self[...]
    while let first = rest.first, first.isWhitespace { rest = rest.dropFirst() }
    while let last = rest.last, last.isWhitespace { rest = rest.dropLast() }
    return String(rest)
  }
}
