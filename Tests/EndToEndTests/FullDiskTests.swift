import Foundation
import Glibc
import Testing

/// The store has no room: what is measured is held, commands are refused, and it goes on when there is room again.
@Suite(
  "Full disk", .enabled(if: Programs.hasOwn, "the programs are not built"),
  .enabled(if: Programs.system("python3") != nil, "python3 is not installed"))
struct FullDiskTests {
  @Test(
    "On a full disk telemetry is held and commands are refused in words, until there is room again",
    .enabled(if: Programs.mayMount, "this user may not mount a tmpfs"))
  func tmpfs() async throws {
    let gateway = try await TestGateway()
    defer { gateway.clear() }
    let battery = try await StubbornBattery("fair", for: gateway)
    try FileManager.default.createDirectory(
      at: gateway.folder.appendingPathComponent("disk"), withIntermediateDirectories: true)
    let script = "mount -t tmpfs -o size=2m tmpfs \(gateway.path("disk")) && exec \"$0\" \"$@\""
    try await gateway.start(
      try Programs.required("unshare"),
      ["-rm", "sh", "-c", script, Programs.own("heddled")] + gateway.arguments(store: gateway.path("disk/heddle.db")))
    #expect(await gateway.reaches("battery-1", "online"))
    // The daemon's own view of its files: nobody else sees that mount.
    let filler = "/proc/\(try #require(gateway.daemon).identifier)/root\(gateway.path("disk/filler"))"
    try Self.fill(filler)
    try await whileFull(gateway, battery, words: "full")
    try FileManager.default.removeItem(atPath: filler)
    try await afterwards(gateway, battery)
  }

  @Test(
    "A file size limit does not end the daemon",
    .enabled(if: Programs.system("prlimit") != nil, "prlimit is not installed"))
  func fileSizeLimit() async throws {
    let gateway = try await TestGateway()
    defer { gateway.clear() }
    let battery = try await StubbornBattery("fair", for: gateway)
    try await gateway.start()
    #expect(await gateway.reaches("battery-1", "online"))
    let daemon = try #require(gateway.daemon)
    try await Self.limitFileSize(of: daemon.identifier, to: "4096")
    try await whileFull(gateway, battery, words: "I/O")
    try await Self.limitFileSize(of: daemon.identifier, to: "unlimited")
    try await afterwards(gateway, battery)
  }

  private func whileFull(_ gateway: TestGateway, _ battery: StubbornBattery, words: String) async throws {
    let charge = try await gateway.cli("battery", "charge", "battery-1", "--power", "2kW", "--for", "30m")
    #expect(charge.status == 1, "\(charge.output)\(charge.errors)")
    #expect(charge.errors.contains("journal") && charge.errors.contains("nothing was sent"), "\(charge.errors)")
    #expect(battery.written.isEmpty)
    func store() async throws -> [String: Any]? { try await gateway.json("status")["store"] as? [String: Any] }
    let isHeld = await eventually(within: 30) { (try? await store())?["lastError"] is String }
    #expect(isHeld, "\(gateway.log)")
    let state = try #require(try await store())
    #expect((state["lastError"] as? String ?? "").contains(words), "\(state)")
    #expect(try await gateway.health("battery-1").age < 10, "the device is read on")
    let status = try await gateway.cli("status")
    #expect(status.output.contains("the store does not write"), "\(status.output)")
    // What cannot be saved keeps the daemon from giving up the pipeline that holds it.
    gateway.daemon?.send(SIGHUP)
    #expect(await eventually(within: 10) { gateway.log.contains("could not be applied") }, "\(gateway.log)")
    #expect(await gateway.reaches("battery-1", "online"))
  }

  private func afterwards(_ gateway: TestGateway, _ battery: StubbornBattery) async throws {
    #expect(await eventually(within: 30) { gateway.log.contains("telemetry is saved again") }, "\(gateway.log)")
    let status = try await gateway.cli("status")
    #expect(!status.output.contains("the store does not write"), "\(status.output)")
    let charge = try await gateway.cli("battery", "charge", "battery-1", "--power", "2kW", "--for", "30m")
    #expect(charge.status == 0, "\(charge.output)\(charge.errors)")
    #expect(battery.written == [2000])
  }

  /// Writes until nothing fits any more.
  private static func fill(_ path: String) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT, 0o600)
    try #require(descriptor >= 0, "\(path): \(String(cString: strerror(errno)))")
    defer { close(descriptor) }
    for size in [65536, 4096, 1] {
      let zeros = [UInt8](repeating: 0, count: size)
      while Glibc.write(descriptor, zeros, size) == size {}
    }
  }

  /// Changes the soft limit of a running program.
  private static func limitFileSize(of process: Int32, to bytes: String) async throws {
    let result = try await run(
      try Programs.required("prlimit"), ["--pid", "\(process)", "--fsize=\(bytes):unlimited"])
    try #require(result.status == 0, "\(result.errors)")
  }
}
