import DeviceProfiles
import DeviceSimulator
import EnergyModel
import Foundation
import LocalAPISchema
import Logging
import Testing
import TimeSource

@testable import DeviceDiscovery

@Suite("Looking around at brokers and web servers")
struct DocumentDiscoveryTests {
  /// What simulated products publish.
  private func messages(_ devices: [(id: String, parameters: [String: ScalarValue])]) throws -> [String: [UInt8]] {
    let simulation = Simulation(home: HomeConfiguration(), time: .system)
    let indices = try simulation.add(
      try devices.map { (try DiscoveryBench.bound($0.id, $0.parameters), DeviceOptions(name: $0.id)) })
    var messages: [String: [UInt8]] = [:]
    for index in indices {
      for message in simulation.messages(at: index) { messages[message.topic] = message.bytes }
    }
    return messages
  }

  @Test("Topics that were heard are turned into devices with their names")
  func topics() throws {
    var heard = try messages([
      ("zigbee2mqtt-radiator-thermostat", ["name": .text("hall")]),
      ("zigbee2mqtt-radiator-thermostat", ["name": .text("bath")]), ("tasmota-energy-plug", ["topic": .text("kettle")]),
    ])
    heard["homeassistant/status"] = Array("online".utf8)
    heard["zigbee2mqtt/bridge/info"] = Array(#"{"version": "1.40"}"#.utf8)
    heard["weather/temp"] = Array("21".utf8)
    heard["garbage"] = [0xFF, 0x00, 0x80]
    let finds = TopicMatcher(catalogue: DiscoveryBench.catalogue, time: TimeSource.system.wall()).finds(in: heard)
    let told = finds.map { "\($0.best.profile.id) \($0.best.parameters.values.map(\.description).sorted())" }
    #expect(told.contains("zigbee2mqtt-radiator-thermostat [\"hall\"]"), "\(told)")
    #expect(told.contains("zigbee2mqtt-radiator-thermostat [\"bath\"]"), "\(told)")
    #expect(told.contains("tasmota-energy-plug [\"kettle\"]"), "\(told)")
    #expect(finds.count == 3, "\(told)")
  }

  @Test("A topic with a name in it is turned round")
  func patterns() throws {
    let pattern = try #require(TopicPattern("base/$base/{portal}/x-$name/state", known: ["base": .text("b1")]))
    #expect(pattern.names == ["name"])
    #expect(pattern.parameters(in: "base/b1/any/x-hall/state") == ["name": "hall"])
    for topic in ["base/b2/any/x-hall/state", "base/b1/any/x-/state", "base/b1/any/x-hall", "base/b1/any/x-a/state/y"] {
      #expect(pattern.parameters(in: topic) == nil, "\(topic)")
    }
    #expect(TopicPattern("$a$b/c", known: [:]) == nil, "two unknown names in one level cannot be told apart")
    #expect(TopicPattern("$a/+/$a", known: [:])?.parameters(in: "x/y/z") == nil)
    #expect(TopicPattern("$a/+/$a", known: [:])?.parameters(in: "x/y/x") == ["a": "x"])
    #expect(TopicPattern("$a/#", known: [:])?.parameters(in: "x/y/z") == ["a": "x"])
  }

  @Test(
    "A web server is told by the paths that it serves",
    arguments: ["fronius-solar-api-v1", "homewizard-meter-v1"])
  func webServer(id: String) async throws {
    let simulation = Simulation(home: HomeConfiguration(), time: .system)
    let profile = try #require(DiscoveryBench.library.profile(id))
    let filling = try #require(ProfileFilling(profile, [:]))
    let device = try simulation.add([(filling.bound, DeviceOptions(name: "device"))])[0]
    let player = HTTPPlayer(
      simulation: simulation, endpoint: device, host: "127.0.0.1", port: 0, time: .system,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let (ports, listening) = AsyncStream<Int>.makeStream()
    let serving = Task { try await player.serve { listening.yield($0) } }
    var port = 0
    for await bound in ports {
      port = bound
      break
    }
    let found = try await DiscoveryBench.look(
      DiscoveryRequest(http: .init(hosts: ["127.0.0.1"], ports: [port]), timeoutSeconds: 5))
    serving.cancel()
    #expect(found.finds.map(\.profile) == [id], "\(found)")
    #expect(found.finds.first?.add?.yaml.contains("http: {url: \"http://127.0.0.1:\(port)\"}") == true)
  }

  @Test("Values go into a line of YAML as they are read back")
  func flow() {
    let value = JSONValue.object([
      "id": .text("a-1"), "unit": .number(3), "odd": .text("yes"), "number": .text("12"), "colon": .text("a:b"),
      "quote": .text("a\"b\\\n"), "flag": .flag(true), "list": .array([.text("x"), .null]),
    ])
    #expect(
      FlowYAML.text(value)
        == #"{id: a-1, colon: "a:b", flag: true, list: [x, null], number: "12", odd: "yes", quote: "a\"b\\\u000a", unit: 3}"#
    )
    #expect(SnippetBuilder.id(["Modbus", "Fe80::1", "/dev/x"]) == "modbus-fe80-1-dev-x")
    #expect(SnippetBuilder.id([String(repeating: "x", count: 99)]).count == 64)
  }
}
