import Foundation
import Synchronization
import Testing

/// A daemon with a folder of its own: configuration, profiles, store, socket.
final class TestGateway {
  let folder: URL
  private(set) var daemon: RunningProgram?
  private var peers: [RunningProgram] = []
  private let profiles: [String]

  /// - Parameter makes: the makes whose shipped profiles it knows; few, so that it starts fast.
  init(profiles makes: String...) async throws {
    await Seats.take()
    profiles = makes.map { "\(Programs.profiles)/\($0)" }
    folder = URL(fileURLWithPath: "/tmp/heddle-e2e-\(UUID().uuidString.prefix(8))")
    let own = folder.appendingPathComponent("profiles")
    try FileManager.default.createDirectory(at: own, withIntermediateDirectories: true)
  }

  /// Ends what still runs and removes the folder.
  func clear() {
    for program in [daemon].compactMap(\.self) + peers where program.isRunning { program.send(SIGKILL) }
    try? FileManager.default.removeItem(at: folder)
    Seats.give()
  }

  // MARK: Files

  func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  @discardableResult
  func write(_ name: String, _ text: String) throws -> String {
    let file = folder.appendingPathComponent(name)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try text.write(to: file, atomically: true, encoding: .utf8)
    return file.path
  }

  /// Writes the configuration; the API listens on the socket alone unless the text says otherwise.
  func configure(_ text: String) throws {
    let api = text.contains("api:") ? "" : "api: {listen: none}\n"
    try write("heddle.yaml", api + text)
  }

  /// Makes a certificate for `localhost` that is its own authority, as `tls.pem` with its `tls.key`.
  ///
  /// - Returns: the path of a copy of the certificate under its name, which stays when another one is made.
  @discardableResult
  func certificate(_ name: String) async throws -> String {
    let made = try await run(
      try Programs.required("openssl"),
      [
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
        "/CN=\(name)", "-addext", "subjectAltName=DNS:localhost", "-keyout", path("tls.key"), "-out", path("tls.pem"),
      ])
    try #require(made.status == 0, "\(made.errors)")
    try FileManager.default.copyItem(atPath: path("tls.pem"), toPath: path("\(name).pem"))
    return path("\(name).pem")
  }

  // MARK: Programs

  /// The folder's own profiles come over the shipped ones.
  var profileArguments: [String] { (profiles + [path("profiles")]).flatMap { ["--profiles", $0] } }

  /// What starts the daemon.
  func arguments(store: String? = nil) -> [String] {
    ["run", "--socket", path("heddle.sock")] + installation(store: store)
  }

  private func installation(store: String? = nil) -> [String] {
    ["--config", path("heddle.yaml"), "--store", store ?? path("heddle.db")] + profileArguments
  }

  /// What the service manager runs when the daemon has ended.
  func failSafe() async throws -> ProgramResult {
    try await run(Programs.own("heddled"), ["failsafe"] + installation())
  }

  /// Starts the daemon and waits until it runs.
  func start(environment: [String: String] = [:]) async throws {
    try await start(Programs.own("heddled"), arguments(), environment: environment)
  }

  /// Starts the daemon through another program.
  func start(_ program: String, _ arguments: [String], environment: [String: String] = [:]) async throws {
    let started = try RunningProgram(program, arguments, environment: environment)
    daemon = started
    let isUp = await eventually(within: 20) { started.said.contains(" runs ") || !started.isRunning }
    try #require(isUp && started.isRunning, "\(started.said)")
  }

  var log: String { daemon?.said ?? "" }

  /// Ends the daemon as a power cut does.
  func crash() async throws {
    let daemon = try #require(daemon)
    daemon.send(SIGKILL)
    try #require(await daemon.end(within: 5) != nil)
  }

  /// Starts a program that lives as long as the gateway.
  func peer(_ path: String, _ arguments: [String]) throws -> RunningProgram {
    let program = try RunningProgram(path, arguments)
    peers.append(program)
    return program
  }

