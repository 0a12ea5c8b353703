import ModbusWire
import NIOCore
import NIOPosix

/// A TCP connection to a device, in any framing.
final class StreamConnection: ModbusConnection {
  private let channel: any Channel
  private let handler: AnswerHandler
  private let kind: ModbusLinkKind
  private let gate: LinkGate
  private var transaction: UInt16 = 0
  private var reported: (bytes: UInt64, frames: UInt64) = (0, 0)
  private(set) var answers = 0

  var outlivesFailures: Bool { false }

  private init(_ channel: any Channel, _ handler: AnswerHandler, _ kind: ModbusLinkKind, _ gate: LinkGate) {
    self.channel = channel
    self.handler = handler
    self.kind = kind
    self.gate = gate
  }

  deinit {
    gate.unwatch(channel)
    channel.close(promise: nil)
  }

  /// Connects to the first of the addresses that answers; all of them share the time.
  static func open(
    _ addresses: [SocketAddress], _ configuration: ModbusLinkConfiguration, _ kind: ModbusLinkKind,
    on loop: any EventLoop, gate: LinkGate
  ) async throws(ModbusFailure) -> StreamConnection {
    let timeout = max(.milliseconds(1), configuration.connectTimeout / max(1, addresses.count))
    var problem = "the host has no address"
    for address in addresses {
      let bootstrap = ClientBootstrap(group: loop).connectTimeout(TimeAmount(timeout))
        .channelInitializer { AnswerHandler.install(kind, on: $0, gate: gate) }
      switch await bootstrap.connect(to: address).result() {
      case .success(let channel):
        if let handler = AnswerHandler.installed(on: channel) { return StreamConnection(channel, handler, kind, gate) }
        problem = "closed at once"
      case .failure(ChannelError.connectTimeout): problem = "no answer within \(timeout)"
      case .failure(let error): problem = ModbusFailure.words(for: error)
      }
    }
    throw .notSent("cannot connect to \(configuration.place): \(problem)")
  }

  func idleProblem() -> String? { handler.ending }

  func takeNoise() -> (bytes: UInt64, frames: UInt64) {
    let now = (handler.reader.skippedBytes, handler.reader.foreignFrames)
    defer { reported = now }
    return (now.0 &- reported.bytes, now.1 &- reported.frames)
  }

  func exchange(
    _ request: ModbusRequest, unit: UInt8, timeout: Duration, isTolerant: Bool
  ) async throws(ModbusFailure) -> [UInt16] {
    transaction &+= 1
    let frame = try request.framed(kind.framing, unit: unit, transaction: transaction)
    let isTolerant = isTolerant && !request.isRead
    let pdu = try await handler.answer(
      to: frame, within: ConnectionLimits.bounded(timeout), isTolerant: isTolerant)
    answers += 1
    return try request.decode(pdu, isTolerant: isTolerant)
  }
}

extension AnswerHandler {
  /// Makes a new channel ready, unless its link was stopped.
  static func install(_ kind: ModbusLinkKind, on channel: any Channel, gate: LinkGate) -> EventLoopFuture<Void> {
    guard gate.watch(channel) else { return channel.eventLoop.makeFailedFuture(ChannelError.ioOnClosedChannel) }
    return channel.eventLoop.makeCompletedFuture {
      if kind.isDatagram { try channel.pipeline.syncOperations.addHandler(DatagramBytes()) }
      try channel.pipeline.syncOperations.addHandler(AnswerHandler(kind))
    }
  }

  /// The handler of a channel; `nil` when it was closed meanwhile.
  static func installed(on channel: any Channel) -> AnswerHandler? {
    try? channel.pipeline.syncOperations.handler(type: AnswerHandler.self)
  }
}
