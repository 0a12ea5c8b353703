import AdapterKit
import DeviceProfiles
import EnergyModel
import MQTTAdapter
import TestSupport
import Testing
import TimeSource

@Suite("MQTT replies", .enabled(if: Broker.isInstalled, "needs Debian's mosquitto and mosquitto-clients"))
struct MQTTReplyTests {
  /// A device that answers on another topic, with the number of the question.
  private static func device() throws -> EndpointSpecification {
    try TestProfile.endpoint(
      "plug",
      TestProfile.head + """
        transport:
          mqtt:
        devices:
          meter:
            type: meter
            points:
              powerW: {topic: plug/status, path: /power}
            commands:
              switch:
                input: {on: {}}
                steps:
                  - publish:
                      topic: plug/rpc
                      payload: {id: 7, on: =input.on}
                      reply:
                        topic: heddle/rpc
                        match: {/id: 7}
                        expect: {/error/code: null}
                        reason: /error/message
                        within: 3 s
        """)
  }

  private func operations(_ device: EndpointSpecification) throws -> [WireOperation] {
    let steps = try #require(device.profile.profile.parts.first?.commands.first?.steps)
    return try EndpointDecoder(device.profile).snapshot().operations(
      for: steps, part: 0, input: ["on": .flag(true)], before: [:])
  }

  private func fault(_ bench: Bench, _ operations: [WireOperation]) async -> CommandFault? {
    do throws(CommandFault) {
      try await bench.link.execute(operations, on: "plug")
      return nil
    } catch {
      return error
    }
  }

