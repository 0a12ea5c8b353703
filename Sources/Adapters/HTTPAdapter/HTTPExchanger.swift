import AsyncHTTPClient
import Crypto
import NIOCore
import NIOHTTP1
import NIOSSL
import Synchronization
import TimeSource

/// Sends single requests over the connections of one link, each within a deadline.
///
/// One client per link: what a link trusts belongs to its connections, and the event loops are shared anyway.
struct HTTPExchanger: Sendable {
  /// How long an unused connection is kept; devices with few sockets want it short.
  static let idleTimeout: TimeAmount = .seconds(30)

  private let client: HTTPClient
  private let origin: String
  private let time: TimeSource
  private let connectionCount: ConnectionCount

  init(configuration: HTTPLinkConfiguration, eventLoopGroup: any EventLoopGroup, time: TimeSource) {
    let count = ConnectionCount()
    let guardian = ConnectionGuard(anchor: configuration.anchor, count: count)
    var settings = HTTPClient.Configuration(
      tlsConfiguration: HTTPExchanger.tls(configuration.anchor), redirectConfiguration: .disallow,
      timeout: .init(connect: .nanoseconds(configuration.connectTimeout.boundedNanoseconds)), decompression: .disabled)
    settings.httpVersion = .http1Only
    settings.connectionPool.idleTimeout = HTTPExchanger.idleTimeout
    settings.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 1
    // A refused connection is a failure at once; the link decides when it tries again.
    settings.connectionPool.retryConnectionEstablishment = false
    settings.http1_1ConnectionDebugInitializer = { guardian.inspect($0) }
    client = HTTPClient(eventLoopGroupProvider: .shared(eventLoopGroup), configuration: settings)
    origin = configuration.origin
    self.time = time
    connectionCount = count
  }

  /// Connections made so far.
  var connects: UInt64 { connectionCount.value.load(ordering: .relaxed) }

  /// Sends a request and reads the whole answer, at the latest until `deadline` on the monotonic clock.
  func send(_ request: HTTPClientRequest, until deadline: Duration) async throws(HTTPFailure) -> HTTPAnswer {
    do {
      return try await withThrowingTaskGroup(of: HTTPAnswer?.self) { group in
        group.addTask { try await receive(request) }
        group.addTask {
          try await time.sleepUntil(deadline)
          return nil
        }
        defer { group.cancelAll() }
        guard let answer = try await group.next() ?? nil else {
          throw HTTPFailure(kind: .timeout, message: "no complete answer in time")
        }
        return answer
      }
    } catch {
      // A cancelled exchange ends with whatever the client was doing, so the task's own state decides.
      throw Task.isCancelled
        ? HTTPFailure(kind: .stopped, message: "the link was stopped") : HTTPFailure(error, origin: origin)
    }
  }

  private func receive(_ request: HTTPClientRequest) async throws -> HTTPAnswer {
    let response = try await head(of: request)
    let body = try await response.body.collect(upTo: HTTPLinkConfiguration.maximumAnswerBytes)
    // The body of a cancelled request may look as if it had ended.
    try Task.checkCancellation()
    return HTTPAnswer(
      status: Int(response.status.code), headers: response.headers, body: Array(body.readableBytesView))
  }

  private func head(of request: HTTPClientRequest) async throws -> HTTPClientResponse {
    // One request at a time: without a new connection in between it went over the kept one.
    let connectsBefore = connects
    do {
      return try await client.execute(request, deadline: .distantFuture)
    } catch {
      guard connects == connectsBefore, HTTPFailure.isEndOfConnection(error) else { throw error }
      var failure = HTTPFailure(error, origin: origin)
      failure.isStaleConnection = true
      throw failure
    }
  }

  /// Closes the connections without waiting: a connection attempt on its way cannot be withdrawn, it ends by its own
  /// timeout.
  func close() {
    let closed: EventLoopFuture<Void> = client.shutdown()
    // The only error is a second call, and there is nothing to do about it.
    closed.whenComplete { _ in }
  }

  private static func tls(_ anchor: HTTPLinkConfiguration.TrustAnchor) -> TLSConfiguration {
    var configuration = TLSConfiguration.makeClientConfiguration()
    switch anchor {
    case .system: break
    case .authorities(let certificates): configuration.trustRoots = .certificates(certificates)
    // The fingerprint takes the place of chain and name; `ConnectionGuard` compares it before anything is sent.
    case .pinned: configuration.certificateVerification = .none
    }
    return configuration
  }
}

/// The device's certificate is another one than the configured.
struct PinMismatch: Error {}

/// Counts connections; shared between the event loop and the link.
private final class ConnectionCount: Sendable {
  let value = Atomic<UInt64>(0)
}

/// Looks at each new connection before the client may use it.
private struct ConnectionGuard: Sendable {
  /// How long after a refusal a connection is closed. The client must have forgotten it by then; closing it while it
  /// still counts as starting is a programming error in the client's eyes.
  static let closeDelay: TimeAmount = .milliseconds(100)

  let anchor: HTTPLinkConfiguration.TrustAnchor
  let count: ConnectionCount

  func inspect(_ channel: any Channel) -> EventLoopFuture<Void> {
    count.value.add(1, ordering: .relaxed)
    guard case .pinned(let fingerprint) = anchor else { return channel.eventLoop.makeSucceededVoidFuture() }
    return channel.nioSSL_peerCertificate().flatMapThrowing { certificate in
      guard let certificate, Array(SHA256.hash(data: try certificate.toDERBytes())) == fingerprint
      else { throw PinMismatch() }
    }.flatMapErrorThrowing { error in
      channel.eventLoop.scheduleTask(in: ConnectionGuard.closeDelay) { channel.close(promise: nil) }
      throw error
    }
  }
}

extension Duration {
  /// Nanoseconds, cut at about a month so that nothing overflows.
  fileprivate var boundedNanoseconds: Int64 {
    let (seconds, attoseconds) = min(max(self, .zero), .seconds(30 * 86_400)).components
    return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
  }
}
