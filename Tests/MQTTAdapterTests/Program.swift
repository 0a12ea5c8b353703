import Foundation
import Synchronization

/// A program of the system that a test talks to, with what it says line by line.
///
/// Foundation's `Process` is not used: it crashes when it starts a program while descriptors beyond 1023 are open.
final class Program: Sendable {
  let lines = Watched<[String]>([])
  /// As `waitpid` gives it; `nil` while it runs.
  private let status = Watched<CInt?>(nil)
  private let pid: pid_t
  /// Appended to the lines when the output was closed.
  private static let endOfOutput = "(end of output)"

  init(_ path: String, _ arguments: [String]) throws {
    let (pid, output) = try Self.spawning.withLock { _ in try Self.spawn([path] + arguments) }
    self.pid = pid
    let (lines, status) = (lines, status)
    Thread.detachNewThread {
      Self.read(output, into: lines)
      lines.change { $0.append(Self.endOfOutput) }
      close(output)
      var result: CInt = 0
      waitpid(pid, &result, 0)
      status.change { $0 = result }
    }
  }

  deinit { if status.value == nil { Foundation.kill(pid, SIGKILL) } }

  /// Waits until a line contains a text.
  func says(_ text: String) async -> Bool { await lines.wait { $0.contains { $0.contains(text) } } }

  /// Waits until a line contains a text or the program has ended; `true` for the text.
  func saysBeforeItsEnd(_ text: String) async -> Bool {
    _ = await lines.wait { $0.contains { $0.contains(text) || $0 == Self.endOfOutput } }
    return lines.value.contains { $0.contains(text) }
  }

  var isRunning: Bool { status.value == nil && !lines.value.contains(Self.endOfOutput) }

  /// Waits for the end; `false` if it did not come in time or was a failure.
  @discardableResult
  func succeeds() async -> Bool {
    _ = await status.wait { $0 != nil }
    return status.value == 0
  }

  func kill() async {
    if status.value == nil { Foundation.kill(pid, SIGKILL) }
    await succeeds()
  }

  /// One at a time, so that no program inherits the pipe of another and keeps it open.
  private static let spawning = Mutex(())

  private static func spawn(_ arguments: [String]) throws -> (pid: pid_t, output: CInt) {
    var ends: [CInt] = [-1, -1]
    guard pipe(&ends) == 0 else { throw POSIXError(.EMFILE) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    defer { close(ends[1]) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
    var texts: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    defer { for text in texts { free(text) } }
    var pid: pid_t = 0
    let code = posix_spawn(&pid, arguments[0], &actions, nil, &texts, environ)
    guard code == 0 else { throw POSIXError(POSIXErrorCode(rawValue: code) ?? .ENOENT) }
    return (pid, ends[0])
  }

  /// Reads until the program closes its output.
  private static func read(_ descriptor: CInt, into lines: Watched<[String]>) {
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      guard count > 0 else { return }
      text += buffer[..<count]
      while let end = text.firstIndex(of: 10) {
        let line = String(decoding: text[..<end], as: UTF8.self)
        text.removeSubrange(...end)
        lines.change { $0.append(line) }
      }
    }
  }
}

/// A folder that goes away with its owner.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "/heddle-mqtt-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { path + "/" + name }

  func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: file(name)))
  }
}
