import Foundation
import Testing

/// `heddle profile record` against devices on the wire.
@Suite(
  "Recording a live device", .enabled(if: Programs.hasOwn, "the programs are not built"),
  .enabled(if: Programs.system("mosquitto") != nil, "mosquitto is not installed"))
struct RecordTests {
  private func record(_ gateway: TestGateway, _ name: String, _ arguments: String...) async throws -> ProgramResult {
    try await gateway.cli(
      ["profile", "record"] + arguments + ["--output", gateway.path(name)] + gateway.profileArguments)
  }

  private func decode(_ gateway: TestGateway, _ profile: String, _ capture: String, _ more: String...) async throws
    -> ProgramResult
  {
    try await gateway.cli(
      ["profile", "decode", profile, "--capture", gateway.path(capture)] + more + gateway.profileArguments)
  }

  private func members(_ gateway: TestGateway, _ name: String) throws -> [String: Any] {
    let data = try Data(contentsOf: URL(fileURLWithPath: gateway.path(name)))
    return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  @Test("Registers of a Modbus server, with and without a profile, also after a stop in the middle")
  func registers() async throws {
    let gateway = try await TestGateway(profiles: "eastron")
    defer { gateway.clear() }
    try gateway.write("home.yaml", "modbus: {port: 0, units: {2: {profile: eastron-sdm630, role: grid}}}\n")
    let (_, ports) = try await gateway.simulator(["home", gateway.path("home.yaml")])
    let host = "127.0.0.1:\(try #require(ports.modbusPort))"

    let whole = try await record(
      gateway, "a.json", host, "--profile", "eastron-sdm630", "--parameter", "unit=2", "--rate", "1000")
    #expect(whole.status == 0, "\(whole.errors)")
    let decoded = try await decode(gateway, "eastron-sdm630", "a.json", "--parameter", "unit=2")
    #expect(decoded.status == 0, "\(decoded.output)\(decoded.errors)")

    // One register at a time; the signal comes when something is there.
    let slow = try gateway.peer(
      Programs.own("heddle"),
      [
        "profile", "record", host, "--registers", "input:0-19", "--unit", "2", "--rate", "20", "--chunk", "1",
        "--output", gateway.path("b.json"),
      ])
    #expect(await eventually(within: 10) { (try? members(gateway, "b.json")) != nil }, "\(slow.said)")
    slow.send(SIGINT)
    _ = await slow.end(within: 5)
    func known() throws -> Int {
      let units = try members(gateway, "b.json")["units"] as? [String: [String: [String: Any]]]
      return units?["2"]?["input"]?.count ?? 0
    }
    let before = try known()
    #expect((1..<20).contains(before))
    let rest = try await record(
      gateway, "b.json", host, "--registers", "input:0-19", "--unit", "2", "--rate", "1000")
    #expect(rest.status == 0, "\(rest.errors)")
    #expect(try known() == 20)

    // Beyond the end of the memory the server refuses: the last address that is there is found.
    let absent = try await record(
      gateway, "c.json", host, "--registers", "coil:0-3", "--unit", "2", "--rate", "1000")
    #expect(absent.status == 0 || absent.errors.contains("said nothing"), "\(absent.errors)")
    let nobody = try await record(gateway, "d.json", "127.0.0.1:\(try freePort())", "--registers", "input:0-1")
    #expect(nobody.status == 69 && nobody.errors.contains("run it again to go on"), "\(nobody.errors)")
  }

  @Test(
    "Registers of a meter on a serial line", .enabled(if: Programs.system("socat") != nil, "socat is not installed"))
  func serial() async throws {
    let gateway = try await TestGateway(profiles: "eastron")
    defer { gateway.clear() }
    let ends = [gateway.path("meter.tty"), gateway.path("bus.tty")]
    _ = try gateway.peer(try Programs.required("socat"), ends.map { "pty,raw,echo=0,link=\($0)" })
    try #require(await eventually(within: 10) { ends.allSatisfy { FileManager.default.fileExists(atPath: $0) } })
    try gateway.write(
      "home.yaml",
      "serial: [{path: \(ends[0]), baud: 9600, unit: 5, profile: eastron-sdm630, role: grid}]\n")
    _ = try await gateway.simulator(["home", gateway.path("home.yaml")])
    let result = try await record(
      gateway, "serial.json", "--serial", ends[1], "--baud", "9600", "--profile", "eastron-sdm630", "--parameter",
      "unit=5", "--rate", "1000")
    #expect(result.status == 0, "\(result.errors)")
    let decoded = try await decode(gateway, "eastron-sdm630", "serial.json", "--parameter", "unit=5")
    #expect(decoded.status == 0, "\(decoded.output)\(decoded.errors)")
    let parity = try await record(
      gateway, "p.json", "--serial", ends[1], "--parity", "mark", "--registers", "input:0-1")
    #expect(parity.status == 64 && parity.errors.contains("none, even, odd"), "\(parity.errors)")
  }

  @Test("A profile is drafted from a SunSpec device that answers")
  func live() async throws {
    let gateway = try await TestGateway(profiles: "sunspec")
    defer { gateway.clear() }
    try gateway.write("home.yaml", "modbus: {port: 0, units: {7: {profile: sunspec-inverter}}}\n")
    let (_, ports) = try await gateway.simulator(["home", gateway.path("home.yaml")])
    let host = "127.0.0.1:\(try #require(ports.modbusPort))"
    let file = gateway.path("profiles/mine.yaml")
    let new = try await gateway.cli(
      "profile", "new", "--from", "sunspec", host, "--unit", "7", "--id", "mine", "--output", file)
    #expect(new.status == 0, "\(new.errors)")
    for tool in ["lint", "test"] {
      let check = try await gateway.cli("profile", tool, file)
      #expect(check.status == 0, "\(tool): \(check.output)\(check.errors)")
    }
    let text = try String(contentsOfFile: file, encoding: .utf8)
    #expect(text.contains("acPowerW: {sunspec: {model: 103, point: W}"), "\(text)")

    let again = try await gateway.cli(
      "profile", "new", "--from", "sunspec", host, "--unit", "7", "--id", "mine", "--output", file)
    #expect(again.status != 0 && again.errors.contains("is there already"), "\(again.errors)")
    let nobody = try await gateway.cli("profile", "new", "--from", "sunspec", "127.0.0.1:\(try freePort())")
    #expect(nobody.status == 69, "\(nobody.errors)")
  }

  @Test("Topics of a broker, with serials and secrets replaced")
  func topics() async throws {
    let gateway = try await TestGateway(profiles: "tasmota")
    defer { gateway.clear() }
    let port = try freePort()
    let file = try gateway.write("mosquitto.conf", "listener \(port) 127.0.0.1\nallow_anonymous true\n")
    _ = try gateway.peer(try Programs.required("mosquitto"), ["-c", file])
    try #require(await eventually(within: 10) { isListening(port) })
    for (topic, payload) in [
      ("tele/plug/SENSOR", #"{"ENERGY":{"Power":42,"Total":1.5},"serial":"AB12345678"}"#),
      ("tele/AB12345678/STATE", #"{"Wifi":{"SSId":"home","Password":"hunter2"}}"#),
    ] {
      let sent = try await run(
        try Programs.required("mosquitto_pub"),
        ["-p", "\(port)", "-r", "-t", topic, "-m", payload])
      #expect(sent.status == 0)
    }
    let result = try await record(gateway, "mqtt.json", "--broker", "127.0.0.1:\(port)", "--topic", "#", "--for", "2s")
    #expect(result.status == 0, "\(result.errors)")
    let text = try String(contentsOfFile: gateway.path("mqtt.json"), encoding: .utf8)
    for secret in ["AB12345678", "hunter2"] { #expect(!text.contains(secret), "\(text)") }
    let decoded = try await decode(gateway, "tasmota-energy-plug", "mqtt.json", "--parameter", "topic=plug")
    #expect(decoded.output.contains("42  W"), "\(decoded.output)\(decoded.errors)")
  }

  @Test("Answers of an HTTP host, by a profile and by paths")
  func answers() async throws {
    let gateway = try await TestGateway(profiles: "fronius")
    defer { gateway.clear() }
    try gateway.write("home.yaml", "http: {port: 0, profile: fronius-solar-api-v1}\n")
    let (_, ports) = try await gateway.simulator(["home", gateway.path("home.yaml")])
    let url = "http://127.0.0.1:\(try #require(ports.httpPorts?["fronius-solar-api-v1"]))"
    let all = try await record(gateway, "all.json", "--http", url, "--profile", "fronius-solar-api-v1")
    #expect(all.status == 0, "\(all.errors)")
    let decoded = try await decode(gateway, "fronius-solar-api-v1", "all.json")
    #expect(decoded.output.contains("inverter") || decoded.status == 0, "\(decoded.output)\(decoded.errors)")
    let responses = try #require(try members(gateway, "all.json")["responses"] as? [String: Any])
    let path = try #require(responses.keys.sorted().first)
    let one = try await record(gateway, "one.json", "--http", url, "--path", path)
    #expect(one.status == 0, "\(one.errors)")
    #expect((try members(gateway, "one.json")["responses"] as? [String: Any])?.keys.sorted() == [path])
  }

  private static let sunnyBoy = Programs.captures.appendingPathComponent(
    "sunspec/sma_sunnyboy_3.6_2023-08-10.registers.json"
  ).path

  @Test(
    "A SunSpec device becomes a profile of its own",
    .enabled(if: Programs.peerPython != nil, "make peers was not run"),
    .enabled(if: Programs.hasFile(sunnyBoy), "the captures are not there"))
  func sunSpec() async throws {
    let gateway = try await TestGateway(profiles: "sunspec")
    defer { gateway.clear() }
    let (_, port) = try await gateway.script(
      try #require(Programs.peerPython), "sunspec_server.py", [Self.sunnyBoy, "126"])
    let recorded = try await record(gateway, "sma.json", "127.0.0.1:\(port)", "--unit", "126", "--rate", "1000")
    #expect(recorded.status == 0, "\(recorded.errors)")
    let file = gateway.path("profiles/mine.yaml")
    let new = try await gateway.cli(
      "profile", "new", "--from", "sunspec", gateway.path("sma.json"), "--unit", "126", "--id", "mine", "--output", file
    )
    #expect(new.status == 0, "\(new.errors)")
    let test = try await gateway.cli("profile", "test", file)
    #expect(test.status == 0, "\(test.output)")
    #expect(try String(contentsOfFile: file, encoding: .utf8).contains("acPowerW: {sunspec: {model: 101, point: W}"))
  }
}
