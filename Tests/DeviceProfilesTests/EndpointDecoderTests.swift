@testable import DeviceProfiles
import EnergyModel
import Foundation
import Testing

@Suite struct EndpointDecoderTests {
  static let battery = profileText(
    transport: "modbus: {unit: $unit, maxRegisters: 64}",
    parameters: "{unit: {type: integer, range: 0..247, default: 7}}",
    devices: """
      battery:
        type: battery
        points:
          manufacturer: {constant: Test}
          socPercent: {holding: 0, type: u16, scale: 0.1, invalid: 0xFFFF, valid: 0..100}
          powerW: {holding: 1, type: i32, negate: true, invalid: 0x7FFFFFFF, poll: fast}
          voltageV: {holding: 3, type: u16, scaleFactor: exponent}
          energyStoredWh: {value: "socPercent / 100 * capacity"}
          maxChargePowerW: {holding: 40, type: u16}
        locals:
          exponent: {holding: 4, type: i16}
          capacity: {holding: 30, type: u16}
        controls:
          power: {holding: 100, type: i32, range: -5000..5000}
          minutes: {holding: 102, type: u16, scale: 0.5, range: 0..100}
          mode: {holding: 103, type: u16, enum: {1: charge, 2: discharge}}
          alone: {holding: 104, type: u16, range: 0..10, write: 6}
          relay: {coil: 3}
        commands:
          charge:
            input: {powerW: {max: maxChargePowerW}, targetSocPercent: {optional: true}}
            steps:
              - write: {minutes: 2, power: "-input.powerW", mode: charge, alone: 1, relay: true}
              - wait: 2 s
              - write: {alone: "input.targetSocPercent / 10"}
            revert: none
      """)

  func decoder() throws -> EndpointDecoder { EndpointDecoder(try bind(Self.battery)) }

  func holding(_ address: UInt16, _ values: [UInt16]) -> RawFrame.Body {
    .registers(table: .holding, address: address, values: values)
  }

  @Test("A frame becomes readings with the sign, scale and unit of the model")
  func registers() throws {
    var decoder = try decoder()
    let readings = decoder.readings(holding(0, [873, 0, 3000, 2301, 0xFFFF]))
    #expect(readings["socPercent"]?.value == .number(87.3))
    #expect(readings["powerW"]?.value == .number(-3000))
    #expect(readings["chargePowerW"]?.value == .number(3000))
    #expect(readings["dischargePowerW"]?.value == .number(0))
    #expect(readings["voltageV"]?.value == .number(230.1))
    #expect(readings["manufacturer"]?.value == .text("Test"))
    #expect(readings["powerW"]?.observedAt == noon)
  }

  @Test("No value is null and missing, an implausible one is suspect")
  func quality() throws {
    var decoder = try decoder()
    let readings = decoder.readings(holding(0, [1001, 0x7FFF, 0xFFFF]))
    #expect(readings["socPercent"]?.quality == .suspect)
    #expect(readings["powerW"]?.value == .null)
    #expect(readings["powerW"]?.quality == .missing)
    #expect(readings["chargePowerW"]?.value == .null)
  }

  @Test("A value whose scale factor was never read is not told")
  func scaleFactor() throws {
    var decoder = try decoder()
    #expect(decoder.readings(holding(3, [2301]))["voltageV"] == nil)
    #expect(decoder.readings(holding(3, [2301, 0xFFFF]))["voltageV"]?.value == .number(230.1))
    #expect(decoder.readings(holding(3, [2302]))["voltageV"]?.value == .number(230.2))
  }

  @Test("A computed point waits for all its inputs, then has the oldest time and the worst quality")
  func computed() throws {
    var decoder = try decoder()
    #expect(decoder.readings(holding(0, [500]))["energyStoredWh"] == nil)
    let later = noon.advanced(byMilliseconds: 5000)
    let first = decoder.readings(holding(30, [10_000]), at: later)["energyStoredWh"]
    #expect(first?.value == .number(5000))
    #expect(first?.observedAt == noon)
    #expect(first?.receivedAt == later)
    let second = decoder.readings(holding(0, [1010]), at: later)["energyStoredWh"]
    #expect(second?.value == .number(10_100))
    #expect(second?.quality == .suspect)
    #expect(decoder.readings(holding(40, [1]))["energyStoredWh"] == nil)
  }

