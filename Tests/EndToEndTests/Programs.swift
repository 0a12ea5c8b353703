import Foundation
import Synchronization
import Testing

/// The built programs and the foreign ones that the tests need.
enum Programs {
  static let packageRoot = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// A program of this package, next to the test bundle.
  static func own(_ name: String) -> String {
    let folder = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
    let beside = folder.appendingPathComponent(name).path
    if FileManager.default.isExecutableFile(atPath: beside) { return beside }
    return packageRoot.appendingPathComponent(".build/debug/\(name)").path
  }

  static var profiles: String { packageRoot.appendingPathComponent("device-profiles").path }

  /// A program of the system; `nil` where it is not installed.
  static func system(_ name: String) -> String? {
    ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"].map { "\($0)/\(name)" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  static func required(_ name: String) throws -> String {
    try #require(system(name), "\(name) is not installed")
  }

  /// Python with the foreign implementations that `make peers` installs; `nil` without them.
  static var peerPython: String? {
    let path = packageRoot.appendingPathComponent(".build/peers/bin/python").path
    return FileManager.default.isExecutableFile(atPath: path) ? path : nil
  }

  /// Captures of real devices, beside the package where they are present.
  static var captures: URL { packageRoot.deletingLastPathComponent().appendingPathComponent("shared/fixtures") }

  /// The documents that the project was made from, beside the package where they are present.
  static var seeds: URL { packageRoot.deletingLastPathComponent().appendingPathComponent("shared/seeds") }

  static func hasFile(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

  /// Whether a mount of the test's own is permitted, in a namespace that nobody else sees.
  static let mayMount: Bool = {
    guard let unshare = system("unshare") else { return false }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: unshare)
    process.arguments = ["-rm", "sh", "-c", "mount -t tmpfs -o size=64k tmpfs /mnt"]
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }()

  static var hasOwn: Bool {
    ["heddle", "heddled", "heddle-simulator"].allSatisfy { FileManager.default.isExecutableFile(atPath: own($0)) }
  }
}

/// What a program said and how it ended.
struct ProgramResult {
  var status: Int32
  var output: String
  var errors: String
}

/// Text that one thread writes and another reads.
final class SharedText: Sendable {
  private let text = Mutex("")
  var value: String { text.withLock { $0 } }
  func append(_ more: String) { text.withLock { $0 += more } }
}

/// A program that runs, with what it said so far.
final class RunningProgram: Sendable {
  private let process: Process
  private let text = SharedText()
  private let pipe = Pipe()
  private let input = Pipe()

  init(_ path: String, _ arguments: [String], environment: [String: String] = [:]) throws {
    process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
    process.standardOutput = pipe
    process.standardError = pipe
    process.standardInput = input
    pipe.fileHandleForReading.readabilityHandler = { [text] handle in
      let data = handle.availableData
      if data.isEmpty { handle.readabilityHandler = nil }
      text.append(String(decoding: data, as: UTF8.self))
    }
    try process.run()
  }

  /// `Process` keeps its pipes open for good; hundreds of programs are started in one run.
  deinit {
    pipe.fileHandleForReading.readabilityHandler = nil
    for handle in [pipe.fileHandleForReading, input.fileHandleForWriting] { try? handle.close() }
  }

  var said: String { text.value }
  var isRunning: Bool { process.isRunning }
  var identifier: Int32 { process.processIdentifier }
  func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

  /// Writes a line to its standard input.
  func tell(_ line: String) { input.fileHandleForWriting.write(Data("\(line)\n".utf8)) }

  /// Waits for its end; `nil` when it takes longer.
  func end(within seconds: Double) async -> Int32? {
    guard await eventually(within: seconds, { !self.process.isRunning }) else { return nil }
    return process.terminationStatus
  }
}

/// Runs a program to its end, or kills it after a time in seconds.
func run(
  _ path: String, _ arguments: [String], environment: [String: String] = [:], within limit: Double = 60
) async throws -> ProgramResult {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: path)
  process.arguments = arguments
  process.environment = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
  let folder = FileManager.default.temporaryDirectory
  let files = ["out", "err"].map { folder.appendingPathComponent("\(UUID().uuidString).\($0)") }
  for file in files { try Data().write(to: file) }
  defer { for file in files { try? FileManager.default.removeItem(at: file) } }
  process.standardOutput = try FileHandle(forWritingTo: files[0])
  process.standardError = try FileHandle(forWritingTo: files[1])
  process.standardInput = FileHandle.nullDevice
  try process.run()
  _ = await eventually(within: limit) { !process.isRunning }
  if process.isRunning { kill(process.processIdentifier, SIGKILL) }
  process.waitUntilExit()
  return ProgramResult(
    status: process.terminationStatus, output: (try? String(contentsOf: files[0], encoding: .utf8)) ?? "",
    errors: (try? String(contentsOf: files[1], encoding: .utf8)) ?? "")
}

/// Waits for a real event, at most for a time; looks often, so that a test is as fast as what it waits for.
func eventually(within seconds: Double, _ condition: () async -> Bool) async -> Bool {
  let deadline = Date(timeIntervalSinceNow: seconds)
  while Date() < deadline {
    if await condition() { return true }
    try? await Task.sleep(for: .milliseconds(20))
  }
  return await condition()
}
