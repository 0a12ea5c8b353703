import DeviceProfiles
import EnergyModel
import Foundation
import LocatedYAML
import Testing

@Suite("Profiles that extend others, and variants")
struct ProfileStructureTests {
  /// Files in a directory of their own, which goes with the test.
  final class Folder {
    let url = FileManager.default.temporaryDirectory.appending(path: "heddle-structure-\(UUID().uuidString)")
    init(_ files: [String: String]) throws {
      for (name, text) in files {
        let file = url.appending(path: name)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: file, atomically: true, encoding: .utf8)
      }
    }
    deinit { try? FileManager.default.removeItem(at: url) }
    func path(_ name: String) -> String { url.appending(path: name).path }
    func library(_ directories: String...) -> ProfileLibrary {
      ProfileLibrary(directories: directories.isEmpty ? [url.path] : directories.map(path))
    }
  }

  private static func head(_ id: String, extends base: String? = nil) -> String {
    """
    schema: heddle.profile/1
    id: \(id)
    \(base.map { "extends: \($0)" } ?? "manufacturer: Acme")
    name: Test
    products: [Test]
    maturity: documentation
    source: {document: none}

    """
  }

  private static let base =
    head("base") + """
      parameters:
        unit: {type: integer, range: 1..247, default: 7}
      transport: {modbus: {unit: $unit, maxRegisters: 20}}
      devices:
        b:
          type: battery
          points:
            powerW: {holding: 1, type: i16}
            socPercent: {holding: 2, type: u16, scale: 0.1, valid: 0..100}
            voltageV: {holding: 3, type: u16}
      tests: []

      """

  private func errors(_ library: ProfileLibrary) -> [String] {
    library.diagnostics.filter { $0.severity == .error }.map { finding in
      "\(URL(filePath: finding.file).lastPathComponent):\(finding.line):\(finding.column): \(finding.code) "
        + "\(finding.message)"
    }
  }

  // MARK: Extends

  @Test("What a profile extends lies below it: mappings are merged, null removes, a source replaces a source")
  func merging() throws {
    let folder = try Folder([
      "a/base.yaml": Self.base,
      "b/child.yaml": Self.head("child", extends: "base") + """
        transport: {modbus: {maxRegisters: 10}}
        devices:
          b:
            points:
              socPercent: {input: 9, scale: 1}
              voltageV: null
              currentA: {holding: 4, type: i16}
        """,
    ])
    let library = folder.library()
    #expect(errors(library) == [])
    let profile = try #require(library.profile("child"))
    #expect(profile.base == "base" && profile.manufacturer == "Acme" && profile.parameters.count == 1)
    #expect(profile.parts[0].points.map(\.name) == ["powerW", "socPercent", "currentA"])
    guard case .register(let register) = profile.parts[0].points[1].source,
      case .modbus(let settings) = profile.transport
    else {
      Issue.record("not modbus")
      return
    }
    #expect(register.table == .input && register.address == 9 && register.type == .u16)
    #expect(profile.parts[0].points[1].valid == 0...100)
    #expect(settings.maxRegisters == 10)
  }

  @Test("A finding names the file and line where the text stands, once")
  func locatedInBase() throws {
    let folder = try Folder([
      "base.yaml": Self.base.replacing("type: i16", with: "type: i17"),
      "child.yaml": Self.head("child", extends: "base") + "devices: {b: {points: {socPercent: {scale: 0}}}}\n",
      "grandchild.yaml": Self.head("grandchild", extends: "child"),
    ])
    let library = folder.library()
    #expect(
      errors(library) == [
        "base.yaml:15:34: P019 unknown type 'i17'", "child.yaml:8:44: P112 a scale of 0 makes every value 0",
      ])
    #expect(library.profiles.isEmpty && library.broken.keys.sorted() == ["base", "child", "grandchild"])
  }

  @Test("A child can put right what its base lacks")
  func completedByChild() throws {
    let folder = try Folder([
      "base.yaml": Self.base.replacing("type: i16", with: "scale: 2"),
      "child.yaml": Self.head("child", extends: "base") + "devices: {b: {points: {powerW: {type: i16}}}}\n",
    ])
    let library = folder.library()
    #expect(errors(library) == ["base.yaml:15:15: P012 'devices.b.points.powerW' needs 'type'"])
    #expect(library.profile("child") != nil)
  }

  @Test("A base that is missing, the profile itself, and a circle are located")
  func wrongBases() throws {
    let folder = try Folder([
      "base.yaml": Self.base, "a.yaml": Self.head("a", extends: "bases"), "b.yaml": Self.head("b", extends: "b"),
      "c.yaml": Self.head("c", extends: "d"), "d.yaml": Self.head("d", extends: "c"),
    ])
    #expect(
      errors(folder.library()) == [
        "a.yaml:3:10: P140 there is no profile 'bases' to extend", "b.yaml:3:10: P140 a profile cannot extend itself",
        "d.yaml:3:10: P140 these profiles extend each other: c → d → c",
        "c.yaml:3:10: P140 these profiles extend each other: d → c → d",
      ])
  }

  @Test("A user's base is used by shipped profiles, and a broken one takes them away")
  func overriding() throws {
    let folder = try Folder([
      "shipped/base.yaml": Self.base, "shipped/child.yaml": Self.head("child", extends: "base"),
      "user/base.yaml": Self.base.replacing("maxRegisters: 20", with: "maxRegisters: 5"),
    ])
    let library = folder.library("shipped", "user")
    guard case .modbus(let settings) = try #require(library.profile("child")).transport else { return }
    #expect(settings.maxRegisters == 5)
    let broken = try Folder([
      "shipped/base.yaml": Self.base, "shipped/child.yaml": Self.head("child", extends: "base"),
      "user/base.yaml": Self.base.replacing("maxRegisters: 20", with: "maxRegisters: many"),
    ])
    var reloaded = broken.library("shipped", "user")
    #expect(reloaded.profiles.isEmpty)
    #expect(reloaded.keepLastGood(of: library) == ["base", "child"])
    guard case .modbus(let kept) = try #require(reloaded.profile("child")).transport else { return }
    #expect(kept.maxRegisters == 5)
  }

  // MARK: Variants

  private static let variants = """
    parameters:
      unit: {type: integer, range: 1..247, default: 1}
      battery: {type: choice, choices: [LV, HV], default: LV}
      firmware: {type: text, default: "1.0", read: {holding: 50, type: string, length: 4, order: ABCD}}
      byteOrder: {type: choice, choices: [ABCD, CDAB], default: ABCD, read: {holding: 60, type: u16, enum: {0: CDAB, 1: ABCD}}}
    transport: {modbus: {unit: $unit, order: $byteOrder}}
    devices:
      b:
        type: battery
        points:
          powerW: {holding: 1, type: i16}
          socPercent: {holding: 10, type: u32}
        controls:
          power: {holding: 30, type: u32, range: 0..1000}
        commands:
          idle: {steps: [{write: {power: 0}}]}
    variants:
      - name: high-voltage
        when: "$battery == 'HV'"
        transport: {modbus: {minGap: 1 s}}
        devices: {b: {points: {powerW: {scale: 10}}}}
      - name: new
        when: "version($firmware) >= version('3.10')"
        devices:
          b:
            points:
              powerW: {holding: 2}
              voltageV: {holding: 5, type: u16}
            commands:
              charge: {input: {powerW: {max: 1000}}, steps: [{write: {power: "input.powerW"}}]}
    """

  private static var text: String { head("variants") + variants + "\n" }

  private func memory(_ firmware: String, order: UInt16?) -> [Int: UInt16] {
    var memory: [Int: UInt16] = [:]
    let bytes = Array(firmware.utf8) + [UInt8](repeating: 0, count: 8 - firmware.utf8.count)
    for index in 0..<4 { memory[50 + index] = UInt16(bytes[2 * index]) << 8 | UInt16(bytes[2 * index + 1]) }
    if let order { memory[60] = order }
    return memory
  }

  @Test("What the installation says chooses a variant when it is bound")
  func byParameter() throws {
    let plain = try bind(Self.text)
    let high = try bind(Self.text, ["battery": .text("HV")])
    #expect(plain.variant == nil && high.variant == "high-voltage")
    #expect(high.profile.parts[0].points[0].conversion.scale == 10)
    guard case .modbus(let settings) = high.profile.transport else { return }
    #expect(settings.minGap == .seconds(1))
    #expect(try bind(Self.text, ["firmware": .text("3.9")]).variant == nil)
    #expect(try bind(Self.text, ["firmware": .text("V3.10.1")]).variant == "new")
  }

  @Test("What the device says chooses a variant and the byte order after set-up, and is forgotten with the device")
  func byDevice() throws {
    var decoder = EndpointDecoder(try bind(Self.text))
    decoder.setUp(from: memory("3.12", order: 0))
    #expect(decoder.bound.variant == "new" && decoder.bound.found["firmware"] == .text("3.12"))
    #expect(decoder.bound.form == "the device says firmware 3.12, byteOrder CDAB: variant new")
    #expect(decoder.registers(of: "powerW", part: 0)?.range.address == 2)
    #expect(decoder.registers(of: "voltageV", part: 0) != nil)
    let values = decoder.readings(.registers(table: .holding, address: 10, values: [77, 0]))
    #expect(values["socPercent"]?.value == .number(77))
    #expect(try write(decoder, "charge", ["powerW": .number(500)]) == ["FC16 holding 30 = [500, 0]"])

    // The same device again: what is known stays.
    decoder.resetSetup()
    decoder.setUp(from: memory("3.12", order: 0))
    #expect(decoder.snapshot().value("socPercent", part: 0)?.value == .number(77))
    // Another one that does not know the registers.
    decoder.resetSetup()
    decoder.setUp(from: [:])
    #expect(decoder.bound.variant == nil && decoder.bound.found.isEmpty && decoder.setupProblem == nil)
    #expect(decoder.bound.form == "the device says firmware 1.0 (not told), byteOrder ABCD (not told)")
    #expect(decoder.registers(of: "powerW", part: 0)?.range.address == 1)
    #expect(try write(decoder, "idle", [:]) == ["FC16 holding 30 = [0, 0]"])
  }

  private func write(
    _ decoder: EndpointDecoder, _ verb: String, _ input: [String: ScalarValue]
  ) throws -> [String] {
    let snapshot = decoder.snapshot()
    let command = try #require(snapshot.bound.profile.parts[0].command(verb))
    return try snapshot.operations(for: command.steps, part: 0, input: input, before: [:]).map(\.description)
  }

  @Test("What the installation says itself is not read, and a value that does not fit counts as not told")
  func givenOrUnfit() throws {
    var decoder = EndpointDecoder(try bind(Self.text, ["firmware": .text("3.12")]))
    #expect(decoder.nextSetupRead()?.address == 60)
    decoder.setUp(from: memory("", order: 9))
    #expect(decoder.bound.variant == "new" && decoder.bound.parameters["byteOrder"] == .text("ABCD"))
  }

  @Test("An exception that may pass stops the set-up instead of guessing")
  func passingException() throws {
    var decoder = EndpointDecoder(try bind(Self.text))
    decoder.acceptSetup(.exception(4))
    #expect(decoder.setupProblem == "parameter firmware: holding 50 answers exception 4")
  }

  @Test(
    "Mistakes in variants are located at lint time",
    arguments: [
      ("powerW: {holding: 2}", "powerW: {holdin: 2}", "P011 unknown key 'holdin' in devices.b.points.powerW"),
      ("powerW: {scale: 10}", "powerW: {scale: x}", "P016 'devices.b.points.powerW.scale' must be a number, it is 'x'"),
      ("name: new", "name: high-voltage", "P124 there is a variant 'high-voltage' already"),
      ("$battery == 'HV'", "$batery == 'HV'", "P120 there is no parameter 'batery'"),
      ("$battery == 'HV'", "powerW > 1", "P114 only parameters can be used here, 'powerW' is none"),
      (
        "transport: {modbus: {minGap: 1 s}}", "parameters: {}",
        "P141 a variant cannot change 'parameters': it is chosen by what they say"
      ),
      (
        "$battery == 'HV'", "matches($firmware, '2*')",
        "P141 a variant that depends on what is read from the device cannot change the way to read it"
      ),
      (
        "devices: {b: {points: {powerW: {scale: 10}}}}", "devices: {c: {type: meter}}",
        "P141 a variant cannot add, remove or rename devices, or change their type"
      ),
      (
        "unit: $unit,", "unit: $firmware,",
        "P103 'firmware' is read from the device, and what is said here is needed to reach it"
      ),
      (
        "default: \"1.0\",", "",
        "P103 what is read from the device needs a default, for the device that does not have it"
      ),
      ("order: $byteOrder", "order: $battery", "P103 'battery' cannot be an order: it must be of type choice"),
      (", order: ABCD}", "}", "P103 the order is read from the device itself, so this needs an order of its own"),
      ("order: $byteOrder", "order: $order", "P120 there is no parameter 'order'"),
    ])
  func mistakes(text: String, wrong: String, finding: String) {
    let findings = ProfileReader.read(text: Self.text.replacing(text, with: wrong), file: "p.yaml").diagnostics
      .filter { $0.severity == .error }
    #expect(findings.first.map { "\($0.code) \($0.message)" } == finding, "\(findings.map(\.oneLine))")
    #expect(findings.allSatisfy { $0.line > 0 })
  }

  @Test("A mistake that all variants share is said once")
  func sharedMistake() {
    let text = Self.text.replacing("socPercent: {holding: 10, type: u32}", with: "socPercent: {holding: 10, type: u3}")
    let findings = ProfileReader.read(text: text, file: "p.yaml").diagnostics.filter { $0.severity == .error }
    #expect(findings.count == 1, "\(findings.map(\.oneLine))")
  }

  @Test("Tests in a profile choose their variant by parameters or registers, and see what variants add")
  func embeddedTests() throws {
    let tests = """
      tests:
        - name: by register
          registers: {holding: {2: [100], 5: [48], 50: [0x332E, 0x3130, 0, 0]}}
          expect: {b: {powerW: 100, voltageV: 48}}
        - name: by parameter
          parameters: {battery: HV}
          registers: {holding: {1: [100]}}
          expect: {b: {powerW: 1000, voltageV: null}}
        - name: a command of a variant that is not in force
          command: {device: b, command: charge, input: {powerW: 100}}
          writes: ["FC16 holding 30 = [0, 100]"]
        - name: a command of the variant
          parameters: {firmware: "4"}
          command: {device: b, command: charge, input: {powerW: 100}}
          writes: ["FC16 holding 30 = [0, 100]"]
      """
    let (profile, findings) = ProfileReader.read(text: "\(Self.text)\n\(tests)", file: "p.yaml")
    #expect(findings.isEmpty, "\(findings)")
    let results = ProfileTester.run(try #require(profile))
    #expect(results.map(\.variant) == ["new", "high-voltage", nil, "new"])
    #expect(results[0].failures.isEmpty && results[1].failures.isEmpty && results[3].failures.isEmpty, "\(results)")
    #expect(results[2].failures == ["the profile without a variant has no command 'charge'"])
  }

  @Test(
    "Versions are compared part by part, texts against patterns",
    arguments: [
      ("version('3.10.2') > version('3.9.12')", true), ("version('V1.38') == version('1.38.0')", true),
      ("version('2-beta') < version('2.0.1')", true), ("present(version('none'))", false),
      ("version('99999999999999999999.1') > version('8190')", true), ("matches('ET10K-A', 'ET*K-?')", false),
      ("matches('ET10K-A', 'ET*-A')", true), ("present(matches(5, '5'))", false),
    ])
  func functions(formula: String, expected: Bool) throws {
    #expect(try Expression(parsing: formula).evaluate { _ in .null } == .flag(expected))
  }
}
