import Glibc
import ModbusWire
import NIOCore

/// The near end of a socket: finds the answer to one request at a time in what comes.
///
/// Belongs to the event loop of its channel, which is the executor of the link too. A request has one deadline, whatever
/// comes meanwhile.
final class AnswerHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// Bytes that are looked at at once; what the reader keeps is bounded.
  private static let chunk = 512
  /// What has come counts, even if the time is over by now: a loop that was kept from looking looks once more, so long.
  private static let lastLook = Duration.milliseconds(1)
  /// Bytes after a request, until the next one. A peer that sends more is dropped.
  static let byteLimit = 1 << 20

  /// Why the socket cannot be used any more, in words.
  private(set) var ending: String?
  private(set) var reader: AnswerReader
  private let kind: ModbusLinkKind
  private var context: ChannelHandlerContext?
  private var waiter: CheckedContinuation<Result<[UInt8], ModbusFailure>, Never>?
  private var deadline: LoopTimer?
  private var bytes = 0
  /// Whether what comes with the answer is thrown away.
  private var isDraining = false
  private var isTolerant = false

  init(_ kind: ModbusLinkKind) {
    self.kind = kind
    reader = AnswerReader(kind.framing)
  }

  /// Sends a request and waits for function code and data of its answer.
  ///
  /// - Parameters:
  ///   - timeout: for everything together.
  ///   - attempts: how often it is sent within that time.
  func answer(
    to frame: FramedRequest, within timeout: Duration, attempts: Int = 1, isTolerant: Bool
  ) async throws(ModbusFailure) -> [UInt8] {
    guard waiter == nil else { throw .notSent("another request is under way") }
    reader.begin(frame, isTolerant: isTolerant)
    self.isTolerant = isTolerant
    bytes = 0
    let result = await withCheckedContinuation { continuation in
      waiter = continuation
      send(frame.bytes, timeout: timeout, of: attempts, left: attempts)
    }
    return try result.get()
  }

  private func send(_ bytes: [UInt8], timeout: Duration, of attempts: Int, left: Int) {
    guard let context, ending == nil else {
      return fail(.closed("cannot send: \(ending ?? "the connection is closed")"))
    }
    schedule(after: attempts == 1 ? timeout : timeout / attempts, context) {
      self.schedule(after: Self.lastLook, context) {
        if left > 1 {
          self.send(bytes, timeout: timeout, of: attempts, left: left - 1)
        } else {
          self.timeIsOver(timeout)
        }
      }
    }
    write(bytes, context)
  }

  private func schedule(after time: Duration, _ context: ChannelHandlerContext, _ work: @escaping () -> Void) {
    deadline = LoopTimer(after: time, on: context.eventLoop, work)
  }

  private func write(_ bytes: [UInt8], _ context: ChannelHandlerContext) {
    context.writeAndFlush(wrapOutboundOut(context.channel.allocator.buffer(bytes: bytes)), promise: nil)
  }

  private func timeIsOver(_ timeout: Duration) {
    if let remnant = reader.remnant() { return finish(.success(remnant)) }
    fail(reader.problem.map { .garbled("\($0), and nothing else within \(timeout)") } ?? .timeout(timeout))
  }

  private func finish(_ result: Result<[UInt8], ModbusFailure>) {
    deadline?.cancel()
    deadline = nil
    waiter?.resume(returning: result)
    waiter = nil
  }

  private func fail(_ failure: ModbusFailure) { finish(.failure(failure)) }

  // MARK: What comes

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var buffer = unwrapInboundIn(data)
    while ending == nil, let piece = buffer.readBytes(length: min(Self.chunk, buffer.readableBytes)), !piece.isEmpty {
      take(piece, context)
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) { isDraining = false }

  private func take(_ piece: [UInt8], _ context: ChannelHandlerContext) {
    bytes += piece.count
    if bytes > Self.byteLimit { return drop("the device never stops to send", context) }
    if isDraining { return }
    reader.append(piece)
    // Answers to other clients and heartbeats are usual there, at any time.
    while waiter != nil || kind == .givenergy {
      switch reader.next() {
      case .answer(let pdu):
        // What such a device sent too much must not become the next answer.
        isDraining = isTolerant
        finish(.success(pdu))
      case .reply(let bytes): write(bytes, context)
      case .broken(let reason): return drop(reason, context)
      case .needsMore: return
      }
    }
    if reader.hasRest, !kind.isDatagram { drop("the device sent bytes that nobody asked for", context) }
  }

  /// No answer over this socket could be trusted any more.
  private func drop(_ reason: String, _ context: ChannelHandlerContext) {
    ending = reason
    fail(.garbled(reason))
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) { end("closed by the device") }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    end(ModbusFailure.words(for: error))
    context.close(promise: nil)
  }

  private func end(_ reason: String) {
    if ending == nil { ending = "the device closed the connection (\(reason))" }
    fail(
      .closed(
        kind.isDatagram
          ? "the device cannot be reached: \(reason)"
          : "the connection ended before the answer was complete: \(reason)"))
  }
}

extension ModbusFailure {
  /// What the operating system or the channel says, in words.
  static func words(for error: any Error) -> String {
    guard let code = (error as? IOError)?.errnoCode else { return "\(error)" }
    return words(forSystemError: code)
  }

  /// The operating system's words for an `errno`.
  static func words(forSystemError code: CInt) -> String {
    strerror(code).map { String(cString: $0) } ?? "error \(code)"
  }
}
