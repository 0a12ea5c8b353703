@testable import DeviceProfiles
import EnergyModel
import LocatedYAML
import Testing

/// What real devices do with their registers, each as a profile says it.
@Suite struct RegisterFormatTests {
  /// A meter with one local of a test's choice, read as `x`.
  private func value(
    _ point: String, _ values: [UInt16], at address: UInt16 = 0, more: String = ""
  ) throws -> ScalarValue? {
    let text = profileText(
      devices: """
        meter:
          type: meter
          points: {manufacturer: {constant: Test}}
          locals:
            x: \(point)
        \(more)
        """)
    var decoder = EndpointDecoder(try bind(text))
    _ = decoder.readings(.registers(table: .holding, address: address, values: values))
    return decoder.snapshot().value("x", part: 0)?.value
  }

  @Test("Bytes, BCD and bits with a sign")
  func types() throws {
    #expect(try value("{holding: 0, type: u8, byte: high}", [0xF67B]) == .number(0xF6))
    #expect(try value("{holding: 0, type: i8, byte: high, scale: 0.5}", [0xF67B]) == .number(-5))
    #expect(try value("{holding: 0, type: u8, byte: low, invalid: 0x7B}", [0xF67B]) == .null)
    #expect(try value("{holding: 0, type: bcd16}", [0x1234]) == .number(1234))
    #expect(try value("{holding: 0, type: bcd16}", [0x12A4]) == .null)
    #expect(try value("{holding: 0, type: bcd32, scale: 0.1}", [0x1234, 0x5678]) == .number(1_234_567.8))
    #expect(try value("{holding: 0, type: u16, bits: 4..7, signed: true}", [0x00F0]) == .number(-1))
    #expect(try value("{holding: 0, type: u16, bits: 4..7, signed: true}", [0xFF7F]) == .number(7))
  }

  @Test("Words that are no neighbours, highest first, come from one read")
  func words() throws {
    var values = [UInt16](repeating: 7, count: 3)
    values[0] = 0x5678
    values[2] = 1
    #expect(try value("{holding: [80, 78], type: u32, scale: 0.1}", values, at: 78) == .number(8767.2))
    #expect(try value("{holding: [80, 78], type: u32}", Array(values.dropLast()), at: 78) == nil)
  }

  @Test("An enumeration that is coded as a float, and three marks for no value at once")
  func marks() throws {
    let baud = "{holding: 28, type: f32, enum: {0: 2400, 1: 4800, 2: 9600}}"
    #expect(try value(baud, [0x4000, 0], at: 28) == .number(9600))
    let total = "{holding: 0, type: u32, invalid: [0x7FFFFFFF, 0xFFFFFFFF, 0x80000000], scale: 0.1}"
    #expect(try value(total, [0x7FFF, 0xFFFF]) == .null)
    #expect(try value(total, [0xFFFF, 0xFFFF]) == .null)
    #expect(try value(total, [0x8000, 0]) == .null)
    #expect(try value(total, [0, 25]) == .number(2.5))
    let power = "{holding: 0, type: i32, invalid: [0x7FFFFFFF, 0xFFFFFFFF, 0x80000000]}"
    for mark in [[0x7FFF, 0xFFFF], [0xFFFF, 0xFFFF], [0x8000, 0]] as [[UInt16]] {
      #expect(try value(power, mark) == .null)
    }
  }

  @Test(
    "Packed times are minutes by an expression: HHMM in decimal, and hours in the high byte",
    arguments: [
      ("floor(raw / 100) * 60 + raw % 100", 2359), ("floor(raw / 256) * 60 + raw % 256", 23 << 8 | 59),
    ] as [(String, UInt16)])
  func times(expression: String, raw: UInt16) throws {
    let found = try value(
      "{value: \"\(expression)\"}", [raw], more: "    raw: {holding: 0, type: u16}")
    #expect(found == .number(23 * 60 + 59))
  }

