import Foundation
import MQTTAdapter
import Testing

/// The real mosquitto broker on a free port, with Debian's clients as foreign peers.
final class Broker: Sendable {
  static let program = "/usr/sbin/mosquitto"
  static let publisher = "/usr/bin/mosquitto_pub"
  static let subscriber = "/usr/bin/mosquitto_sub"
  static let isInstalled = [program, publisher, subscriber].allSatisfy(FileManager.default.isExecutableFile)

  let port: Int
  let folder: TemporaryFolder
  private let process: Watched<Program?> = Watched(nil)
  /// - Parameter settings: lines of mosquitto.conf; `$DIR` is the folder of the broker.
  init(
    settings: String = "allow_anonymous true", folder: TemporaryFolder? = nil
  ) async throws {
    self.folder = try folder ?? TemporaryFolder()
    let lines = settings.replacingOccurrences(of: "$DIR", with: self.folder.path)
    var port = 0
    // Somebody else may take the port between the choice and the start.
    for _ in 1...5 {
      port = try #require(FreePort.pick())
      try self.folder.write(
        "user root\nlistener \(port) 127.0.0.1\nlog_dest stderr\nlog_type all\nset_tcp_nodelay true\n\(lines)\n",
        to: "mosquitto.conf")
      let started = try Program(Self.program, ["-c", self.folder.file("mosquitto.conf")])
      process.change { $0 = started }
      if await started.saysBeforeItsEnd("running") { break }
    }
    self.port = port
    try #require(process.value?.isRunning == true, "mosquitto does not start: \(process.value?.lines.value ?? [])")
  }

  /// Starts it again on its port after `kill`.
  func start() async throws {
    let process = try Program(Self.program, ["-c", folder.file("mosquitto.conf")])
    try #require(await process.saysBeforeItsEnd("running"), "mosquitto does not start: \(process.lines.value)")
    self.process.change { $0 = process }
  }

  func kill() async { await process.value?.kill() }

  func hasLogged(_ text: String) async -> Bool { await process.value?.says(text) ?? false }

  /// Publishes with mosquitto_pub and waits until the broker has it.
  func publish(_ topic: String, _ payload: String, qos: Int = 1, retain: Bool = false) async throws {
    try await publish(topic, Array(payload.utf8), qos: qos, retain: retain)
  }

  /// The same with any bytes.
  func publish(_ topic: String, _ payload: [UInt8], qos: Int = 1, retain: Bool = false) async throws {
    let options = ["-h", "127.0.0.1", "-p", "\(port)", "-t", topic, "-q", "\(qos)"] + (retain ? ["-r"] : [])
    let file = UUID().uuidString
    try Data(payload).write(to: URL(fileURLWithPath: folder.file(file)))
    let content = payload.isEmpty ? ["-n"] : ["-f", folder.file(file)]
    let client = try Program(Self.publisher, options + content)
    try #require(await client.succeeds(), "mosquitto_pub: \(client.lines.value)")
  }

  /// A mosquitto_sub that is subscribed; its lines are `topic payload`, with `retained` in front where that is so.
  func subscribe(_ filter: String) async throws -> Program {
    let client = try Program(
      "/usr/bin/stdbuf",
      [
        "-oL", Self.subscriber, "-h", "127.0.0.1", "-p", "\(port)", "-t", filter, "-q", "1", "-d", "-F",
        "message r=%r %t %p",
      ])
    try #require(await client.says("Subscribed"), "mosquitto_sub: \(client.lines.value)")
    return client
  }

  func configuration(
    _ version: MQTTLinkConfiguration.ProtocolVersion = .v3_1_1, clientID: String = "heddle-test"
  ) -> MQTTLinkConfiguration {
    MQTTLinkConfiguration(name: "home", host: "127.0.0.1", port: port, clientID: clientID, protocolVersion: version)
  }
}

/// A port that nobody uses now.
enum FreePort {
  static func pick() -> Int? {
    let descriptor = Listener.open()
    guard let descriptor else { return nil }
    defer { close(descriptor) }
    return Listener.port(of: descriptor)
  }
}

/// A listening socket on 127.0.0.1 with a port that the kernel chose.
enum Listener {
  static func open() -> CInt? {
    let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { return nil }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
    }
    guard result == 0, listen(descriptor, 8) == 0 else {
      close(descriptor)
      return nil
    }
    return descriptor
  }

  static func port(of descriptor: CInt) -> Int? {
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
    }
    return result == 0 ? Int(UInt16(bigEndian: address.sin_port)) : nil
  }
}
