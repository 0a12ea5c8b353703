import DeviceProfiles
import EnergyModel
import Testing

@Suite struct SparkplugTests {
  private func decoder() throws -> EndpointDecoder {
    EndpointDecoder(
      try bind(
        profileText(
          transport: "mqtt: {format: sparkplug}",
          devices: """
            m:
              type: thermostat
              points: {ambientTemperatureC: {topic: spBv1.0/g/+/n/d, path: /T}}
              commands:
                set-setpoints:
                  input: {heatSetpointC: {}}
                  steps: [{publish: {topic: spBv1.0/g/DCMD/n/d, metrics: {Setpoint: "=input.heatSetpointC"}}}]
            """)))
  }

  private func said(_ kind: String, _ sequence: UInt64?, _ metrics: [SparkplugMetric], device: String? = "d")
    -> RawFrame.Body
  {
    let topic = "spBv1.0/g/\(kind)/n\(device.map { "/\($0)" } ?? "")"
    return .message(
      topic: topic, payload: SparkplugPayload(sequence: sequence, metrics: metrics).encoded, isRetained: false)
  }

  private func temperature(_ value: Double, named name: String? = nil) -> SparkplugMetric {
    SparkplugMetric(name: name, alias: 5, dataType: name == nil ? nil : .double, value: .number(value))
  }

  @Test("Everything of the edge node is heard, and its birth asked for at the start")
  func start() throws {
    var decoder = try decoder()
    #expect(decoder.bound.subscriptions == ["spBv1.0/g/+/n/#"])
    let asked = decoder.requests(at: noon)
    #expect(asked.map(\.description) == [#"publish spBv1.0/g/NCMD/n metrics {"Node Control/Rebirth":true}"#])
    #expect(decoder.requests(at: noon).isEmpty)
  }

  @Test("Aliases are those of the birth, over all devices of the node")
  func aliases() throws {
    var decoder = try decoder()
    _ = decoder.requests(at: noon)
    #expect(decoder.readings(said("NBIRTH", 0, [], device: nil)).isEmpty)
    #expect(
      decoder.readings(said("DBIRTH", 1, [temperature(19, named: "T")]))["ambientTemperatureC"]?.value == .number(19))
    #expect(decoder.readings(said("DBIRTH", 2, [], device: "other")).isEmpty)
    #expect(decoder.readings(said("DDATA", 3, [temperature(20)]))["ambientTemperatureC"]?.value == .number(20))
    #expect(decoder.readings(said("DCMD", nil, [temperature(99, named: "T")])).isEmpty)
    #expect(decoder.requests(at: noon).isEmpty)
  }

  @Test("A lost message and an unknown alias lead to one request for a birth in ten seconds")
  func rebirth() throws {
    var decoder = try decoder()
    #expect(decoder.requests(at: noon).count == 1)
    _ = decoder.readings(said("NBIRTH", 0, [], device: nil))
    _ = decoder.readings(said("DBIRTH", 1, [temperature(19, named: "T")]))
    #expect(decoder.readings(said("DDATA", 3, [temperature(20)]))["ambientTemperatureC"]?.value == .number(20))
    #expect(decoder.requests(at: noon).isEmpty)
    let later = Timestamp(milliseconds: noon.milliseconds + 10_000)
    #expect(decoder.requests(at: later).count == 1)
    let unknown = SparkplugMetric(name: nil, alias: 77, dataType: nil, value: .number(1))
    #expect(decoder.readings(said("DDATA", 4, [unknown])).isEmpty)
    #expect(decoder.requests(at: later).isEmpty)
    #expect(decoder.requests(at: Timestamp(milliseconds: later.milliseconds + 10_000)).count == 1)
  }

  @Test("The death of the present session takes the values back, that of an earlier one does not")
  func death() throws {
    var decoder = try decoder()
    func session(_ number: Double) -> [SparkplugMetric] {
      [SparkplugMetric(name: "bdSeq", dataType: .uint64, value: .number(number))]
    }
    _ = decoder.readings(said("NBIRTH", 0, session(4), device: nil))
    _ = decoder.readings(said("DBIRTH", 1, [temperature(19, named: "T")]))
    func announced(_ metrics: [SparkplugMetric]) -> Bool? {
      decoder.availability(topic: "spBv1.0/g/NDEATH/n", payload: SparkplugPayload(metrics: metrics).encoded)
    }
    #expect(announced(session(3)) == true)
    #expect(decoder.readings(said("NDEATH", nil, session(3), device: nil)).isEmpty)
    #expect(announced(session(4)) == false)
    #expect(decoder.readings(said("NDEATH", nil, session(4), device: nil))["ambientTemperatureC"]?.value == .null)
    #expect(decoder.availability(topic: "spBv1.0/g/DBIRTH/n/d", payload: []) == true)
    #expect(!decoder.isAvailability(topic: "spBv1.0/g/DDATA/n/d"))
  }

  @Test("A command goes out in the type of the birth, with its time")
  func command() throws {
    var decoder = try decoder()
    _ = decoder.readings(
      said("DBIRTH", 1, [SparkplugMetric(name: "Setpoint", alias: 9, dataType: .float, value: .number(20))]))
    let steps = try #require(decoder.bound.profile.parts.first?.commands.first?.steps)
    let operations = try decoder.snapshot().operations(
      for: steps, part: 0, input: ["heatSetpointC": .number(21.5)], before: [:])
    guard case .publish(let message)? = operations.first else {
      Issue.record("nothing is published")
      return
    }
    let sent = try SparkplugPayload(parsing: message.payload(at: noon))
    #expect(sent.timestamp == UInt64(noon.milliseconds))
    #expect(sent.metrics.map(\.dataType) == [.float])
    #expect(sent.metrics.map(\.value) == [.number(21.5)])
  }

  @Test("Any bytes on any of its topics are decoded or refused")
  func randomBytes() throws {
    var numbers = SeededNumbers(seed: 0x5EED_0042)
    var decoder = try decoder()
    let base = SparkplugPayload(sequence: 1, metrics: [temperature(1, named: "T")]).encoded
    for _ in 0..<3000 {
      var bytes = base
      for _ in 0..<Int.random(in: 0...8, using: &numbers) {
        bytes[Int.random(in: bytes.indices, using: &numbers)] = UInt8.random(in: .min ... .max, using: &numbers)
      }
      let kind =
        ["NBIRTH", "DBIRTH", "DDATA", "NDATA", "NDEATH", "DDEATH", "DCMD", ""].randomElement(using: &numbers) ?? ""
      _ = decoder.readings(.message(topic: "spBv1.0/g/\(kind)/n/d", payload: bytes, isRetained: false))
      _ = decoder.requests(at: noon)
    }
  }
}