  @Test("A total in two registers of different units, and a magnitude with its direction from a bit")
  func totals() throws {
    let total = try value(
      "{value: \"low + high\"}", [345, 12],
      more: "    low: {holding: 0, type: u16, unit: kWh}\n    high: {holding: 1, type: u16, unit: MWh}")
    #expect(total == .number(12_345_000))
    let power = "{value: \"isDischarging == 1 ? size : 0 - size\"}"
    let more = "    size: {holding: 0, type: u16}\n    isDischarging: {holding: 1, type: u16, bits: 3}"
    #expect(try value(power, [1500, 0b1000], more: more) == .number(1500))
    #expect(try value(power, [1500, 0b0111], more: more) == .number(-1500))
  }

  @Test("A power of ten from another register, wherever it stands")
  func scaleFactor() throws {
    let point = "{holding: 0, type: u16, scaleFactor: exponent}"
    #expect(try value(point, [2301, 0, 0xFFFF], more: "    exponent: {holding: 2, type: i16}") == .number(230.1))
  }

  // MARK: Several values

  @Test(
    "Values at a fixed distance become one", arguments: [("sum", 60.0), ("max", 30), ("average", 20), ("count", 3)])
  func combine(word: String, expected: Double) throws {
    let point = "{holding: 100, type: u16, invalid: 0xFFFF, repeat: {count: 4, step: 2}, combine: \(word)}"
    #expect(try value(point, [10, 0, 20, 0, 30, 0, 0xFFFF], at: 100) == .number(expected))
  }

