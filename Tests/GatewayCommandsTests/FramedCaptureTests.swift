import Foundation
import Testing

@testable import GatewayCommands

/// Captures of framings that say themselves what they answer.
@Suite struct FramedCaptureTests {
  private func powerLine(_ text: String, profile: String) throws -> String {
    let desk = try ProfileDesk()
    try desk.write("meter.yaml", profile)
    try desk.write("frames.txt", text)
    let result = try desk.run("decode", "DIR/meter.yaml", "--capture", "DIR/frames.txt")
    return result.output.split(separator: "\n").first { $0.hasPrefix("powerW") }.map(String.init) ?? result.errors
  }

  private static func profile(_ point: String) -> String {
    """
    schema: heddle.profile/1
    id: framed
    name: Framed
    manufacturer: Test
    products: [T]
    maturity: documentation
    source: {document: test}
    transport: {modbus: {unit: 17, framing: [givenergy, aa55]}}
    devices: {meter: {type: meter, points: {powerW: {\(point)}}}}
    """
  }

  @Test("Frames of a GivEnergy dongle, with other units and cut over lines")
  func givenergy() throws {
    // Unit 0x11, input 30, two registers: 0x012C and 0; the checksum covers all from the unit on.
    let head = "59590001002a010253443030303047303030000000000000008a"
    var inner: [UInt8] = [0x11, 4] + Array("SA0000G000".utf8) + [0, 30, 0, 2, 0x01, 0x2C, 0, 0]
    let checksum = CapturedFrames.checksum(inner)
    inner += [UInt8(checksum & 0xFF), UInt8(checksum >> 8)]
    let text = head + inner.map { $0 < 16 ? "0" + String($0, radix: 16) : String($0, radix: 16) }.joined()
    let cut = text.index(text.startIndex, offsetBy: 60)
    let lines = "2026-05-29T07:55:09+00:00 rx \(text[..<cut])\n2026-05-29T07:55:10+00:00 rx \(text[cut...])\n"
    #expect(try powerLine(lines, profile: Self.profile("input: 30, type: u16")).contains("300  W"))
    #expect(try powerLine("rx: \(text)\n", profile: Self.profile("input: 30, type: u16")).contains("300  W"))
  }

  @Test("A page of AA55, also without its request")
  func page() throws {
    // Running data of five bytes: 0, 1, 2, 3, 4.
    let frame: [UInt8] = [0xAA, 0x55, 0x7F, 0xC0, 1, 0x86, 5, 0, 1, 2, 3, 4]
    let sum = frame.reduce(0) { $0 + Int($1) }
    let bytes = frame + [UInt8(sum >> 8), UInt8(sum & 0xFF)]
    let text = bytes.map { $0 < 16 ? "0" + String($0, radix: 16) : String($0, radix: 16) }.joined()
    #expect(try powerLine(text, profile: Self.profile("holding: 0x8601, type: u16")).contains("515  W"))
    #expect(try powerLine(text, profile: Self.profile("holding: 0x8681, type: u16")).contains("772  W"))
  }
}
