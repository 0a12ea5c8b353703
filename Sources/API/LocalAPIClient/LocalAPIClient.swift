import AsyncHTTPClient
import Foundation
import LocalAPISchema
import NIOCore
import NIOHTTP1
import NIOSSL

/// A client of the gateway's API. `shutdown` must be called at the end.
public final class LocalAPIClient: Sendable {
  /// The longest body of an answer.
  static let maxReplyBytes = 64 << 20
  /// Messages of a stream that wait for their reader; more end the stream with an error.
  static let maxQueuedMessages = 10_000
  /// How long a download may take.
  static let downloadSeconds: Int64 = 3600
  /// How long a connection may take.
  static let connectSeconds: Int64 = 5

  /// Where the gateway is.
  public let address: GatewayAddress
  private let http: HTTPClient
  private let requestSeconds: Int64

  /// - Parameters:
  ///   - requestSeconds: how long an answer may take; a command's wait is added.
  ///   - authorities: who is trusted over HTTPS; the system's authorities without them.
  public init(_ address: GatewayAddress, requestSeconds: Int64 = 15, trusting authorities: TrustedAuthorities? = nil) {
    var configuration = HTTPClient.Configuration()
    configuration.timeout.connect = .seconds(Self.connectSeconds)
    // A gateway that is not there shall be said at once, not after many tries.
    configuration.connectionPool.retryConnectionEstablishment = false
    configuration.redirectConfiguration = .disallow
    if let authorities {
      configuration.tlsConfiguration = .makeClientConfiguration()
      configuration.tlsConfiguration?.trustRoots = .certificates(authorities.certificates)
    }
    http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    self.address = address
    self.requestSeconds = requestSeconds
  }

  /// Closes all connections.
  public func shutdown() async { try? await http.shutdown() }

  // MARK: Requests

  /// Sends a request and decodes the answer.
  ///
  /// - Throws: `APIClientError`.
  public func send<Value: Decodable & Sendable>(
    _ method: String, _ path: String, query: [(String, String?)] = [], headers: [(String, String)] = [],
    body: (any Encodable & Sendable)? = nil, waitSeconds: Int = 0, as type: Value.Type = Value.self
  ) async throws(APIClientError) -> APIReply<Value> {
    let answer = try await exchange(method, path, query, headers, body, waitSeconds)
    do {
      let json = answer.body.isEmpty ? JSONValue.null : try JSONDecoder().decode(JSONValue.self, from: answer.body)
      let value = try JSONDecoder().decode(Value.self, from: answer.body.isEmpty ? Data("null".utf8) : answer.body)
      return APIReply(value: value, status: answer.status, json: json, isReplay: answer.isReplay)
    } catch {
      throw .unexpected(message: "\(address) answers \(method) \(path) with something unknown: \(error)")
    }
  }

  private struct Answer {
    var status: Int
    var body: Data
    var isReplay: Bool
  }

  private func exchange(
    _ method: String, _ path: String, _ query: [(String, String?)], _ headers: [(String, String)],
    _ body: (any Encodable & Sendable)?, _ waitSeconds: Int
  ) async throws(APIClientError) -> Answer {
    do {
      var request = try makeRequest(method, path, query, headers)
      if let body {
        request.headers.replaceOrAdd(name: "Content-Type", value: "application/json")
        request.body = .bytes(ByteBuffer(bytes: try JSONEncoder().encode(body)))
      }
      let seconds = requestSeconds + Int64(waitSeconds)
      let response = try await http.execute(request, timeout: .seconds(seconds))
      let bytes = try await response.body.collect(upTo: Self.maxReplyBytes)
      let data = Data(bytes.readableBytesView)
      let status = Int(response.status.code)
      guard (200...299).contains(status) else { throw refusal(status, data) }
      return Answer(
        status: status, body: data, isReplay: response.headers.first(name: "Idempotent-Replayed") == "true")
    } catch {
      throw explained(error)
    }
  }

  private func makeRequest(
    _ method: String, _ path: String, _ query: [(String, String?)], _ headers: [(String, String)]
  ) throws -> HTTPClientRequest {
    let items = query.compactMap { name, value in value.map { "\(name)=\(Self.escaped($0))" } }
    let target = items.isEmpty ? path : path + "?" + items.joined(separator: "&")
    var request: HTTPClientRequest
    switch address {
    case .url(let base, let key):
      request = HTTPClientRequest(url: (base.hasSuffix("/") ? String(base.dropLast()) : base) + target)
      if let key { request.headers.add(name: "Authorization", value: "Bearer \(key)") }
    case .socket(let path):
      guard let url = URL(httpURLWithSocketPath: path, uri: target) else {
        throw APIClientError.unexpected(message: "'\(path)' cannot be the path of a socket")
      }
      request = HTTPClientRequest(url: url.absoluteString)
      request.headers.add(name: "Host", value: "localhost")
    }
    request.method = HTTPMethod(rawValue: method)
    request.headers.add(name: "Accept", value: "application/json")
    for (name, value) in headers { request.headers.replaceOrAdd(name: name, value: value) }
    return request
  }

  /// A part of a path or query with everything escaped that could mean something else.
  static func escaped(_ text: String) -> String {
    let plain = CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")
    return text.addingPercentEncoding(withAllowedCharacters: plain) ?? ""
  }

  private func refusal(_ status: Int, _ body: Data) -> APIClientError {
    if let problem = try? JSONDecoder().decode(ProblemDocument.self, from: body) { return .problem(problem) }
    return .unexpected(message: "\(address) answers with status \(status)")
  }