  @Test("A frame shorter than what was asked for is a problem with its registers")
  func shortFrame() throws {
    var decoder = try decoder()
    #expect(
      decoder.readPlan.map { "\($0.pollClass) \($0.range)" }
        == ["fast holding 1–2", "normal holding 0–4", "normal holding 30", "normal holding 40"])
    #expect(decoder.problems(holding(0, [873, 0])) == ["registers 0–4: short frame, 2 of 5"])
  }

  @Test("Parameters are filled in and checked")
  func binding() throws {
    let bound = try bind(Self.battery)
    #expect(bound.modbusUnit == 7)
    #expect(bound.parameters["unit"] == .number(7))
    #expect(bound.pollInterval(.fast) == .seconds(2))
    #expect(bound.staleAfter(part: 0) == .seconds(6))
    let error = #expect(throws: ProfileBindingError.self) {
      try BoundProfile(profile: bound.profile, parameters: ["unit": .number(300)])
    }
    #expect(error?.parameter == "unit")
    #expect(error?.message == "the parameter 'unit' must be a whole number from 0 to 247, it is '300'")
    let unknown = #expect(throws: ProfileBindingError.self) {
      try BoundProfile(profile: bound.profile, parameters: ["unti": .number(3)])
    }
    #expect(unknown?.hint == "did you mean 'unit'?")
  }

  // MARK: Commands

  func charge(_ input: [String: ScalarValue]) throws -> [String] {
    var decoder = try decoder()
    _ = decoder.readings(holding(40, [3000]))
    let snapshot = decoder.snapshot()
    let steps = try #require(snapshot.bound.profile.parts[0].commands.first?.steps)
    return try snapshot.operations(for: steps, part: 0, input: input, before: [:]).map(\.description)
  }

  @Test("Neighbouring controls of one write go out in one request, in SI turned back to raw")
  func writes() throws {
    #expect(
      try charge(["powerW": .number(2000), "targetSocPercent": .number(80)]) == [
        "FC16 holding 100 = [65535, 63536, 4, 1]", "FC6 holding 104 = [1]", "FC5 coil 3 = true", "wait 2.0 seconds",
        "FC6 holding 104 = [8]",
      ])
  }

  @Test("What uses an optional argument that was not given is left out")
  func leftOut() throws {
    #expect(try charge(["powerW": .number(2000)]).last == "wait 2.0 seconds")
  }

  @Test("A value outside the control's range is refused by name")
  func outOfRange() throws {
    let error = #expect(throws: EncodingError.self) { try charge(["powerW": .number(6000)]) }
    #expect(error?.message == "power: -6000 is outside -5000..5000")
  }

  @Test("A snapshot knows values with their times, also of what is computed")
  func snapshot() throws {
    var decoder = try decoder()
    _ = decoder.readings(holding(0, [500]))
    _ = decoder.readings(holding(30, [10_000]), at: noon.advanced(byMilliseconds: 1000))
    let snapshot = decoder.snapshot()
    #expect(snapshot.value("energyStoredWh", part: 0)?.value == .number(5000))
    #expect(snapshot.value("powerW", part: 0) == nil)
    #expect(snapshot.oldestObservation(of: ["energyStoredWh", "capacity", "input.x"], part: 0) == noon)
    #expect(snapshot.oldestObservation(of: ["powerW"], part: 0) == nil)
    #expect(snapshot.values(part: 0)["capacity"] == .number(10_000))
    let formula = try Expression(parsing: "socPercent + input.x + before.y + $unit + battery.capacity")
    #expect(
      snapshot.evaluate(formula, part: 0, input: ["x": .number(1)], before: ["y": .number(2)]) == .number(10_060))
  }

  // MARK: Identity

  @Test("A device that says another name is refused until the next connection")
  func identity() throws {
    let text = profileText(
      top: "identify: {holding: 30000, type: string, length: 4, matches: [\"SUN2*\"]}",
      devices: "b: {type: battery, points: {socPercent: {holding: 0, type: u16}}}")
    var decoder = EndpointDecoder(try bind(text))
    #expect(decoder.nextSetupRead() == RegisterRange(table: .holding, address: 30000, count: 4))
    #expect(decoder.readPlan.isEmpty)
    decoder.acceptSetup(.failed("timeout"))
    decoder.acceptSetup(.registers([0x5355, 0x4E33, 0x3030, 0]))
    #expect(decoder.nextSetupRead() == nil)
    #expect(decoder.setupProblem == "identify: holding 30000 says 'SUN300', expected SUN2*")
    #expect(decoder.readings(holding(0, [5])).isEmpty)
    decoder.resetSetup()
    decoder.acceptSetup(.registers([0x5355, 0x4E32, 0x3030, 0]))
    #expect(decoder.setupProblem == nil)
    #expect(decoder.readPlan.count == 1)
  }

  @Test("A set-up read that keeps failing ends in a problem")
  func failingSetup() throws {
    let text = profileText(
      top: "identify: {holding: 5, type: u16, matches: [\"1\"]}",
      devices: "b: {type: battery, points: {socPercent: {holding: 0, type: u16}}}")
    var decoder = EndpointDecoder(try bind(text))
    for _ in 0..<3 {
      #expect(decoder.nextSetupRead() != nil)
      decoder.acceptSetup(.failed("timeout"))
    }
    #expect(decoder.nextSetupRead() == nil)
    #expect(decoder.setupProblem == "set-up: holding 5: timeout")
  }

  // MARK: Messages and answers

  static let plug = profileText(
    transport: """
      mqtt:
          availability: {topic: "$base/availability", online: [online, '{"state":"online"}'], offline: [offline]}
          requests: [{topic: "$base/get", payload: {state: ""}, every: 60 s}]
      """,
    parameters: "{base: {type: text, default: plugs/hall}}",
    devices: """
      meter:
        type: meter
        points:
          powerW: {topic: "$base", path: /power}
          energyImportedTotalWh: {topic: "$base", path: "/meters/[id=2]/energy", unit: kWh}
          voltageV: {topic: "$base/voltage"}
          switchOn: {topic: "$base/+/state", enum: {ON: true, OFF: false}}
        commands:
          switch:
            input: {on: {}}
            steps:
              - publish: {topic: "$base/set", payload: {state: "=input.on ? 'ON' : 'OFF'", transition: 0.5, id: "$base"}}
      """)

  @Test("A message with only the changed properties leaves the others with their own time")
  func delta() throws {
    var decoder = EndpointDecoder(try bind(Self.plug))
    let first = decoder.readings(
      message("plugs/hall", #"{"power": -5, "meters": [{"id": 1}, {"id": 2, "energy": 1.5}]}"#))
    #expect(first["exportPowerW"]?.value == .number(5))
    #expect(first["energyImportedTotalWh"]?.value == .number(1500))
    let second = decoder.readings(message("plugs/hall", #"{"power": "7.5"}"#), at: noon.advanced(byMilliseconds: 10))
    #expect(second["powerW"]?.value == .number(7.5))
    #expect(second["energyImportedTotalWh"] == nil)
    let snapshot = decoder.snapshot()
    #expect(snapshot.value("energyImportedTotalWh", part: 0)?.observedAt == noon)
    #expect(snapshot.value("powerW", part: 0)?.observedAt == noon.advanced(byMilliseconds: 10))
  }

  @Test("Plain payloads and wildcards")
  func plain() throws {
    var decoder = EndpointDecoder(try bind(Self.plug))
    #expect(decoder.readings(message("plugs/hall/voltage", " 230.5\n"))["voltageV"]?.value == .number(230.5))
    #expect(decoder.readings(message("plugs/hall/relay/state", "ON"))["switchOn"]?.value == .flag(true))
    #expect(decoder.readings(message("plugs/hall/relay/state", "\"OFF\""))["switchOn"]?.value == .flag(false))
    #expect(decoder.readings(message("plugs/other", "{}")).isEmpty)
    #expect(
      decoder.problems(message("plugs/hall/voltage", "none")) == ["topic plugs/hall/voltage : 'none' is not a number"])
  }

  @Test("A payload that is not JSON is a problem with topic and byte")
  func notJSON() throws {
    var decoder = EndpointDecoder(try bind(Self.plug))
    #expect(
      decoder.problems(message("plugs/hall", #"{"power": nonsense}"#))
        == ["topic plugs/hall: payload is not JSON (at byte 10)"])
    #expect(decoder.problems(message("plugs/hall", "")) == [])
  }

  @Test("Availability in words or JSON text")
  func availability() throws {
    let decoder = EndpointDecoder(try bind(Self.plug))
    #expect(decoder.isAvailability(topic: "plugs/hall/availability"))
    #expect(!decoder.isAvailability(topic: "plugs/hall"))
    func state(_ payload: String) -> Bool? {
      decoder.availability(topic: "plugs/hall/availability", payload: Array(payload.utf8))
    }
    #expect(state("online") == true)
    #expect(state(#"{"state":"online"}"#) == true)
    #expect(state("offline") == false)
    #expect(state("?") == nil)
    #expect(decoder.availability(topic: "plugs/hall", payload: Array("online".utf8)) == nil)
  }

  @Test("Subscriptions, state requests and payloads have the parameters filled in")
  func publishes() throws {
    let bound = try bind(Self.plug)
    #expect(
      bound.subscriptions == ["plugs/hall", "plugs/hall/voltage", "plugs/hall/+/state", "plugs/hall/availability"])
    #expect(bound.polledPublishes.map(\.operation.description) == [#"publish plugs/hall/get {"state":""}"#])
    let steps = try #require(bound.profile.parts[0].commands.first?.steps)
    let operations = try EndpointDecoder(bound).snapshot()
      .operations(for: steps, part: 0, input: ["on": .flag(true)], before: [:])
    #expect(
      operations.map(\.description) == [#"publish plugs/hall/set {"state":"ON","transition":0.5,"id":"plugs/hall"}"#])
  }

  static let site = profileText(
    transport: """
      http:
          auth: basic
          user: $user
          password: $password
          headers: {X-Key: "k-$password"}
          requests:
            flow: {get: "/flow?id=$id", expect: {/Status/Code: 0}, reason: /Status/Reason, poll: fast}
      """,
    parameters: "{id: {type: text, default: \"a b\"}, user: {type: text}, password: {type: text, secret: true}}",
    devices: """
      meter:
        type: meter
        points:
          powerW: {request: flow, path: /Site/P}
          voltageV: {request: flow, path: /Site/U, optional: true}
        commands:
          switch:
            input: {on: {}}
            steps: [{request: {post: /set, form: {mode: "=input.on ? 1 : 0", text: "a&b c"}}}]
      """)

  func answer(_ text: String) -> RawFrame.Body { .response(request: "flow", body: Array(text.utf8)) }

  @Test("An answer gives its values; a missing key is a problem unless the point is optional")
  func answers() throws {
    var decoder = EndpointDecoder(try bind(Self.site, ["user": .text("u"), "password": .text("p")]))
    #expect(decoder.readings(answer(#"{"Status": {"Code": 0}, "Site": {"P": 5}}"#))["powerW"]?.value == .number(5))
    #expect(decoder.problems(answer(#"{"Status": {"Code": 0}, "Site": {"P": 5}}"#)) == [])
    #expect(decoder.problems(answer(#"{"Status": {"Code": 0}}"#)) == ["request flow: no value at /Site/P"])
    #expect(decoder.readings(answer(#"{"Status": {"Code": 0}, "Site": {"P": null}}"#))["powerW"]?.quality == .missing)
  }

  @Test("An error inside an answer that says 200 is a problem with the device's reason, and gives no values")
  func expectation() throws {
    var decoder = EndpointDecoder(try bind(Self.site, ["user": .text("u"), "password": .text("p")]))
    let busy = answer(#"{"Status": {"Code": 8, "Reason": "busy"}, "Site": {"P": 5}}"#)
    #expect(decoder.problems(busy) == ["request flow: Status.Code is 8: busy"])
    #expect(decoder.readings(busy).isEmpty)
  }

  @Test("Requests are complete: path, headers, credentials and forms")
  func requests() throws {
    let bound = try bind(Self.site, ["user": .text("u"), "password": .text("p")])
    #expect(bound.polledRequests.first?.request.path == "/flow?id=a%20b")
    #expect(bound.polledRequests.first?.pollClass == .fast)
    #expect(bound.httpHeaders.first?.value == "k-p")
    #expect(bound.httpCredentials?.user == "u")
    let steps = try #require(bound.profile.parts[0].commands.first?.steps)
    let operations = try EndpointDecoder(bound).snapshot()
      .operations(for: steps, part: 0, input: ["on": .flag(false)], before: [:])
    #expect(operations.map(\.description) == ["POST /set mode=0&text=a%26b+c"])
  }

  // MARK: Whatever comes

  @Test("No registers, messages or answers make the decoder trap")
  func anything() throws {
    let seed: UInt64 = 0x5EED_0006
    var numbers = SeededNumbers(seed: seed)
    var decoders = try [
      EndpointDecoder(bind(Self.battery)), EndpointDecoder(bind(Self.plug)),
      EndpointDecoder(bind(Self.site, ["user": .text("u"), "password": .text("p")])),
    ]
    let tables = RegisterTable.allCases
    let fragments = [
      "{", "}", "[", "]", ",", ":", "\"power\"", "\"meters\"", "1e999", "-1", "null", "\"\\ud800\"", "\u{0}", "ÿ",
      "{\"power\":", "99999999999999999999999", "true", " ",
    ]
    for _ in 0..<4000 {
      var batch = ReadingBatch()
      let text = (0..<Int.random(in: 0...8, using: &numbers)).map { _ in fragments.randomElement(using: &numbers) ?? ""
      }
      var bytes = Array(text.joined().utf8)
      if Bool.random(using: &numbers) { bytes.append(UInt8.random(in: 0...255, using: &numbers)) }
      let count = Int.random(in: 0...130, using: &numbers)
      let address = UInt16.random(in: 0...UInt16.max, using: &numbers) % (Bool.random(using: &numbers) ? 50 : .max)
      let body: RawFrame.Body =
        switch Int.random(in: 0...4, using: &numbers) {
        case 0, 1:
          .registers(
            table: tables.randomElement(using: &numbers) ?? .holding, address: address,
            values: (0..<count).map { _ in UInt16.random(in: 0...UInt16.max, using: &numbers) })
        case 2:
          .bits(
            table: tables.randomElement(using: &numbers) ?? .coil, address: address,
            values: (0..<count).map { _ in Bool.random(using: &numbers) })
        case 3:
          .message(
            topic: ["plugs/hall", "plugs/hall/voltage", "plugs/hall/a/state", "#"].randomElement(using: &numbers) ?? "",
            payload: bytes, isRetained: false)
        default: .response(request: "flow", body: bytes)
        }
      for index in decoders.indices { decoders[index].decode(RawFrame(body: body, receivedAt: noon), into: &batch) }
      for entry in batch.entries {
        if case .number(let value) = entry.reading.value, !value.isFinite { Issue.record("seed \(seed): \(entry)") }
      }
    }
  }

  @Test("JSON is found by keys, indices and named elements; large and deep documents are refused")
  func json() throws {
    let document = try JSONDocument(
      parsing: Array(#"{"a/b": {"0": 1}, "l": [1, {"n": "x", "v": true}], "e": {}}"#.utf8))
    func value(_ path: String) -> ScalarValue? { DocumentPath(path).flatMap { document.value(at: $0) } }
    #expect(value("/a~1b/0") == .number(1))
    #expect(value("/l/0") == .number(1))
    #expect(value("/l/[n=x]/v") == .flag(true))
    #expect(value("/l/[n=y]/v") == nil)
    #expect(value("/e") == nil)
    #expect(value("/l/7") == nil)
    for path in ["/a~1b/0", "/l/[n=x]/v"] { #expect(DocumentPath(path)?.description == path) }
    #expect(throws: JSONDocumentError.self) { try document.parse([UInt8](repeating: 0x20, count: (1 << 20) + 1)) }
    let deep = String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
    #expect(throws: JSONDocumentError.self) { try document.parse(Array(deep.utf8)) }
    #expect(value("/l/0") == nil)
    let error = #expect(throws: JSONDocumentError.self) { try document.parse(Array(#"{"a": 1, "b": x}"#.utf8)) }
    #expect(error?.offset == 14)
  }
}
