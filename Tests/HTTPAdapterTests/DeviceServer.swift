import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// An HTTP device on a port of the kernel's choice that answers as a script says, also in ways no real server would.
final class DeviceServer: Sendable {
  struct Request: Sendable {
    var method: String
    var target: String
    var headers: HTTPHeaders
    var body: String
  }

  enum Reply: Sendable {
    case answer(status: Int = 200, headers: [(String, String)] = [], body: String = "")
    /// Nothing, with the connection open.
    case silence
    /// Exactly these bytes.
    case raw(String, closes: Bool)

    static func json(_ text: String) -> Reply { .answer(headers: [("Content-Type", "application/json")], body: text) }
  }

  typealias Script = @Sendable (Request) -> Reply

  private struct State {
    var script: Script
    var requests: [Request] = []
    var children: [any Channel] = []
    var connections = 0
    var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
  }

  let port: Int
  private let state: Mutex<State>
  private let listener: Mutex<(any Channel)?>

  /// - Parameter port: 0 lets the kernel choose.
  init(port: Int = 0, tls: NIOSSLContext? = nil, script: @escaping Script) async throws {
    let holder = Holder()
    let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
          try channel.pipeline.syncOperations.addHandler(
            ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)))
          try channel.pipeline.syncOperations.addHandler(Responder(holder: holder))
          holder.server.withLock { $0?.joined(channel) }
        }
      }
    let channel = try await bootstrap.bind(host: "127.0.0.1", port: port).get()
    self.port = channel.localAddress?.port ?? 0
    state = Mutex(State(script: script))
    listener = Mutex(channel)
    holder.server.withLock { $0 = self }
  }

  var url: String { "http://127.0.0.1:\(port)" }
  var requests: [Request] { state.withLock { $0.requests } }
  var connections: Int { state.withLock { $0.connections } }

  func setScript(_ script: @escaping Script) { state.withLock { $0.script = script } }

  /// Returns when so many requests were received since the start.
  func untilRequests(_ count: Int) async {
    await withCheckedContinuation { continuation in
      let isReady = state.withLock { state in
        if state.requests.count >= count { return true }
        state.watchers.append((count, continuation))
        return false
      }
      if isReady { continuation.resume() }
    }
  }

  func stop() async {
    let channel = listener.withLock { listener in
      defer { listener = nil }
      return listener
    }
    try? await channel?.close().get()
    let children = state.withLock { state in
      defer { state.children = [] }
      return state.children
    }
    for child in children { try? await child.close().get() }
  }

  fileprivate func joined(_ channel: any Channel) {
    state.withLock {
      $0.children.append(channel)
      $0.connections += 1
    }
  }

  fileprivate func reply(to request: Request) -> Reply {
    let (script, ready) = state.withLock { state in
      state.requests.append(request)
      let count = state.requests.count
      let ready = state.watchers.filter { $0.count <= count }.map(\.continuation)
      state.watchers.removeAll { $0.count <= count }
      return (state.script, ready)
    }
    for continuation in ready { continuation.resume() }
    return script(request)
  }
}

/// Lets channel handlers, which exist before the server does, find it.
private final class Holder: Sendable {
  let server = Mutex<DeviceServer?>(nil)
}

private final class Responder: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = ByteBuffer

  private let holder: Holder
  private var head: HTTPRequestHead?
  private var body = ""

  init(holder: Holder) { self.holder = holder }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      self.head = head
      body = ""
    case .body(let part): body += String(buffer: part)
    case .end:
      guard let head, let server = holder.server.withLock({ $0 }) else { return }
      let request = DeviceServer.Request(
        method: head.method.rawValue, target: head.uri, headers: head.headers, body: body)
      write(server.reply(to: request), context: context)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  private func write(_ reply: DeviceServer.Reply, context: ChannelHandlerContext) {
    switch reply {
    case .silence: break
    case .raw(let text, let closes):
      context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
      if closes { context.close(promise: nil) }
    case .answer(let status, let headers, let body):
      var text = "HTTP/1.1 \(status) \(HTTPResponseStatus(statusCode: status).reasonPhrase)\r\n"
      for (name, value) in headers { text += "\(name): \(value)\r\n" }
      text += "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
      context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
    }
  }
}
