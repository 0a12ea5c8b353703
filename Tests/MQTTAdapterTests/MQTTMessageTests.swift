import AdapterKit
import DeviceProfiles
import EnergyModel
import Foundation
import MQTTAdapter
import Synchronization
import TestSupport
import Testing
import TimeSource

@Suite("MQTT messages", .enabled(if: Broker.isInstalled, "needs Debian's mosquitto and mosquitto-clients"))
struct MQTTMessageTests {
  private static let online = #"{"state": "online"}"#
  private static let offline = #"{"state": "offline"}"#

  @Test("Each device gets its own messages, and a change keeps the other values", arguments: MQTTSessionTests.versions)
  func routesAndMerges(version: MQTTLinkConfiguration.ProtocolVersion) async throws {
    let broker = try await Broker()
    let bench = try Bench(
      broker.configuration(version),
      [try TestProfile.thermostat("hall", topic: "hall"), try TestProfile.thermostat("attic", topic: "attic")])
    try await bench.run {
      #expect(await bench.logs("connected to"))
      try await broker.publish("zigbee2mqtt/hall", #"{"local_temperature": 19.5, "occupied_heating_setpoint": 21}"#)
      try await broker.publish("zigbee2mqtt/attic", #"{"local_temperature": 15}"#)
      try await broker.publish("zigbee2mqtt/hall", #"{"local_temperature": 19.75}"#)
      #expect(await bench.sink.shows("ambientTemperatureC", .number(19.75), of: "hall"))
      #expect(await bench.sink.shows("ambientTemperatureC", .number(15), of: "attic"))
      let snapshot = try await bench.link.snapshot(of: "hall")
      #expect(snapshot.value("heatSetpointC", part: 0)?.value == .number(21))
      #expect(snapshot.value("ambientTemperatureC", part: 0)?.value == .number(19.75))
      #expect(bench.sink.values("ambientTemperatureC", of: "attic") == [.number(15)])
      #expect(await bench.link.statistics().exchanges == 3)
    }
  }

  @Test("Wildcards reach the device")
  func wildcards() async throws {
    let broker = try await Broker()
    let bench = try Bench(broker.configuration(), [try TestProfile.plug("plug", topic: "plug")])
    try await bench.run {
      #expect(await bench.logs("connected to"))
      try await broker.publish("tele/plug/SENSOR7", #"{"Voltage": 231}"#)
      #expect(await bench.sink.shows("voltageV", .number(231), of: "plug"))
    }
  }

  @Test("A retained message sets the state and does not prove that the device lives")
  func retained() async throws {
    let broker = try await Broker()
    try await broker.publish("zigbee2mqtt/hall", #"{"local_temperature": 12}"#, retain: true)
    let bench = try Bench(broker.configuration(), [try TestProfile.thermostat("hall", topic: "hall")])
    try await bench.run {
      #expect(await bench.sink.shows("ambientTemperatureC", .number(12), of: "hall"))
      #expect(bench.sink.state(of: "hall") == nil)
      try await broker.publish("zigbee2mqtt/hall", #"{"local_temperature": 13}"#)
      #expect(await bench.sink.isState(.online, of: "hall"))
    }
  }

  @Test("The device's own word decides, retained or not")
  func availability() async throws {
    let broker = try await Broker()
    try await broker.publish("zigbee2mqtt/hall/availability", Self.online, retain: true)
    let bench = try Bench(broker.configuration(), [try TestProfile.thermostat("hall", topic: "hall")])
    try await bench.run {
      #expect(await bench.sink.isState(.online, of: "hall"))
      try await broker.publish("zigbee2mqtt/hall/availability", Self.offline, retain: true)
      #expect(await bench.sink.isState(.offline, because: "zigbee2mqtt/hall/availability", of: "hall"))
      // Its last values may still arrive; they are kept, and it stays offline.
      try await broker.publish("zigbee2mqtt/hall", #"{"local_temperature": 14}"#)
      #expect(await bench.sink.shows("ambientTemperatureC", .number(14), of: "hall"))
      #expect(bench.sink.state(of: "hall")?.state == .offline)
      try await broker.publish("zigbee2mqtt/hall/availability", Self.online, retain: true)
      #expect(await bench.sink.isState(.online, of: "hall"))
      #expect(await bench.logs("device=hall link=home the device is offline by its own word"))
    }
  }

  @Test("A payload that is not JSON degrades its device alone, until the next good one")
  func notJSON() async throws {
    let broker = try await Broker()
    let bench = try Bench(
      broker.configuration(),
      [try TestProfile.thermostat("hall", topic: "hall"), try TestProfile.thermostat("attic", topic: "attic")])
    try await bench.run {
      #expect(await bench.logs("connected to"))
      for name in ["hall", "attic"] {
        try await broker.publish("zigbee2mqtt/\(name)", #"{"local_temperature": 19}"#)
        #expect(await bench.sink.isState(.online, of: EndpointID(name)))
      }
      try await broker.publish("zigbee2mqtt/hall", "<html>oops</html>")
      #expect(await bench.sink.isState(.degraded, because: "not JSON", of: "hall"))
      #expect(bench.sink.state(of: "attic")?.state == .online)
      #expect(await bench.link.statistics().errors["not JSON"] == 1)
      try await broker.publish("zigbee2mqtt/hall", #"{"local_temperature": 20}"#)
      #expect(await bench.sink.isState(.online, of: "hall"))
      #expect(bench.sink.state(of: "hall")?.lastError == nil)
    }
  }

  @Test("Too large and empty payloads are handled, and the next message works")
  func oddSizes() async throws {
    let broker = try await Broker()
    let bench = try Bench(broker.configuration(), [try TestProfile.thermostat("hall", topic: "hall")])
    try await bench.run {
      #expect(await bench.logs("connected to"))
      try await broker.publish("zigbee2mqtt/hall", #"{"local_temperature": 19}"#)
      #expect(await bench.sink.isState(.online, of: "hall"))
      try await broker.publish("zigbee2mqtt/hall", "")
      let large = #"{"local_temperature": 1, "x": ""# + String(repeating: "x", count: 256 * 1024) + #""}"#
      try await broker.publish("zigbee2mqtt/hall", large)
      #expect(await bench.sink.isState(.degraded, because: "the limit is 262144", of: "hall"))
      let statistics = await bench.link.statistics()
      #expect(statistics.errors == ["payload too large": 1])
      #expect(statistics.exchanges == 3)
      try await broker.publish("zigbee2mqtt/hall", #"{"local_temperature": 20}"#)
      #expect(await bench.sink.isState(.online, of: "hall"))
      #expect(bench.sink.values("ambientTemperatureC", of: "hall") == [.number(19), .null, .number(20)])
    }
  }

  @Test("A device that is silent for longer than its profile allows is offline, until it speaks")
  func silence() async throws {
    let broker = try await Broker()
    let clock = TestClock()
    let bench = try Bench(broker.configuration(), [try TestProfile.plug("plug", topic: "plug")], time: clock.source)
    let message = #"{"StatusSNS": {"ENERGY": {"Total": 1, "Power": 20}}}"#
    try await bench.run {
      #expect(await bench.logs("connected to"))
      try await broker.publish("stat/plug/STATUS8", message)
      #expect(await bench.sink.isState(.online, of: "plug"))
      clock.advance(by: .seconds(599))
      // Any call gives the link a turn, in which it looks at the clock.
      try await bench.link.refresh("plug")
      #expect(bench.sink.state(of: "plug")?.state == .online)
      clock.advance(by: .seconds(1))
      try await bench.link.refresh("plug")
      #expect(await bench.sink.isState(.offline, because: "nothing heard for 600 s", of: "plug"))
      try await broker.publish("stat/plug/STATUS8", message)
      #expect(await bench.sink.isState(.online, of: "plug"))
    }
  }

  @Test(
    "Payloads of a Tasmota plug and a Shelly meter become readings", .enabled(if: Captures.arePresent, "needs captures")
  )
  func captures() async throws {
    let broker = try await Broker()
    let bench = try Bench(
      broker.configuration(),
      [try TestProfile.plug("plug", topic: "plug"), try TestProfile.shelly("meter", topic: "shellypro3em-1")])
    let capture = try Captures.text("home-assistant/shelly/pro_3em.json")
    let shelly = try #require(try JSONSerialization.jsonObject(with: Data(capture.utf8)) as? [String: Any])
    let status = try #require(shelly["status"] as? [String: Any])
    func component(_ name: String) throws -> String {
      String(decoding: try JSONSerialization.data(withJSONObject: try #require(status[name])), as: UTF8.self)
    }
    try await bench.run {
      #expect(await bench.logs("connected to"))
      try await broker.publish("stat/plug/STATUS8", try Captures.text("evcc-tests/tasmota_statussns_01.json"))
      #expect(await bench.sink.shows("powerW", .number(47.11), of: "plug"))
      #expect(await bench.sink.shows("energyImportedTotalWh", .number(1_290_396), of: "plug"))
      try await broker.publish("shellypro3em-1/online", "true", retain: true)
      try await broker.publish("shellypro3em-1/status/em:0", try component("em:0"), qos: 0)
      try await broker.publish("shellypro3em-1/status/emdata:0", try component("emdata:0"), qos: 0)
      #expect(await bench.sink.shows("powerW", .number(2413.825), of: "meter"))
      #expect(await bench.sink.shows("phases.l1.voltageV", .number(227), of: "meter"))
      #expect(await bench.sink.shows("energyImportedTotalWh", .number(5_415_414.19), of: "meter"))
      try await broker.publish("shellypro3em-1/online", "false", retain: true)
      #expect(await bench.sink.isState(.offline, because: "shellypro3em-1/online", of: "meter"))
    }
  }

  @Test("The shipped profiles read the captures", .enabled(if: Captures.arePresent, "needs captures"))
  func shippedProfiles() async throws {
    let broker = try await Broker()
    let library = ProfileLibrary(directories: [Captures.shippedProfiles])
    func endpoint(_ id: EndpointID, _ profile: String, topic: String) throws -> EndpointSpecification {
      let profile = try #require(library.profile(profile), "\(library.diagnostics)")
      return EndpointSpecification(
        id: id, profile: try BoundProfile(profile: profile, parameters: ["topic": .text(topic)]))
    }
    let bench = try Bench(
      broker.configuration(),
      [
        try endpoint("plug", "tasmota-energy-plug", topic: "washer"),
        try endpoint("floor", "shelly-st1820", topic: "st1820"),
      ])
    let capture = try Captures.text("home-assistant/shelly/st1820_gen3.json")
    let device = try #require(try JSONSerialization.jsonObject(with: Data(capture.utf8)) as? [String: Any])
    let answer: [String: Any] = ["id": 1, "src": "st1820", "result": try #require(device["status"])]
    let floor = String(decoding: try JSONSerialization.data(withJSONObject: answer), as: UTF8.self)
    try await bench.run {
      #expect(await bench.logs("connected to"))
      try await broker.publish("tele/washer/LWT", "Online", retain: true)
      #expect(await bench.sink.isState(.online, of: "plug"))
      try await broker.publish("stat/washer/STATUS8", try Captures.text("evcc-tests/tasmota_statussns_01.json"))
      #expect(await bench.sink.shows("powerW", .number(47.11), of: "plug"))
      #expect(await bench.sink.shows("energyImportedTotalWh", .number(1_290_396), of: "plug"))
      try await broker.publish("heddle/st1820/rpc", floor)
      #expect(await bench.sink.shows("ambientTemperatureC", .number(25.5), of: "floor"))
      #expect(await bench.sink.shows("heatSetpointC", .number(27), of: "floor"))
      #expect(await bench.sink.shows("hvacMode", .label("heat"), of: "floor"))
    }
  }

  @Test("A broker that forbids a subscription is named, with the topic")
  func forbiddenSubscription() async throws {
    // The real broker accepts every subscription and then stays silent, so the answer is scripted.
    let broker = try #require(try ScriptedBroker())
    let bench = try Bench(
      MQTTLinkConfiguration(name: "home", host: "127.0.0.1", port: broker.port, clientID: "heddle-test"),
      [try TestProfile.thermostat("hall", topic: "hall")])
    try await bench.run {
      #expect(await broker.accept())
      #expect(await broker.read()?.type == ScriptedBroker.connect)
      await broker.send([0x20, 2, 0, 0])
      let subscribe = try #require(await broker.read())
      await broker.send([0x90, 4] + subscribe.leadingIdentifier + [0x80, 1])
      #expect(await bench.sink.isState(.offline, because: "refused by the broker; check what", of: "hall"))
      #expect(await bench.link.statistics().errors == ["subscription refused": 1])
    }
  }

  @Test("A message is delivered before its acknowledgement leaves")
  func acknowledgementAfterDelivery() async throws {
    let broker = try #require(try ScriptedBroker())
    let client = Mutex<CInt>(-1)
    let early = Mutex(0)
    let sink = RecordingSink {
      var byte: UInt8 = 0
      // What the link had written by now would be readable at the other end.
      let count = recv(client.withLock(\.self), &byte, 1, CInt(MSG_PEEK) | CInt(MSG_DONTWAIT))
      if count != -1 { early.withLock { $0 += 1 } }
    }
    let bench = try Bench(
      MQTTLinkConfiguration(name: "home", host: "127.0.0.1", port: broker.port, clientID: "heddle-test"),
      [try TestProfile.thermostat("hall", topic: "hall")], sink: sink)
    try await bench.run {
      #expect(await broker.acceptSession())
      let socket = await broker.client
      client.withLock { $0 = socket }
      for identifier in UInt8(1)...20 {
        await broker.publish("zigbee2mqtt/hall", "{\"local_temperature\": \(identifier)}", identifier: identifier)
        let answer = try #require(await broker.read())
        #expect(answer.type == ScriptedBroker.acknowledgement)
        #expect(answer.body == [0, identifier])
        #expect(bench.sink.values("ambientTemperatureC", of: "hall").count == Int(identifier))
      }
      #expect(early.withLock(\.self) == 0)
    }
  }
}
