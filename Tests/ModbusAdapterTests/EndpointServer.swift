import ModbusWire
import NIOCore
import NIOPosix
import Synchronization

/// Any number of good Modbus TCP devices behind one port. Each register's value is its address.
final class EndpointServer: Sendable {
  private let listener: any Channel
  private let group: MultiThreadedEventLoopGroup
  private let connections: Connections
  var port: Int { listener.localAddress?.port ?? 0 }

  private final class Connections: Sendable {
    let open = Mutex<[any Channel]>([])
  }

  private final class Handler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private var reader = RequestReader(.tcp)

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      reader.append(unwrapInboundIn(data).readableBytesView)
      while case .request(let request) = reader.next() {
        let answer = request.answer(FramedServer.goodAnswer(to: request.pdu))
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: answer)), promise: nil)
      }
    }
  }

  init() async throws {
    let connections = Connections()
    self.connections = connections
    group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    listener = try await ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 2048)
      .childChannelInitializer { channel in
        connections.open.withLock { $0.append(channel) }
        return channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Handler()) }
      }
      .bind(host: "127.0.0.1", port: 0).get()
  }

  /// How many there were since the last drop.
  var connectionCount: Int { connections.open.withLock { $0.count } }

  /// Closes all connections and accepts new ones.
  func dropConnections() async {
    let open = connections.open.withLock { open in
      defer { open = [] }
      return open
    }
    for channel in open { try? await channel.close() }
  }
}
