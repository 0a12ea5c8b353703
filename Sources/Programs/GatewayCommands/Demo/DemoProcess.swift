import Foundation

/// A program of the demo, with its output in a log file.
final class DemoProcess {
  let name: String
  private let process = Process()

  /// - Parameters:
  ///   - name: for messages and for the log file.
  ///   - program: path of the executable.
  ///   - arguments: its arguments.
  ///   - directory: where the log goes.
  init(name: String, program: String, arguments: [String], directory: URL) throws {
    self.name = name
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    let log = directory.appendingPathComponent("\(name).log")
    try Data().write(to: log)
    let handle = try FileHandle(forWritingTo: log)
    process.standardOutput = handle
    process.standardError = handle
    process.standardInput = FileHandle.nullDevice
    try process.run()
  }

  var isRunning: Bool { process.isRunning }
  var identifier: Int32 { process.processIdentifier }

  /// Asks it to stop, waits, and kills it when it takes longer than the limit.
  func stop(within seconds: Double) async {
    guard process.isRunning else { return }
    process.terminate()
    let deadline = Date(timeIntervalSinceNow: seconds)
    while process.isRunning, Date() < deadline { try? await Task.sleep(for: .milliseconds(20)) }
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
  }
}
