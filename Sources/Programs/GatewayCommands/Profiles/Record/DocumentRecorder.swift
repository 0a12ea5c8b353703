import AdapterKit
import DeviceProfiles
import EnergyModel
import Foundation
import HTTPAdapter
import LocatedYAML
import Logging
import MQTTAdapter
import Synchronization
import TimeSource

/// Listens to a broker or asks an HTTP host through the gateway's own adapters, so that logins, certificates and keep-alives are
/// those of the gateway, and keeps what comes before it is understood.
struct DocumentRecorder {
  let bound: BoundProfile
  let time: TimeSource

  /// How often the file is written.
  private static let period = Duration.milliseconds(500)
  private static let endpoint = EndpointID("recorded")

  private final class Sink: AdapterSink {
    struct State {
      var frames: [RawFrame.Body] = []
      var reason: String?
    }

    let state = Mutex(State())

    func accept(_ batch: borrowing ReadingBatch, from endpoint: EndpointID) {}
    func connectivityChanged(_ connectivity: Connectivity, of endpoint: EndpointID) {
      state.withLock { $0.reason = connectivity.lastError }
    }
    func received(_ frame: RawFrame, from endpoint: EndpointID) {
      state.withLock { $0.frames.append(frame.body) }
    }
  }

  private var specifications: [EndpointSpecification] {
    [EndpointSpecification(id: Self.endpoint, profile: bound)]
  }

  /// What came within a time, and why nothing did.
  ///
  /// - Parameter keep: called now and then with everything so far; says whether that is enough.
  func record(
    from link: Link, for limit: Duration, into capture: RecordedCapture,
    keep: (RecordedCapture) throws -> Bool
  ) async throws -> (capture: RecordedCapture, problem: String?) {
    let sink = Sink()
    let adapter = try adapter(link, sink)
    var capture = capture
    await adapter.start()
    do {
      let end = time.monotonic() + limit
      var isDone = false
      while !isDone, time.monotonic() < end {
        try await time.sleep(for: min(Self.period, end - time.monotonic()))
        for frame in sink.state.withLock({ state in
          defer { state.frames = [] }
          return state.frames
        }) { take(frame, into: &capture) }
        isDone = try keep(capture)
      }
    } catch {
      await adapter.stop()
      throw error
    }
    await adapter.stop()
    let statistics = await adapter.statistics()
    return (capture, sink.state.withLock { $0.reason } ?? statistics.lastError)
  }

  /// Where the documents come from.
  enum Link {
    case broker(MQTTLinkConfiguration)
    case host(HTTPLinkConfiguration)
  }

  private func adapter(_ link: Link, _ sink: Sink) throws -> any Adapter {
    let logger = Logger(label: "record") { _ in SwiftLogNoOpLogHandler() }
    let random: RandomSource = { Double.random(in: 0..<1) }
    switch link {
    case .broker(let configuration):
      return try MQTTLink(
        configuration: configuration, endpoints: specifications, sink: sink, time: time, random: random, logger: logger)
    case .host(let configuration):
      return HTTPLink(
        configuration: configuration, endpoints: specifications, sink: sink, time: time, random: random, logger: logger)
    }
  }

  private func take(_ frame: RawFrame.Body, into capture: inout RecordedCapture) {
    switch frame {
    case .message(let topic, let payload, _):
      if let text = String(validating: payload, as: UTF8.self) { capture.add(topic: topic, payload: text) }
    case .response(let request, let body):
      guard let text = String(validating: body, as: UTF8.self) else { return }
      let path = bound.request(named: request)?.path
      capture.responses[path ?? request] = text
    case .registers, .bits: break
    }
  }

  // MARK: Without a profile

  /// A profile that only listens to topics or asks for paths.
  static func plainProfile(topics: [String], paths: [String], login: String?) throws(CommandFailure) -> DeviceProfile {
    var lines = [
      "schema: heddle.profile/1", "id: recorder", "name: Recorder", "manufacturer: none", "products: []",
      "maturity: documentation", "source: {document: none}",
    ]
    if login != nil {
      lines += [
        "parameters:", "  user: {type: text, default: \"\"}", "  password: {type: text, secret: true, default: \"\"}",
      ]
    }
    if paths.isEmpty {
      lines += ["transport: {mqtt: }"]
    } else {
      lines += ["transport:", "  http:"]
      if let login { lines += ["    auth: \(login)", "    user: $user", "    password: $password"] }
      lines += ["    minGap: 1 s", "    requests:"]
      for (index, path) in paths.enumerated() {
        lines.append("      r\(index): {get: \(Session.text(path, pretty: false)), poll: once}")
      }
    }
    lines += ["devices:", "  device:", "    type: meter", "    locals:"]
    for (index, topic) in topics.enumerated() {
      lines.append("      t\(index): {topic: \(Session.text(topic, pretty: false)), optional: true}")
    }
    for index in paths.indices { lines.append("      r\(index): {request: r\(index), optional: true}") }
    let (profile, findings) = ProfileReader.read(text: lines.joined(separator: "\n") + "\ntests: []\n", file: "record")
    guard let profile else {
      throw CommandFailure(message: findings.first?.message ?? "this cannot be recorded", status: .usage)
    }
    return profile
  }
}
