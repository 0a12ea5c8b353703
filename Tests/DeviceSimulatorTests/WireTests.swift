import AsyncHTTPClient
import CModbus
import DeviceProfiles
import DeviceSimulator
import EnergyModel
import Foundation
import LocatedYAML
import Logging
import ModbusWire
import NIOCore
import NIOHTTP1
import Testing
import TimeSource

@Suite("Simulated devices on the real wire", .timeLimit(.minutes(1)))
struct WireTests {
  /// Runs a home while a test talks to it.
  private func play(
    _ plan: HomePlan, _ body: @escaping @Sendable (HomeRun.Ready, Simulation) async throws -> Void
  ) async throws {
    let run = try HomeRun(plan: plan, time: .system, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let (ready, continuation) = AsyncStream<HomeRun.Ready>.makeStream()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await run.run { continuation.yield($0) } }
      group.addTask {
        for await ports in ready {
          try await body(ports, run.simulation)
          return
        }
      }
      try await group.next()
      group.cancelAll()
    }
  }

  private func plan(_ devices: [(String, HomePlan.Place, MeterRole?)]) throws -> HomePlan {
    var plan = HomePlan()
    plan.startSecondsOfDay = 12 * 3600
    plan.devices = try devices.map { id, place, role in
      HomePlan.Device(
        profile: try ShippedProfiles.bound(id, id == "givenergy-inverter" ? ["batteryPowerW": .number(3600)] : [:]),
        options: DeviceOptions(name: id, meterRole: role), place: place)
    }
    return plan
  }

  // MARK: Modbus

  @Test("A libmodbus client reads and writes two units on one port")
  func modbusTCP() async throws {
    let plan = try plan([
      ("huawei-sun2000", .modbus(unit: 1), nil), ("eastron-sdm630", .modbus(unit: 2), .grid),
    ])
    try await play(plan) { ready, simulation in
      let client = try ModbusClient(port: try #require(ready.modbusPort))
      client.select(1)
      #expect(client.read(37760, 1)?.first.map { abs(Int($0) - 550) <= 2 } == true)
      #expect(client.write(47075, [0, 2000]))
      #expect(client.read(47075, 2) == [0, 2000])
      #expect(!client.write(37760, [1]))
      #expect(client.lastError == "Illegal data address")
      #expect(!client.writeOne(47100, 9))
      #expect(client.lastError == "Illegal data value")
      client.select(2)
      let words = try #require(client.readInput(70, 2))
      let frequency = Float(bitPattern: UInt32(words[0]) << 16 | UInt32(words[1]))
      #expect(abs(frequency - 50) < 0.1)
      client.select(9)
      #expect(client.read(0, 1) == nil)
      simulation.setFaults(try FaultPlan(parsing: "drop"), name: "huawei-sun2000")
      client.select(1)
      #expect(client.read(37760, 1) == nil)
    }
  }

  @Test("Many clients at once get their own answers")
  func manyClients() async throws {
    try await play(try plan([("huawei-sun2000", .modbus(unit: 1), nil)])) { ready, _ in
      let port = try #require(ready.modbusPort)
      let clients = try (0..<20).map { _ in try ModbusClient(port: port) }
      for client in clients {
        client.select(1)
        #expect(client.read(37046, 4) == [0, 5000, 0, 5000])
      }
    }
  }

  @Test("mbpoll sees a register that was written", .enabled(if: Tool.exists("mbpoll"), "mbpoll is not installed"))
  func mbpoll() async throws {
    try await play(try plan([("huawei-sun2000", .modbus(unit: 1), nil)])) { ready, _ in
      let port = try #require(ready.modbusPort)
      let client = try ModbusClient(port: port)
      client.select(1)
      #expect(client.write(47247, [0, 2345]))
      let output = try await Tool.run(
        "mbpoll", ["-m", "tcp", "-a", "1", "-0", "-r", "47248", "-c", "1", "-1", "-p", "\(port)", "127.0.0.1"])
      #expect(output.contains("2345"), "\(output)")
    }
  }

  @Test("A meter on a serial line", .enabled(if: Tool.exists("socat"), "socat is not installed"))
  func modbusRTU() async throws {
    let pair = try await SerialPair()
    defer { pair.end() }
    try await play(try plan([("eastron-sdm630", .serial(path: pair.device, baud: 9600, unit: 5), .grid)])) { _, _ in
      let client = try ModbusClient(serial: pair.gateway, unit: 5)
      let words = try #require(client.readInput(70, 2), "\(client.lastError)")
      #expect(abs(Float(bitPattern: UInt32(words[0]) << 16 | UInt32(words[1])) - 50) < 0.1)
      #expect(!client.write(0, [1]))
    }
  }

  @Test(
    "Each framing is played on its own port: a raw request gets its answer",
    arguments: [
      ("goodwe-et", ModbusLinkKind.rtuOverUdp, 247, [3, 0x90, 0x8F, 0, 1]),  // 37007: state of charge
      ("goodwe-dt", .rtuOverUdp, 127, [3, 0x75, 0xAC, 0, 1]),
      ("goodwe-es", .aa55, 127, [3, 0x86, 0x0D, 0, 1]), ("givenergy-inverter", .givenergy, 17, [4, 0, 59, 0, 1]),
      ("byd-battery-box-premium", .rtuOverTcp, 1, [3, 5, 0, 0, 1]),
    ] as [(String, ModbusLinkKind, UInt8, [UInt8])])
  func framings(_ id: String, _ kind: ModbusLinkKind, _ unit: UInt8, _ pdu: [UInt8]) async throws {
    try await play(try plan([(id, .framed(kind, port: 0, unit: unit), nil)])) { ready, simulation in
      let client = try FrameClient(kind, port: try #require(ready.framedPorts[id]))
      let answer = try #require(try client.ask(unit: unit, pdu: pdu))
      try #require(answer.count == 4 && answer[0] == pdu[0], "\(answer)")
      // State of charge starts at 55 %.
      let low = id == "goodwe-es" ? answer[2] : answer[3]
      if id != "goodwe-dt" { #expect(abs(Int(low) - 55) <= 1, "\(answer)") }
      #expect(ready.json.contains("framedPorts"))
      simulation.setFaults(try FaultPlan(parsing: "offline"), name: id)
      #expect(try client.ask(unit: unit, pdu: pdu) == nil)
    }
  }

  @Test("A command over GivEnergy's dongle reaches the simulated battery")
  func framedCommand() async throws {
    let plan = try plan([("givenergy-inverter", .framed(.givenergy, port: 0, unit: 17), nil)])
    try await play(plan) { ready, _ in
      let client = try FrameClient(.givenergy, port: try #require(ready.framedPorts["givenergy-inverter"]))
      #expect(try client.ask(unit: 17, pdu: [6, 0, 110, 0, 20]) == [6, 0, 110, 0, 20])
      #expect(try client.ask(unit: 17, pdu: [3, 0, 110, 0, 1]) == [3, 2, 0, 20])
      #expect(try client.ask(unit: 17, pdu: [6, 0, 110, 0, 200]) == [0x86, 2])
      #expect(try client.ask(unit: 18, pdu: [3, 0, 110, 0, 1]) == nil)
    }
  }

  // MARK: MQTT

  @Test(
    "A thermostat behind a real broker takes a setpoint and says so",
    .enabled(if: Tool.exists("mosquitto") && Tool.exists("mosquitto_pub"), "mosquitto is not installed"))
  func mqtt() async throws {
    let broker = try await Broker()
    defer { broker.end() }
    var plan = try plan([("zigbee2mqtt-radiator-thermostat", .mqtt, nil)])
    plan.broker = .init(host: "127.0.0.1", port: broker.port)
    try await play(plan) { _, simulation in
      let base = "zigbee2mqtt/test-device"
      let online = try await broker.firstMessage("\(base)/availability")
      #expect(online == "online")
      try await broker.publish("\(base)/set", #"{"occupied_heating_setpoint":24}"#)
      let state = try await broker.firstMessage(base) { $0.contains(#""occupied_heating_setpoint":24"#) }
      #expect(state.contains(#""running_state":"heat""#))
      simulation.setFaults(try FaultPlan(parsing: "offline"), name: "*")
      let offline = try await broker.firstMessage("\(base)/availability") { $0 == "offline" }
      #expect(offline == "offline")
    }
  }

  // MARK: HTTP

  @Test("A vendor API answers, takes a command and can be broken")
  func http() async throws {
    try await play(try plan([("venstar-colortouch", .http(port: 0), nil)])) { ready, simulation in
      let port = try #require(ready.httpPorts["venstar-colortouch"])
      let info = try await get("http://127.0.0.1:\(port)/query/info")
      #expect(info.contains(#""heattemp":68"#), "\(info)")
      var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/control")
      request.method = .POST
      request.headers.add(name: "Content-Type", value: "application/x-www-form-urlencoded")
      request.body = .bytes(ByteBuffer(string: "mode=1&fan=0&heattemp=74&cooltemp=79"))
      let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(5))
      let reply = String(buffer: try await answer.body.collect(upTo: 10_000))
      #expect(reply == #"{"success":true}"#)
      #expect(try await get("http://127.0.0.1:\(port)/query/info").contains(#""heattemp":74"#))
      simulation.setFaults(try FaultPlan(parsing: "html"), name: "*")
      #expect(try await get("http://127.0.0.1:\(port)/query/info").contains("<html>"))
    }
  }

  @Test("A login is asked for, gives a cookie, and opens everything else")
  func login() async throws {
    try await play(try plan([("tesla-powerwall", .http(port: 0), nil)])) { ready, _ in
      let base = "http://127.0.0.1:\(try #require(ready.httpPorts["tesla-powerwall"]))"
      var poll = HTTPClientRequest(url: "\(base)/api/meters/aggregates")
      #expect(try await HTTPClient.shared.execute(poll, timeout: .seconds(5)).status == .unauthorized)
      var login = HTTPClientRequest(url: "\(base)/api/login/Basic")
      login.method = .POST
      login.body = .bytes(
        ByteBuffer(string: #"{"username":"customer","email":"","password":"test-device","force_sm_off":false}"#))
      let answer = try await HTTPClient.shared.execute(login, timeout: .seconds(5))
      let cookie = try #require(answer.headers.first(name: "Set-Cookie")?.split(separator: ";").first)
      poll.headers.add(name: "Cookie", value: String(cookie))
      let meters = try await HTTPClient.shared.execute(poll, timeout: .seconds(5))
      #expect(String(buffer: try await meters.body.collect(upTo: 100_000)).contains("instant_power"))
    }
  }

  private func get(_ url: String) async throws -> String {
    let answer = try await HTTPClient.shared.execute(HTTPClientRequest(url: url), timeout: .seconds(5))
    return String(buffer: try await answer.body.collect(upTo: 100_000))
  }
}

@Suite("Home files")
struct HomePlanTests {
  @Test("A whole home")
  func whole() throws {
    let text = """
      home: {seed: 3, sun: noon, speed: 2, socPercent: 40}
      modbus:
        units:
          1: {profile: huawei-sun2000, name: battery}
          2: {profile: eastron-sdm630, role: grid}
      mqtt:
        port: 18830
        devices: [{profile: zigbee2mqtt-radiator-thermostat, parameters: {name: hall, minSetpointC: 5}}]
      http: {profile: fronius-solar-api-v1}
      """
    let (plan, findings) = HomePlan.read(text: text, file: "home.yaml", library: ShippedProfiles.library)
    #expect(findings.isEmpty)
    let home = try #require(plan)
    #expect(
      home.devices.map(\.options.name) == [
        "battery", "eastron-sdm630", "zigbee2mqtt-radiator-thermostat", "fronius-solar-api-v1",
      ])
    #expect(home.startSecondsOfDay == 43_200)
    #expect(home.home.socPercent == 40)
    #expect(home.broker?.port == 18830)
    #expect(home.devices[1].options.meterRole == .grid)
  }

  @Test("Mistakes are found all at once, with their places")
  func mistakes() {
    let text = """
      modbus:
        units:
          1: {profile: huawei-sun2001}
          2: {profile: venstar-colortouch}
          3: {profile: eastron-sdm630, role: house, parameters: {unti: 3}}
      home: {sun: later}
      """
    let (plan, findings) = HomePlan.read(text: text, file: "home.yaml", library: ShippedProfiles.library)
    #expect(plan == nil)
    #expect(findings.count >= 5)
    #expect(findings.contains { $0.line == 3 && $0.hint == "did you mean 'huawei-sun2000'?" })
  }

  @Test("Where the sun starts", arguments: [("noon", 43_200.0), ("7:30", 27_000.0), ("0", 0.0)])
  func sun(text: String, seconds: Double) {
    #expect(HomePlan.sunStart(text) == .some(.some(seconds)))
    #expect(HomePlan.sunStart("now") == .some(.none))
    #expect(HomePlan.sunStart("25") == nil)
    #expect(HomePlan.sunStart("1:2:3") == nil)
  }
}
