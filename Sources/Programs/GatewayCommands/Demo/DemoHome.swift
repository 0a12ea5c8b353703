import Foundation

/// The files of the demo home: a battery and a grid meter behind Modbus TCP, a thermostat behind a real MQTT broker,
/// an inverter behind a vendor's HTTP API.
struct DemoHome {
  /// Where sockets, logs, database and generated files are.
  let directory: URL
  /// Directories with device profiles.
  let profiles: [String]
  let brokerPort: Int
  let apiPort: Int

  var brokerFile: URL { directory.appendingPathComponent("mosquitto.conf") }
  var simulatorFile: URL { directory.appendingPathComponent("home.yaml") }
  var readyFile: URL { directory.appendingPathComponent("ports.json") }
  var gatewayFile: URL { directory.appendingPathComponent("heddle.yaml") }
  var store: URL { directory.appendingPathComponent("heddle.db") }
  var socket: URL { directory.appendingPathComponent("heddle.sock") }

  /// The ports that the simulator chose.
  struct Ports: Decodable {
    let modbusPort: Int
    /// By profile.
    let httpPorts: [String: Int]
  }

  private static let inverterProfile = "fronius-solar-api-v1"

  func writeBrokerFile() throws {
    let text = """
      listener \(brokerPort) 127.0.0.1
      allow_anonymous true
      persistence false
      max_inflight_messages 0
      max_queued_messages 0

      """
    try text.write(to: brokerFile, atomically: true, encoding: .utf8)
  }

  func writeSimulatorFile() throws {
    let text = """
      modbus:
        port: 0
        units:
          1: {profile: huawei-sun2000, pv: false, battery: true}
          2: {profile: eastron-sdm630, role: grid}
      mqtt:
        host: 127.0.0.1
        port: \(brokerPort)
        devices:
          - {profile: zigbee2mqtt-radiator-thermostat, parameters: {name: living-room}}
      http:
        port: 0
        profile: \(Self.inverterProfile)

      """
    try text.write(to: simulatorFile, atomically: true, encoding: .utf8)
  }

  func writeGatewayFile(_ ports: Ports) throws {
    let text = """
      # The demo home. Change it and send SIGHUP to heddled, or start from it for a gateway of your own.
      api:
        listen: 127.0.0.1:\(apiPort)

      links:
        - id: cellar
          modbus: {tcp: "127.0.0.1:\(ports.modbusPort)"}
        - id: zigbee
          mqtt: {broker: "127.0.0.1:\(brokerPort)"}
        - id: roof
          http: {url: "http://127.0.0.1:\(ports.httpPorts[Self.inverterProfile] ?? 80)"}

      customers:
        - {id: demo, name: Demo Home, referenceId: demo-1}

      sites:
        - {id: home, name: Elm Street 4, customer: demo, timezone: \(TimeZone.current.identifier)}

      devices:
        - {id: battery-1, name: Battery, profile: huawei-sun2000, part: battery, link: cellar, parameters: {unit: 1}, site: home}
        - {id: meter-1, name: Grid meter, profile: eastron-sdm630, link: cellar, parameters: {unit: 2}, role: grid, site: home}
        - {id: thermostat-1, name: Living room, profile: zigbee2mqtt-radiator-thermostat, link: zigbee, parameters: {name: living-room}, site: home}
        - {id: inverter-1, name: Roof, profile: \(Self.inverterProfile), part: inverter, link: roof, site: home}

      """
    try text.write(to: gatewayFile, atomically: true, encoding: .utf8)
  }

  func readPorts() -> Ports? {
    guard let data = try? Data(contentsOf: readyFile) else { return nil }
    return try? JSONDecoder().decode(Ports.self, from: data)
  }
}
