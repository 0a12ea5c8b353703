import DeviceProfiles
import EnergyModel
import Foundation
import LocatedYAML
import ModbusWire
import Testing

@testable import Gateway

@Suite("The configuration file")
struct ConfigurationTests {
  /// A folder with one small profile of each transport, and the reader over it.
  final class Bench {
    let folder: URL
    let reader: ConfigurationReader

    /// - Parameter further: more profiles, by the names of their files.
    init(_ further: [String: String] = [:]) throws {
      folder = FileManager.default.temporaryDirectory.appendingPathComponent("configuration-\(UUID().uuidString)")
      let profiles = folder.appendingPathComponent("profiles")
      try FileManager.default.createDirectory(at: profiles, withIntermediateDirectories: true)
      try Self.meter.write(to: profiles.appendingPathComponent("meter.yaml"), atomically: true, encoding: .utf8)
      try Self.plug.write(to: profiles.appendingPathComponent("plug.yaml"), atomically: true, encoding: .utf8)
      for (name, text) in further {
        try text.write(to: profiles.appendingPathComponent(name), atomically: true, encoding: .utf8)
      }
      let library = ProfileLibrary(directories: [profiles.path])
      var paths = GatewayPaths()
      paths.profileDirectories = [profiles.path]
      reader = ConfigurationReader(
        profiles: library,
        credentials: CredentialDirectory(
          service: nil, configurationFile: folder.appendingPathComponent("heddle.yaml").path), paths: paths)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func writeCredential(_ name: String, _ text: String, mode: Int) throws {
      let directory = folder.appendingPathComponent("credentials")
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
      let file = directory.appendingPathComponent(name)
      try text.write(to: file, atomically: true, encoding: .utf8)
      try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file.path)
    }

    func read(_ text: String) -> (configuration: GatewayConfiguration?, findings: [String]) {
      let (configuration, diagnostics) = reader.read(text: text, file: "heddle.yaml")
      return (configuration, diagnostics.map(\.oneLine))
    }

    static let meter = """
      schema: heddle.profile/1
      id: test-meter
      name: Test meter
      manufacturer: Nobody
      products: [Meter]
      maturity: documentation
      source: {document: this test}
      parameters:
        unit: {type: integer, range: 1..247, default: 1, help: unit identifier}
      transport: {modbus: {unit: $unit}}
      devices:
        meter:
          type: meter
          points:
            powerW: {input: 52, type: f32}
      """

    static let plug = """
      schema: heddle.profile/1
      id: test-plug
      name: Test plug
      manufacturer: Nobody
      products: [Plug]
      maturity: documentation
      source: {document: this test}
      parameters:
        topic: {type: text, help: topic of the plug}
      transport: {mqtt: {}}
      devices:
        meter:
          type: meter
          role: load
          points:
            powerW: {topic: "tele/$topic/SENSOR", path: /ENERGY/Power}
      """
  }

  static let good = """
    api: {listen: "127.0.0.1:9000"}
    links:
      - {id: bus, modbus: {tcp: 192.168.1.20}}
      - {id: line, modbus: {serial: /dev/ttyUSB0, baud: 19200, parity: even}}
      - id: broker
        mqtt: {broker: "127.0.0.1:1883", version: "5", user: heddle, password: "${credential:mqtt}"}
    customers:
      - {id: ada, name: Ada}
    sites:
      - {id: elm, customer: ada, timezone: Europe/Berlin}
    devices:
      - {id: grid, profile: test-meter, link: bus, parameters: {unit: 2}, role: grid, site: elm}
      - {id: plug, profile: test-plug, link: broker, parameters: {topic: p1}, customer: ada, tags: [kitchen]}
    """

