import CModbus
import Foundation
import Testing

/// Programs that tests use.
enum Tool {
  static func path(_ name: String) -> String? {
    ["/usr/bin/", "/usr/sbin/", "/usr/local/bin/"].map { $0 + name }.first {
      FileManager.default.isExecutableFile(atPath: $0)
    }
  }

  static func exists(_ name: String) -> Bool { path(name) != nil }

  /// Starts a program and leaves it running.
  static func start(
    _ name: String, _ arguments: [String], output: Any = FileHandle.nullDevice,
    onEnd: (@Sendable () -> Void)? = nil
  ) throws -> Process {
    let process = Process()
    process.executableURL = URL(filePath: try #require(path(name)))
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    if let onEnd { process.terminationHandler = { _ in onEnd() } }
    try process.run()
    return process
  }

  /// Ends a program that was left running. A program that a thread of Swift's pool starts inherits its blocked signals,
  /// so it would never hear a polite one and outlive the tests.
  static func end(_ process: Process) { kill(process.processIdentifier, SIGKILL) }

  /// Runs a program to its end and returns what it said.
  ///
  /// The output goes to a file: another program that is started at the same moment could inherit a pipe and keep it open.
  static func run(_ name: String, _ arguments: [String]) async throws -> String {
    let file = FileManager.default.temporaryDirectory.appending(path: "output-\(UUID().uuidString)")
    try #require(FileManager.default.createFile(atPath: file.path, contents: nil))
    defer { try? FileManager.default.removeItem(at: file) }
    let handle = try FileHandle(forWritingTo: file)
    let (ended, continuation) = AsyncStream<Void>.makeStream()
    let process = try start(name, arguments, output: handle) { continuation.finish() }
    for await _ in ended {}
    #expect(!process.isRunning)
    return try String(contentsOf: file, encoding: .utf8)
  }

  /// What comes out of a pipe, as it comes, until the other end closes it.
  static func chunks(of pipe: Pipe) -> AsyncStream<String> {
    AsyncStream { continuation in
      pipe.fileHandleForReading.readabilityHandler = { handle in
        let data = handle.availableData
        guard !data.isEmpty else {
          handle.readabilityHandler = nil
          return continuation.finish()
        }
        continuation.yield(String(decoding: data, as: UTF8.self))
      }
    }
  }

  /// Waits for something that another program does, at most for some seconds.
  static func eventually(_ what: String, _ condition: () -> Bool) async throws {
    for _ in 0..<200 {
      if condition() { return }
      try await Task.sleep(for: .milliseconds(25))
    }
    Issue.record("\(what) did not happen")
  }

  /// A port that is free now.
  static func freePort() -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    return withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        bind(descriptor, generic, length)
        getsockname(descriptor, generic, &length)
      }
      return Int(UInt16(bigEndian: pointer.pointee.sin_port))
    }
  }
}

/// A libmodbus client. Each call blocks, and is over within a second.
final class ModbusClient: @unchecked Sendable {
  // Unchecked: each client is used by the one test that made it.
  private let context: OpaquePointer
  private(set) var lastError = ""

  init(port: Int) throws {
    context = try #require(modbus_new_tcp("127.0.0.1", CInt(port)))
    modbus_set_response_timeout(context, 1, 0)
    try #require(modbus_connect(context) == 0)
  }

  init(serial path: String, unit: CInt) throws {
    context = try #require(modbus_new_rtu(path, 9600, CChar(UInt8(ascii: "N")), 8, 1))
    modbus_set_response_timeout(context, 1, 0)
    modbus_set_slave(context, unit)
    try #require(modbus_connect(context) == 0)
  }

  deinit {
    modbus_close(context)
    modbus_free(context)
  }

  func select(_ unit: CInt) { modbus_set_slave(context, unit) }

  func read(_ address: CInt, _ count: Int) -> [UInt16]? {
    var words = [UInt16](repeating: 0, count: count)
    return note(modbus_read_registers(context, address, CInt(count), &words)) ? words : nil
  }

  func readInput(_ address: CInt, _ count: Int) -> [UInt16]? {
    var words = [UInt16](repeating: 0, count: count)
    return note(modbus_read_input_registers(context, address, CInt(count), &words)) ? words : nil
  }

  func write(_ address: CInt, _ words: [UInt16]) -> Bool {
    note(modbus_write_registers(context, address, CInt(words.count), words))
  }

  func writeOne(_ address: CInt, _ word: UInt16) -> Bool { note(modbus_write_register(context, address, word)) }

  private func note(_ result: CInt) -> Bool {
    if result < 0 { lastError = String(cString: modbus_strerror(errno)) }
    return result >= 0
  }
}

/// Two ends of a serial line.
struct SerialPair {
  let device: String
  let gateway: String
  private let process: Process
  private let directory: URL

  init() async throws {
    directory = FileManager.default.temporaryDirectory.appending(path: "serial-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let paths = [directory.appending(path: "device").path, directory.appending(path: "gateway").path]
    process = try Tool.start("socat", paths.map { "pty,raw,echo=0,link=\($0)" })
    device = paths[0]
    gateway = paths[1]
    try await Tool.eventually("the serial line") { paths.allSatisfy { FileManager.default.fileExists(atPath: $0) } }
  }

  func end() {
    Tool.end(process)
    try? FileManager.default.removeItem(at: directory)
  }
}

/// A real mosquitto on a port of its own.
struct Broker {
  let port: Int
  private let process: Process
  private let file: URL

  init() async throws {
    port = Tool.freePort()
    file = FileManager.default.temporaryDirectory.appending(path: "mosquitto-\(UUID().uuidString).conf")
    try "listener \(port) 127.0.0.1\nallow_anonymous true\npersistence false\n".write(
      to: file, atomically: true, encoding: .utf8)
    process = try Tool.start("mosquitto", ["-c", file.path])
    let port = port
    try await Tool.eventually("the broker") { Self.accepts(port) }
  }

  func end() {
    Tool.end(process)
    try? FileManager.default.removeItem(at: file)
  }

  func publish(_ topic: String, _ payload: String) async throws {
    _ = try await Tool.run("mosquitto_pub", ["-p", "\(port)", "-q", "1", "-t", topic, "-m", payload])
  }

  /// The first message on a topic that meets a condition, retained ones included.
  func firstMessage(_ topic: String, where condition: (String) -> Bool = { _ in true }) async throws -> String {
    let output = Pipe()
    let process = try Tool.start("mosquitto_sub", ["-p", "\(port)", "-t", topic, "-W", "20"], output: output)
    defer { Tool.end(process) }
    var text = ""
    for await chunk in Tool.chunks(of: output) {
      text += chunk
      while let end = text.firstIndex(of: "\n") {
        let line = String(text[..<end])
        text.removeSubrange(...end)
        if condition(line) { return line }
      }
    }
    Issue.record("no message on \(topic)")
    return ""
  }

  private static func accepts(_ port: Int) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }
}
