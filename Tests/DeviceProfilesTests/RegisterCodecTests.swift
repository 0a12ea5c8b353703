@testable import DeviceProfiles
import EnergyModel
import Testing

@Suite struct RegisterCodecTests {
  static let types: [RegisterType] = [.u16, .i16, .u32, .i32, .u64, .i64, .f32, .f64]

  @Test("Every type in every order comes back as it went out", arguments: WordOrder.allCases)
  func roundTrip(order: WordOrder) throws {
    let seed: UInt64 = 0x5EED_0002
    var numbers = SeededNumbers(seed: seed)
    for type in Self.types {
      for _ in 0..<500 {
        let value = Self.number(type, &numbers)
        let registers = try #require(
          type.encode(.number(value), order: order), "seed \(seed): \(type) cannot hold \(value)")
        #expect(registers.count == type.registerCount)
        let raw = try #require(type.decode(registers, at: 0, order: order))
        #expect(Self.double(raw) == value, "seed \(seed): \(type) \(order) \(registers)")
      }
    }
  }

  @Test("The orders are those of the bytes ABCD")
  func orders() {
    let value = ScalarValue.number(Double(0x0A0B_0C0D))
    #expect(RegisterType.u32.encode(value, order: .abcd) == [0x0A0B, 0x0C0D])
    #expect(RegisterType.u32.encode(value, order: .cdab) == [0x0C0D, 0x0A0B])
    #expect(RegisterType.u32.encode(value, order: .badc) == [0x0B0A, 0x0D0C])
    #expect(RegisterType.u32.encode(value, order: .dcba) == [0x0D0C, 0x0B0A])
  }

  @Test("Text is ASCII that ends at NUL, without blanks around it")
  func text() {
    let type = RegisterType.string(registers: 4)
    #expect(type.encode(.text("SUN2"), order: .abcd) == [0x5355, 0x4E32, 0, 0])
    #expect(type.decode([0x2053, 0x554E, 0x2000, 0x4141], at: 0, order: .abcd) == .text("SUN"))
    #expect(type.decode([0xFF41, 0, 0, 0], at: 0, order: .abcd) == .text("?A"))
    #expect(type.decode([0x5553, 0x324E, 0, 0], at: 0, order: .badc) == .text("SUN2"))
    #expect(type.encode(.text("much too long"), order: .abcd) == nil)
  }

  @Test("What a type cannot hold is refused")
  func limits() {
    #expect(RegisterType.u16.encode(.number(65536), order: .abcd) == nil)
    #expect(RegisterType.u16.encode(.number(-1), order: .abcd) == nil)
    #expect(RegisterType.i16.encode(.number(32768), order: .abcd) == nil)
    #expect(RegisterType.i64.encode(.number(1e300), order: .abcd) == nil)
    #expect(RegisterType.u64.encode(.number(.nan), order: .abcd) == nil)
    #expect(RegisterType.f32.encode(.number(1e300), order: .abcd) == nil)
    #expect(RegisterType.u16.encode(.text("1"), order: .abcd) == nil)
  }

  @Test("Registers that end before the value does give none")
  func short() {
    #expect(RegisterType.u32.decode([1], at: 0, order: .abcd) == nil)
    #expect(RegisterType.u32.decode([1, 2], at: 1, order: .abcd) == nil)
    #expect(RegisterType.u16.decode([1], at: -1, order: .abcd) == nil)
  }

  static func number(_ type: RegisterType, _ numbers: inout SeededNumbers) -> Double {
    switch type {
    case .f32: return Double(Float.random(in: -1e6...1e6, using: &numbers))
    case .f64: return Double.random(in: -1e12...1e12, using: &numbers)
    case .u64: return Double(UInt64.random(in: 0...(1 << 53), using: &numbers))
    case .i64: return Double(Int64.random(in: -(1 << 53)...(1 << 53), using: &numbers))
    default:
      guard let limits = type.integerLimits else { return 0 }
      return Double(Int64.random(in: limits, using: &numbers))
    }
  }

  static func double(_ raw: RawScalar) -> Double? {
    switch raw {
    case .unsigned(let value): Double(value)
    case .signed(let value): Double(value)
    case .single(let value): Double(value)
    case .double(let value): value
    case .text, .flag, .null: nil
    }
  }
}

@Suite struct ValueConverterTests {
  func converter(
    _ type: RegisterType? = .u16, _ output: ValueConverter.Output = .number, valid: ClosedRange<Double>? = nil,
    _ change: (inout PointConversion) -> Void
  ) -> ValueConverter {
    var conversion = PointConversion()
    change(&conversion)
    return ValueConverter(conversion, type: type, output: output, valid: valid)
  }