  private func explained(_ error: any Error) -> APIClientError {
    if let error = error as? APIClientError { return error }
    let start = "start it with 'systemctl start heddled', or say where it is with --socket or --url"
    if let error = error as? IOError {
      switch error.errnoCode {
      case EACCES:
        return .unreachable(
          message: "you may not use the gateway's socket \(address)", hint: "join its group: adduser $USER heddle")
      case ENOENT: return .unreachable(message: "there is no gateway at \(address)", hint: start)
      case ECONNREFUSED: return .unreachable(message: "no gateway listens on \(address)", hint: start)
      default: return .unreachable(message: "the gateway at \(address) cannot be reached: \(error)", hint: start)
      }
    }
    if let words = untrusted(error) { return words }
    if let error = error as? HTTPClientError {
      let isTimeout = [.deadlineExceeded, .readTimeout, .connectTimeout].contains(error)
      return .unreachable(
        message: isTimeout
          ? "the gateway at \(address) does not answer" : "the gateway at \(address) cannot be asked: \(error)",
        hint: start)
    }
    return .unreachable(message: "the gateway at \(address) cannot be reached: \(error)", hint: start)
  }

  /// What is wrong where TLS does not come about; `nil` for other errors.
  private func untrusted(_ error: any Error) -> APIClientError? {
    if error is NIOSSLExtraError {
      return .unreachable(
        message: "the certificate of \(address) is for another name", hint: "use a name or address that stands in it")
    }
    guard let error = error as? NIOSSLError else { return nil }
    if case .handshakeFailed(let reason) = error, "\(reason)".contains("CERTIFICATE_VERIFY_FAILED") {
      return .unreachable(
        message: "the certificate of \(address) is not trusted", hint: "name who signed it: --ca FILE")
    }
    return .unreachable(
      message: "\(address) does not speak TLS", hint: "write http:// where the gateway's api: has no tls:")
  }

  /// Reads an answer of text that may be long, in pieces of whole lines.
  func download(
    _ path: String, _ query: [(String, String?)], accept: String, _ write: (String) -> Void
  ) async throws(APIClientError) {
    do {
      let request = try makeRequest("GET", path, query, [("Accept", accept)])
      let response = try await http.execute(request, timeout: .seconds(Self.downloadSeconds))
      guard response.status == .ok else {
        throw refusal(Int(response.status.code), Data(try await response.body.collect(upTo: 1 << 20).readableBytesView))
      }
      var rest: [UInt8] = []
      for try await chunk in response.body {
        rest += chunk.readableBytesView
        guard let end = rest.lastIndex(of: UInt8(ascii: "\n")) else { continue }
        write(String(decoding: rest[...end], as: UTF8.self))
        rest.removeSubrange(...end)
      }
      if !rest.isEmpty { write(String(decoding: rest, as: UTF8.self)) }
    } catch {
      throw explained(error)
    }
  }

  // MARK: The stream

  /// Events and states as they come, until the task is cancelled or the gateway stops.
  ///
  /// - Parameters:
  ///   - topics: `events`, `states`.
  ///   - after: the last event that is known already.
  public func stream(
    topics: [String], deviceId: String? = nil, after: Int64? = nil
  ) async throws(APIClientError) -> AsyncThrowingStream<StreamMessage, any Error> {
    let body: HTTPClientResponse.Body
    do {
      let request = try makeRequest(
        "GET", "/v1/stream",
        [("topics", topics.joined(separator: ",")), ("deviceId", deviceId), ("after", after.map(String.init))],
        [("Accept", "text/event-stream")])
      // The deadline of a request covers its body too, and a stream has no end: a year is as good as none.
      let response = try await http.execute(request, timeout: .hours(24 * 365))
      guard response.status == .ok else {
        throw refusal(Int(response.status.code), Data(try await response.body.collect(upTo: 1 << 20).readableBytesView))
      }
      body = response.body
    } catch {
      throw explained(error)
    }
    return Self.messages(of: body) { self.explained($0) }
  }

  private static func messages(
    of body: HTTPClientResponse.Body, explained: @escaping @Sendable (any Error) -> APIClientError
  ) -> AsyncThrowingStream<StreamMessage, any Error> {
    let (stream, continuation) = AsyncThrowingStream<StreamMessage, any Error>.makeStream(
      bufferingPolicy: .bufferingOldest(maxQueuedMessages))
    let reader = Task {
      var parser = ServerSentEventParser()
      do {
        for try await chunk in body {
          for event in parser.feed(chunk.readableBytesView) {
            guard let message = message(of: event) else { continue }
            if case .dropped = continuation.yield(message) {
              throw APIClientError.unexpected(message: "the stream is faster than its reader")
            }
          }
          if parser.isOverflowing { throw APIClientError.unexpected(message: "an event of the stream has no end") }
        }
        continuation.finish()
      } catch {
        continuation.finish(throwing: explained(error))
      }
    }
    continuation.onTermination = { _ in reader.cancel() }
    return stream
  }

  /// `nil` for types of messages that this client does not know: newer gateways may send them.
  private static func message(of event: ServerSentEventParser.Event) -> StreamMessage? {
    let data = Data(event.data.utf8)
    if event.type == "state" { return (try? JSONDecoder().decode(StateEnvelope.self, from: data)).map { .state($0) } }
    return (try? JSONDecoder().decode(EventResource.self, from: data)).map { .event($0) }
  }
}