  /// Starts a script of `Tests/Peers` that prints `port N`, and returns it with its port.
  func script(_ python: String, _ name: String, _ arguments: [String]) async throws -> (RunningProgram, port: Int) {
    let script = Programs.packageRoot.appendingPathComponent("Tests/Peers/\(name)").path
    let program = try peer(python, [script] + arguments)
    func port() -> Int? { program.said.firstMatch(of: /port (\d+)\n/).flatMap { Int($0.1) } }
    _ = await eventually(within: 20) { port() != nil || !program.isRunning }
    return (program, try #require(port(), "\(program.said)"))
  }

  /// Starts the simulator and returns it with the ports that it chose.
  func simulator(_ arguments: [String]) async throws -> (RunningProgram, SimulatorPorts) {
    let ready = path("ready-\(UUID().uuidString.prefix(8)).json")
    let program = try peer(
      Programs.own("heddle-simulator"), arguments + ["--ready-file", ready] + profileArguments)
    func ports() -> SimulatorPorts? {
      FileManager.default.contents(atPath: ready).flatMap { try? JSONDecoder().decode(SimulatorPorts.self, from: $0) }
    }
    _ = await eventually(within: 20) { ports() != nil || !program.isRunning }
    return (program, try #require(ports(), "\(program.said)"))
  }

  // MARK: Asking

  func cli(_ arguments: String...) async throws -> ProgramResult { try await cli(arguments) }

  func cli(_ arguments: [String]) async throws -> ProgramResult {
    try await run(
      Programs.own("heddle"), arguments, environment: ["HEDDLE_SOCKET": path("heddle.sock"), "NO_COLOR": "1"])
  }

  /// What a command of the CLI prints with `--json`.
  func json(_ arguments: String...) async throws -> [String: Any] {
    let result = try await cli(arguments + ["--json"])
    let object = try? JSONSerialization.jsonObject(with: Data(result.output.utf8))
    return try #require(object as? [String: Any], "\(result.output)\(result.errors)")
  }

  func fields(_ device: String) async throws -> [String: Any] {
    let state = try await json("device", "show", device)["state"] as? [String: Any]
    return try #require(state?["fields"] as? [String: Any])
  }

  /// A device as `heddle status` has it.
  func health(_ device: String) async throws -> DeviceHealth {
    let status = try await json("status")
    let devices = try #require(status["devices"] as? [[String: Any]])
    let entry = devices.first { $0["id"] as? String == device } ?? ["connectivity": "not configured"]
    return DeviceHealth(
      state: entry["connectivity"] as? String ?? "", reason: entry["lastError"] as? String ?? "",
      age: entry["ageSeconds"] as? Double ?? .infinity)
  }

  /// Waits until a device is in a state.
  func reaches(_ device: String, _ state: String, within seconds: Double = 20) async -> Bool {
    await eventually(within: seconds) { (try? await health(device))?.state == state }
  }

  /// The newest command of a device.
  func newestCommand(_ device: String) async throws -> [String: Any] {
    let list = try await json("command", "list", "--device", device)
    return try #require((list["data"] as? [[String: Any]])?.first)
  }

  /// Waits until the newest command of a device has a status, and returns it.
  func newestCommand(
    _ device: String, becomes status: String, within seconds: Double = 20
  ) async throws -> [String: Any] {
    _ = await eventually(within: seconds) { (try? await newestCommand(device))?["status"] as? String == status }
    let command = try await newestCommand(device)
    #expect(command["status"] as? String == status, "\(command)\n\(log)")
    return command
  }
}

/// How many households run at the same time: programs that start together share few cores.
enum Seats {
  private static let free = Mutex(3)

  static func take() async {
    while !free.withLock({ count in
      guard count > 0 else { return false }
      count -= 1
      return true
    }) { try? await Task.sleep(for: .milliseconds(50)) }
  }

  static func give() { free.withLock { $0 += 1 } }
}

/// How a device is.
struct DeviceHealth {
  var state: String
  var reason: String
  /// Of its newest value, in seconds.
  var age: Double
}

/// Where the simulator listens.
struct SimulatorPorts: Decodable {
  var modbusPort: Int?
  var httpPorts: [String: Int]?
}
