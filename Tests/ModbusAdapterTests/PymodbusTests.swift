import DeviceProfiles
import EnergyModel
import Foundation
import ModbusAdapter
import ModbusWire
import TestSupport
import Testing

/// Where pymodbus is.
private enum Pymodbus {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// A Python that has pymodbus.
  static let python: String? = {
    let own = root.appending(path: ".build/peers/bin/python3").path
    return [own, "/usr/bin/python3"].first { path in
      guard FileManager.default.isExecutableFile(atPath: path) else { return false }
      let process = Process()
      process.executableURL = URL(filePath: path)
      process.arguments = ["-c", "import pymodbus"]
      process.standardError = FileHandle.nullDevice
      guard (try? process.run()) != nil else { return false }
      process.waitUntilExit()
      return process.terminationStatus == 0
    }
  }()
}

/// RTU over TCP and UDP against a server that others wrote.
@Suite(
  "A Modbus link to a pymodbus server", .timeLimit(.minutes(1)),
  .enabled(if: Pymodbus.python != nil, "pymodbus is not installed; make peers"))
struct PymodbusTests {
  @Test("reads and writes", arguments: [(ModbusLinkKind.rtuOverTcp, "tcp"), (.rtuOverUdp, "udp")])
  func readsAndWrites(_ kind: ModbusLinkKind, _ word: String) async throws {
    let process = Process()
    process.executableURL = URL(filePath: try #require(Pymodbus.python))
    process.arguments = [Pymodbus.root.appending(path: "Tests/Peers/modbus_framer_server.py").path, word]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    // Not SIGTERM: a child started from a thread of the pool has it blocked, and would outlive the tests.
    defer { kill(process.processIdentifier, SIGKILL) }
    let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
    let port = line.split(whereSeparator: \.isWhitespace).last.flatMap { UInt16($0) }
    let fixture = try LinkFixture(.socket(kind, host: "127.0.0.1", port: try #require(port)))
    await fixture.link.start()
    #expect(await fixture.advance { $0.number(unit1, "powerFactor") == 200 })
    #expect(fixture.sink.state.number(unit1, "powerW") == 100)
    try await fixture.link.execute(
      [
        .writeRegisters(address: 100, values: [7], function: .single),
        .writeRegisters(address: 101, values: [8, 9], function: .multiple),
      ], on: unit1)
    try await fixture.link.refresh(unit1)
    #expect(fixture.sink.state.number(unit1, "powerW") == 7)
    #expect(fixture.sink.state.number(unit1, "voltageV") == 8)
    await fixture.link.stop()
  }
}
