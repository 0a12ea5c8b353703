import AdapterKit
import DeviceProfiles
import EnergyModel
import Foundation
import MQTTAdapter
import TestSupport
import Testing
import TimeSource

@Suite("MQTT commands", .enabled(if: Broker.isInstalled, "needs Debian's mosquitto and mosquitto-clients"))
struct MQTTCommandTests {
  private static func publication(_ number: Int, retain: Bool = false) -> WireOperation {
    .publish(topic: "zigbee2mqtt/hall/set", payload: "{\"n\":\(number)}", retain: retain)
  }

  private func fault(_ body: () async throws(CommandFault) -> Void) async -> CommandFault? {
    do throws(CommandFault) {
      try await body()
      return nil
    } catch {
      return error
    }
  }

  @Test("Publications arrive in order, not retained unless asked for", arguments: MQTTSessionTests.versions)
  func publishes(version: MQTTLinkConfiguration.ProtocolVersion) async throws {
    let broker = try await Broker()
    let device = try await broker.subscribe("zigbee2mqtt/hall/set")
    let bench = try Bench(broker.configuration(version), [try TestProfile.thermostat("hall", topic: "hall")])
    try await bench.run {
      #expect(await bench.logs("connected to"))
      let operations = (1...5).map { Self.publication($0, retain: $0 == 5) }
      try await bench.link.execute(operations, on: "hall")
      #expect(await device.says(#"{"n":5}"#))
      let seen = device.lines.value.filter { $0.hasPrefix("message") }
      #expect(seen == (1...5).map { "message r=0 zigbee2mqtt/hall/set {\"n\":\($0)}" })
      let later = try await broker.subscribe("zigbee2mqtt/hall/set")
      #expect(await later.says(#"message r=1 zigbee2mqtt/hall/set {"n":5}"#))
    }
  }

  @Test("State requests are published at the start, at their interval and on refresh")
  func stateRequests() async throws {
    let broker = try await Broker()
    let clock = TestClock()
    let device = try await broker.subscribe("cmnd/plug/Status")
    func requests(_ count: Int) async -> Bool {
      await device.lines.wait { $0.count { $0 == "message r=0 cmnd/plug/Status 8" } == count }
    }
    let bench = try Bench(broker.configuration(), [try TestProfile.plug("plug", topic: "plug")], time: clock.source)
    try await bench.run {
      #expect(await requests(1))
      try await bench.link.refresh("plug")
      #expect(await requests(2))
      clock.advance(by: .seconds(60))
      #expect(await requests(3))
    }
  }

  @Test("On MQTT 5 a command that nobody listens to is refused")
  func noSubscriber() async throws {
    let broker = try await Broker()
    let bench = try Bench(broker.configuration(.v5), [try TestProfile.thermostat("hall", topic: "hall")])
    try await bench.run {
      #expect(await bench.logs("connected to"))
      let fault = await fault { () throws(CommandFault) in
        try await bench.link.execute([Self.publication(1)], on: "hall")
      }
      #expect(fault?.kind == .refused)
      #expect(fault?.message.contains("zigbee2mqtt/hall/set: no client of the broker listens") == true)
      // A retained message is for whoever comes later.
      try await bench.link.execute([Self.publication(2, retain: true)], on: "hall")
    }
  }

  @Test("On MQTT 5 a command that the broker forbids is refused")
  func forbidden() async throws {
    let folder = try TemporaryFolder()
    try folder.write("topic read #\n", to: "acl")
    let broker = try await Broker(settings: "allow_anonymous true\nacl_file $DIR/acl", folder: folder)
    let bench = try Bench(broker.configuration(.v5), [try TestProfile.thermostat("hall", topic: "hall")])
    try await bench.run {
      #expect(await bench.logs("connected to"))
      let fault = await fault { () throws(CommandFault) in
        try await bench.link.execute([Self.publication(1)], on: "hall")
      }
      #expect(fault?.kind == .refused)
      #expect(fault?.message.contains("allows this user to write") == true)
    }
  }

  @Test("Operations of other protocols are refused before anything is sent")
  func foreignOperations() async throws {
    let broker = try await Broker()
    let device = try await broker.subscribe("zigbee2mqtt/hall/set")
    let bench = try Bench(broker.configuration(), [try TestProfile.thermostat("hall", topic: "hall")])
    try await bench.run {
      #expect(await bench.logs("connected to"))
      let fault = await fault { () throws(CommandFault) in
        try await bench.link.execute([Self.publication(1), .writeCoil(address: 3, value: true)], on: "hall")
      }
      #expect(fault?.kind == .refused)
      #expect(fault?.message.contains("FC5 coil 3") == true)
      try await bench.link.execute([Self.publication(2)], on: "hall")
      #expect(await device.says(#"{"n":2}"#))
      #expect(!device.lines.value.contains { $0.contains(#"{"n":1}"#) })
    }
  }

