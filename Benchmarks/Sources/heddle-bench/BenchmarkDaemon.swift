import Foundation

/// The release `heddled` on a folder of its own, and what the system and `heddle status` say about it.
final class BenchmarkDaemon {
  let folder: URL
  private let programs: String
  private let process = Process()

  /// - Parameters:
  ///   - programs: the folder with `heddled` and `heddle`.
  ///   - configuration: the content of `heddle.yaml`.
  ///   - profiles: files by their names.
  init(programs: String, configuration: String, profiles: [String: String]) throws {
    self.programs = programs
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("heddle-bench-\(UUID().uuidString)")
    let profileFolder = folder.appendingPathComponent("profiles")
    try FileManager.default.createDirectory(at: profileFolder, withIntermediateDirectories: true)
    try configuration.write(to: folder.appendingPathComponent("heddle.yaml"), atomically: true, encoding: .utf8)
    for (name, text) in profiles {
      try text.write(to: profileFolder.appendingPathComponent(name), atomically: true, encoding: .utf8)
    }
    process.executableURL = URL(fileURLWithPath: "\(programs)/heddled")
    process.arguments = [
      "run", "--socket", folder.path + "/heddle.sock", "--config", folder.path + "/heddle.yaml", "--store",
      folder.path + "/heddle.db", "--profiles", profileFolder.path, "--log-level", "error",
    ]
    process.standardOutput = FileHandle.nullDevice
    try process.run()
  }

  /// Threads of Swift's pool have SIGTERM blocked; nothing here is worth a clean end.
  func stop() {
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    try? FileManager.default.removeItem(at: folder)
  }

  /// Runs `heddle` against it. Returns its status and what it printed.
  @discardableResult
  func heddle(_ arguments: String...) throws -> (status: Int32, output: Data) {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "\(programs)/heddle")
    process.arguments = arguments + ["--socket", folder.path + "/heddle.sock"]
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (process.terminationStatus, data)
  }

  // MARK: What it says about its polls

  /// The polls of all links together.
  struct Polls {
    var connected = 0
    var connects = 0
    var answered = 0
    var late = 0
    var skipped = 0
  }

  func polls() throws -> Polls {
    struct Status: Decodable {
      struct Link: Decodable {
        struct Endpoint: Decodable {
          struct Poll: Decodable { var count, late, skipped: Int }
          var polls: [Poll]
        }
        var isConnected: Bool
        var connects: Int
        var endpoints: [Endpoint]
      }
      var links: [Link]
    }
    let (code, output) = try heddle("status", "--json")
    guard code == 0 else { throw BenchmarkProfile.Failure(description: "heddle status ended with \(code)") }
    return try JSONDecoder().decode(Status.self, from: output).links.reduce(into: Polls()) { sum, link in
      sum.connected += link.isConnected ? 1 : 0
      sum.connects += link.connects
      for poll in link.endpoints.flatMap(\.polls) {
        sum.answered += poll.count
        sum.late += poll.late
        sum.skipped += poll.skipped
      }
    }
  }

  /// Waits until so many links are connected.
  func untilConnected(_ links: Int, limit: Duration = .seconds(60)) async throws {
    let deadline = ContinuousClock.now + limit
    while ((try? polls().connected) ?? 0) < links {
      guard ContinuousClock.now < deadline else {
        throw BenchmarkProfile.Failure(description: "\(links) links are not connected in time")
      }
      try await Task.sleep(for: .milliseconds(300))
    }
  }

  // MARK: What the system says

  /// Megabytes, and threads.
  func footprint() throws -> (resident: Double, anonymous: Double, threads: Int) {
    let status = try String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)
    func number(_ name: String) -> Double {
      let line = status.split(separator: "\n").first { $0.hasPrefix("\(name):") } ?? ""
      return Double(line.split { $0 == " " || $0 == "\t" }.dropFirst().first ?? "") ?? 0
    }
    return (number("VmRSS") / 1024, number("RssAnon") / 1024, Int(number("Threads")))
  }

  /// Seconds of processor time since its start.
  func processorSeconds() throws -> Double {
    let fields =
      try String(contentsOfFile: "/proc/\(process.processIdentifier)/stat", encoding: .utf8)
      .split(separator: ")").last?.split(separator: " ") ?? []
    guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return 0 }
    return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
  }
}
