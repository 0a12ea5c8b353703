import Foundation
import Testing

/// One device or its broker dies; the others do not notice, and it comes back by itself.
@Suite(
  "Outage of one device", .enabled(if: Programs.hasOwn, "the programs are not built"),
  .enabled(if: Programs.system("mosquitto") != nil, "mosquitto is not installed"))
struct OutageTests {
  @Test("A Modbus device, a broker and a vendor API go away and come back alone")
  func outages() async throws {
    let gateway = try await TestGateway(profiles: "huawei", "zigbee2mqtt", "fronius")
    defer { gateway.clear() }
    let house = try await House(gateway)
    try await gateway.start()
    for device in House.devices { #expect(await gateway.reaches(device, "online"), "\(device): \(gateway.log)") }
    try await modbus(gateway, house)
    try await broker(gateway, house)
    try await page(gateway, house)
  }

  private func modbus(_ gateway: TestGateway, _ house: House) async throws {
    house.meter.send(SIGKILL)
    #expect(await gateway.reaches("battery-1", "offline"), "\(gateway.log)")
    let health = try await gateway.health("battery-1")
    #expect(!health.reason.isEmpty)
    let status = try await gateway.cli("status")
    #expect(status.output.contains(health.reason), "the reason is in `heddle status`: \(status.output)")
    let refused = try await gateway.cli("battery", "charge", "battery-1", "--power", "1kW", "--for", "5m")
    #expect(refused.status == 1, "\(refused.output)\(refused.errors)")
    #expect(refused.errors.contains("offline") && refused.errors.contains(health.reason), "\(refused.errors)")
    let command = try await gateway.newestCommand("battery-1")
    #expect(command["status"] as? String == "rejected")
    #expect((command["operations"] as? [Any] ?? []).isEmpty, "nothing was sent: \(command)")
    try await othersAreFine(gateway, except: "battery-1")
    try await house.startBattery(gateway)
    #expect(await gateway.reaches("battery-1", "online", within: 30), "\(gateway.log)")
  }

  private func broker(_ gateway: TestGateway, _ house: House) async throws {
    house.broker.send(SIGKILL)
    #expect(await gateway.reaches("thermostat-1", "offline"), "\(gateway.log)")
    #expect(!(try await gateway.health("thermostat-1")).reason.isEmpty)
    try await othersAreFine(gateway, except: "thermostat-1")
    try house.startBroker(gateway)
    #expect(await gateway.reaches("thermostat-1", "online", within: 40), "\(gateway.log)")
  }

  private func page(_ gateway: TestGateway, _ house: House) async throws {
    try gateway.write("faults", "\(House.inverter): html\n")
    let isDown = await eventually(within: 20) {
      ["degraded", "offline"].contains((try? await gateway.health("inverter-1"))?.state)
    }
    #expect(isDown, "\(gateway.log)")
    let reason = try await gateway.health("inverter-1").reason
    #expect(reason.contains("HTML") || reason.contains("JSON"), "\(reason)")
    try await othersAreFine(gateway, except: "inverter-1")
    try gateway.write("faults", "\(House.inverter): none\n")
    #expect(await gateway.reaches("inverter-1", "online", within: 30), "\(gateway.log)")
  }

  private func othersAreFine(_ gateway: TestGateway, except lost: String) async throws {
    for device in House.devices where device != lost {
      let health = try await gateway.health(device)
      #expect(health.state == "online", "\(device): \(health.reason)")
      // A thermostat is online by its broker's word before its first value comes.
      let isFresh = await eventually(within: 15) { ((try? await gateway.health(device))?.age ?? .infinity) < 15 }
      #expect(isFresh, "\(device) is fresh")
    }
  }
}

/// A battery, a thermostat with its broker, and an inverter, each a program of its own.
private final class House {
  static let devices = ["battery-1", "thermostat-1", "inverter-1"]
  static let inverter = "fronius-solar-api-v1"
  private(set) var meter: RunningProgram
  private(set) var broker: RunningProgram
  private let modbusPort: Int
  private let brokerPort: Int

  init(_ gateway: TestGateway) async throws {
    brokerPort = try freePort()
    broker = try Self.broker(gateway, brokerPort)
    let port = brokerPort
    #expect(await eventually(within: 10) { isListening(port) })
    let (battery, batteryPorts) = try await gateway.simulator(["play", "huawei-sun2000", "--modbus-port", "0"])
    meter = battery
    modbusPort = try #require(batteryPorts.modbusPort)
    try gateway.write(
      "rest.yaml",
      """
      mqtt:
        host: 127.0.0.1
        port: \(brokerPort)
        devices:
          - {profile: zigbee2mqtt-radiator-thermostat, parameters: {name: hall}}
      http: {port: 0, profile: \(Self.inverter)}
      """)
    try gateway.write("faults", "")
    let (_, restPorts) = try await gateway.simulator(
      ["home", gateway.path("rest.yaml"), "--sun", "noon", "--fault-file", gateway.path("faults")])
    try gateway.configure(
      """
      links:
        - {id: cellar, modbus: {tcp: "127.0.0.1:\(modbusPort)"}}
        - {id: zigbee, mqtt: {broker: "127.0.0.1:\(brokerPort)", keepAlive: 5 s}}
        - {id: roof, http: {url: "http://127.0.0.1:\(try #require(restPorts.httpPorts?[Self.inverter]))"}}
      devices:
        - {id: battery-1, profile: huawei-sun2000, part: battery, link: cellar}
        - {id: thermostat-1, profile: zigbee2mqtt-radiator-thermostat, link: zigbee, parameters: {name: hall}}
        - {id: inverter-1, profile: \(Self.inverter), part: inverter, link: roof}
      """)
  }

  func startBattery(_ gateway: TestGateway) async throws {
    (meter, _) = try await gateway.simulator(["play", "huawei-sun2000", "--modbus-port", "\(modbusPort)"])
  }

  func startBroker(_ gateway: TestGateway) throws { broker = try Self.broker(gateway, brokerPort) }

  private static func broker(_ gateway: TestGateway, _ port: Int) throws -> RunningProgram {
    let file = try gateway.write("mosquitto.conf", "listener \(port) 127.0.0.1\nallow_anonymous true\n")
    return try gateway.peer(try Programs.required("mosquitto"), ["-c", file])
  }
}
