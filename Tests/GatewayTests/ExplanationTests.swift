import AdapterKit
import DeviceProfiles
import EnergyModel
import LocalAPISchema
import TelemetryPipeline
import Testing

@testable import Gateway

@Suite("How values came to be")
struct ExplanationTests {
  private static let modbus = """
    schema: heddle.profile/1
    id: test-explained
    name: Test meter
    manufacturer: Nobody
    products: [Meter]
    maturity: documentation
    source: {document: this test}
    transport: {modbus: {unit: 1}}
    devices:
      meter:
        type: meter
        role: load
        points:
          powerW: {input: 10, type: i16, scale: 0.1, unit: kW}
          voltageV: {input: 20, type: u16, scale: 0.1}
    """

  private static let mqtt = """
    schema: heddle.profile/1
    id: test-secret
    name: Test plug
    manufacturer: Nobody
    products: [Plug]
    maturity: documentation
    source: {document: this test}
    parameters:
      token: {type: text, secret: true, help: the word in its topic}
    transport: {mqtt: {}}
    devices:
      meter:
        type: meter
        role: load
        points:
          powerW: {topic: "tele/$token/state", path: /power}
          serialNumber: {topic: "tele/$token/state", path: /serial}
    """

  private func device(_ profile: String, _ name: String, parameters: String = "") throws -> GatewayConfiguration.Device
  {
    let bench = try ConfigurationTests.Bench(["extra.yaml": profile])
    try bench.writeCredential("token", "hush-hush", mode: 0o600)
    let (configuration, findings) = bench.read(
      """
      links:
        - {id: bus, modbus: {tcp: "127.0.0.1:502"}}
        - {id: broker, mqtt: {broker: "127.0.0.1:1883"}}
      devices:
        - {id: it, profile: \(name), link: \(parameters.isEmpty ? "bus" : "broker")\(parameters)}
      """)
    #expect(findings == [])
    return try #require(configuration?.devices.first)
  }

  private func frame(_ body: RawFrame.Body, at seconds: Int64 = 0) -> RawFrame {
    RawFrame(body: body, receivedAt: Timestamp(milliseconds: 1_777_629_600_000 + seconds * 1000))
  }

  @Test("A register is told with its place, its word, each step, and the line of the profile")
  func register() throws {
    let meter = try device(Self.modbus, "test-explained")
    let told = DeviceExplanation(
      meter, frames: [frame(.registers(table: .input, address: 10, values: [0xFFFB]))], latest: [:], fields: [])
    let power = try #require(told.points.first { $0.name == "powerW" })
    #expect(power.source.contains("input 10"))
    #expect(power.raw == "65531")
    #expect(power.steps.map(\.what) == ["as i16", "× 0.1", "in W"])
    #expect(power.steps.map(\.value) == [.number(-5), .number(-0.5), .number(-500)])
    #expect((power.value, power.unit, power.verdict) == (.number(-500), "W", "ok"))
    #expect(power.line == 14)
    #expect(told.file.hasSuffix("extra.yaml"))
    let voltage = try #require(told.points.first { $0.name == "voltageV" })
    #expect(voltage.raw == nil && voltage.steps.isEmpty)
    #expect(voltage.verdict.contains("was not read yet"), "\(voltage.verdict)")
    let some = DeviceExplanation(meter, frames: [], latest: [:], fields: ["voltageV"])
    #expect(some.points.map(\.name) == ["voltageV"])
  }

  @Test("A message is told with its path, and without the secrets of the installation")
  func message() throws {
    let plug = try device(Self.mqtt, "test-secret", parameters: ", parameters: {token: \"${credential:token}\"}")
    let payload = Array(#"{"power": 12.5, "serial": "A-hush-hush-1"}"#.utf8)
    let told = DeviceExplanation(
      plug, frames: [frame(.message(topic: "tele/hush-hush/state", payload: payload, isRetained: false))],
      latest: [:], fields: [])
    let power = try #require(told.points.first { $0.name == "powerW" })
    #expect((power.raw, power.value) == ("12.5", .number(12.5)))
    #expect(power.source.contains("/power"))
    #expect(!"\(told)".contains("hush-hush"))
    #expect(told.points.first { $0.name == "serialNumber" }?.raw == "A-•••-1")
  }

  @Test("The last frame of each place is kept, in the order in which they came, within limits")
  func tap() throws {
    let id = EndpointID("one")
    let tap = FrameTap(endpoints: [id])
    for round in 0..<3 as Range<UInt16> {
      for address in [10, 20] as [UInt16] {
        tap.keep(frame(.registers(table: .input, address: address, values: [round, address])), of: id)
      }
      tap.keep(frame(.message(topic: "a", payload: [UInt8(round)], isRetained: round == 2), at: 1), of: id)
      tap.keep(frame(.bits(table: .coil, address: 1, values: [round == 2])), of: id)
      tap.keep(frame(.response(request: "r", body: [7, UInt8(round)])), of: id)
      tap.keep(frame(.response(request: "r", body: [])), of: EndpointID("nobody"))
    }
    let frames = tap.frames(of: id)
    #expect(frames.count == 5)
    guard case .registers(_, .input, 10, [2, 10]) = frames[0].body,
      case .message("a", [2], true) = frames[2].body, case .bits(_, .coil, 1, [true]) = frames[3].body,
      case .response("r", [7, 2]) = frames[4].body
    else { return #expect(Bool(false), "\(frames)") }
    for number in 0..<600 { tap.keep(frame(.message(topic: "t\(number)", payload: [1], isRetained: false)), of: id) }
    #expect(tap.frames(of: id).count == FrameTap.maxPlaces)
    let other = EndpointID("two")
    let small = FrameTap(endpoints: [other])
    let large = [UInt8](repeating: 1, count: FrameTap.maxBytes)
    small.keep(frame(.response(request: "small", body: [1])), of: other)
    small.keep(frame(.response(request: "large", body: large)), of: other)
    small.keep(frame(.response(request: "small", body: [2])), of: other)
    #expect(small.frames(of: other).count == 1)
  }
}
