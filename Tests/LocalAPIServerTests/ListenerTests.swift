import EnergyModel
import Foundation
import LocalAPISchema
import LocalAPITestSupport
import Logging
import Testing
import TestSupport
import TimeSource

@testable import LocalAPIServer

@Suite struct ListenerTests {
  private func run(_ configuration: LocalAPIConfiguration) async throws {
    try await LocalAPIServer(
      configuration: configuration, service: InMemoryGateway(), hub: StreamHub(), time: .system,
      logger: Logger(label: "test")
    ).run()
  }

  private func refusal(_ configuration: LocalAPIConfiguration) async -> String {
    do {
      try await run(configuration)
      return "it ran"
    } catch { return "\(error)" }
  }

  @Test("The socket is for its owner and group, and is gone after the end")
  func mode() async throws {
    let path = RunningGateway.freshSocketPath()
    try await RunningGateway.with(socketPath: path) { server in
      let attributes = try FileManager.default.attributesOfItem(atPath: path)
      #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o660)
    }
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test("The socket of a living gateway is refused, that of a dead one replaced")
  func oldSockets() async throws {
    let path = RunningGateway.freshSocketPath()
    try await RunningGateway.with(socketPath: path) { server in
      let words = await refusal(LocalAPIConfiguration(socket: .init(path: path), version: "1"))
      #expect(words.hasPrefix("another gateway listens on \(path)"))
      let reply = try await server.get("/health")
      #expect(reply.status == 200)
    }
    // Another path, because the client of the tests would try its old connection to the first one.
    let dead = RunningGateway.freshSocketPath()
    try leaveDeadSocket(dead)
    try await RunningGateway.with(socketPath: dead) { server in
      let reply = try await server.get("/health")
      #expect(reply.status == 200)
    }
  }

  /// What a killed daemon leaves: a bound socket that nobody listens on.
  private func leaveDeadSocket(_ path: String) throws {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    #expect(withAddress(path) { bind(descriptor, $0, $1) } == 0)
  }

  private func withAddress<Result>(
    _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
    }
  }

  @Test("A stop takes less than two seconds although a client asked for the stream and does not read it")
  func stopsWithStuckClient() async throws {
    let clock = ContinuousClock()
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    let start = try await RunningGateway.with { server in
      #expect(withAddress(server.socketPath) { connect(descriptor, $0, $1) } == 0)
      let request = Array("GET /v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
      #expect(write(descriptor, request, request.count) == request.count)
      while server.hub.clientCount == 0 { await Task.yield() }
      // More than fits into the buffers of both ends, and then some: the server is stuck in a write.
      var state = InMemoryGateway.battery.state
      state.fields["vendorStatus"] = .text(String(repeating: "x", count: 200_000))
      while server.hub.droppedMessages < 1000 {
        server.hub.publish(.state(state, customerId: "demo"))
        await Task.yield()
      }
      return clock.now
    }
    let took = clock.now - start
    #expect(took < .seconds(2), "it took \(took)")
  }

  @Test("What cannot be listened on is said in words")
  func words() async throws {
    let long = "/tmp/" + String(repeating: "x", count: 120)
    #expect(await refusal(.init(socket: .init(path: long), version: "1")).contains("125 bytes, Linux allows 107"))
    #expect(await refusal(.init(socket: .init(path: "/no/such/dir/x.sock"), version: "1")).contains("/no/such/dir"))
    let file = RunningGateway.freshSocketPath()
    #expect(FileManager.default.createFile(atPath: file, contents: Data()))
    defer { try? FileManager.default.removeItem(atPath: file) }
    #expect(await refusal(.init(socket: .init(path: file), version: "1")).contains("is not a socket"))
    #expect(FileManager.default.fileExists(atPath: file))
    let group = LocalAPIConfiguration.Socket(path: RunningGateway.freshSocketPath(), group: "no-such-group")
    #expect(await refusal(.init(socket: group, version: "1")).contains("there is no group 'no-such-group'"))
    #expect(await refusal(.init(tcp: .init(host: "203.0.113.1", port: 0), version: "1")).contains("no address"))
    try await RunningGateway.with { server in
      let port = try #require(server.addresses.tcp?.split(separator: ":").last.flatMap { Int($0) })
      #expect(await refusal(.init(tcp: .init(port: port), version: "1")).contains("another program listens on"))
    }
  }

  @Test("A stop takes less than two seconds although streams and waiting requests are open")
  func stops() async throws {
    let clock = ContinuousClock()
    let start = try await RunningGateway.with { server in
      let stream = try await server.stream("/v1/stream")
      for try await _ in stream { break }
      let waiting = Task {
        try await server.send(
          "POST", "/v1/devices/battery-1/commands", headers: [("Prefer", "wait=60")], body: "{\"command\":\"charge\"}")
      }
      while await server.gateway.calls.isEmpty { await Task.yield() }
      let start = clock.now
      await server.stop()
      #expect(try await waiting.value.status == 202)
      for try await _ in stream {}
      return start
    }
    let took = clock.now - start
    #expect(took < .seconds(2), "it took \(took)")
  }
}
