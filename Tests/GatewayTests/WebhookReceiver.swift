import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization

/// A real HTTP server that webhooks are sent to, which answers as a test says.
final class WebhookReceiver: Sendable {
  struct Message: Sendable {
    var id: String
    var signature: String
    var timestamp: String
    var body: String
  }

  private let messages = Mutex<[Message]>([])
  private let status: @Sendable (Int) -> HTTPResponse.Status
  private let port = Mutex(0)

  private init(_ status: @escaping @Sendable (Int) -> HTTPResponse.Status) { self.status = status }

  var url: String { "http://127.0.0.1:\(port.withLock { $0 })/in" }
  var received: [Message] { messages.withLock { $0 } }

  /// Runs for the time of a test.
  ///
  /// - Parameter status: the answer to each message, counted from 0.
  static func with(
    _ status: @escaping @Sendable (Int) -> HTTPResponse.Status = { _ in .noContent },
    _ body: @Sendable @escaping (WebhookReceiver) async throws -> Void
  ) async throws {
    let receiver = WebhookReceiver(status)
    let router = Router()
    router.post("/in") { request, _ -> Response in
      let text = String(buffer: try await request.body.collect(upTo: 1 << 20))
      func header(_ name: String) -> String { HTTPField.Name(name).flatMap { request.headers[$0] } ?? "" }
      let message = Message(
        id: header("webhook-id"), signature: header("webhook-signature"), timestamp: header("webhook-timestamp"),
        body: text)
      let count = receiver.messages.withLock { list in
        list.append(message)
        return list.count - 1
      }
      return Response(status: receiver.status(count))
    }
    try await serving(router) { port in
      receiver.port.withLock { $0 = port }
      try await body(receiver)
    }
  }
}
