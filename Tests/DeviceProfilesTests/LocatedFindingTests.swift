import DeviceProfiles
import LocatedYAML
import Testing

/// Mistakes in profiles and where they are reported. The marks ⟨ and ⟩ in a text say where; they are taken out.
@Suite struct LocatedFindingTests {
  static let modbus = "modbus: {unit: 1}"
  static let mqtt = "mqtt: {}"
  static let http = "http: {requests: {info: {get: /info}}}"

  struct Mistake: Sendable, CustomTestStringConvertible {
    var transport = LocatedFindingTests.modbus
    var devices: String
    var parameters = "{}"
    var code: String
    var message: String
    var testDescription: String { "\(code) \(message)" }
  }

  static let mistakes: [Mistake] = [
    Mistake(
      devices: "b: {type: battery, controls: {m: {holding: 1, type: u16, range: 0..1}}, commands: {idle: {steps: "
        + "[{write: {m: 1}}], keepAlive: ⟨{timeout: 60 s}, storage: nvm}}}",
      code: "P130", message: "write everything into flash again and again"),
    Mistake(
      devices: "b: {type: battery, controls: {m: {holding: 1, type: u16, range: 0..1}}, commands: {idle: {steps: "
        + "[{write: {m: 1}}], storage: ram, writeBudget: ⟨5}}}",
      code: "P130", message: "ram does not wear out"),
    Mistake(
      transport: "modbus: {unit: 1, framing: ⟨rtuu}", devices: "b: {type: battery, points: {}}", code: "P019",
      message: "unknown framing 'rtuu'; did you mean 'rtu'?"),
    Mistake(
      transport: "modbus: {unit: 1, framing: ⟨[rtu, tcp, rtu]}", devices: "b: {type: battery, points: {}}",
      code: "P104", message: "each way that the product speaks once"),
    Mistake(
      devices: "b: {type: battery, points: {⟨socPercnt: {holding: 1, type: u16}}}", code: "P105",
      message: "no field 'socPercnt'; did you mean 'socPercent'?"),
    Mistake(
      devices: "b: {type: battery, points: {⟨heatSetpointC: {holding: 1, type: u16}}}", code: "P105",
      message: "a battery has no field 'heatSetpointC': it is one of thermostat"),
    Mistake(
      devices: "b: {type: battery, points: {⟨chargePowerW: {holding: 1, type: u16}}}", code: "P105",
      message: "follows from powerW"),
    Mistake(
      devices: "b: {type: battery, points: {powerW: {holding: 1, type: i16, unit: ⟨kWh}}}", code: "P110",
      message: "'kWh' cannot be the unit of powerW, which is in W"),
    Mistake(
      devices: "b: {type: battery, points: {powerW: {holding: 1, type: i16, unit: ⟨kw}}}", code: "P110",
      message: "unknown unit 'kw'; did you mean 'kW'?"),
    Mistake(
      devices: "b: {type: battery, points: {chargingState: {holding: 1, type: u16, enum: {1: ⟨chargng}}}}",
      code: "P111", message: "'chargng' is not a word of chargingState; did you mean 'charging'?"),
    Mistake(
      devices: "b: {type: battery, points: {chargingState: ⟨{holding: 1, type: u16}}}", code: "P111",
      message: "codes need 'enum'"),
    Mistake(
      devices: "b: {type: battery, points: {powerW: {holding: 1, type: ⟨u61}}}", code: "P019",
      message: "unknown type 'u61'; did you mean 'u16'?"),
    Mistake(
      devices: "b: {type: battery, points: {powerW: ⟨{holding: 1}}}", code: "P012", message: "needs 'type'"),
    Mistake(
      devices: "b: {type: battery, points: {powerW: {holding: 1, type: i16, ⟨scal: 2}}}", code: "P011",
      message: "unknown key 'scal'"),
    Mistake(
      devices: "b: {type: battery, points: {powerW: ⟨{type: i16}}}", code: "P107",
      message: "exactly one source, it has none"),
    Mistake(
      devices: "b: {type: battery, points: {powerW: {topic: ⟨a}}}", code: "P107",
      message: "'topic' needs the transport mqtt"),
    Mistake(
      devices: "b: {type: battery, points: {powerW: {holding: ⟨65535, type: i32}}}", code: "P129",
      message: "ends behind 65535"),
    Mistake(
      devices: "b: {type: battery, points: {powerW: {value: \"2 * ⟨socPercnt\"}, socPercent: {holding: 1, type: u16}}}",
      code: "P114", message: "unknown name 'socPercnt'; did you mean 'socPercent'?"),
    Mistake(
      devices: "b: {type: battery, points: {powerW: {value: \"1 +⟨\"}}}", code: "P113", message: "expected a value"),
    Mistake(
      devices: "b: {type: battery, points: {powerW: {value: \"1 + ⟨$unti\"}}}", parameters: "{unit: {type: integer}}",
      code: "P120", message: "there is no parameter 'unti'; did you mean 'unit'?"),
    Mistake(
      devices: "b: {type: battery, points: {powerW: {value: ⟨voltageV}, voltageV: {value: powerW}}}", code: "P115",
      message: "computed from each other: powerW → voltageV → powerW"),
    Mistake(
      devices: "b: {type: battery, points: {powerW: {holding: 1, type: i16, scaleFactor: ⟨sf}}}", code: "P114",
      message: "no local 'sf'"),
    Mistake(
      devices:
        "b: {type: battery, points: {powerW: {holding: 1, type: i16}}, locals: {⟨powerW: {holding: 2, type: u16}}}",
      code: "P124", message: "'powerW' is a point and a local"),
    Mistake(
      devices: "b: {type: battery, points: {socPercent: {holding: 1, type: u16, valid: ⟨0-100}}}", code: "P109",
      message: "must be a range"),
    Mistake(
      devices: "i: {type: inverter, hybrid: ⟨true, points: {acPowerW: {holding: 1, type: i16}}}", code: "P123",
      message: "needs pvPowerW"),
    Mistake(devices: "i: {type: inverter, role: ⟨grid, points: {}}", code: "P127", message: "only a meter has a role"),
    Mistake(
      devices: "b: {type: battery, controls: {c: ⟨{holding: 1, type: u16}}}", code: "P116", message: "needs a range"),
    Mistake(
      devices: "b: {type: battery, controls: {c: {holding: 1, type: u16, range: ⟨0..70000}}}", code: "P116",
      message: "70000 does not fit the register (u16)"),
    Mistake(
      devices: "b: {type: battery, controls: {c: {holding: 1, type: u32, range: 0..9, write: ⟨6}}}", code: "P116",
      message: "function 6 writes one register"),
    Mistake(
      devices: "b: {type: battery, commands: {⟨chrage: {steps: []}}}", code: "P117",
      message: "a battery has no command 'chrage'; did you mean 'charge'?"),
    Mistake(
      devices: "b: {type: battery, commands: {charge: {input: {⟨power: {}}, steps: []}}}", code: "P118",
      message: "charge has no input 'power'"),
    Mistake(
      devices: "b: {type: battery, commands: {charge: {steps: [{write: {⟨c: 1}}]}}}", code: "P116",
      message: "'b' has no control 'c'"),
    Mistake(
      devices: """
        b: {type: battery, controls: {c: {holding: 1, type: u16, range: 0..2}},
            commands: {charge: {steps: [{write: {c: ⟨3}}]}}}
        """, code: "P116", message: "3 is outside the range of 'c', 0..2"),
    Mistake(
      devices: "b: {type: battery, commands: {charge: {steps: [{wait: ⟨2 min}]}}}", code: "P119",
      message: "waits at most 1 min"),
    Mistake(
      devices: "b: {type: battery, commands: {charge: {steps: [], revert: ⟨default}}}", code: "P121",
      message: "no 'default' to revert to"),
    Mistake(
      devices: """
        b:
          type: battery
          controls: {c: {holding: 1, type: u16, range: 0..2}}
          commands: {charge: {steps: [{write: {c: "⟨input.powerW"}}]}}
        """, code: "P114", message: "the command has no input 'powerW'"),
    Mistake(
      devices: """
        b:
          type: battery
          controls: {c: {holding: 1, type: u16, range: 0..2}}
          commands: {charge: {steps: [], confirm: {expect: "⟨c == 1", within: 5 s}}}
        """, code: "P114", message: "the control 'c' is not read, so that it has no value; give it a poll class"),
    Mistake(
      devices: "i: {type: inverter, points: {acPowerW: {sunspec: {model: 103, point: ⟨Watt}}}}", code: "P125",
      message: "SunSpec model 103 has no point 'Watt'"),
    Mistake(
      devices: "i: {type: inverter, controls: {c: {sunspec: ⟨{model: 103, point: W}, range: 0..1}}}", code: "P116",
      message: "W of SunSpec model 103 is read-only"),
    Mistake(
      transport: http, devices: "m: {type: meter, points: {powerW: {request: ⟨inof, path: /p}}}", code: "P128",
      message: "there is no request 'inof' in transport.http.requests; did you mean 'info'?"),
    Mistake(
      transport: http, devices: "m: {type: meter, points: {powerW: {request: info, path: ⟨p}}}", code: "P126",
      message: "'p' is not a path"),
    Mistake(
      transport: mqtt, devices: "m: {type: meter, points: {powerW: {topic: ⟨a/b+/c}}}", code: "P126",
      message: "a wildcard stands alone"),
    Mistake(
      transport: mqtt, devices: "m: {type: meter, points: {powerW: {topic: a/⟨$x}}}", code: "P120",
      message: "there is no parameter 'x'"),
    Mistake(
      transport: mqtt,
      devices: """
        m: {type: meter, points: {}, commands: {switch: {input: {on: {}}, steps: [
          {publish: {topic: "t/$serial", payload: "set ⟨${input.on"}}]}}}
        """, parameters: "{serial: {type: text}}", code: "P113", message: "'${' has no '}'"),
    Mistake(
      transport: mqtt,
      devices: """
        m: {type: meter, points: {}, commands: {switch: {input: {on: {}}, steps: [
          {publish: {topic: "t/$serial", payload: "set ⟨${ }"}}]}}}
        """, parameters: "{serial: {type: text}}", code: "P113", message: "'${}' has no expression"),
    Mistake(
      transport: mqtt,
      devices: """
        m: {type: meter, points: {}, commands: {switch: {input: {on: {}}, steps: [
          {publish: {topic: "t/$serial", payload: "set ${1 +⟨}"}}]}}}
        """, parameters: "{serial: {type: text}}", code: "P113", message: "expected a value"),
    Mistake(
      transport: mqtt,
      devices: """
        m: {type: meter, points: {}, commands: {switch: {input: {on: {}}, steps: [
          {publish: {topic: "t/$serial", payload: "${input.on} ⟨$serail"}}]}}}
        """, parameters: "{serial: {type: text}}", code: "P120",
      message: "no parameter 'serail'; did you mean 'serial'?"),
    Mistake(
      transport: mqtt,
      devices: """
        m: {type: meter, points: {}, commands: {switch: {input: {on: {}}, steps: [
          {publish: {topic: "t/$serial", payload: "set ${⟨input.of}"}}]}}}
        """, parameters: "{serial: {type: text}}", code: "P114", message: "the command has no input 'of'"),
    Mistake(
      transport: mqtt,
      devices: """
        m: {type: meter, points: {}, commands: {switch: {input: {on: {}}, steps: [
          {publish: {topic: "t/$serial", payload: {"a⟨$serail": 1}}}]}}}
        """, parameters: "{serial: {type: text}}", code: "P120", message: "no parameter 'serail'"),
    Mistake(
      transport: mqtt,
      devices: """
        m: {type: meter, points: {}, commands: {switch: {input: {on: {}}, steps: [
          {publish: {topic: "t/$serial", payload: {"⟨${1}": 1}}}]}}}
        """, parameters: "{serial: {type: text}}", code: "P113", message: "here are only parameters"),
    Mistake(
      transport: mqtt,
      devices: """
        m: {type: meter, points: {}, commands: {switch: {input: {on: {}}, steps: [
          {publish: {topic: "t/${⟨input.of}/set", payload: 1}}]}}}
        """, parameters: "{serial: {type: text}}", code: "P114", message: "the command has no input 'of'"),
    Mistake(devices: "⟨input: {type: battery}", code: "P101", message: "has a meaning in expressions"),
  ]