  @Test("A command is done when the device says so; other answers on the topic are passed over")
  func done() async throws {
    let broker = try await Broker()
    let specification = try Self.device()
    let operations = try operations(specification)
    let device = try await broker.subscribe("plug/rpc")
    let bench = try Bench(broker.configuration(), [specification])
    try await bench.run {
      #expect(await bench.logs("connected to"))
      let isDone = Watched(false)
      async let outcome = Task {
        let fault = await fault(bench, operations)
        isDone.change { $0 = true }
        return fault
      }.value
      #expect(await device.says(#"message r=0 plug/rpc {"id":7,"on":true}"#))
      try await broker.publish("heddle/rpc", #"{"id":6,"error":{"code":-1,"message":"not yours"}}"#)
      try await broker.publish("plug/status", #"{"power":5}"#)
      #expect(await bench.sink.shows("powerW", .number(5), of: "plug"))
      #expect(!isDone.value, "the broker's acknowledgement is not the device's")
      try await broker.publish("heddle/rpc", #"{"id":7,"result":{"was_on":false}}"#)
      #expect(await outcome == nil)
    }
  }

  @Test("A refusal has the device's own reason")
  func refused() async throws {
    let broker = try await Broker()
    let specification = try Self.device()
    let operations = try operations(specification)
    let device = try await broker.subscribe("plug/rpc")
    let bench = try Bench(broker.configuration(), [specification])
    try await bench.run {
      #expect(await bench.logs("connected to"))
      async let outcome = fault(bench, operations)
      #expect(await device.says("message r=0 plug/rpc"))
      try await broker.publish("heddle/rpc", #"{"id":7,"error":{"code":-114,"message":"switch:0 is locked"}}"#)
      let fault = await outcome
      #expect(fault?.kind == .refused)
      #expect(fault?.message == "publish plug/rpc: the device refused: switch:0 is locked")
      #expect(await bench.link.statistics().errors["refused by the device"] == 1)
    }
  }

  @Test("Without a reply a command times out, and may have happened")
  func silent() async throws {
    let broker = try await Broker()
    let clock = TestClock()
    let specification = try Self.device()
    let operations = try operations(specification)
    let device = try await broker.subscribe("plug/rpc")
    let bench = try Bench(broker.configuration(), [specification], time: clock.source)
    try await bench.run {
      #expect(await bench.logs("connected to"))
      let outcome = Watched<CommandFault?>(nil)
      let command = Task {
        let fault = await fault(bench, operations)
        outcome.change { $0 = fault }
      }
      #expect(await device.says("message r=0 plug/rpc"))
      // What the broker sends after its acknowledgement is heard after it.
      #expect(await broker.hasLogged("Sending PUBACK to heddle-test"))
      try await broker.publish("plug/status", #"{"power":5}"#)
      #expect(await bench.sink.shows("powerW", .number(5), of: "plug"))
      while outcome.value == nil {
        clock.advance(by: .seconds(1))
        // Any call gives the link a turn, in which it looks at the clock.
        _ = await bench.link.statistics()
      }
      await command.value
      #expect(outcome.value?.kind == .timeout)
      #expect(outcome.value?.message == "publish plug/rpc: the device did not reply on heddle/rpc within 3 s")
      #expect(outcome.value?.mayHaveHappened == true)
      #expect(await bench.link.statistics().errors["no reply"] == 1)
    }
  }

  @Test("A stop ends commands that wait for a reply")
  func stopped() async throws {
    let broker = try await Broker()
    let specification = try Self.device()
    let operations = try operations(specification)
    let device = try await broker.subscribe("plug/rpc")
    let bench = try Bench(broker.configuration(), [specification])
    await bench.link.start()
    #expect(await bench.logs("connected to"))
    async let outcome = fault(bench, operations)
    #expect(await device.says("message r=0 plug/rpc"))
    await bench.link.stop()
    #expect(await outcome?.kind == .brokenOff)
  }

  @Test("A Sparkplug node is asked for its birth at the start, and is offline after its death")
  func rebirth() async throws {
    let broker = try await Broker()
    let device = try TestProfile.endpoint(
      "hall",
      TestProfile.head + """
        transport:
          mqtt: {format: sparkplug}
        devices:
          thermostat:
            type: thermostat
            points:
              ambientTemperatureC: {topic: spBv1.0/house/+/gateway/hall, path: /Temperature}
        """)
    let bench = try Bench(broker.configuration(), [device])
    let commands = try await broker.subscribe("spBv1.0/house/NCMD/gateway")
    func say(_ kind: String, _ sequence: UInt64?, _ metric: SparkplugMetric) async throws {
      let payload = SparkplugPayload(sequence: sequence, metrics: [metric]).encoded
      let topic = "spBv1.0/house/\(kind)/gateway" + (kind.hasPrefix("D") ? "/hall" : "")
      try await broker.publish(topic, payload)
    }
    let session = SparkplugMetric(name: "bdSeq", dataType: .uint64, value: .number(1))
    try await bench.run {
      #expect(await commands.says("Node Control/Rebirth"))
      try await say("NBIRTH", 0, session)
      try await say(
        "DBIRTH", 1, SparkplugMetric(name: "Temperature", alias: 3, dataType: .float, value: .number(19)))
      try await say("DDATA", 2, SparkplugMetric(name: nil, alias: 3, dataType: nil, value: .number(19.5)))
      #expect(await bench.sink.shows("ambientTemperatureC", .number(19.5), of: "hall"))
      #expect(await bench.sink.isState(.online, of: "hall"))
      try await say("NDEATH", nil, session)
      #expect(await bench.sink.isState(.offline, because: "by its own word on spBv1.0/house/NDEATH", of: "hall"))
      #expect(await bench.sink.shows("ambientTemperatureC", .null, of: "hall"))
      #expect(await bench.link.statistics().errors["birth requested"] == 1)
    }
  }

  @Test("A secret parameter in a topic or a reason is told to nobody")
  func secrets() async throws {
    let specification = try TestProfile.endpoint(
      "plug",
      TestProfile.head + """
        parameters:
          key: {type: text, secret: true, help: "key"}
        transport:
          mqtt:
            requests: [{topic: "$key/ask", payload: "$key", every: 60 s}]
        devices:
          meter:
            type: meter
            points:
              powerW: {topic: "$key/status", path: /power}
            commands:
              switch:
                input: {on: {}}
                steps:
                  - publish:
                      topic: "$key/rpc"
                      payload: {key: $key, on: =input.on}
                      reply: {topic: "$key/reply", expect: {/error: null}, reason: /error, within: 60 s}
        """, ["key": .text("hush-hush")])
    let broker = try await Broker()
    let operations = try operations(specification)
    let device = try await broker.subscribe("hush-hush/rpc")
    let bench = try Bench(broker.configuration(), [specification])
    let early = try #require(await fault(bench, operations))
    let foreign = try #require(await fault(bench, [.request(HTTPRequestData(method: "GET", path: "/hush-hush"))]))
    var words = "\(early) \(foreign)"
    try await bench.run {
      #expect(await bench.logs("connected to"))
      async let outcome = fault(bench, operations)
      #expect(await device.says("message r=0 hush-hush/rpc"))
      try await broker.publish("hush-hush/reply", #"{"error":"key hush-hush is wrong"}"#)
      let refused = try #require(await outcome)
      #expect(refused.kind == .refused)
      #expect(refused.message.contains("key \(SecretRedaction.mark) is wrong"), "\(refused)")
      words += "\(refused)"
      try await broker.publish("hush-hush/status", "no JSON")
      #expect(await bench.logs("not JSON"))
    }
    words += bench.log.value.joined()
    #expect(!words.contains("hush-hush"), "\(words)")
  }
}