  @Test("How many values there are can come from the device, and what is beyond does not count")
  func counted() throws {
    let point = "{holding: 100, type: u16, repeat: {count: packs, step: 1, max: 8}, combine: sum}"
    let text = profileText(
      devices: """
        battery:
          type: battery
          points: {energyCapacityWh: \(point)}
          locals: {packs: {holding: 99, type: u16}}
        """)
    var decoder = EndpointDecoder(try bind(text))
    #expect(
      decoder.readPlan.map { "\($0.range) \($0.isOptional)" } == ["holding 99–100 false", "holding 101–107 true"])
    #expect(decoder.readings(.registers(table: .holding, address: 99, values: [2, 5]))["energyCapacityWh"] == nil)
    let rest = decoder.readings(.registers(table: .holding, address: 101, values: [6, 9, 9, 9, 9, 9, 9]))
    #expect(rest["energyCapacityWh"]?.value == .number(11))
    let more = decoder.readings(.registers(table: .holding, address: 99, values: [3, 5]))
    #expect(more["energyCapacityWh"]?.value == .number(20))
    let none = decoder.readings(.registers(table: .holding, address: 99, values: [0, 5]))
    #expect(none["energyCapacityWh"]?.value == .null)
  }

  @Test("The blocks of a SunSpec model become one value, as many as the device has")
  func sunSpecBlocks() throws {
    let text = profileText(
      devices: """
        inverter:
          type: inverter
          points: {pvPowerW: {sunspec: {model: 160, point: module.*.DCW}, combine: sum}}
        """)
    var memory: [Int: UInt16] = [40000: 0x5375, 40001: 0x6E53, 40002: 160, 40003: 68, 40072: 0xFFFF, 40073: 0]
    for address in 40004..<40072 { memory[address] = 0 }
    // Three modules of 20 registers behind ten fixed ones; DCW is the twelfth of each.
    for (module, power) in [1200, 800, 0xFFFF].enumerated() { memory[40002 + 10 + 20 * module + 11] = UInt16(power) }
    var decoder = EndpointDecoder(try bind(text))
    decoder.setUp(from: memory)
    let read = try #require(decoder.readPlan.first?.range)
    let values = (0..<Int(read.count)).map { memory[Int(read.address) + $0] ?? 0 }
    let readings = decoder.readings(.registers(table: .holding, address: read.address, values: values))
    #expect(decoder.readPlan.count == 1 && readings["pvPowerW"]?.value == .number(2000))
  }

  // MARK: Units and bits

  private let twoUnits = """
    battery:
      type: battery
      points:
        powerW: {holding: 842, type: i16, poll: fast}
        voltageV: {holding: 842, type: u16, unitId: $bus, poll: fast}
      controls:
        setpoint: {holding: 37, type: i16, unitId: $bus, range: -9000..9000}
        gridCharging: {holding: 232, type: u16, bits: 0, range: 0..1}
        slot: {holding: 232, type: u16, bits: 4..5, range: 0..3}
        hour: {holding: 250, type: u8, byte: high, range: 0..23, write: 16}
        masked: {holding: 243, type: u16, bits: 0..1, range: 0..3, write: 22}
      commands:
        idle:
          steps:
            - write: {setpoint: 0}
            - write: {gridCharging: 1, slot: 2}
            - write: {hour: 17}
            - write: {masked: 3}
    """

  @Test("The same register of two units are two values; a parameter says which unit, and the own one has no number")
  func units() throws {
    let parameters = "{bus: {type: integer, range: 0..247, default: 246}}"
    let text = profileText(transport: "modbus: {unit: 100}", parameters: parameters, devices: twoUnits)
    var decoder = EndpointDecoder(try bind(text))
    #expect(decoder.readPlan.map { "\($0.range)" } == ["holding 842", "unit 246 holding 842"])
    #expect(decoder.bound.otherUnits == [246])
    _ = decoder.readings(.registers(table: .holding, address: 842, values: [7]))
    _ = decoder.readings(.registers(unit: 246, table: .holding, address: 842, values: [52]))
    #expect(decoder.snapshot().value("powerW", part: 0)?.value == .number(7))
    #expect(decoder.snapshot().value("voltageV", part: 0)?.value == .number(52))
    let own = EndpointDecoder(try bind(text, ["bus": .number(100)]))
    #expect(own.readPlan.map { "\($0.range)" } == ["holding 842"] && own.bound.otherUnits.isEmpty)
  }

  @Test("Bits go out as a read and a write, neighbours in one register together, and say so in a dry run")
  func writes() throws {
    let parameters = "{bus: {type: integer, range: 0..247, default: 246}}"
    let text = profileText(transport: "modbus: {unit: 100}", parameters: parameters, devices: twoUnits)
    let decoder = EndpointDecoder(try bind(text))
    let steps = try #require(decoder.bound.profile.parts[0].commands.first?.steps)
    let operations = try decoder.snapshot().operations(for: steps, part: 0, input: [:], before: [:])
    #expect(
      operations.map(\.description) == [
        "FC6 unit 246 holding 37 = [0]",
        "FC3 holding 232, FC6 holding 232 = [read & 0xFFCE | 0x0021]",
        "FC3 holding 250, FC16 holding 250 = [read & 0x00FF | 0x1100]",
        "FC22 holding 243 = [read & 0xFFFC | 0x0003]",
      ])
  }

  @Test(
    "Mistakes are found, with their places",
    arguments: [
      ("x: {holding: [78, 80, 82], type: u32}", 143), ("x: {holding: [78, 300], type: u32}", 143),
      ("x: {holding: [78, 80], type: u32, order: CDAB}", 143), ("x: {holding: 1, type: u16, unitId: $name}", 142),
      ("x: {holding: 1, type: u16, combine: sum}", 144),
      ("x: {holding: 1, type: u16, repeat: {count: nothing, step: 2, max: 3}, combine: sum}", 144),
      ("x: {holding: 25, type: u16}", 145), ("x: {holding: 19, type: u32}", 145), ("x: {holding: 1, type: u8}", 10),
    ] as [(String, Int)])
  func mistakes(local: String, code: Int) {
    let text = profileText(
      transport: "modbus: {unit: 1, blocks: [\"holding 10..19\"], forbidden: [\"holding 25..26\"]}",
      parameters: "{name: {type: text, default: a}}",
      devices: "meter:\n  type: meter\n  points: {manufacturer: {constant: Test}}\n  locals: {\(local)}")
    let errors = ProfileReader.read(text: text, file: "test.yaml").diagnostics.filter { $0.severity == .error }
    let found = errors.map(\.oneLine).contains { line in code < 100 || line.contains("P\(code)") }
    #expect(found, "\(errors.map(\.oneLine))")
  }
}
