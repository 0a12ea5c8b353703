import Foundation
import Testing

/// What becomes of a command when the daemon dies or stops at the worst moment.
@Suite(
  "Death between journal and wire", .serialized, .enabled(if: Programs.hasOwn, "the programs are not built"),
  .enabled(if: Programs.system("python3") != nil, "python3 is not installed"))
struct CrashTests {
  @Test("A write whose answer never came is not sent again, and the device goes back to normal")
  func deaf() async throws {
    let gateway = try await TestGateway()
    defer { gateway.clear() }
    let battery = try await StubbornBattery("deaf", for: gateway)
    try await crashAtWrite(gateway, battery)
    let command = try await gateway.newestCommand("battery-1", becomes: "unconfirmed")
    #expect((command["error"] as? [String: Any])?["code"] as? String == "UNKNOWN_AFTER_CRASH", "\(command)")
    #expect(battery.written == [2000, 0], "\(battery.requests)")
  }

  @Test("A write that worked although its answer never came is found by reading")
  func struck() async throws {
    let gateway = try await TestGateway()
    defer { gateway.clear() }
    let battery = try await StubbornBattery("struck", for: gateway)
    try await crashAtWrite(gateway, battery)
    let command = try await gateway.newestCommand("battery-1", becomes: "confirmed")
    #expect(command["leaseExpiresAt"] is String, "its time goes on: \(command)")
    #expect(battery.written == [2000], "\(battery.requests)")
  }

  /// Sends a command, kills the daemon as soon as the write is on the wire, and starts it again.
  private func crashAtWrite(_ gateway: TestGateway, _ battery: StubbornBattery) async throws {
    try await gateway.start()
    #expect(await gateway.reaches("battery-1", "online"))
    let sent = try await gateway.cli("battery", "charge", "battery-1", "--power", "2kW", "--for", "30m", "--no-wait")
    #expect(sent.status == 0, "\(sent.errors)")
    #expect(await eventually(within: 10) { battery.written == [2000] })
    try await gateway.crash()
    #expect(await battery.becomeFair())
    try await gateway.start()
  }

  @Test("A running lease goes on after a crash without a second write")
  func lease() async throws {
    let gateway = try await TestGateway()
    defer { gateway.clear() }
    let battery = try await StubbornBattery("fair", for: gateway)
    try await gateway.start()
    #expect(await gateway.reaches("battery-1", "online"))
    let charge = try await gateway.cli("battery", "charge", "battery-1", "--power", "2kW", "--for", "30m")
    #expect(charge.status == 0, "\(charge.output)\(charge.errors)")
    try await gateway.crash()
    try await gateway.start()
    let resumed = "read back after a restart, not sent again"
    #expect(await eventually(within: 10) { gateway.log.contains(resumed) }, "\(gateway.log)")
    #expect(battery.written == [2000], "\(battery.requests)")
    let auto = try await gateway.cli("battery", "auto", "battery-1")
    #expect(auto.status == 0, "\(auto.output)\(auto.errors)")
    #expect(battery.written == [2000, 0], "\(battery.requests)")
  }

  @Test("After a crash the fail-safe gives the device back, and the next start resumes nothing")
  func failSafe() async throws {
    let gateway = try await TestGateway()
    defer { gateway.clear() }
    let battery = try await StubbornBattery("fair", for: gateway)
    try await gateway.start()
    #expect(await gateway.reaches("battery-1", "online"))
    let charge = try await gateway.cli("battery", "charge", "battery-1", "--power", "2kW", "--for", "30m")
    #expect(charge.status == 0, "\(charge.output)\(charge.errors)")
    let early = try await gateway.failSafe()
    #expect(early.status == 1 && early.errors.contains("another heddled uses it"), "\(early.output)\(early.errors)")
    try await gateway.crash()
    let released = try await gateway.failSafe()
    #expect(released.status == 0, "\(released.output)\(released.errors)")
    #expect(battery.written == [2000, 0], "\(battery.requests)")
    let again = try await gateway.failSafe()
    #expect(again.status == 0 && again.errors.contains("no device is under command"), "\(again.errors)")
    try await gateway.start()
    let command = try await gateway.newestCommand("battery-1", becomes: "reverted")
    #expect(command["leaseExpiresAt"] is String)
    #expect(battery.written == [2000, 0], "\(battery.requests)")
    let told = try await gateway.cli("events", "--device", "battery-1")
    #expect(told.output.contains("command.reverted"), "\(told.output)")
  }

  @Test("A clean stop undoes a running lease")
  func stop() async throws {
    let gateway = try await TestGateway()
    defer { gateway.clear() }
    let battery = try await StubbornBattery("fair", for: gateway)
    try await gateway.start()
    #expect(await gateway.reaches("battery-1", "online"))
    let charge = try await gateway.cli("battery", "charge", "battery-1", "--power", "2kW", "--for", "30m")
    #expect(charge.status == 0, "\(charge.output)\(charge.errors)")
    let daemon = try #require(gateway.daemon)
    daemon.send(SIGTERM)
    #expect(await daemon.end(within: 5) == 0, "\(gateway.log)")
    #expect(battery.written == [2000, 0], "\(battery.requests)")
    #expect(gateway.log.contains("charge reverted"), "\(gateway.log)")
  }

  @Test("A clean stop does not wait for a device that is silent")
  func stopWithSilence() async throws {
    let gateway = try await TestGateway()
    defer { gateway.clear() }
    let battery = try await StubbornBattery("deaf", for: gateway)
    try await gateway.start()
    #expect(await gateway.reaches("battery-1", "online"))
    _ = try await gateway.cli("battery", "charge", "battery-1", "--power", "2kW", "--for", "30m", "--no-wait")
    #expect(await eventually(within: 10) { battery.written == [2000] })
    let daemon = try #require(gateway.daemon)
    daemon.send(SIGTERM)
    #expect(await daemon.end(within: 5) == 0, "\(gateway.log)")
  }
}
