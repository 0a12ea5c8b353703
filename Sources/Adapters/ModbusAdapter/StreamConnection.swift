import Glibc
import ModbusWire

/// A TCP connection to a device, in any framing.
final class StreamConnection: ModbusConnection {
  /// Bytes that are taken at once.
  static let chunk = 512
  /// Chunks that are taken from an idle connection; a peer that never ends is dropped.
  static let idleChunkLimit = 16
  /// GivEnergy's dongles drop a client that does not answer a heartbeat within five seconds.
  static let heartbeatInterval = Duration.seconds(2)

  private let descriptor: CInt
  private let kind: ModbusLinkKind
  private let timer: DeadlineTimer
  private let gate: LinkGate
  private var reader: AnswerReader
  private var transaction: UInt16 = 0
  private var reported: (bytes: UInt64, frames: UInt64) = (0, 0)
  private(set) var answers = 0

  var outlivesFailures: Bool { false }
  var idleInterval: Duration? { kind == .givenergy ? Self.heartbeatInterval : nil }

  /// - Parameter descriptor: connected and non-blocking; closed at the end.
  init(descriptor: CInt, kind: ModbusLinkKind, timer: DeadlineTimer, gate: LinkGate) {
    self.descriptor = descriptor
    self.kind = kind
    self.timer = timer
    self.gate = gate
    reader = AnswerReader(kind.framing)
  }

  deinit {
    gate.unwatch()
    close(descriptor)
  }

  func idleProblem() -> String? {
    // Answers to other clients are usual there; nothing else is a reason to trust the next answer less.
    if kind == .givenergy { return serveIdle() }
    if reader.hasRest { return "the device sent bytes that nobody asked for" }
    var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&waiting, 1, 0) > 0 else { return nil }
    var byte: UInt8 = 0
    let count = recv(descriptor, &byte, 1, CInt(MSG_PEEK) | CInt(MSG_DONTWAIT))
    return count > 0 ? "the device sent bytes that nobody asked for" : "the device closed the connection"
  }

  func takeNoise() -> (bytes: UInt64, frames: UInt64) {
    defer { reported = (reader.skippedBytes, reader.foreignFrames) }
    return (reader.skippedBytes &- reported.bytes, reader.foreignFrames &- reported.frames)
  }

  func exchange(
    _ request: ModbusRequest, unit: UInt8, timeout: Duration, isTolerant: Bool
  ) throws(ModbusFailure) -> [UInt16] {
    transaction &+= 1
    let frame = try request.framed(kind.framing, unit: unit, transaction: transaction)
    let timeout = ConnectionLimits.bounded(timeout)
    timer.start(timeout)
    let isTolerant = isTolerant && !request.isRead
    reader.begin(frame, isTolerant: isTolerant)
    try send(frame.bytes, timeout)
    while true {
      switch reader.next() {
      case .answer(let pdu):
        return try accept(pdu, request, isTolerant)
      case .reply(let bytes): try send(bytes, timeout)
      case .broken(let reason): throw .garbled(reason)
      case .needsMore:
        if let remnant = try receive(timeout) { return try accept(remnant, request, isTolerant) }
      }
    }
  }

  private func accept(
    _ pdu: [UInt8], _ request: ModbusRequest, _ isTolerant: Bool
  ) throws(ModbusFailure) -> [UInt16] {
    answers += 1
    if isTolerant { drain() }
    return try request.decode(pdu, isTolerant: isTolerant)
  }

  /// Reads away what came with an answer and does not belong to it.
  private func drain() {
    var rest = [UInt8](repeating: 0, count: Self.chunk)
    _ = recv(descriptor, &rest, rest.count, CInt(MSG_DONTWAIT))
  }

  /// - Returns: what stands for an answer when the time is over; usually `nil`.
  private func receive(_ timeout: Duration) throws(ModbusFailure) -> [UInt8]? {
    while true {
      guard timer.wait(for: descriptor, POLLIN) else {
        if let remnant = reader.remnant() { return remnant }
        throw reader.problem.map { .garbled("\($0), and nothing else within \(timeout)") } ?? .timeout(timeout)
      }
      switch take() {
      case .bytes: return nil
      case .nothing: continue
      case .end(let reason): throw .closed("the connection ended before the answer was complete: \(reason)")
      }
    }
  }

  private enum Taken {
    case bytes, nothing
    case end(String)
  }

  private func take() -> Taken {
    var buffer = [UInt8](repeating: 0, count: Self.chunk)
    let count = recv(descriptor, &buffer, buffer.count, CInt(MSG_DONTWAIT))
    if count > 0 {
      reader.append(buffer.prefix(count))
      return .bytes
    }
    if count == 0 { return .end("closed by the device") }
    return errno == EAGAIN || errno == EINTR ? .nothing : .end(SocketConnect.text(errno))
  }

  private func send(_ bytes: [UInt8], _ timeout: Duration) throws(ModbusFailure) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let sent = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
      if sent > 0 {
        rest = rest.dropFirst(sent)
      } else if errno == EAGAIN || errno == EINTR {
        guard timer.wait(for: descriptor, POLLOUT) else { throw .timeout(timeout) }
      } else {
        throw .closed("cannot send: \(SocketConnect.text(errno))")
      }
    }
  }

  /// Takes what came in the meantime: answers heartbeats, leaves the rest out.
  private func serveIdle() -> String? {
    for _ in 0..<Self.idleChunkLimit {
      let taken = take()
      if case .end(let reason) = taken { return "the device closed the connection (\(reason))" }
      events: while true {
        switch reader.next() {
        case .reply(let bytes):
          timer.start(ConnectionLimits.timeouts.lowerBound)
          do throws(ModbusFailure) { try send(bytes, .zero) } catch { return error.reason }
        case .broken(let reason): return reason
        case .answer: continue
        case .needsMore: break events
        }
      }
      if case .nothing = taken { return nil }
    }
    return "the device never stops to send"
  }
}
