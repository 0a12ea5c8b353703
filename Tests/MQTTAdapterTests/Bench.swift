import AdapterKit
import DeviceProfiles
import EnergyModel
import Foundation
import Logging
import MQTTAdapter
import Testing
import TimeSource

/// A link under test with its sink and its log.
struct Bench {
  let sink: RecordingSink
  /// The lines of the log as `level [device=…] [link=…] text`, in the order of metadata keys.
  let log = Watched<[String]>([])
  let link: MQTTLink

  init(
    _ configuration: MQTTLinkConfiguration, _ endpoints: [EndpointSpecification], time: TimeSource = .system,
    sink: RecordingSink = RecordingSink()
  ) throws {
    self.sink = sink
    let handler = RecordingLog(lines: log)
    let logger = Logger(label: "test") { _ in handler }
    link = try MQTTLink(
      configuration: configuration, endpoints: endpoints, sink: sink, time: time, random: { 0.99 }, logger: logger)
  }

  /// Runs the body with the started link and stops it.
  func run(_ body: () async throws -> Void) async throws {
    await link.start()
    do {
      try await body()
    } catch {
      await link.stop()
      throw error
    }
    await link.stop()
  }

  /// Waits until a line of the log contains a text.
  func logs(_ text: String) async -> Bool { await log.wait { $0.contains { $0.contains(text) } } }
}

/// A log that tests can wait for.
struct RecordingLog: LogHandler {
  let lines: Watched<[String]>
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.trace

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let all = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
    let labels = all.map { "\($0.key)=\($0.value) " }.joined()
    lines.change { $0.append("\(event.level) \(labels)\(event.message)") }
  }
}

/// Profiles for tests, in the language of shipped ones.
enum TestProfile {
  static func endpoint(
    _ id: String, _ text: String, _ parameters: [String: ScalarValue] = [:]
  ) throws -> EndpointSpecification {
    let (profile, diagnostics) = ProfileReader.read(text: text, file: "test.yaml")
    let checked = try #require(profile, "\(diagnostics)")
    return EndpointSpecification(
      id: EndpointID(id), profile: try BoundProfile(profile: checked, parameters: parameters))
  }

  static let head = """
    schema: heddle.profile/1
    id: test-device
    name: Test device
    manufacturer: Test
    products: [Test]
    maturity: capture
    source: {document: "test"}

    """

  /// A thermostat in the way of Zigbee2MQTT.
  static func thermostat(_ id: String, topic: String) throws -> EndpointSpecification {
    try endpoint(
      id,
      head + """
        parameters:
          name: {type: text, help: "topic"}
        transport:
          mqtt:
            availability: {topic: "zigbee2mqtt/$name/availability", path: /state, online: [online], offline: [offline]}
        devices:
          thermostat:
            type: thermostat
            points:
              ambientTemperatureC: {topic: "zigbee2mqtt/$name", path: /local_temperature}
              heatSetpointC: {topic: "zigbee2mqtt/$name", path: /occupied_heating_setpoint}
        """, ["name": .text(topic)])
  }

  /// A plug that is asked for its state, silent after 10 minutes.
  static func plug(_ id: String, topic: String) throws -> EndpointSpecification {
    try endpoint(
      id,
      head + """
        parameters:
          topic: {type: text, help: "topic"}
        transport:
          mqtt:
            silentAfter: 10 min
            requests:
              - {topic: "cmnd/$topic/Status", payload: "8", every: 60 s}
        devices:
          meter:
            type: meter
            points:
              powerW: {topic: "stat/$topic/STATUS8", path: /StatusSNS/ENERGY/Power}
              energyImportedTotalWh: {topic: "stat/$topic/STATUS8", path: /StatusSNS/ENERGY/Total, unit: kWh, counter: true}
              voltageV: {topic: "tele/$topic/+", path: /Voltage, optional: true}
        """, ["topic": .text(topic)])
  }

  /// A Shelly energy meter.
  static func shelly(_ id: String, topic: String) throws -> EndpointSpecification {
    try endpoint(
      id,
      head + """
        parameters:
          topic: {type: text, help: "topic"}
        transport:
          mqtt:
            availability: {topic: "$topic/online", online: ["true"], offline: ["false"]}
        devices:
          meter:
            type: meter
            points:
              powerW: {topic: "$topic/status/em:0", path: /total_act_power}
              phases.l1.voltageV: {topic: "$topic/status/em:0", path: /a_voltage}
              energyImportedTotalWh: {topic: "$topic/status/emdata:0", path: /total_act, counter: true}
        """, ["topic": .text(topic)])
  }
}

/// Captures of real devices, which are not part of the project.
enum Captures {
  private static let package = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    .appendingPathComponent("../../..").standardizedFileURL.path
  static let folder = package + "/../shared/fixtures"
  static let shippedProfiles = package + "/device-profiles"
  static let arePresent = FileManager.default.fileExists(atPath: folder)

  static func text(_ path: String) throws -> String {
    try String(contentsOfFile: folder + "/" + path, encoding: .utf8)
  }
}
