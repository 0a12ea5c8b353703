import ModbusWire
import NIOCore
import NIOPosix

/// A device that is asked by UDP.
///
/// Each request has a socket of its own, so an answer that comes late or twice finds nobody and cannot be taken for the
/// next one. Datagrams get lost: a read is repeated within its time, a write never is.
final class DatagramConnection: ModbusConnection {
  /// How often a read is sent within its time.
  static let attempts = 3

  private let peers: [SocketAddress]
  private let kind: ModbusLinkKind
  private let loop: any EventLoop
  private let gate: LinkGate
  private var noise: (bytes: UInt64, frames: UInt64) = (0, 0)
  private(set) var answers = 0

  var outlivesFailures: Bool { true }

  init(peers: [SocketAddress], kind: ModbusLinkKind, loop: any EventLoop, gate: LinkGate) {
    self.peers = peers
    self.kind = kind
    self.loop = loop
    self.gate = gate
  }

  func idleProblem() -> String? { nil }

  func takeNoise() -> (bytes: UInt64, frames: UInt64) {
    defer { noise = (0, 0) }
    return noise
  }

  func exchange(
    _ request: ModbusRequest, unit: UInt8, timeout: Duration, isTolerant: Bool
  ) async throws(ModbusFailure) -> [UInt16] {
    let frame = try request.framed(kind.framing, unit: unit, transaction: 0)
    let isTolerant = isTolerant && !request.isRead
    let channel = try await connect()
    defer {
      gate.unwatch(channel)
      channel.close(promise: nil)
    }
    guard let handler = AnswerHandler.installed(on: channel) else { throw .notSent("the link was stopped") }
    defer { noise = (noise.bytes &+ handler.reader.skippedBytes, noise.frames &+ handler.reader.foreignFrames) }
    let pdu = try await handler.answer(
      to: frame, within: ConnectionLimits.bounded(timeout), attempts: frame.isRead ? Self.attempts : 1,
      isTolerant: isTolerant)
    answers += 1
    return try request.decode(pdu, isTolerant: isTolerant)
  }

  /// A socket that hears this peer only.
  private func connect() async throws(ModbusFailure) -> any Channel {
    guard let peer = peers.first else { throw .notSent("the host has no address") }
    let bootstrap = DatagramBootstrap(group: loop)
      .channelInitializer { [kind, gate] in AnswerHandler.install(kind, on: $0, gate: gate) }
    switch await bootstrap.connect(to: peer).result() {
    case .success(let channel): return channel
    case .failure(let error):
      throw .notSent(
        gate.isOpen ? "cannot reach the device: \(ModbusFailure.words(for: error))" : "the link was stopped")
    }
  }
}

/// Hands on what is in a datagram.
final class DatagramBytes: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>
  typealias InboundOut = ByteBuffer

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    context.fireChannelRead(wrapInboundOut(unwrapInboundIn(data).data))
  }
}
