import ArgumentParser
import Foundation
import Synchronization
import Testing

@testable import GatewayCommands

/// A folder with profiles and captures, and the profile commands run in it. The folder's path is shown as `DIR`.
final class ProfileDesk {
  struct Run {
    var status: GatewayCommands.ExitStatus
    var output: String
    var errors: String
  }

  private final class Capture: Sendable {
    let text = Mutex("")
    let errors = Mutex("")
  }

  let directory: URL

  init() throws {
    directory = URL(filePath: NSTemporaryDirectory()).appending(path: "heddle-profiles-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: directory) }

  /// Where the shipped profiles are. Links are followed, so that a build through a linked folder finds them too.
  static let shippedProfiles = URL(filePath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "device-profiles").path

  /// Writes a file; returns its path.
  @discardableResult
  func write(_ name: String, _ text: String) throws -> String {
    let file = directory.appending(path: name)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try text.write(to: file, atomically: true, encoding: .utf8)
    return file.path
  }

  func path(_ name: String) -> String { directory.appending(path: name).path }

  /// Runs `heddle profile …`; `DIR` in an argument is the folder.
  func run(_ arguments: String...) throws -> Run { try run(list: arguments) }

  /// The same with a list.
  func run(list arguments: [String]) throws -> Run {
    let full = ["profile"] + arguments.map { $0.replacing("DIR", with: directory.path) }
    let command = try #require(try HeddleCommand.parseAsRoot(full) as? any ProfileTool)
    let capture = Capture()
    let output = Output(
      isTerminal: false, color: false, write: { text in capture.text.withLock { $0 += text } },
      writeError: { text in capture.errors.withLock { $0 += text } })
    let status = command.perform(on: ProfileBench(output: output, options: command.options))
    let hide = { (text: String) in text.replacing(self.directory.path, with: "DIR") }
    return Run(
      status: status, output: hide(capture.text.withLock { $0 }), errors: hide(capture.errors.withLock { $0 }))
  }

  /// A meter with a gap, an optional value, a scale factor, and tests with a mistake and a hole.
  static let meter = """
    schema: heddle.profile/1
    id: acme-meter
    name: Acme meter
    manufacturer: Acme
    products: [Acme*]
    maturity: documentation
    source: {document: "Acme registers, revision 3"}
    transport:
      modbus: {unit: 1, maxRegisters: 20, maxGap: 4, minGap: 50 ms}
    devices:
      meter:
        type: meter
        points:
          powerW: {holding: 100, type: i32, poll: fast}
          voltageV: {holding: 110, type: u16, scale: 0.1, valid: 0..500, poll: fast}
          currentA: {holding: 104, type: f32, order: CDAB}
          energyImportedTotalWh: {holding: 118, type: u32, unit: kWh, counter: true}
          powerFactor: {input: 5, type: i16, scaleFactor: factorScale, optional: true}
        locals:
          factorScale: {input: 6, type: i16, poll: once}
    tests:
      - name: noon
        registers: {holding: {100: [0, 1200], 110: 2301, 104: [0, 0x40A0]}, input: {5: [99, -2]}}
        expect: {meter: {powerW: 1200, voltageV: 230, currentA: 5, powerFactor: 0.99}}

    """
}
