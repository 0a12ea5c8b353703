import Foundation
import Testing

/// A full SunSpec map of an SMA Sunny Boy 3.6.
private let sunnyBoy = Programs.captures.appendingPathComponent("sunspec/sma_sunnyboy_3.6_2023-08-10").path

@Suite(
  "Finding devices", .enabled(if: Programs.hasOwn, "the programs are not built"),
  .enabled(if: Programs.system("mosquitto") != nil, "mosquitto is not installed"))
struct DiscoveryTests {
  /// One JSON object per line.
  private func finds(_ text: String) throws -> [[String: Any]] {
    try text.split(separator: "\n").map { line in
      try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
    }
  }

  private func add(_ find: [String: Any]?) throws -> [String: Any] {
    try #require((find?["add"] as? [String: Any]), "\(find ?? [:])")
  }

  @Test(
    "What the gateway finds at a foreign server and at a broker runs as it is written",
    .enabled(if: Programs.peerPython != nil, "make peers was not run"),
    .enabled(if: Programs.hasFile(sunnyBoy + ".registers.json"), "the captures are not there"))
  func throughTheGateway() async throws {
    let gateway = try await TestGateway(profiles: "sunspec", "tasmota")
    defer { gateway.clear() }
    let (_, port) = try await gateway.script(
      try #require(Programs.peerPython), "sunspec_server.py", [sunnyBoy + ".registers.json", "126"])
    let broker = try freePort()
    let settings = try gateway.write("mosquitto.conf", "listener \(broker) 127.0.0.1\nallow_anonymous true\n")
    _ = try gateway.peer(try Programs.required("mosquitto"), ["-c", settings])
    try #require(await eventually(within: 10) { isListening(broker) })
    let energy = #"{"Time":"2026-05-01T12:00:00","ENERGY":{"Total":1.5,"Power":42,"Voltage":230,"Current":0.2}}"#
    let sent = try await run(
      try Programs.required("mosquitto_pub"),
      ["-p", "\(broker)", "-r", "-t", "tele/kettle/SENSOR", "-m", energy])
    #expect(sent.status == 0)
    try gateway.configure("links: []\n")
    try await gateway.start()

    let result = try await gateway.cli(
      "discover", "127.0.0.1", "--port", "\(port)", "--mqtt", "127.0.0.1:\(broker)", "--for", "1s", "--json")
    #expect(result.status == 0, "\(result.errors)")
    let found = try finds(result.output)
    let inverter = found.first { $0["transport"] as? String == "modbus" }
    #expect(inverter?["profile"] as? String == "sunspec-inverter", "\(result.output)")
    #expect(inverter?["unit"] as? Int == 126)
    #expect(inverter?["manufacturer"] as? String == "SMA")
    let plug = found.first { $0["transport"] as? String == "mqtt" }
    #expect((plug?["profile"] as? String)?.hasPrefix("tasmota-") == true, "\(result.output)")
    let yaml = try #require(try add(inverter)["yaml"] as? String)
    let ids = try #require(try add(inverter)["devices"] as? [[String: Any]]).compactMap { $0["id"] as? String }

    try gateway.configure(yaml)
    try #require(gateway.daemon).send(SIGHUP)
    #expect(await gateway.reaches(try #require(ids.first), "online"), "\(yaml)\(gateway.log)")
    let again = try await gateway.cli("discover", "127.0.0.1", "--port", "\(port)", "--json")
    #expect(try finds(again.output).first?["certainty"] as? String == "configured")
    #expect(try finds(again.output).first?["deviceIds"] as? [String] == [ids[0]])
    let audit = try await gateway.cli("audit", "list")
    #expect(audit.output.contains("discovery.started"), "\(audit.output)")
  }

  @Test(
    "A broker with TLS is heard where its authority is trusted; where it is not, the report says so",
    .enabled(if: Programs.system("openssl") != nil, "needs openssl"))
  func secureBroker() async throws {
    let gateway = try await TestGateway(profiles: "tasmota")
    defer { gateway.clear() }
    let authority = try await gateway.certificate("broker")
    let port = try freePort()
    let settings = try gateway.write(
      "mosquitto.conf",
      """
      listener \(port) 127.0.0.1
      allow_anonymous true
      certfile \(gateway.path("tls.pem"))
      keyfile \(gateway.path("tls.key"))
      user root

      """)
    _ = try gateway.peer(try Programs.required("mosquitto"), ["-c", settings])
    try #require(await eventually(within: 10) { isListening(port) })
    let sent = try await run(
      try Programs.required("mosquitto_pub"),
      [
        "-h", "localhost", "-p", "\(port)", "--cafile", authority, "-r", "-t", "tele/kettle/SENSOR", "-m",
        #"{"Time":"2026-05-01T12:00:00","ENERGY":{"Total":1.5,"Power":42,"Voltage":230,"Current":0.2}}"#,
      ])
    try #require(sent.status == 0, "\(sent.errors)")
    try gateway.configure("links: []\n")
    try await gateway.start()

    let look = ["discover", "--mqtt", "localhost:\(port)", "--tls", "--for", "1s"]
    let untrusted = try await gateway.cli(look)
    #expect((untrusted.output + untrusted.errors).contains("not signed by the system's authorities"))
    let result = try await gateway.cli(look + ["--broker-ca", authority, "--json"])
    let plug = try #require(try finds(result.output).first, "\(result.output)\(result.errors)")
    #expect((plug["profile"] as? String)?.hasPrefix("tasmota-") == true, "\(plug)")

    // What it says to add is what connects.
    try gateway.configure(try #require(try add(plug)["yaml"] as? String))
    try #require(gateway.daemon).send(SIGHUP)
    let isConnected = await eventually(within: 10) { gateway.log.contains("connected to link mqtt-localhost") }
    #expect(isConnected, "\(gateway.log)")
  }

  @Test("The program looks by itself where no gateway runs")
  func offline() async throws {
    let gateway = try await TestGateway(profiles: "huawei")
    defer { gateway.clear() }
    try gateway.write("home.yaml", "modbus: {port: 0, units: {1: {profile: huawei-sun2000}}}\n")
    let (_, ports) = try await gateway.simulator(["home", gateway.path("home.yaml")])
    let result = try await gateway.cli(
      ["discover", "127.0.0.1", "--port", "\(try #require(ports.modbusPort))", "--offline"] + gateway.profileArguments)
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output.contains("(huawei-sun2000)"), "\(result.output)")
    #expect(result.output.contains("heddle link add modbus tcp=127.0.0.1:"), "\(result.output)")
    let refused = try await gateway.cli("discover", "8.8.8.8", "--offline")
    #expect(refused.status == 64, "\(refused.errors)")
    #expect(refused.errors.contains("not an address of a private network"))
  }
}
