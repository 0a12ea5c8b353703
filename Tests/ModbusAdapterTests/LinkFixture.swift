import AdapterKit
import DeviceProfiles
import EnergyModel
import Logging
import ModbusAdapter
import Synchronization
import TestSupport
import Testing
import TimeSource

/// A meter with one block of holding registers, as profile text.
///
/// - Parameter minTimeout: the timeout is fixed without it, so that a loaded machine changes no test.
func meterText(
  timeout: String = "400 ms", minTimeout: String? = nil, points: String? = nil, transport: String = "",
  extra: String = "", controls: String = ""
) -> String {
  let usual = """
            powerW: {holding: 100, type: u16, poll: fast}
            voltageV: {holding: 101, type: u16, poll: fast}
            currentA: {holding: 102, type: u32, poll: fast}
            frequencyHz: {holding: 104, type: u16, poll: fast}
            powerFactor: {holding: 200, type: u16}
    """
  return """
    schema: heddle.profile/1
    id: test-meter
    name: Test meter
    manufacturer: Test
    products: [T1]
    maturity: documentation
    source: {document: "the tests"}
    parameters:
      unit: {type: integer, range: 0..247, default: 1, help: "unit"}
    transport:
      modbus: {unit: $unit, timeout: \(timeout), minTimeout: \(minTimeout ?? timeout)\(transport)}
    poll: {fast: 1 s, normal: 10 s, slow: 5 min}
    \(extra)
    devices:
      meter:
        type: meter
        points:
    \(points ?? usual)
    \(controls)
    """
}

/// A link to a server on this machine with a recorded sink and a clock that the test moves.
struct LinkFixture {
  let link: ModbusLink
  let sink = RecordingSink()
  let clock = TestClock()
  let lines = LogLines()

  /// All tests share them, as all links of a gateway do.
  static let loops = SocketLoops()

  /// - Parameter time: another clock than the one that the test moves.
  init(
    _ medium: ModbusLinkConfiguration.Medium, text: String = meterText(), units: [UInt8] = [1],
    loops: SocketLoops = LinkFixture.loops, time: TimeSource? = nil
  ) throws {
    let (profile, diagnostics) = ProfileReader.read(text: text, file: "test.yaml")
    let checked = try #require(profile, "\(diagnostics)")
    let endpoints = try units.map { unit in
      EndpointSpecification(
        id: EndpointID("unit \(unit)"),
        profile: try BoundProfile(profile: checked, parameters: ["unit": .number(Double(unit))]))
    }
    let lines = lines
    link = try ModbusLink(
      configuration: ModbusLinkConfiguration(name: "bus", medium: medium, connectTimeout: .seconds(1)),
      endpoints: endpoints, loops: loops, sink: sink, time: time ?? clock.source, random: { 0 },
      logger: Logger(label: "test") { _ in LineHandler(lines: lines) })
  }

  /// Moves the clock in small steps, whenever the link waits, until something is so; false after ten minutes of it.
  func advance(
    by step: Duration = .milliseconds(100), until isTrue: (RecordingSink.State) -> Bool
  ) async -> Bool {
    for _ in 0..<6000 {
      if isTrue(sink.state) { return true }
      await clock.untilSleeping(1)
      if isTrue(sink.state) { return true }
      clock.advance(by: step)
    }
    return false
  }

  /// Moves the clock by a time in small steps.
  func advance(by duration: Duration) async {
    let end = clock.source.monotonic() + duration
    while clock.source.monotonic() < end {
      await clock.untilSleeping(1)
      clock.advance(by: .milliseconds(100))
    }
    await clock.untilSleeping(1)
  }

  static func unit(_ number: UInt8) -> EndpointID { EndpointID("unit \(number)") }
}

let unit1 = LinkFixture.unit(1)
let unit2 = LinkFixture.unit(2)

/// Log lines as `level message device`.
final class LogLines: Sendable {
  private let lines = Mutex<[String]>([])
  var all: [String] { lines.withLock { $0 } }
  func append(_ line: String) { lines.withLock { $0.append(line) } }
}

struct LineHandler: LogHandler {
  let lines: LogLines
  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level = .info

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let all = metadata.merging(event.metadata ?? [:]) { $1 }
    let tags = all.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    lines.append(([event.level.rawValue, "\(event.message)"] + tags).joined(separator: " "))
  }
}
