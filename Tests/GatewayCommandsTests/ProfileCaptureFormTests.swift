import Foundation
import Testing

@testable import GatewayCommands

/// The forms of captures that `heddle profile decode` reads beside JSON and YAML, and its explanation.
@Suite struct ProfileCaptureFormTests {
  private let desk: ProfileDesk

  init() throws {
    desk = try ProfileDesk()
    try desk.write("meter.yaml", ProfileDesk.meter)
  }

  private static func hex(_ bytes: [UInt8], _ separator: String = "") -> String {
    bytes.map { $0 < 16 ? "0" + String($0, radix: 16) : String($0, radix: 16) }.joined(separator: separator)
  }

  private static func rtu(_ bytes: [UInt8]) -> [UInt8] {
    let checksum = CapturedFrames.checksum(bytes)
    return bytes + [UInt8(checksum & 0xFF), UInt8(checksum >> 8)]
  }

  private static func tcp(_ bytes: [UInt8]) -> [UInt8] { [0, 7, 0, 0, 0, UInt8(bytes.count)] + bytes }

  private func powerLine(_ text: String, _ name: String = "frames.txt") throws -> String {
    try desk.write(name, text)
    let result = try desk.run("decode", "DIR/meter.yaml", "--capture", "DIR/\(name)")
    return result.output.split(separator: "\n").first { $0.hasPrefix("powerW") }.map(String.init) ?? result.errors
  }

  private static let power = "powerW                 holding 100 i32       [0, 1200]   1200  W     good     ok"

  @Test("The checksum is the one of the standard's example")
  func checksum() {
    #expect(CapturedFrames.checksum([0x02, 0x07]) == 0x1241)
  }

  @Test("Modbus frames, RTU or TCP, with whatever stands before them")
  func frames() throws {
    let request: [UInt8] = [1, 3, 0, 100, 0, 2]
    let answer: [UInt8] = [1, 3, 4, 0, 0, 0x04, 0xB0]
    let forms: [(String, String)] = [
      (Self.hex(Self.rtu(request)), Self.hex(Self.rtu(answer))),
      ("12:01:07.5 tx: " + Self.hex(Self.tcp(request)), "12:01:07.6 rx: " + Self.hex(Self.tcp(answer))),
      ("[" + Self.hex(Self.rtu(request), "][") + "]", "<" + Self.hex(Self.rtu(answer), "><") + ">"),
      ("0x" + Self.hex(Self.rtu(request), " 0x"), Self.hex(Self.rtu(answer), " ").uppercased()),
    ]
    for (first, second) in forms {
      #expect(try powerLine("# two lines\n\(first)\n\(second)\n") == Self.power, "\(first)\n\(second)")
    }
  }

  @Test("An answer alone needs its place; a maker's prefix is passed over")
  func answers() throws {
    let answer = Self.hex([0xAA, 0x55] + Self.rtu([247, 3, 4, 0, 0, 0x04, 0xB0]))
    #expect(try powerLine("holding 100: \(answer)\n") == Self.power)
    #expect(try powerLine(answer).contains("1 answer without its request"))
    #expect(try powerLine("hello\n").contains("1 line without a complete Modbus frame"))
    let cut = Self.hex(Self.rtu([1, 3, 0, 100, 0, 2])) + "\n" + Self.hex(Self.rtu([1, 3, 200, 1]))
    #expect(try powerLine(cut).contains("there are no registers"))
  }

  @Test("Registers that a scan left out are zeros where that is said")
  func zeros() throws {
    try desk.write("scan.json", #"{"holding": {"101": 1200}, "input": {"6": "read_error"}}"#)
    let result = try desk.run("decode", "DIR/meter.yaml", "--capture", "DIR/scan.json", "--zeros")
    #expect(
      result.output.contains(Self.power.replacing("   1200  W", with: "  1200  W").prefix(30)), "\(result.output)")
    #expect(result.status == .fine, "\(result.output)")
  }

  @Test("A folder of answers in files that are named after their paths")
  func folder() throws {
    _ = try desk.run("new", "--transport", "http", "--type", "meter", "--output", "DIR/http.yaml")
    for name in ["api_status.json", "v1/api/status", "status.json", "api__status"] {
      let capture = "capture-\(name.replacing("/", with: "-"))"
      try desk.write("\(capture)/\(name)", #"{"power": 1, "imported": 2, "exported": 3, "voltage": 230}"#)
      try desk.write("\(capture)/other_log.json", #"{"power": 9}"#)
      let result = try desk.run("decode", "DIR/http.yaml", "--capture", "DIR/\(capture)")
      #expect(result.status == .fine, "\(result.output)\(result.errors)")
      #expect(result.output.contains("note: status is \(name)\n"), "\(result.output)")
    }
  }

  @Test("An explanation goes from the raw value over each step to the reading, with the line of the profile")
  func explanation() throws {
    try desk.write(
      "meter.yaml", ProfileDesk.meter.replacing("type: u16, scale: 0.1", with: "type: u16, scale: 0.1, negate: true"))
    try desk.write(
      "all.json",
      #"{"holding": {"100": [0, 5], "104": [0, 0], "110": 2300, "118": [0, 1]}, "input": {"5": 99, "6": -2}}"#)
    let result = try desk.run("decode", "DIR/meter.yaml", "--capture", "DIR/all.json", "--explain")
    #expect(
      result.output.hasPrefix(
        """
        meter.powerW = 5 W  ok  (DIR/meter.yaml:14)
          holding 100 i32  [0, 5]
          as i32           5
        meter.voltageV = -230 V  implausible, outside 0 to 500  (DIR/meter.yaml:15)
          holding 110 u16  2300
          as u16           2300
          × 0.1            230
          sign turned      -230
        """), "\(result.output)")
    #expect(result.output.contains("  × 10^factorScale  0.99\n"))
    #expect(
      try desk.run("decode", "DIR/meter.yaml", "--capture", "DIR/all.json", "--explain", "--json").output.contains(
        #""what" : "sign turned""#))
  }
}
