import Foundation

/// mosquitto with the settings that the documentation of the gateway asks for.
final class BenchmarkBroker {
  static let program = "/usr/sbin/mosquitto"

  let port: Int32
  private let process = Process()
  private let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("heddle-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    // A port that was free a moment ago.
    let battery = try BenchmarkBattery()
    port = Int32(battery.port)
    battery.stop()
    let file = folder.appendingPathComponent("mosquitto.conf")
    try """
    listener \(port) 127.0.0.1
    allow_anonymous true
    max_inflight_messages 0
    max_queued_messages 0

    """.write(to: file, atomically: true, encoding: .utf8)
    process.executableURL = URL(fileURLWithPath: Self.program)
    process.arguments = ["-c", file.path]
    process.standardError = FileHandle.nullDevice
    try process.run()
  }

  func stop() {
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    try? FileManager.default.removeItem(at: folder)
  }
}
