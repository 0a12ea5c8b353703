import EnergyModel
import Foundation
import LocalAPIClient
import LocalAPISchema

/// The processes of the demo: broker, simulator, daemon, in this order.
final class DemoStage {
  private let directory: URL
  private let profiles: [String]
  private let programs: URL
  private var home: DemoHome?
  private var running: [DemoProcess] = []

  init(directory: URL, profiles: [String], programs: URL) {
    self.directory = directory
    self.profiles = profiles
    self.programs = programs
  }

  // MARK: Start

  func start(within seconds: Double) async throws {
    let deadline = Date(timeIntervalSinceNow: seconds)
    try prepareDirectory()
    let home = DemoHome(
      directory: directory, profiles: profiles, brokerPort: try freePort(), apiPort: try freePort(preferred: 8480))
    self.home = home
    do {
      try home.writeBrokerFile()
      try home.writeSimulatorFile()
      try launch("mosquitto", try broker(), ["-c", home.brokerFile.path])
      try launch(
        "heddle-simulator", programs.appendingPathComponent("heddle-simulator").path,
        ["home", home.simulatorFile.path, "--ready-file", home.readyFile.path, "--sun", "noon"] + profileOptions)
      let ports = try await until(deadline, "the simulated devices listen") { home.readPorts() }
      try home.writeGatewayFile(ports)
      try launch(
        "heddled", programs.appendingPathComponent("heddled").path,
        [
          "run", "--config", home.gatewayFile.path, "--store", home.store.path, "--socket", home.socket.path,
        ] + profileOptions)
      try await untilOnline(home, deadline)
    } catch let error as CocoaError {
      throw DemoProblem(message: error.localizedDescription)
    }
  }

  private var profileOptions: [String] { profiles.flatMap { ["--profiles", $0] } }

  private func prepareDirectory() throws {
    let manager = FileManager.default
    let socket = directory.appendingPathComponent("heddle.sock").path
    if manager.fileExists(atPath: socket), isAnswered(socket) {
      throw DemoProblem(message: "a demo is running already; stop it with Ctrl-C in its terminal (socket \(socket))")
    }
    try? manager.removeItem(at: directory)
    do {
      try manager.createDirectory(
        at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw DemoProblem(message: "\(directory.path) cannot be made: \(error.localizedDescription)")
    }
  }

  private func broker() throws -> String {
    let places = ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto", "/usr/bin/mosquitto"]
    guard let path = places.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) else {
      throw DemoProblem(message: "the MQTT broker mosquitto is not installed; apt-get install mosquitto")
    }
    return path
  }

  private func launch(_ name: String, _ program: String, _ arguments: [String]) throws {
    guard FileManager.default.isExecutableFile(atPath: program) else {
      throw DemoProblem(message: "\(program) is not there; build all products first (swift build)")
    }
    running.append(try DemoProcess(name: name, program: program, arguments: arguments, directory: directory))
  }

  private func untilOnline(_ home: DemoHome, _ deadline: Date) async throws {
    let client = LocalAPIClient(.socket(path: home.socket.path))
    defer { Task { await client.shutdown() } }
    _ = try await until(deadline, "all devices are online") { () -> Bool? in
      guard let status = (try? await client.status())?.value, !status.devices.isEmpty else { return nil }
      return status.devices.allSatisfy { $0.connectivity == .online } ? true : nil
    }
  }

  private func until<T>(
    _ deadline: Date, _ what: String, _ look: () async -> T?
  ) async throws -> T {
    while Date() < deadline {
      if let dead = running.first(where: { !$0.isRunning }) { throw ended(dead) }
      if let value = await look() { return value }
      try? await Task.sleep(for: .milliseconds(100))
    }
    throw DemoProblem(message: "it took too long until \(what); the logs are in \(directory.path)")
  }

  private func ended(_ process: DemoProcess) -> DemoProblem {
    let log = directory.appendingPathComponent("\(process.name).log")
    let text = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
    let tail = text.split(separator: "\n").suffix(8).joined(separator: "\n  ")
    return DemoProblem(message: "\(process.name) ended; the end of \(log.path):\n  \(tail)")
  }

  // MARK: While it runs

  /// What to try, as whole commands.
  func introduction() -> String {
    guard let home else { return "" }
    let heddle = Self.commandName(programs)
    return """

      Heddle runs with a simulated home. Paste into a second terminal:

        \(heddle) status
        \(heddle) device list
        \(heddle) device show battery-1
        \(heddle) watch battery-1
        \(heddle) battery charge battery-1 --power 2.5kW --for 30m
        \(heddle) battery auto battery-1
        \(heddle) thermostat set thermostat-1 --mode heat --heat 23C
        \(heddle) customer usage demo --range today

      REST API   http://127.0.0.1:\(home.apiPort)/v1/devices   (make a key: \(heddle) key create --scope admin)
      OpenAPI    http://127.0.0.1:\(home.apiPort)/openapi.json
      Files      \(directory.path)   (configuration, database, logs)

      Ctrl-C stops everything.
      """
  }

  /// `heddle` where it is on the path, else its full path, so that the lines can be pasted anywhere.
  static func commandName(_ programs: URL) -> String {
    let own = programs.appendingPathComponent("heddle").path
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    let first = path.split(separator: ":").map { "\($0)/heddle" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
    guard let first else { return own }
    return URL(fileURLWithPath: first).resolvingSymlinksInPath().path == own ? "heddle" : own
  }

  /// Returns when a signal came or one of the programs ended by itself.
  func untilEnded(_ signals: DemoSignals) async {
    while !signals.isRaised {
      if let dead = running.first(where: { !$0.isRunning }) {
        print(ended(dead).message)
        return
      }
      try? await Task.sleep(for: .milliseconds(200))
    }
  }

  /// The daemon first: it gives the devices back to themselves while they still answer.
  func stop() async {
    for process in running.reversed() { await process.stop(within: 6) }
    running = []
  }

  // MARK: Sockets

  /// Where ports are looked for: below those that the kernel gives to outgoing connections, so that no other program
  /// gets the port between the look and the listening.
  static let ports = 20_000..<30_000

  /// A port on the loopback that is free now: the preferred one if possible.
  private func freePort(preferred: Int? = nil) throws -> Int {
    let start = Int.random(in: Self.ports)
    let others = (0..<Self.ports.count).lazy.map { offset in
      Self.ports.lowerBound + (start - Self.ports.lowerBound + offset) % Self.ports.count
    }
    if let preferred, isFree(preferred) { return preferred }
    guard let port = others.first(where: isFree) else { throw DemoProblem(message: "no free port on 127.0.0.1") }
    return port
  }

  private func isFree(_ port: Int) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(port).bigEndian)
    address.sin_addr = in_addr(s_addr: UInt32(0x7F00_0001).bigEndian)
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }

  private func isAnswered(_ path: String) -> Bool {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return false }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
      }
    }
  }
}
