import Foundation
import Testing

/// What becomes of a command when the device does not do as it says: the real daemon and CLI over Modbus TCP.
@Suite(
  "A battery with a will of its own", .enabled(if: Programs.hasOwn, "the programs are not built"),
  .enabled(if: Programs.system("python3") != nil, "python3 is not installed"))
struct StubbornBatteryTests {
  /// How a battery is, and how it ends.
  struct Case: Sendable, CustomTestStringConvertible {
    var manner: String
    /// The command's status, and the exit code of `heddle battery charge`.
    var status: String
    var exitCode: Int32
    /// The powers that the device was told, in order.
    var written: [Int]
    /// What the answer names.
    var code: String?
    var testDescription: String { "\(manner): \(status)" }
  }

  @Test(
    "A command is called done only when the device shows it; where it does not, it is sent back to normal",
    arguments: [
      Case(manner: "ignores", status: "unconfirmed", exitCode: 3, written: [2000, 0], code: "READBACK_MISMATCH"),
      Case(manner: "half", status: "unconfirmed", exitCode: 3, written: [2000, 0], code: "READBACK_MISMATCH"),
      Case(manner: "refuses", status: "failed", exitCode: 1, written: [2000, 0], code: "VENDOR_REJECTED"),
      Case(manner: "late", status: "confirmed", exitCode: 0, written: [2000]),
      Case(manner: "slow", status: "confirmed", exitCode: 0, written: [2000]),
    ])
  func ends(_ battery: Case) async throws {
    let gateway = try await TestGateway()
    defer { gateway.clear() }
    let peer = try await StubbornBattery(battery.manner, for: gateway)
    try await gateway.start()
    #expect(await gateway.reaches("battery-1", "online"))
    let sent = try await gateway.cli("battery", "charge", "battery-1", "--power", "2kW", "--for", "30m")
    #expect(sent.status == battery.exitCode, "\(sent.output)\(sent.errors)")
    let command = try await gateway.newestCommand("battery-1", becomes: battery.status)
    #expect((command["error"] as? [String: Any])?["code"] as? String == battery.code, "\(command)")
    #expect(await eventually(within: 10) { peer.written == battery.written }, "\(peer.requests)")
  }

  @Test(
    "A battery that drops its setpoint, or starts again, is told again within 30 s, and the lease goes on",
    arguments: ["forgets", "reboots"])
  func reasserted(_ manner: String) async throws {
    let gateway = try await TestGateway()
    defer { gateway.clear() }
    let peer = try await StubbornBattery(manner, for: gateway)
    try await gateway.start()
    #expect(await gateway.reaches("battery-1", "online"))
    let sent = try await gateway.cli("battery", "charge", "battery-1", "--power", "2kW", "--for", "30m", "--no-wait")
    #expect(sent.status == 0, "\(sent.output)\(sent.errors)")
    #expect(await eventually(within: 30) { peer.written == [2000, 2000] }, "\(peer.requests)\n\(gateway.log)")
    let command = try await gateway.newestCommand("battery-1", becomes: "confirmed")
    #expect(command["leaseExpiresAt"] is String, "\(command)")
  }

  @Test("A command until a time ends at that time")
  func until() async throws {
    let gateway = try await TestGateway()
    defer { gateway.clear() }
    let peer = try await StubbornBattery("fair", for: gateway)
    try await gateway.start()
    #expect(await gateway.reaches("battery-1", "online"))
    let sent = try await gateway.cli("battery", "charge", "battery-1", "--power", "2kW", "--until", "+4s")
    #expect(sent.status == 0, "\(sent.output)\(sent.errors)")
    #expect(await eventually(within: 15) { peer.written == [2000, 0] }, "\(peer.requests)")
    _ = try await gateway.newestCommand("battery-1", becomes: "completed")
    let past = try await gateway.cli(
      "battery", "charge", "battery-1", "--power", "2kW", "--until", "2020-01-01T00:00:00Z")
    #expect(past.status != 0 && past.errors.contains("the duration must be"), "\(past.output)\(past.errors)")
  }
}
