@testable import DeviceProfiles
import EnergyModel
import Foundation
import Testing

@Suite struct SunSpecTests {
  static let capture = "sunspec/sma_sunnyboy_3.6_2023-08-10"
  static var hasCapture: Bool { Captures.exists(capture + ".registers.json") }

  static func memory() throws -> [Int: UInt16] {
    let dump = try Captures.object(capture + ".registers.json")
    let start = try #require(dump["start"] as? Int)
    let registers = try #require(dump["registers"] as? [Int])
    return Dictionary(
      uniqueKeysWithValues: registers.enumerated().map { (start + $0.offset, UInt16(clamping: $0.element)) })
  }

  func discover(_ memory: [Int: UInt16], bases: [UInt16] = [40000, 0, 50000]) -> SunSpecDiscovery {
    var discovery = SunSpecDiscovery(bases: bases)
    for _ in 0..<1000 {
      guard let range = discovery.nextRead else { break }
      let values = (0..<Int(range.count)).compactMap { memory[Int(range.address) + $0] }
      discovery.accept(values.count == Int(range.count) ? values : nil)
    }
    return discovery
  }

  @Test("The chain of models is followed by length, known or not")
  func chain() {
    let discovery = discover([
      0: 0x5375, 1: 0x6E53, 2: 1, 3: 2, 6: 64999, 7: 1, 9: 203, 10: 0, 11: 203, 12: 4, 17: 0xFFFF, 18: 0,
    ])
    #expect(discovery.problem == nil)
    #expect(discovery.models.map(\.id) == [1, 64999, 203, 203])
    #expect(discovery.model(among: [201, 203], instance: 2)?.address == 11)
    #expect(discovery.model(among: [203], instance: 3) == nil)
    #expect(discovery.model(among: [203, 1], instance: 1)?.id == 203)
  }

  @Test("No marker, no models and endless chains end")
  func ends() {
    #expect(discover([:]).problem == "SunSpec: no marker at 40000, 0, 50000")
    #expect(discover([0: 0x5375, 1: 0x6E53, 2: 0xFFFF, 3: 0]).problem?.contains("no model behind it") == true)
    // Zero-length models over all registers.
    var endless = Dictionary(uniqueKeysWithValues: (0...0xFFFF).map { ($0, UInt16($0 % 2 == 0 ? 7 : 0)) })
    endless[0] = 0x5375
    endless[1] = 0x6E53
    #expect(discover(endless).models.count == SunSpecDiscovery.maxModels)
    // A length that reaches behind the last register.
    #expect(discover([0: 0x5375, 1: 0x6E53, 2: 7, 3: 0xFFFF]).models.count == 1)
  }

