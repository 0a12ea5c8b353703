import AdapterKit
import DeviceProfiles
import EnergyModel
import Logging
import MQTTAdapter
import Synchronization
import TimeSource

/// Hears what is published at a broker, through the gateway's own adapter. It publishes nothing.
struct BrokerListener {
  let time: TimeSource
  let random: @Sendable () -> Double

  /// What came.
  struct Outcome: Sendable {
    /// The newest payload of each topic.
    var messages: [String: [UInt8]] = [:]
    /// Messages beyond the limits.
    var dropped = 0
    /// Why nothing came.
    var problem: String?
  }

  private final class Sink: AdapterSink {
    private struct State {
      var outcome = Outcome()
      var bytes = 0
    }

    private let state = Mutex(State())

    var outcome: Outcome { state.withLock { $0.outcome } }

    func accept(_ batch: borrowing ReadingBatch, from endpoint: EndpointID) {}
    func connectivityChanged(_ connectivity: Connectivity, of endpoint: EndpointID) {}
    func received(_ frame: RawFrame, from endpoint: EndpointID) {
      guard case .message(let topic, let payload, _) = frame.body, !payload.isEmpty else { return }
      state.withLock { state in
        let before = state.outcome.messages[topic]
        let bytes = state.bytes + payload.count - (before?.count ?? 0)
        guard bytes <= DiscoveryLimits.maxPayloadBytes,
          before != nil || state.outcome.messages.count < DiscoveryLimits.maxTopics
        else {
          state.outcome.dropped += 1
          return
        }
        state.bytes = bytes
        state.outcome.messages[topic] = payload
      }
    }
  }

  /// Listens for a time.
  ///
  /// - Parameter address: what the broker's name stands for. With TLS the name itself is connected to, because the
  ///   certificate is for the name.
  func listen(to broker: DiscoveryPlan.Broker, as address: String) async throws -> Outcome {
    let sink = Sink()
    let name = String(UInt32(min(max(random(), 0), 0.999_999) * 4_294_967_295), radix: 16)
    let link = try MQTTLink(
      configuration: MQTTLinkConfiguration(
        name: "discovery", host: broker.isSecure ? broker.place.host : address, port: broker.place.port,
        clientID: "heddle-discovery-\(name)",
        user: broker.user, password: broker.password,
        tls: broker.isSecure ? .init(authorityFile: broker.authorityFile) : nil, session: .clean),
      endpoints: [EndpointSpecification(id: EndpointID("everything"), profile: try Self.everything())], sink: sink,
      time: time, random: random, logger: Logger(label: "discovery") { _ in SwiftLogNoOpLogHandler() })
    await link.start()
    do {
      try await time.sleep(for: broker.duration)
    } catch {
      await link.stop()
      throw error
    }
    let statistics = await link.statistics()
    await link.stop()
    var outcome = sink.outcome
    if outcome.messages.isEmpty {
      outcome.problem = statistics.lastError ?? "nothing was published in \(broker.duration)"
    }
    return outcome
  }

  /// A profile that hears everything and understands nothing.
  private static func everything() throws -> BoundProfile {
    let text = """
      schema: heddle.profile/1
      id: everything
      name: Everything
      manufacturer: none
      products: []
      maturity: documentation
      source: {document: none}
      transport: {mqtt: }
      devices:
        device: {type: meter, locals: {all: {topic: "#", optional: true}}}
      tests: []
      """
    guard let profile = ProfileReader.read(text: text, file: "discovery").profile else {
      throw DiscoveryFailure(message: "the profile that hears everything cannot be read")
    }
    return try BoundProfile(profile: profile, parameters: [:])
  }
}

/// Why a part of a look around could not be done, in words.
struct DiscoveryFailure: Error, CustomStringConvertible {
  var message: String
  var description: String { message }
}
