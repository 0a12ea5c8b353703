import AsyncHTTPClient
import Foundation
package import LocalAPISchema
package import LocalAPIServer
import Logging
import NIOCore
import NIOHTTP1
import ServiceLifecycle
package import TimeSource

/// The real server around a gateway in memory, on a port of the kernel's choice and on a Unix socket.
package struct RunningGateway: Sendable {
  package let gateway: InMemoryGateway
  package let hub: StreamHub
  package let addresses: APIAddresses
  private let stopping: @Sendable () async -> Void

  /// What came back.
  package struct Reply: Sendable {
    package let status: Int
    package let headers: [String: String]
    package let text: String

    package var json: JSONValue {
      (try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))) ?? .null
    }
    /// A member of the body, by its path.
    package subscript(_ path: String...) -> JSONValue? {
      var value: JSONValue? = json
      for name in path {
        switch value {
        case .object(let object): value = object[name]
        case .array(let array): value = Int(name).flatMap { array.indices.contains($0) ? array[$0] : nil }
        default: return nil
        }
      }
      return value
    }
  }

  package var url: String { "http://\(addresses.tcp ?? "")" }
  package var socketPath: String { addresses.socket ?? "" }

  /// Ends the server, gracefully.
  package func stop() async { await stopping() }

  package func get(_ path: String, key: String? = nil, headers: [(String, String)] = []) async throws -> Reply {
    try await send("GET", path, key: key, headers: headers)
  }

  /// Over TCP with a key, over the Unix socket without one.
  package func send(
    _ method: String, _ path: String, key: String? = nil, headers: [(String, String)] = [], body: String? = nil,
    overTCP: Bool = false
  ) async throws -> Reply {
    let usesTCP = overTCP || key != nil
    let base = usesTCP ? url + path : URL(httpURLWithSocketPath: socketPath, uri: path)?.absoluteString ?? ""
    var request = HTTPClientRequest(url: base)
    request.method = HTTPMethod(rawValue: method)
    if let key { request.headers.add(name: "Authorization", value: "Bearer \(key)") }
    for (name, value) in headers { request.headers.replaceOrAdd(name: name, value: value) }
    if let body { request.body = .bytes(ByteBuffer(string: body)) }
    let response = try await Self.client.execute(request, timeout: .seconds(20))
    let text = String(buffer: try await response.body.collect(upTo: 16 << 20))
    let pairs = response.headers.map { ($0.name.lowercased(), $0.value) }
    return Reply(
      status: Int(response.status.code), headers: Dictionary(pairs) { first, _ in first }, text: text)
  }

  /// Shows redirections and does not follow them.
  private static let client = HTTPClient(
    eventLoopGroupProvider: .singleton, configuration: .init(redirectConfiguration: .disallow))

  /// The stream as text, chunk by chunk.
  package func stream(
    _ path: String, headers: [(String, String)] = [], key: String? = nil
  ) async throws -> AsyncThrowingStream<String, any Error> {
    var request = HTTPClientRequest(
      url: key == nil ? URL(httpURLWithSocketPath: socketPath, uri: path)?.absoluteString ?? "" : url + path)
    if let key { request.headers.add(name: "Authorization", value: "Bearer \(key)") }
    for (name, value) in headers { request.headers.replaceOrAdd(name: name, value: value) }
    let response = try await HTTPClient.shared.execute(request, timeout: .minutes(1))
    let body = response.body
    return AsyncThrowingStream { continuation in
      let reader = Task {
        do {
          for try await chunk in body { continuation.yield(String(buffer: chunk)) }
          continuation.finish()
        } catch { continuation.finish(throwing: error) }
      }
      continuation.onTermination = { _ in reader.cancel() }
    }
  }

  /// Makes a key directly in the gateway's store, through the API.
  package func key(_ scopes: String..., customer: String? = nil) async throws -> String {
    let list = scopes.map { "\"\($0)\"" }.joined(separator: ",")
    let restriction = customer.map { ",\"customerId\":\"\($0)\"" } ?? ""
    let reply = try await send("POST", "/v1/keys", body: "{\"scopes\":[\(list)]\(restriction)}")
    guard case .text(let key)? = reply["key"] else { throw LocalAPIServerError("no key: \(reply.text)") }
    return key
  }

  /// A path for a socket that no other test uses.
  package static func freshSocketPath() -> String {
    NSTemporaryDirectory() + "heddle-\(UInt32.random(in: 0 ... .max)).sock"
  }

  /// Runs the server for the time of a test.
  package static func with<Result: Sendable>(
    _ gateway: InMemoryGateway = InMemoryGateway(), time: TimeSource = .system, hostNames: [String] = [],
    rateLimit: RateLimit? = nil, socketPath: String = freshSocketPath(),
    _ body: @Sendable @escaping (RunningGateway) async throws -> Result
  ) async throws -> Result {
    let hub = StreamHub()
    let (listening, announce) = AsyncStream<APIAddresses>.makeStream()
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let server = LocalAPIServer(
      configuration: LocalAPIConfiguration(
        tcp: .init(port: 0), socket: .init(path: socketPath), hostNames: hostNames, rateLimit: rateLimit,
        version: "1.2.3"),
      service: gateway, hub: hub, time: time, logger: logger, onListening: { announce.yield($0) })
    let group = ServiceGroup(configuration: .init(services: [.init(service: server)], logger: logger))
    return try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask {
        defer { announce.finish() }
        try await group.run()
      }
      guard let addresses = await listening.first(where: { _ in true }) else {
        try await tasks.waitForAll()
        throw LocalAPIServerError("the server ended before it listened")
      }
      let running = RunningGateway(
        gateway: gateway, hub: hub, addresses: addresses, stopping: { await group.triggerGracefulShutdown() })
      do {
        let result = try await body(running)
        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
        return result
      } catch {
        await group.triggerGracefulShutdown()
        throw error
      }
    }
  }
}
