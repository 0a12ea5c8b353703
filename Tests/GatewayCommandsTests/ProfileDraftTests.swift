import Foundation
import Testing

@testable import GatewayCommands

/// `heddle profile new --from …`.
@Suite struct ProfileDraftTests {
  private let desk: ProfileDesk

  init() throws { desk = try ProfileDesk() }

  /// The draft is written, and passes lint and test as it is.
  private func draft(_ arguments: String..., sourceLocation: SourceLocation = #_sourceLocation) throws -> String {
    let file = desk.path("draft.yaml")
    try? FileManager.default.removeItem(atPath: file)
    let result = try desk.run(list: ["new", "--output", file] + arguments)
    try #require(result.status == .fine, "\(result.errors)", sourceLocation: sourceLocation)
    for tool in ["lint", "test"] {
      let check = try desk.run(tool, file)
      #expect(check.status == .fine, "\(tool): \(check.output)", sourceLocation: sourceLocation)
    }
    return try String(contentsOfFile: file, encoding: .utf8)
  }

  @Test("A SunSpec map becomes devices with the points that have a value")
  func sunSpec() throws {
    // Marker; model 1 with maker and product; model 103 with 1,500 W; two meters 203; end.
    var registers: [Int] = [0x5375, 0x6E53, 1, 66] + Self.text("Acme", 16) + Self.text("Three", 16)
    registers += [Int](repeating: 0, count: 34)
    var inverter = [Int](repeating: 0x8000, count: 50)
    inverter[12] = 150
    inverter[13] = 1
    registers += [103, 50] + inverter
    for power in [700, -20] {
      var meter = [Int](repeating: 0x8000, count: 105)
      meter[16] = power & 0xFFFF
      meter[20] = 0
      registers += [203, 105] + meter
    }
    registers += [0xFFFF, 0]
    try desk.write("map.json", #"{"start": 40000, "count": \#(registers.count), "registers": \#(registers)}"#)
    let text = try draft("--from", "sunspec", "DIR/map.json", "--id", "acme-three")
    for line in [
      "id: acme-three", "      manufacturer: {sunspec: {model: 1, point: Mn}, poll: once}",
      "      acPowerW: {sunspec: {model: 103, point: W}, poll: fast}",
      "      powerW: {sunspec: {model: 203, point: W, instance: 2}, poll: fast}", "        acPowerW: 1500",
      "        powerW: -20", "        manufacturer: \"Acme\"",
    ] { #expect(text.contains(line + "\n"), "\(line)\n\(text)") }
    #expect(text.contains("# Without a value in the capture:"))
    try desk.write("none.json", #"{"start": 40000, "registers": [1, 2]}"#)
    #expect(try desk.run("new", "--from", "sunspec", "DIR/none.json").errors.contains("no SunSpec marker"))
  }

  private static func text(_ text: String, _ registers: Int) -> [Int] {
    let bytes = Array(text.utf8) + [UInt8](repeating: 0, count: registers * 2 - text.utf8.count)
    return (0..<registers).map { Int(bytes[$0 * 2]) << 8 | Int(bytes[$0 * 2 + 1]) }
  }

  private static let fixtures = URL(filePath: ProfileDesk.shippedProfiles).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "shared/fixtures")

  @Test(
    "The captures of real and described SunSpec devices become profiles that pass their tests",
    .enabled(if: FileManager.default.fileExists(atPath: fixtures.path), "the captures are not there"))
  func captured() throws {
    let path = Self.fixtures.appending(path: "sunspec/sma_sunnyboy_3.6_2023-08-10.registers.json").path
    let text = try draft("--from", "sunspec", path, "--unit", "126")
    #expect(text.contains("        energyGeneratedTotalWh: 21707970\n"), "\(text)")
  }

  @Test("Any registers become locals with what they may be")
  func registers() throws {
    let holding = #"{"0": 16706, "1": 17220, "2": 17664, "100": 0, "101": 1200, "110": 65436, "200": 17254, "201": 0}"#
    try desk.write("scan.json", #"{"units": {"3": {"holding": \#(holding), "coil": {"5": 1}}}}"#)
    let text = try draft("--from", "capture", "DIR/scan.json", "--type", "inverter", "--unit", "3")
    for line in [
      "    type: inverter", "      holding0: {holding: 0, type: string, length: 3, optional: true}   # \"ABCDE\"",
      "      holding101: {holding: 101, type: u16, optional: true}   # 1200",
      "      holding110: {holding: 110, type: u16, optional: true}   # 65436 or -100",
      "      holding200: {holding: 200, type: u16, optional: true}   # 17254, with the next one i32 1130758144, f32 230.0",
      "      coil5: {coil: 5, optional: true}   # set", "        holding101: 1200",
    ] { #expect(text.contains(line + "\n"), "\(line)\n\(text)") }
    #expect(!text.contains("holding100:"))
  }

  @Test("Messages and answers become locals with paths")
  func documents() throws {
    let payload = #"{"ENERGY": {"Power": 12.5, "a/b": [1, null]}, "Time": "noon"}"#
    try desk.write(
      "messages.json",
      #"{"messages": [{"topic": "tele/plug/SENSOR", "payload": \#(payload)}, {"topic": "stat/plug/POWER", "payload": "ON"}]}"#
    )
    let messages = try draft("--from", "capture", "DIR/messages.json")
    #expect(
      messages.contains(
        "      energyPower: {topic: \"tele/plug/SENSOR\", path: \"/ENERGY/Power\", optional: true}   # 12.5\n"),
      "\(messages)")
    #expect(
      messages.contains("        statPlugPOWER: \"ON\"\n") || messages.contains("        statPlugPower: \"ON\"\n"))
    try desk.write("answers.json", #"{"responses": {"/api/data": \#(payload)}}"#)
    let answers = try draft("--from", "capture", "DIR/answers.json")
    #expect(
      answers.contains("      r1: {get: \"/api/data\"}\n") && answers.contains("request: r1, path: \"/ENERGY/a~1b/0\""))
  }

  @Test("What is missing is said")
  func usage() throws {
    #expect(try desk.run("new").status == .usage)
    #expect(try desk.run("new", "--from", "sunspec").status == .usage)
    #expect(try desk.run("new", "--from", "capture", "DIR/absent.json").errors.contains("no such file"))
    try desk.write("empty.json", "{}")
    #expect(try desk.run("new", "--from", "capture", "DIR/empty.json").status == .failed)
  }
}
