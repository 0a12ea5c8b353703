import AsyncHTTPClient
import Dispatch
import Foundation
import LocalAPISchema
import NIOCore
import NIOHTTP1

/// Posts one message, to nobody but the host that is allowed.
struct WebhookSender: Sendable {
  /// A receiver that has not answered by then has not answered.
  static let timeoutSeconds: Int64 = 15
  /// Of the answer only the status counts.
  static let maxReplyBytes = 64 * 1024

  /// What a receiver said.
  struct Reply: Sendable {
    var status: Int?
    var error: String?
    /// In how many seconds it wants to be asked again.
    var retryAfterSeconds: Int?
  }

  /// - Parameter verdict: what the configuration says of the address.
  func post(
    _ body: Data, headers: [(String, String)], to url: URL, _ verdict: WebhookAllowList.Verdict
  ) async -> Reply {
    var configuration = HTTPClient.Configuration.outgoing(connectSeconds: Self.timeoutSeconds)
    switch verdict {
    case .refused(let reason): return Reply(error: reason)
    case .anywhere: break
    case .publicOnly:
      // The address that was looked at is the one that is used: a name that changes in between leads nowhere else.
      guard let host = WebhookAllowList.host(of: url) else { return Reply(error: "it has no host") }
      guard let address = await Self.address(of: host) else { return Reply(error: "\(host) has no address") }
      guard WebhookAllowList.isPublic(address) else {
        return Reply(error: "\(host) is \(address), which is not public; webhooks.allow must name it")
      }
      // Also as the address writes it: capitals or a dot at its end must not lead past what was looked at.
      let written = url.host ?? host
      for name in [host, written, written.lowercased()] where address != host {
        configuration.dnsOverride[name] = address
      }
    }
    let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    let reply = await exchange(body, headers, url, client)
    try? await client.shutdown()
    return reply
  }

  private func exchange(_ body: Data, _ headers: [(String, String)], _ url: URL, _ client: HTTPClient) async -> Reply {
    do {
      var request = HTTPClientRequest(url: url.absoluteString)
      request.method = .POST
      request.headers = HTTPHeaders(headers)
      request.body = .bytes(ByteBuffer(bytes: body))
      let response = try await client.execute(request, timeout: .seconds(Self.timeoutSeconds))
      // Taken out of the way, so that the receiver does not see a connection that breaks off; more than that it may.
      _ = try? await response.body.collect(upTo: Self.maxReplyBytes)
      let status = Int(response.status.code)
      return Reply(
        status: status, error: (200...299).contains(status) ? nil : "the receiver answers \(status)",
        retryAfterSeconds: response.retryAfterSeconds)
    } catch {
      return Reply(error: Self.words(for: error))
    }
  }

  private static func words(for error: any Error) -> String {
    if let error = error as? HTTPClientError {
      return error.isTimeout ? "no answer within \(timeoutSeconds) s" : error.shortDescription
    }
    return "no connection: \(error)"
  }

  /// Looked up on a thread of its own, because the system's resolver can block for half a minute.
  private static func address(of host: String) async -> String? {
    if WebhookAllowList.bytes(of: host) != nil { return host }
    return await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        continuation.resume(returning: try? SocketAddress.makeAddressResolvingHost(host, port: 443).ipAddress)
      }
    }
  }
}
