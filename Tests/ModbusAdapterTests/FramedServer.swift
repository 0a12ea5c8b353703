import Glibc
import ModbusTestSupport
import ModbusWire
import Synchronization

/// A device in any framing, over TCP or UDP, that does wrong what it is told to. Each register's value is its address.
final class FramedServer: Sendable {
  /// What happens in place of a good answer.
  enum Fault: Sendable {
    case none, silence, twice, wrongUnit, wrongChecksum, noiseBefore, heartbeatBefore, cutInPieces
    case late(milliseconds: Int)
    case exception(UInt8)
  }

  typealias Rule = @Sendable (_ pdu: [UInt8]) -> Fault

  private struct State {
    var rule: Rule = { _ in .none }
    var requests: [[UInt8]] = []
    var received: [UInt8] = []
    var open: Set<CInt> = []
    var isStopped = false
    var hasEnded = false
  }

  private let state = Mutex(State())
  private let descriptor: CInt
  private let kind: ModbusLinkKind
  let port: UInt16

  init(_ kind: ModbusLinkKind) {
    self.kind = kind
    let type = kind.isDatagram ? SOCK_DGRAM : SOCK_STREAM
    descriptor = socket(AF_INET, CInt(type.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let own = descriptor
    withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = bind(own, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    if !kind.isDatagram { listen(descriptor, 16) }
    port = boundPort(of: descriptor)
    startThread { [self] in
      if kind.isDatagram { serveDatagrams() } else { acceptLoop() }
      // Closed by the thread that uses it: its number may mean another file at once.
      close(descriptor)
      state.withLock { $0.hasEnded = true }
    }
  }

  /// Function code and data of what was asked.
  var requests: [[UInt8]] { state.withLock { $0.requests } }
  /// All that clients sent.
  var received: [UInt8] { state.withLock { $0.received } }
  func setRule(_ rule: @escaping Rule) { state.withLock { $0.rule = rule } }

  func stop() {
    let hasEnded = state.withLock { state in
      state.isStopped = true
      for descriptor in state.open { shutdown(descriptor, CInt(SHUT_RDWR)) }
      return state.hasEnded
    }
    guard !hasEnded else { return }
    shutdown(descriptor, CInt(SHUT_RDWR))
    while !state.withLock({ $0.hasEnded }) { poll(nil, 0, 1) }
  }

  /// Sends something to all clients that nobody asked for.
  func say(_ bytes: [UInt8]) {
    state.withLock { for descriptor in $0.open { _ = send(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL)) } }
  }

  private func acceptLoop() {
    while true {
      let connection = accept(descriptor, nil, nil)
      guard connection >= 0 else { return }
      state.withLock { _ = $0.open.insert(connection) }
      startThread { [self] in
        var reader = RequestReader(kind.framing)
        var buffer = [UInt8](repeating: 0, count: 512)
        while true {
          let count = recv(connection, &buffer, buffer.count, 0)
          guard count > 0 else { break }
          state.withLock { $0.received += buffer.prefix(count) }
          reader.append(buffer.prefix(count))
          while case .request(let request) = reader.next() {
            answer(request) { _ = send(connection, $0, $0.count, CInt(MSG_NOSIGNAL)) }
          }
        }
        state.withLock { _ = $0.open.remove(connection) }
        close(connection)
      }
    }
  }

  private func serveDatagrams() {
    var buffer = [UInt8](repeating: 0, count: 512)
    while !state.withLock({ $0.isStopped }) {
      var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&waiting, 1, 20) > 0 else { continue }
      var peer = sockaddr_in()
      var size = socklen_t(MemoryLayout<sockaddr_in>.size)
      let count = withUnsafeMutablePointer(to: &peer) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { recvfrom(descriptor, &buffer, 512, 0, $0, &size) }
      }
      guard count > 0 else { return }
      var reader = RequestReader(kind.framing)
      reader.append(buffer.prefix(count))
      guard case .request(let request) = reader.next() else { continue }
      answer(request) { bytes in
        withUnsafeMutablePointer(to: &peer) {
          $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            _ = sendto(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL), $0, size)
          }
        }
      }
    }
  }

  private func answer(_ request: RequestReader.Request, _ send: ([UInt8]) -> Void) {
    let fault = state.withLock { state in
      state.requests.append(request.pdu)
      return state.rule(request.pdu)
    }
    var bytes = request.answer(Self.goodAnswer(to: request.pdu))
    switch fault {
    case .none: break
    case .silence: return
    case .twice: send(bytes)
    case .wrongUnit:
      guard let other = try? FramedRequest(kind.framing, unit: request.unit &+ 1, pdu: request.pdu) else { return }
      var reader = RequestReader(kind.framing)
      reader.append(other.bytes)
      guard case .request(let found) = reader.next() else { return }
      bytes = found.answer(Self.goodAnswer(to: request.pdu))
    case .wrongChecksum: bytes[bytes.count - 1] ^= 0xFF
    case .noiseBefore: bytes = [0xFF, 0x00, 0x17] + bytes
    case .heartbeatBefore: bytes = GivenergyFrame.heartbeat(adapterType: 2, isAnswer: false) + bytes
    case .cutInPieces:
      for byte in bytes { send([byte]) }
      return
    case .late(let milliseconds): poll(nil, 0, CInt(milliseconds))
    case .exception(let code): bytes = request.answer([request.pdu[0] | 0x80, code])
    }
    send(bytes)
  }

  static func goodAnswer(to pdu: [UInt8]) -> [UInt8] {
    let address = UInt16(pdu[1]) << 8 | UInt16(pdu[2])
    let count = UInt16(pdu[3]) << 8 | UInt16(pdu[4])
    guard pdu[0] == 3 || pdu[0] == 4 else { return Array(pdu.prefix(5)) }
    let values = (0..<count).map { address &+ $0 }
    return [pdu[0], UInt8(truncatingIfNeeded: count * 2)] + values.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
  }
}