  @Test("A mistake is reported where it is, with what was probably meant", arguments: mistakes)
  func located(mistake: Mistake) throws {
    let marked = profileText(
      transport: mistake.transport, parameters: mistake.parameters, devices: mistake.devices)
    let lines = marked.split(separator: "\n", omittingEmptySubsequences: false)
    let line = try #require(lines.firstIndex { $0.contains("⟨") })
    let column = try #require(lines[line].firstIndex(of: "⟨"))
    let place = "\(line + 1):\(lines[line].distance(from: lines[line].startIndex, to: column) + 1)"
    let (profile, findings) = ProfileReader.read(text: marked.filter { $0 != "⟨" }, file: "p.yaml")
    #expect(profile == nil)
    let found = findings.filter { $0.code == mistake.code && $0.oneLine.contains(mistake.message) }
    #expect(
      found.map { "\($0.line):\($0.column)" } == [place],
      "\(findings.map(\.oneLine).joined(separator: "\n"))")
  }

  @Test("All mistakes of a file are reported at once, in the order of the file")
  func allAtOnce() {
    let text = profileText(
      devices: """
        b:
          type: battery
          points:
            socPercnt: {holding: 1, type: u16}
            powerW: {holding: 1, type: i16, unit: kWh}
            chargingState: {holding: 1, type: u16, enum: {1: chargng}}
        """)
    let findings = ProfileReader.read(text: text, file: "p.yaml").diagnostics
    #expect(findings.map(\.code) == ["P105", "P110", "P111"])
    #expect(findings.map(\.line) == findings.map(\.line).sorted())
  }

  @Test("A test in a profile that names what is not there is a finding")
  func testReferences() {
    let head = profileText(devices: "b: {type: battery, points: {socPercent: {holding: 1, type: u16}}}")
      .replacing("tests: []", with: "")
    let text =
      head + """
        tests:
          - name: one
            registers: {holding: {1: [5]}}
            expect: {b: {sockPercent: 5}, c: {socPercent: 5}}
          - name: two
            command: {device: b, command: charge}
            writes: []
        """
    let findings = ProfileReader.read(text: text, file: "p.yaml").diagnostics.map(\.oneLine)
    #expect(findings.contains { $0.contains("'b' has no value 'sockPercent'; did you mean 'socPercent'?") })
    #expect(findings.contains { $0.contains("the profile has no device 'c'") })
    #expect(findings.contains { $0.contains("'b' has no command 'charge'") })
  }

  @Test("Any text is read or refused, and never traps")
  func randomText() throws {
    let seed: UInt64 = 0x5EED_0005
    var numbers = SeededNumbers(seed: seed)
    let base = Array(
      profileText(
        parameters: "{unit: {type: integer, range: 0..247, default: 1}}",
        devices: """
          b:
            type: battery
            points:
              powerW: {holding: 37765, type: i32, invalid: 0x7FFFFFFF, negate: true, poll: fast}
              chargingState: {value: "powerW < 0 ? 'charging' : 'idle'"}
            controls: {mode: {holding: 1, type: u16, range: 0..2, poll: slow}}
            commands: {charge: {input: {powerW: {min: 1}}, steps: [{write: {mode: "input.powerW"}}], revert: none}}
          """))
    let pieces = Array("{}[]:,\"'$#&*\n -0xZ.?|>@")
    for _ in 0..<150 {
      var text = base
      for _ in 0..<Int.random(in: 1...4, using: &numbers) {
        let place = Int.random(in: 0..<text.count, using: &numbers)
        if Bool.random(using: &numbers) {
          text[place] = pieces.randomElement(using: &numbers) ?? " "
        } else {
          text.remove(at: place)
        }
      }
      _ = ProfileReader.read(text: String(text), file: "p.yaml")
    }
  }
}
