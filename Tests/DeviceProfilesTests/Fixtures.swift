import DeviceProfiles
import EnergyModel
import Foundation
import LocatedYAML
import Testing

/// Captures that lie beside the repository and are not part of it.
enum Captures {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "shared/fixtures")

  static func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: root.appending(path: path).path)
  }

  static func object(_ path: String) throws -> [String: Any] {
    let data = try Data(contentsOf: root.appending(path: path))
    return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
  }
}

/// Numbers from a seed (SplitMix64), so that a failure can be repeated.
struct SeededNumbers: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

let noon = Timestamp(milliseconds: 1_777_629_600_000)

/// A profile around what a test is about.
func profileText(
  transport: String = "modbus: {unit: 1}", parameters: String = "{}", top: String = "", devices: String
) -> String {
  """
  schema: heddle.profile/1
  id: test-device
  name: Test device
  manufacturer: Test
  products: [Test]
  maturity: documentation
  source: {document: none}
  parameters: \(parameters)
  transport:
    \(transport)
  \(top)
  devices:
  \(devices.split(separator: "\n", omittingEmptySubsequences: false).map { "  " + $0 }.joined(separator: "\n"))
  tests: []
  """
}

func bind(_ text: String, _ parameters: [String: ScalarValue] = [:]) throws -> BoundProfile {
  let (profile, findings) = ProfileReader.read(text: text, file: "test.yaml")
  for finding in findings where finding.severity == .error { Issue.record("\(finding.picture)") }
  return try BoundProfile(profile: try #require(profile), parameters: parameters)
}

extension EndpointDecoder {
  /// The readings of one frame by field name, newest last.
  mutating func readings(_ body: RawFrame.Body, at time: Timestamp = noon) -> [String: Reading] {
    var batch = ReadingBatch()
    decode(RawFrame(body: body, receivedAt: time), into: &batch)
    return Dictionary(batch.entries.map { ($0.reading.field.name, $0.reading) }, uniquingKeysWith: { $1 })
  }

  mutating func problems(_ body: RawFrame.Body) -> [String] {
    var batch = ReadingBatch()
    decode(RawFrame(body: body, receivedAt: noon), into: &batch)
    return batch.problems
  }

  /// Answers set-up from a device's memory; what is not there is exception 2.
  mutating func setUp(from memory: [Int: UInt16]) {
    for _ in 0..<1000 {
      guard let range = nextSetupRead() else { return }
      let values = (0..<Int(range.count)).compactMap { memory[Int(range.address) + $0] }
      acceptSetup(values.count == Int(range.count) ? .registers(values) : .exception(2))
    }
    Issue.record("set-up does not end")
  }
}

func message(_ topic: String, _ payload: String) -> RawFrame.Body {
  .message(topic: topic, payload: Array(payload.utf8), isRetained: false)
}