  @Test("Standard offsets are those of the model definitions", .enabled(if: Captures.exists("sunspec-models")))
  func layouts() throws {
    for model in SunSpecModels.knownModels {
      let group = try #require(try Captures.object("sunspec-models/model_\(model).json")["group"] as? [String: Any])
      var offset = 0
      for point in try #require(group["points"] as? [[String: Any]]) {
        let name = try #require(point["name"] as? String)
        if offset >= 2 {
          let found = try #require(SunSpecModels.point(name, model: model), "model \(model): \(name)")
          #expect(found.offset == offset, "model \(model): \(name)")
          #expect(found.scaleFactor == point["sf"] as? String)
          #expect(found.isWritable == ((point["access"] as? String) == "RW"))
        }
        offset += try #require(point["size"] as? Int)
      }
    }
    #expect(SunSpecModels.length(101) == 50)
    #expect(SunSpecModels.point("module.2.DCW", model: 160)?.offset == 41)
    #expect(SunSpecModels.point("module.0.DCW", model: 160) == nil)
  }

  @Test("Every point of the captured inverter has the value that pysunspec2 finds", .enabled(if: hasCapture))
  func captured() throws {
    let expected = try #require(try Captures.object(Self.capture + ".expected.json")["models"] as? [[String: Any]])
    var points: [(name: String, wanted: Any)] = []
    var locals = ""
    for model in expected {
      let id = try #require((model["id"] as? Int).flatMap { UInt16(exactly: $0) })
      let values = try #require(model["points"] as? [String: Any])
      let repeated = (values["module"] as? [[String: Any]]) ?? []
      for name in SunSpecModels.pointNames(model: id).map({ $0.replacing("module.1.", with: "module.N.") }) {
        for number in name.hasPrefix("module.N.") ? Array(1...max(1, repeated.count)) : [0] {
          let full = name.replacing(".N.", with: ".\(number).")
          let plain = name.replacing("module.N.", with: "")
          guard let wanted = number == 0 ? values[plain] : repeated[number - 1][plain], plain != "Pad" else { continue }
          locals += "    p\(points.count): {sunspec: {model: \(id), point: \(full)}}\n"
          points.append(("\(id).\(full)", wanted))
        }
      }
    }
    #expect(points.count > 200)
    let text = profileText(
      transport: "modbus: {unit: 126, maxRegisters: 64}", devices: "i:\n  type: inverter\n  locals:\n" + locals)
    var decoder = EndpointDecoder(try bind(text))
    let memory = try Self.memory()
    decoder.setUp(from: memory)
    #expect(decoder.setupProblem == nil)
    #expect(decoder.sunSpecModels.map { Int($0.id) } == expected.compactMap { $0["id"] as? Int })
    var batch = ReadingBatch()
    for read in decoder.readPlan {
      #expect(read.range.count <= 64)
      let values = (0..<Int(read.range.count)).map { memory[Int(read.range.address) + $0] ?? 0 }
      decoder.decode(
        RawFrame(body: .registers(table: .holding, address: read.range.address, values: values), receivedAt: noon),
        into: &batch)
    }
    #expect(batch.problems.isEmpty)
    let snapshot = decoder.snapshot()
    for (index, point) in points.enumerated() {
      let found = try #require(snapshot.value("p\(index)", part: 0), "\(point.name) was not read").value
      let wanted: ScalarValue =
        if let number = point.wanted as? Double {
          .number(number)
        } else if let text = point.wanted as? String {
          .text(text)
        } else {
          .null
        }
      #expect(ProfileTester.isSame(wanted, found), "\(point.name): expected \(wanted), got \(found)")
    }
  }

  @Test("Values and scale factors come in one request: a whole model where it fits, else the pair")
  func plan() throws {
    var memory: [Int: UInt16] = [
      40000: 0x5375, 40001: 0x6E53, 40002: 203, 40003: 105, 40109: 103, 40110: 50, 40161: 0xFFFF,
    ]
    memory[40162] = 0
    func reads(_ most: Int) throws -> [String] {
      let text = profileText(
        transport: "modbus: {unit: 1, maxRegisters: \(most)}",
        devices: """
          m: {type: meter, points: {powerW: {sunspec: {model: 203, point: W}}}}
          i: {type: inverter, points: {acPowerW: {sunspec: {model: [101, 103], point: W}, poll: fast}}}
          """)
      var decoder = EndpointDecoder(try bind(text))
      decoder.setUp(from: memory)
      return decoder.readPlan.map { "\($0.pollClass) \($0.range)" }
    }
    #expect(try reads(125) == ["fast holding 40109–40160", "normal holding 40002–40108"])
    #expect(try reads(60) == ["fast holding 40109–40160", "normal holding 40020–40024"])
    #expect(try reads(2) == ["fast holding 40123–40124", "normal holding 40020", "normal holding 40024"])
  }

  @Test("A control is written with the scale factor that the device gave")
  func control() throws {
    var memory: [Int: UInt16] = [0: 0x5375, 1: 0x6E53, 2: 123, 3: 24, 28: 0xFFFF, 29: 0]
    for address in 4..<28 { memory[address] = 0xFFFF }
    memory[2 + 23] = 0xFFFE
    let text = profileText(
      devices: """
        i:
          type: inverter
          controls:
            limit: {sunspec: {model: 123, point: WMaxLimPct}, range: 0..100}
            enable: {sunspec: {model: 123, point: WMaxLim_Ena}, range: 0..1}
          commands:
            set-power-limit:
              input: {percent: {}}
              steps: [{write: {limit: "input.percent"}}, {write: {enable: 1}}]
        """)
    var decoder = EndpointDecoder(try bind(text))
    let steps = try #require(decoder.bound.profile.parts[0].commands.first?.steps)
    func operations() throws -> [String] {
      try decoder.snapshot().operations(for: steps, part: 0, input: ["percent": .number(60)], before: [:])
        .map(\.description)
    }
    let unknown = #expect(throws: EncodingError.self) { try operations() }
    #expect(unknown?.message == "limit: the device has not said yet what it is, or lacks the SunSpec model")
    decoder.setUp(from: memory)
    let unread = #expect(throws: EncodingError.self) { try operations() }
    #expect(unread?.message == "limit: its scale factor was not read yet")
    let range = try #require(decoder.readPlan.first).range
    _ = decoder.readings(
      .registers(
        table: .holding, address: range.address,
        values: (0..<Int(range.count)).map { memory[Int(range.address) + $0] ?? 0 }))
    #expect(try operations() == ["FC6 holding 7 = [6000]", "FC6 holding 11 = [1]"])
  }

  @Test("What a simulated device serves is decoded to the same value")
  func encode() throws {
    let text = profileText(
      devices: """
        i:
          type: inverter
          points:
            acPowerW: {sunspec: {model: 103, point: W}}
            status: {sunspec: {model: 103, point: St}, enum: {4: running, 8: standby}}
            energyGeneratedTotalWh: {sunspec: {model: 103, point: WH}}
            temperatureC: {holding: 5, type: i16, scale: 0.1, invalid: 0x8000, order: BADC}
        """)
    let points = try bind(text).profile.parts[0].points
    #expect(points[0].encode(.number(1080), scaleFactor: 1) == .registers([108]))
    #expect(points[0].encode(.null, scaleFactor: 1) == .registers([0x8000]))
    #expect(points[1].encode(.text("standby"), scaleFactor: 0) == .registers([8]))
    #expect(points[1].encode(.text("fault"), scaleFactor: 0) == nil)
    #expect(points[2].encode(.null, scaleFactor: 0) == .registers([0, 0]))
    #expect(points[3].encode(.number(25.8), scaleFactor: 0) == .registers([0x0201]))
    #expect(points[3].encode(.null, scaleFactor: 0) == .registers([0x0080]))
  }
}