  @Test("A good file gives links, owners and bound devices")
  func goodFile() throws {
    let bench = try Bench()
    try bench.writeCredential("mqtt", "secret-word\n", mode: 0o600)
    let (configuration, findings) = bench.read(Self.good)
    #expect(findings == [])
    let found = try #require(configuration)
    #expect(found.links.map(\.id) == ["bus", "line", "broker"])
    #expect(found.links[0].transport == .modbusSocket(.tcp, HostAndPort(host: "192.168.1.20", port: 502)))
    guard case .mqtt(let broker) = found.links[2].transport else { return #expect(Bool(false), "no broker") }
    #expect(broker.password?.value == "secret-word")
    let grid = found.devices[0]
    #expect(grid.role == .grid)
    #expect(grid.customerID == "ada")
    #expect(grid.profile.modbusUnit == 2)
    #expect(found.devices[1].role == .load)
  }

  @Test("What is kept, how much and for how long can be said; what is not said is a week, 90 days and ten years")
  func storage() throws {
    let bench = try Bench()
    try bench.writeCredential("mqtt", "secret-word", mode: 0o600)
    #expect(bench.read(Self.good).configuration?.storage == StorageSettings())
    let (configuration, findings) = bench.read(
      Self.good + """

        store: {path: /tmp/heddle.db, flushInterval: 30 s, maxBytes: 2 GB, minFreeBytes: 100 MiB}
        retention: {raw: 0, minutes: 30 d, quarterHours: 400 d, audit: 365 d}
        """)
    #expect(findings == [])
    let storage = try #require(configuration?.storage)
    #expect(storage.flushInterval == .seconds(30))
    #expect((storage.maxBytes, storage.minFreeBytes) == (2_000_000_000, 100 << 20))
    #expect((storage.rawAge, storage.minuteAge) == (.zero, .seconds(30 * 86_400)))
    #expect((storage.quarterAge, storage.auditAge) == (.seconds(400 * 86_400), .seconds(365 * 86_400)))
  }

  @Test(
    "Bounds that cannot be are refused",
    arguments: [
      ("store: {flushInterval: 1 h}", "flushInterval' must be between 1 s and 5 min"),
      ("store: {maxBytes: 1 MB}", "must be at least 16 MiB"),
      ("store: {maxBytes: many}", "is not a number of bytes; write 500 MB or 8 GB"),
      ("retention: {raw: for ever}", "must be a duration"),
      ("retention: {minutes: 90 d, quarterHours: 30 d}", "would be kept shorter than those"),
      ("retention: {hours: 90 d}", "unknown key 'hours' in retention"),
    ])
  func storageMistakes(text: String, finding: String) throws {
    let bench = try Bench()
    try bench.writeCredential("mqtt", "secret-word", mode: 0o600)
    let (configuration, findings) = bench.read(Self.good + "\n" + text)
    #expect(configuration == nil)
    #expect(findings.contains { $0.contains(finding) }, "\(findings)")
  }

  @Test("A secret never appears in a description")
  func secretIsHidden() throws {
    let bench = try Bench()
    try bench.writeCredential("mqtt", "secret-word", mode: 0o600)
    let found = try #require(bench.read(Self.good).configuration)
    #expect(!"\(found)".contains("secret-word"))
    #expect(!String(reflecting: found.links).contains("secret-word"))
  }

  /// What is changed in the good file, and what is said about it.
  static let mistakes: [(replace: String, with: String, finding: String)] = [
    ("    links:", "    linsk:", "heddle.yaml:2:1: error[C011]: unknown key 'linsk'; did you mean 'links'?"),
    (
      "profile: test-meter", "profile: test-metre",
      ":12:25: error[C131]: there is no profile 'test-metre'; did you mean 'test-meter'?"
    ),
    ("link: bus,", "link: bsu,", ":12:43: error[C105]: there is no link 'bsu'; did you mean 'bus'?"),
    ("unit: 2", "unit: 300", "error[C133]"),
    ("unit: 2", "unti: 2", "unknown key 'unti' in devices[0].parameters; did you mean 'unit'?"),
    ("role: grid", "role: gird", "unknown role 'gird'; did you mean 'grid'?"),
    (
      "timezone: Europe/Berlin", "timezone: Europe/Berlln",
      "unknown time zone 'Europe/Berlln'; did you mean 'Europe/Berlin'?"
    ),
    ("link: broker", "link: bus", "the profile test-plug speaks mqtt, the link 'bus' is modbus; use broker"),
    ("{topic: p1}", "{}", "error[C133]"),
    ("\"${credential:mqtt}\"", "plain", "is a secret and must not stand in this file; write ${credential:name}"),
    ("${credential:mqtt}", "${credential:other}", "there is no credential 'other'"),
    ("id: plug", "id: grid", "the id 'grid' is used twice in devices; the first one is in line 12"),
    ("\"127.0.0.1:9000\"", "\"0.0.0.0:9000\"", "reachable from the network at 0.0.0.0:9000 without TLS"),
    ("modbus: {tcp: 192.168.1.20}", "modbus: {tcp: 192.168.1.20, baud: 9600}", "'baud' belongs to serial lines only"),
    ("id: plug, profile: test-plug", "id: plug, profile: test-meter", "speaks modbus, the link 'broker' is mqtt"),
    (
      "modbus: {tcp: 192.168.1.20}", "modbus: {aa55: 192.168.1.20}",
      "error[C137]: the profile test-meter does not speak what the link 'bus' carries (aa55 192.168.1.20:8899); "
        + "write modbus: {tcp: host:502} or {rtuOverTcp: host:502} or {rtuOverUdp: host:8899} or {serial: /dev/ttyUSB0}"
    ),
    (
      "modbus: {tcp: 192.168.1.20}", "modbus: {tcp: 192.168.1.20, rtuOverTcp: 192.168.1.20}",
      "error[C122]: modbus needs exactly one of tcp, rtuOverTcp, rtuOverUdp, givenergy, aa55, serial"
    ),
    ("baud: 19200", "baud: fast", "must be a whole number, it is 'fast'"),
  ]

  @Test("A mistake is named with its place and what to do", arguments: mistakes.indices)
  func mistake(_ index: Int) throws {
    let mistake = Self.mistakes[index]
    let bench = try Bench()
    try bench.writeCredential("mqtt", "secret-word", mode: 0o600)
    let text = Self.good.replacingOccurrences(
      of: mistake.replace.trimmingCharacters(in: .whitespaces), with: mistake.with.trimmingCharacters(in: .whitespaces))
    #expect(text != Self.good)
    let (configuration, findings) = bench.read(text)
    #expect(configuration == nil)
    #expect(findings.contains { $0.contains(mistake.finding) }, "\(findings)")
  }

  @Test("A credential that others can read is refused")
  func openCredential() throws {
    let bench = try Bench()
    try bench.writeCredential("mqtt", "secret-word", mode: 0o644)
    let (configuration, findings) = bench.read(Self.good)
    #expect(configuration == nil)
    #expect(findings.contains { $0.contains("can be read by others; chmod 600") })
  }

  @Test("Text that is not YAML is named with its line")
  func notYAML() throws {
    let (configuration, findings) = try Bench().read("links: [\n  - {id: a")
    #expect(configuration == nil)
    #expect(findings.first?.contains("not valid YAML") == true)
  }

  @Test("A device stays the same device when another one joins its endpoint, and not when its unit changes")
  func sameDevice() throws {
    let bench = try Bench()
    func configuration(unit: Int) throws -> GatewayConfiguration {
      let text = """
        links: [{id: bus, modbus: {tcp: 10.0.0.1}}]
        devices:
          - {id: a, profile: test-meter, link: bus, parameters: {unit: \(unit)}}
        """
      return try #require(bench.read(text).configuration)
    }
    let one = try configuration(unit: 1)
    var joined = one
    joined.devices[0].endpointName = "a+b"
    #expect(joined.devicesReached(asIn: one) == ["a"])
    #expect(try configuration(unit: 2).devicesReached(asIn: one) == [])
  }

  @Test(
    "RTU goes through bridges by TCP and UDP too",
    arguments: [("rtuOverTcp: 10.0.0.1", ModbusLinkKind.rtuOverTcp, 502), ("rtuOverUdp: 10.0.0.1", .rtuOverUdp, 8899)])
  func bridges(_ text: String, _ kind: ModbusLinkKind, _ port: Int) throws {
    let file = """
      links: [{id: bus, modbus: {\(text)}}]
      devices: [{id: a, profile: test-meter, link: bus, parameters: {unit: 1}}]
      """
    let found = try #require(try Bench().read(file).configuration)
    #expect(found.links[0].transport == .modbusSocket(kind, HostAndPort(host: "10.0.0.1", port: port)))
  }

  @Test("A thousand sockets are allowed, but only a few lines and brokers, which have a thread each")
  func linkLimits() throws {
    func findings(_ number: Int, _ transport: String) throws -> [String] {
      let links = (1...number).map { "  - {id: link-\($0), \(transport)}" }
      return try Bench().read("links:\n" + links.joined(separator: "\n") + "\ndevices: []\n").findings
    }
    #expect(try findings(1000, "modbus: {tcp: 10.0.0.1}") == [])
    #expect(try findings(1025, "modbus: {tcp: 10.0.0.1}").first?.contains("1025 links are more than the 1024") == true)
    #expect(try findings(64, "mqtt: {broker: 10.0.0.1}") == [])
    #expect(try findings(65, "mqtt: {broker: 10.0.0.1}").first?.contains("65 serial lines and brokers") == true)
  }

  @Test("Two devices cannot be the same part of the same endpoint")
  func sharedPart() throws {
    let bench = try Bench()
    let text = """
      links: [{id: bus, modbus: {tcp: 10.0.0.1}}]
      devices:
        - {id: a, profile: test-meter, link: bus}
        - {id: b, profile: test-meter, link: bus}
      """
    #expect(bench.read(text).findings.contains { $0.contains("'b' is the same device as 'a'") })
  }

  @Test(
    "An address is a host and a port",
    arguments: [
      ("10.0.0.1:502", "10.0.0.1:502"), ("host", "host:77"), ("[::1]:502", "[::1]:502"), ("::1", "[::1]:77"),
      ("host:99999", nil), ("", nil), ("a b:1", nil), (":502", nil),
    ] as [(String, String?)])
  func address(_ text: String, _ expected: String?) {
    #expect(HostAndPort(text, defaultPort: 77)?.description == expected)
  }
}
