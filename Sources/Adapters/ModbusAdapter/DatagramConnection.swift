import Glibc
import ModbusWire

/// A device that is asked by UDP.
///
/// Each request has a socket of its own, so an answer that comes late or twice finds nobody and cannot be taken for the
/// next one. Datagrams get lost: a read is repeated within its time, a write never is.
final class DatagramConnection: ModbusConnection {
  /// How often a read is sent within its time.
  static let attempts = 3

  private let peers: [SocketConnect.Address]
  private let kind: ModbusLinkKind
  private let timer: DeadlineTimer
  private let gate: LinkGate
  private var noise: (bytes: UInt64, frames: UInt64) = (0, 0)
  private(set) var answers = 0

  var outlivesFailures: Bool { true }
  var idleInterval: Duration? { nil }

  init(peers: [SocketConnect.Address], kind: ModbusLinkKind, timer: DeadlineTimer, gate: LinkGate) {
    self.peers = peers
    self.kind = kind
    self.timer = timer
    self.gate = gate
  }

  func idleProblem() -> String? { nil }

  func takeNoise() -> (bytes: UInt64, frames: UInt64) {
    defer { noise = (0, 0) }
    return noise
  }

  func exchange(
    _ request: ModbusRequest, unit: UInt8, timeout: Duration, isTolerant: Bool
  ) throws(ModbusFailure) -> [UInt16] {
    let frame = try request.framed(kind.framing, unit: unit, transaction: 0)
    guard let peer = peers.first else { throw .notSent("the host has no address") }
    let descriptor = try SocketConnect.datagramSocket(to: peer, gate: gate)
    defer {
      gate.unwatch()
      close(descriptor)
    }
    let timeout = ConnectionLimits.bounded(timeout)
    let attempts = frame.isRead ? Self.attempts : 1
    var reader = AnswerReader(kind.framing)
    let isTolerant = isTolerant && !request.isRead
    reader.begin(frame, isTolerant: isTolerant)
    defer { noise = (noise.bytes &+ reader.skippedBytes, noise.frames &+ reader.foreignFrames) }
    for _ in 0..<attempts {
      try send(frame.bytes, descriptor)
      timer.start(timeout / attempts)
      if let pdu = try answer(&reader, descriptor) ?? reader.remnant() {
        answers += 1
        return try request.decode(pdu, isTolerant: isTolerant)
      }
    }
    throw reader.problem.map { .garbled("\($0), and nothing else within \(timeout)") } ?? .timeout(timeout)
  }

  private func send(_ bytes: [UInt8], _ descriptor: CInt) throws(ModbusFailure) {
    guard Glibc.send(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL)) == bytes.count else {
      throw .closed("cannot send: \(SocketConnect.text(errno))")
    }
  }

  /// - Returns: the answer, or `nil` when the time is over.
  private func answer(_ reader: inout AnswerReader, _ descriptor: CInt) throws(ModbusFailure) -> [UInt8]? {
    while timer.wait(for: descriptor, POLLIN) {
      // A socket that a stop has shut is ready for ever and gives nothing.
      guard gate.isOpen else { throw .closed("the link was stopped") }
      var buffer = [UInt8](repeating: 0, count: AnswerReader.bufferLimit)
      let count = recv(descriptor, &buffer, buffer.count, CInt(MSG_DONTWAIT))
      if count < 0 {
        if errno == EAGAIN || errno == EINTR { continue }
        throw .closed("the device cannot be reached: \(SocketConnect.text(errno))")
      }
      reader.append(buffer.prefix(count))
      if case .answer(let pdu) = reader.next() { return pdu }
    }
    return nil
  }
}