  @Test("Nothing is sent to a device that is offline or unknown, and nothing without a connection")
  func notSent() async throws {
    let broker = try await Broker()
    try await broker.publish("zigbee2mqtt/hall/availability", #"{"state": "offline"}"#, retain: true)
    let bench = try Bench(broker.configuration(), [try TestProfile.thermostat("hall", topic: "hall")])
    func execute(on endpoint: EndpointID) async -> CommandFault? {
      await fault { () throws(CommandFault) in try await bench.link.execute([Self.publication(1)], on: endpoint) }
    }
    let early = await execute(on: "hall")
    #expect(early?.kind == .notSent)
    #expect(early?.message.contains("home is not connected") == true)
    try await bench.run {
      #expect(await bench.sink.isState(.offline, of: "hall"))
      let offline = await execute(on: "hall")
      #expect(offline?.kind == .notSent)
      #expect(offline?.message.contains("by its own word on zigbee2mqtt/hall/availability") == true)
      #expect(await execute(on: "cellar")?.message.contains("no device 'cellar'") == true)
    }
    #expect(await execute(on: "hall")?.kind == .notSent)
  }

  @Test("A wait lies between two publications")
  func waits() async throws {
    let broker = try await Broker()
    let clock = TestClock()
    let device = try await broker.subscribe("zigbee2mqtt/hall/set")
    let bench = try Bench(
      broker.configuration(), [try TestProfile.thermostat("hall", topic: "hall")], time: clock.source)
    try await bench.run {
      #expect(await bench.logs("connected to"))
      async let done: Void = bench.link.execute(
        [Self.publication(1), .wait(.seconds(30)), Self.publication(2)], on: "hall")
      #expect(await device.says(#"{"n":1}"#))
      await clock.untilSleeping(1)
      #expect(!device.lines.value.contains { $0.contains(#"{"n":2}"#) })
      clock.advance(by: .seconds(30))
      try await done
      #expect(await device.says(#"{"n":2}"#))
    }
  }

  @Test("Without acknowledgement a command times out, and a reconnect does not send it again")
  func neverRepeated() async throws {
    let broker = try #require(try ScriptedBroker())
    let clock = TestClock()
    let bench = try Bench(
      MQTTLinkConfiguration(name: "home", host: "127.0.0.1", port: broker.port, clientID: "heddle-test"),
      [try TestProfile.thermostat("hall", topic: "hall")], time: clock.source)
    try await bench.run {
      #expect(await broker.acceptSession())
      async let late = fault { () throws(CommandFault) in
        try await bench.link.execute([Self.publication(1), Self.publication(2)], on: "hall")
      }
      #expect(await broker.read()?.type == ScriptedBroker.publish)
      clock.advance(by: .seconds(5))
      // Any call gives the link a turn, in which it looks at the clock.
      _ = await bench.link.statistics()
      let timeout = await late
      #expect(timeout?.kind == .timeout)
      #expect(timeout?.mayHaveHappened == true)

      async let broken = fault { () throws(CommandFault) in
        try await bench.link.execute([Self.publication(3)], on: "hall")
      }
      #expect(await broker.read()?.type == ScriptedBroker.publish)
      await broker.hangUp()
      #expect(await broken?.kind == .brokenOff)

      clock.advance(by: .seconds(2))
      _ = await bench.link.statistics()
      #expect(await broker.acceptSession())
      await broker.publish("zigbee2mqtt/hall", #"{"local_temperature": 5}"#, identifier: 1)
      // The first packet after the subscription is the acknowledgement: no old publication came before it.
      var first = await broker.read(atMost: 50)
      for _ in 0..<100 where first == nil {
        // It is held for a moment, so that what else comes is made durable with it.
        clock.advance(by: .milliseconds(250))
        _ = await bench.link.statistics()
        first = await broker.read(atMost: 50)
      }
      #expect(first?.type == ScriptedBroker.acknowledgement)
      #expect(await broker.read(atMost: 50) == nil)
    }
  }

  @Test("A stop ends commands that wait")
  func stopEndsCommands() async throws {
    let broker = try #require(try ScriptedBroker())
    let bench = try Bench(
      MQTTLinkConfiguration(name: "home", host: "127.0.0.1", port: broker.port, clientID: "heddle-test"),
      [try TestProfile.thermostat("hall", topic: "hall")])
    await bench.link.start()
    #expect(await broker.acceptSession())
    async let fault = fault { () throws(CommandFault) in
      try await bench.link.execute([Self.publication(1)], on: "hall")
    }
    #expect(await broker.read()?.type == ScriptedBroker.publish)
    let duration = await ContinuousClock().measure { await bench.link.stop() }
    #expect(duration < .seconds(2))
    #expect(await fault?.kind == .brokenOff)
  }
}
