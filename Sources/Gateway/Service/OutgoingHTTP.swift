import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// What the gateway's own questions and messages over HTTP have in common.
extension HTTPClient.Configuration {
  /// Nothing follows to another host, which must not see what is sent; and nothing is tried again below who asks.
  static func outgoing(connectSeconds: Int64) -> HTTPClient.Configuration {
    var configuration = HTTPClient.Configuration()
    configuration.redirectConfiguration = .disallow
    configuration.timeout.connect = .seconds(connectSeconds)
    configuration.connectionPool.retryConnectionEstablishment = false
    return configuration
  }
}

extension HTTPClientError {
  /// Whether the other side took too long.
  var isTimeout: Bool { [.deadlineExceeded, .readTimeout, .connectTimeout].contains(self) }
}

extension HTTPClientResponse {
  /// In how many seconds the other side wants to be asked again, where it says a number.
  var retryAfterSeconds: Int? { headers.first(name: "Retry-After").flatMap { Int($0) }.map { max(0, $0) } }
}
