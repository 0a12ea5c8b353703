import AdapterKit
import DeviceProfiles
import EnergyModel
import Foundation
import Logging
import Synchronization
import TestSupport
import TimeSource

@testable import HTTPAdapter

/// A link to a device server, with a clock that the test moves and a sink that the test reads.
struct TestBench {
  let clock = TestClock()
  let sink = RecordingSink()
  let logs = LogText()

  /// A link that asks at once when it starts, because the random source is zero.
  func link(
    to url: String, profiles: [(id: EndpointID, profile: BoundProfile)], trust: HTTPTrust = .system
  ) throws -> HTTPLink {
    HTTPLink(
      configuration: try HTTPLinkConfiguration(url: url, trust: trust),
      endpoints: profiles.map { EndpointSpecification(id: $0.id, profile: $0.profile) }, sink: sink,
      time: clock.source, random: { 0 },
      logger: Logger(label: "test") { _ in LogRecorder(text: logs) })
  }

  /// Lets a second pass unless a request is under way, which must not run into its timeout.
  func advanceWhenIdle(_ link: HTTPLink) async {
    if await link.isIdle { clock.advance(by: .seconds(1)) }
    await Task.yield()
  }

  func link(to server: DeviceServer, profile: BoundProfile) throws -> HTTPLink {
    try link(to: server.url, profiles: [(.device, profile)])
  }
}

/// Runs a device server and a link to it, and stops both.
func withDevice(
  transport: String = "", requests: String = TestProfile.info, parameters: [String: ScalarValue] = [:],
  script: @escaping DeviceServer.Script,
  body: (DeviceServer, HTTPLink, TestBench) async throws -> Void
) async throws {
  let server = try await DeviceServer(script: script)
  let bench = TestBench()
  let profile = try TestProfile.bound(transport: transport, requests: requests, parameters: parameters)
  let link = try bench.link(to: server, profile: profile)
  await link.start()
  do {
    try await body(server, link, bench)
  } catch {
    await link.stop()
    await server.stop()
    throw error
  }
  await link.stop()
  await server.stop()
}

/// Waits until the link has come so far; the time limit of the suite bounds it.
func until(_ link: HTTPLink, _ condition: @Sendable (isolated HTTPLink) -> Bool) async {
  while await !condition(link) { await Task.yield() }
}

/// A thermostat that is asked by `info` every two seconds.
enum TestProfile {
  static let info = "info: {get: /info, poll: fast}"
  static let warm = #"{"temp": 21.5, "humidity": 40}"#

  struct Unreadable: Error { let diagnostics: [String] }

  /// - Parameter transport: more lines of `transport.http`.
  /// - Parameter requests: lines of `transport.http.requests`; points exist for `info` and `more`.
  static func bound(
    transport: String = "", requests: String = info, parameters: [String: ScalarValue] = [:]
  ) throws -> BoundProfile {
    let hasMore = requests.contains("more:")
    let indented = { (text: String, depth: Int) in
      text.split(separator: "\n").map { String(repeating: " ", count: depth) + $0 }.joined(separator: "\n")
    }
    let text = """
      schema: heddle.profile/1
      id: test-thermostat
      name: Test thermostat
      manufacturer: Test
      products: [Test]
      maturity: documentation
      source: {document: "written for the test"}
      parameters:
        user: {type: text, default: "", help: "user"}
        password: {type: text, secret: true, default: "", help: "password"}
      transport:
        http:
      \(indented(transport, 4))
          requests:
      \(indented(requests, 6))
      poll: {fast: 2 s, normal: 10 s, slow: 5 min}
      devices:
        thermostat:
          type: thermostat
          points:
            ambientTemperatureC: {request: info, path: /temp}
      \(hasMore ? "      humidityPercent: {request: more, path: /humidity}" : "")
      """
    let (profile, diagnostics) = ProfileReader.read(text: text, file: "test.yaml")
    guard let profile else { throw Unreadable(diagnostics: diagnostics.map { "\($0)" }) }
    return try BoundProfile(profile: profile, parameters: parameters)
  }
}

/// Everything that was logged.
final class LogText: Sendable {
  private let lines = Mutex<[String]>([])
  var text: String { lines.withLock { $0.joined(separator: "\n") } }
  var count: Int { lines.withLock { $0.count } }
  func append(_ line: String) { lines.withLock { $0.append(line) } }
}

struct LogRecorder: LogHandler {
  let text: LogText
  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level = .trace

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    text.append("\(event.level) \(event.message) \(event.metadata ?? [:])")
  }
}

/// What the project does not contain, but may stand beside it.
enum Shared {
  static let captures = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../../shared/fixtures/home-assistant").standardized

  static let profiles = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../device-profiles").standardized

  static func capture(_ path: String) throws -> String {
    try String(contentsOf: captures.appending(path: path), encoding: .utf8)
  }

  static var areCapturesPresent: Bool { FileManager.default.fileExists(atPath: captures.path) }
}
