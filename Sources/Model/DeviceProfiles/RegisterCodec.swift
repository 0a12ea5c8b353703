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
    switch self {
    case .u16, .u32, .u64: return .unsigned(pattern)
    case .i16: return .signed(Int64(Int16(truncatingIfNeeded: pattern)))
    case .i32: return .signed(Int64(Int32(truncatingIfNeeded: pattern)))
    case .i64: return .signed(Int64(bitPattern: pattern))
    case .f32: return .single(Float(bitPattern: UInt32(truncatingIfNeeded: pattern)))
    case .f64: return .double(Double(bitPattern: pattern))
    case .string, .bit: return nil
    }
  }

  /// The registers of a raw value; `nil` if the type cannot hold it.
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
      return split(UInt64(bitPattern: whole), order)
    default: return nil
    }
  }

  /// What integers of this type can hold; `nil` for all other types and for `u64`, which is more than `Int64`.
  var integerLimits: ClosedRange<Int64>? {
    switch self {
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
    switch registerCount {
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
