import AdapterKit
import CBaselines
import DeviceProfiles
import EnergyModel
import Foundation
import MQTTAdapter

/// From a real broker to the aggregates: the MQTT adapter, the decoder of the profile, the ring and the aggregation,
/// with QoS 1 the store as well, which has every message before the broker gets its acknowledgement; against a
/// subscriber in C with libmosquitto's own loop that throws messages away. Same broker, same publisher; the rate is
/// that of all messages from the first one that leaves the publisher to the last one that is counted.
struct MQTTBenchmark {
  static let rounds = 5
  private static let devices = 100
  private static let packetsPerPass = 400
  private static let limitSeconds = 60

  let qos: Int32
  let messages: Int
  let gate: Double

  private let packets: [UInt8]

  init(qos: Int32, messages: Int, gate: Double) {
    self.qos = qos
    self.messages = messages / Self.packetsPerPass * Self.packetsPerPass
    self.gate = gate
    packets = Self.packets(qos: qos)
  }

  func run() async throws -> Measurement {
    let broker = try BenchmarkBroker()
    defer { broker.stop() }
    try await Task.sleep(for: .milliseconds(500))
    var costs: (gateway: [Double], baseline: [Double]) = ([], [])
    let result = try await alternating(rounds: Self.rounds) {
      let (rate, cost) = try await gatewayRate(broker.port)
      costs.gateway.append(cost)
      return rate
    } _: {
      let (rate, cost) = try await baselineRate(broker.port)
      costs.baseline.append(cost)
      return rate
    }
    return Measurement(
      name: "MQTT QoS \(qos)\(qos > 0 ? ", durable" : ""), broker → aggregates",
      result: "\(Self.thousands(result.variant)) messages/s, \(Self.microseconds(costs.gateway)) each",
      baseline:
        "libmosquitto in C, thrown away \(Self.thousands(result.baseline)), \(Self.microseconds(costs.baseline)) each",
      ratio: result.ratio, gate: "≥ \(gate)×", holds: result.ratio >= gate)
  }

  private static func thousands(_ rate: Double) -> String { "\((rate / 100).rounded() / 10) k" }
  private static func microseconds(_ costs: [Double]) -> String { "\((median(costs) * 1e7).rounded() / 10) µs" }

  // MARK: Messages

  private static func topic(_ device: Int) -> String { "plant/\(device)/telemetry" }

  /// PUBLISH packets for all devices in turn, ready to be sent.
  private static func packets(qos: Int32) -> [UInt8] {
    BenchmarkMessage.payloads(packetsPerPass).enumerated().flatMap { number, payload in
      packet(topic(number % devices), payload, qos: qos, number: UInt16(number + 1))
    }
  }

  private static func packet(_ topic: String, _ payload: [UInt8], qos: Int32, number: UInt16) -> [UInt8] {
    let identifier = qos > 0 ? [UInt8(number >> 8), UInt8(number & 255)] : []
    let body = [UInt8(topic.utf8.count >> 8), UInt8(topic.utf8.count & 255)] + topic.utf8 + identifier + payload
    return [0x30 | UInt8(qos << 1), UInt8(body.count % 128 | 128), UInt8(body.count / 128)] + body
  }

  /// What was published: when the first message left, and how much processor time that cost.
  private struct Publication {
    var started = 0.0
    var processorSeconds = 0.0
  }

  private func publish(_ packets: [UInt8], passes: Int, acknowledgements: Int, _ port: Int32) async throws
    -> Publication
  {
    let (works, publication) = await onThread {
      var publication = Publication()
      let works = baseline_publish(
        port, packets, packets.count, passes, acknowledgements, &publication.started, &publication.processorSeconds)
      return (works, publication)
    }
    guard works else { throw BenchmarkProfile.Failure(description: "the broker does not take the messages") }
    return publication
  }

  private func publishAll(_ port: Int32) async throws -> Publication {
    try await publish(
      packets, passes: messages / Self.packetsPerPass, acknowledgements: qos > 0 ? messages : 0, port)
  }

