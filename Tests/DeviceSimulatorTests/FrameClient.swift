import Glibc
import ModbusWire

/// Asks in a framing and waits a little for the answer.
final class FrameClient {
  private let kind: ModbusLinkKind
  private let descriptor: CInt

  struct NoConnection: Error {}

  init(_ kind: ModbusLinkKind, port: Int) throws {
    self.kind = kind
    descriptor = socket(AF_INET, CInt((kind.isDatagram ? SOCK_DGRAM : SOCK_STREAM).rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(clamping: port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let own = descriptor
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(own, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else { throw NoConnection() }
  }

  deinit { close(descriptor) }

  /// Function code and data of the answer; `nil` when none comes.
  func ask(unit: UInt8, pdu: [UInt8]) throws -> [UInt8]? {
    let request = try FramedRequest(kind.framing, unit: unit, pdu: pdu)
    var reader = AnswerReader(kind.framing)
    reader.begin(request)
    guard send(descriptor, request.bytes, request.bytes.count, CInt(MSG_NOSIGNAL)) > 0 else { return nil }
    var buffer = [UInt8](repeating: 0, count: 512)
    var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    while poll(&waiting, 1, 300) > 0 {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      guard count > 0 else { return nil }
      reader.append(buffer.prefix(count))
      while true {
        let event = reader.next()
        if case .answer(let answer) = event { return answer }
        guard case .reply(let bytes) = event else { break }
        send(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL))
      }
    }
    return nil
  }
}