  @Test("A scaled value is the decimal that was meant")
  func decimals() {
    #expect(converter { $0.scale = 0.1 }.convert(.unsigned(873), power: .none).value == .number(87.3))
    #expect(converter { $0.scale = 0.01 }.convert(.unsigned(7), power: .none).value == .number(0.07))
    #expect(converter { _ in }.convert(.unsigned(2392), power: .of(-1)).value == .number(239.2))
    #expect(converter(.f32) { _ in }.convert(.single(230.1), power: .none).value == .number(230.1))
    #expect(
      converter { $0.unit = Unit.conversions["°F"] }.convert(.unsigned(68), power: .none).value == .number(20))
    #expect(converter { $0.negate = true }.convert(.unsigned(0), power: .none).value.description == "0")
  }

  @Test("The steps come in the order of the reference")
  func order() {
    let prepared = converter(.i16) {
      $0.bits = 0...7
      $0.scale = 2
      $0.offset = 1
      $0.unit = Unit.conversions["kW"]
      $0.negate = true
    }
    // 0xFF05: bits give 5, then ×2 ×10 +1 = 101 kW, negated.
    #expect(prepared.convert(.signed(-251), power: .of(1)).value == .number(-101_000))
  }

  @Test("Marks of signed types are found as numbers and as bits")
  func marks() {
    for mark in [ScalarValue.number(-32768), .number(32768)] {
      let outcome = converter(.i16) { $0.invalid = [mark] }.convert(.signed(-32768), power: .none)
      #expect(outcome.value == .null)
      #expect(outcome.quality == .missing)
    }
    #expect(converter(.f32) { _ in }.convert(.single(.nan), power: .none).quality == .missing)
    #expect(
      converter(.u64) { $0.invalid = [.number(18_446_744_073_709_551_616)] }
        .convert(.unsigned(.max), power: .none).value == .null)
    #expect(converter(nil) { $0.invalid = [.text("---")] }.convert(.text("---"), power: .none).quality == .missing)
    #expect(converter { _ in }.convert(.unsigned(5), power: .absent).quality == .missing)
  }

  @Test("A value outside its plausible range is kept and suspect")
  func suspect() {
    let outcome = converter(valid: 0...100) { _ in }.convert(.unsigned(101), power: .none)
    #expect(outcome.value == .number(101))
    #expect(outcome.quality == .suspect)
  }

  @Test("Text in place of a number is a number if it is one, else bad")
  func text() {
    #expect(converter(nil) { $0.scale = 10 }.convert(.text(" 2.5 "), power: .none).value == .number(25))
    let outcome = converter(nil) { _ in }.convert(.text("unavailable"), power: .none)
    #expect(outcome.quality == .bad)
    #expect(outcome.problem == "'unavailable' is not a number")
    #expect(converter(nil, .any) { _ in }.convert(.text("007"), power: .none).value == .text("007"))
    #expect(converter(nil, .any) { _ in }.convert(.text("0.5"), power: .none).value == .number(0.5))
    #expect(converter(nil, .flag) { _ in }.convert(.text("ON"), power: .none).value == .flag(true))
    #expect(converter(nil) { _ in }.convert(.text("nan"), power: .none).quality == .bad)
  }

  @Test("Codes become words, unknown ones 'unknown', flags a list")
  func words() {
    let words = converter(.u16, .label(["charging", "idle", "unknown"])) {
      $0.enumeration = [.number(1): .text("idle")]
    }
    #expect(words.convert(.unsigned(1), power: .none).value == .text("idle"))
    #expect(words.convert(.unsigned(2), power: .none).value == .text("unknown"))
    let flags = converter(.u32, .text) { $0.flags = [0: "groundFault", 31: "other", 7: "hot"] }
    #expect(flags.convert(.unsigned(0x8000_0081), power: .none).value == .text("groundFault,hot,other"))
    #expect(flags.convert(.unsigned(0), power: .none).value == .text(""))
  }

  @Test("What was converted converts back to the same raw value")
  func inverse() throws {
    let seed: UInt64 = 0x5EED_0003
    var numbers = SeededNumbers(seed: seed)
    for _ in 0..<3000 {
      let type: RegisterType = [.u16, .i16, .u32, .i32].randomElement(using: &numbers) ?? .u16
      let power = Int.random(in: -3...3, using: &numbers)
      let unit = ["kWh", "Wmin", "°F", "fraction", "mA"].randomElement(using: &numbers) ?? "kWh"
      let prepared = converter(type) {
        $0.scale = [1, 0.1, 0.01, 10, 0.25, 3].randomElement(using: &numbers) ?? 1
        $0.offset = [0, -40, 0.5].randomElement(using: &numbers) ?? 0
        $0.negate = Bool.random(using: &numbers)
        $0.unit = Unit.conversions[unit]
      }
      let raw = Int64.random(in: type.integerLimits ?? 0...1, using: &numbers)
      let isSigned = type == .i16 || type == .i32
      let outcome = prepared.convert(
        isSigned ? .signed(raw) : .unsigned(UInt64(clamping: raw)), power: power == 0 ? .none : .of(power))
      let back = try #require(prepared.raw(for: outcome.value, power: power == 0 ? .none : .of(power)))
      #expect(
        back.number?.rounded() == Double(raw),
        "seed \(seed): \(type) \(raw) → \(outcome.value) → \(back), \(unit) \(power)")
    }
  }
}