  // MARK: Variants

  /// Messages a second, and processor seconds for each without those of the publisher.
  private func baselineRate(_ port: Int32) async throws -> (Double, Double) {
    guard let subscriber = baseline_subscribe(port, qos, Int32(Self.devices), messages) else {
      throw BenchmarkProfile.Failure(description: "the baseline cannot subscribe")
    }
    let processor = clockSeconds(CLOCK_PROCESS_CPUTIME_ID)
    let publication = try await publishAll(port)
    let address = UInt(bitPattern: subscriber)
    let finished = await onThread {
      baseline_subscriber_finish(OpaquePointer(bitPattern: address), Int32(Self.limitSeconds))
    }
    guard finished > 0 else { throw BenchmarkProfile.Failure(description: "the baseline misses messages") }
    let spent = clockSeconds(CLOCK_PROCESS_CPUTIME_ID) - processor - publication.processorSeconds
    return (Double(messages) / (finished - publication.started), spent / Double(messages))
  }

  private func gatewayRate(_ port: Int32) async throws -> (Double, Double) {
    let names = (0..<Self.devices).map { "inverter-\($0)" }
    let gateway = try await LiveGateway(devices: names, fields: BenchmarkMessage.fields)
    let sink = gateway.sink(broker: "broker")
    let endpoints = try names.enumerated().map { number, name in
      EndpointSpecification(id: EndpointID(name), profile: try BenchmarkMessage.bound(topic: Self.topic(number)))
    }
    let link = try MQTTLink(
      configuration: MQTTLinkConfiguration(
        name: "broker", host: "127.0.0.1", port: Int(port), clientID: "heddle", session: .clean),
      endpoints: endpoints, sink: sink, time: LiveGateway.time, random: { 0.5 }, logger: LiveGateway.logger)
    await link.start()
    let before = try await untilSubscribed(sink, port)
    sink.expect(before + messages)
    let processor = clockSeconds(CLOCK_PROCESS_CPUTIME_ID)
    let publication = try await publishAll(port)
    try await until("all messages are counted") { sink.reachedAt != nil }
    if qos > 0 { try await until("all messages are durable") { sink.durableFrames >= before + messages } }
    let spent = clockSeconds(CLOCK_PROCESS_CPUTIME_ID) - processor - publication.processorSeconds
    let finished = sink.reachedAt ?? .infinity
    await link.stop()
    let samples = gateway.samples
    try await gateway.stop()
    guard samples == UInt64((before + messages) * BenchmarkMessage.readings) else {
      throw BenchmarkProfile.Failure(description: "\(samples) samples of \(before + messages) messages were counted")
    }
    return (Double(messages) / (finished - publication.started), spent / Double(messages))
  }

  /// The last of the subscriptions stands when a message for it comes. Returns how many came.
  private func untilSubscribed(_ sink: BenchmarkSink, _ port: Int32) async throws -> Int {
    let probe = Self.packet(
      Self.topic(Self.devices - 1), BenchmarkMessage.payloads(1)[0], qos: qos, number: 1)
    try await until("the link is subscribed") {
      if sink.frames == 0 { _ = try await publish(probe, passes: 1, acknowledgements: qos > 0 ? 1 : 0, port) }
      try await Task.sleep(for: .milliseconds(100))
      return sink.frames > 0
    }
    // A probe before this one may still be on its way.
    try await Task.sleep(for: .milliseconds(400))
    return sink.frames
  }

  private func until(_ what: String, _ condition: () async throws -> Bool) async throws {
    let limit = clockSeconds(CLOCK_MONOTONIC) + Double(Self.limitSeconds)
    while try await !condition() {
      guard clockSeconds(CLOCK_MONOTONIC) < limit else {
        throw BenchmarkProfile.Failure(description: "not in time: \(what)")
      }
      try await Task.sleep(for: .milliseconds(10))
    }
  }
}