@Suite struct EastronCaptureTests {
  static let path = "modbus-devices/eastron_sdm630_01.json"

  @Test("The captured meter has the values that its owner read", .enabled(if: Captures.exists(path)))
  func captured() throws {
    let capture = try Captures.object(Self.path)
    let input = try #require((capture["input"] as? [String: [String: Int]])?["input"])
    let profile = try #require(
      ShippedProfileTests.library.profiles.values.first { $0.id.contains("sdm630") }, "there is no SDM630 profile")
    var decoder = EndpointDecoder(try BoundProfile(profile: profile, parameters: [:]))
    var batch = ReadingBatch()
    for read in decoder.readPlan {
      let values = (0..<Int(read.range.count)).compactMap { input["\(Int(read.range.address) + $0)"] }
      guard values.count == Int(read.range.count) else { continue }
      decoder.decode(
        RawFrame(
          body: .registers(
            table: read.range.table, address: read.range.address, values: values.map { UInt16(clamping: $0) }),
          receivedAt: noon), into: &batch)
    }
    let expected = try #require((capture["expected"] as? [String: [String: Double]])?["measurements"])
    let names = [
      "phases.l1.voltageV": "Phase 1 Line To Neutral Volts", "phases.l3.currentA": "Phase 3 Current",
      "phases.l2.powerW": "Phase 2 Power", "powerW": "Total System Power", "powerFactor": "Total System Power Factor",
      "frequencyHz": "Frequency Of Supply Voltages", "apparentPowerVA": "Total System Volt Amps",
    ]
    let snapshot = decoder.snapshot()
    for (field, name) in names {
      let found = try #require(snapshot.value(field, part: 0)?.value.number, "\(field)")
      let wanted = try #require(expected[name])
      #expect((found - wanted).magnitude <= 0.001, "\(field): expected \(wanted), got \(found)")
    }
    let imported = try #require(snapshot.value("energyImportedTotalWh", part: 0)?.value.number)
    #expect((imported - 1000 * (expected["Total Import KWh"] ?? 0)).magnitude <= 1)
  }
}
