import Glibc
import Synchronization

/// A Modbus TCP server that does everything wrong that it is told to. Each register's value is its own address, unless
/// it was set.
package final class FaultServer: Sendable {
  package struct Request: Hashable, Sendable {
    package var unit: UInt8
    package var function: UInt8
    package var address: UInt16
    /// Registers, or the value of a write.
    package var count: UInt16
  }

  /// What happens in place of a good answer.
  package enum Fault: Sendable {
    case none
    case silence
    /// Half of the answer, then a reset.
    case resetInTheMiddle
    /// Half of the answer, then nothing.
    case shortFrame
    /// One byte at a time with so many milliseconds between them.
    case drip(milliseconds: Int)
    case wrongUnit
    case wrongTransaction
    case wrongFunction
    /// A header that says more bytes than come.
    case wrongLength
    case garbage
    /// A good answer after so many milliseconds.
    case late(milliseconds: Int)
    case exception(UInt8)
    /// The answer twice.
    case twice
    /// A good answer, then the connection is closed.
    case goodbye
  }

  package typealias Rule = @Sendable (Request) -> Fault

  private struct State {
    var rule: Rule = { _ in .none }
    var requests: [Request] = []
    var values: [UInt16: UInt16] = [:]
    var connections = 0
    var open: Set<CInt> = []
    var isStopped = false
  }

  private let state = Mutex(State())
  private let listener: CInt
  package let port: UInt16

  package init() {
    let listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = bind(listener, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    listen(listener, 16)
    self.listener = listener
    port = boundPort(of: listener)
    startThread { [self] in acceptLoop() }
  }

  package var requests: [Request] { state.withLock { $0.requests } }
  package var connections: Int { state.withLock { $0.connections } }
  package func setRule(_ rule: @escaping Rule) { state.withLock { $0.rule = rule } }
  package func set(_ values: [UInt16: UInt16]) { state.withLock { $0.values = values } }
  package func forgetRequests() { state.withLock { $0.requests = [] } }

  /// Closes all connections and refuses new ones.
  package func stop() {
    state.withLock { state in
      state.isStopped = true
      for descriptor in state.open { shutdown(descriptor, CInt(SHUT_RDWR)) }
    }
    shutdown(listener, CInt(SHUT_RDWR))
    close(listener)
  }

  /// Closes all connections and accepts new ones.
  package func dropConnections() {
    state.withLock { for descriptor in $0.open { shutdown(descriptor, CInt(SHUT_RDWR)) } }
  }

  private func acceptLoop() {
    while true {
      let connection = accept(listener, nil, nil)
      guard connection >= 0 else { return }
      state.withLock { state in
        state.connections += 1
        state.open.insert(connection)
      }
      startThread { [self] in
        serve(connection)
        state.withLock { _ = $0.open.remove(connection) }
        close(connection)
      }
    }
  }

  private func serve(_ connection: CInt) {
    while let frame = receiveFrame(connection) {
      func word(_ index: Int) -> UInt16 { UInt16(frame[index]) << 8 | UInt16(frame[index + 1]) }
      let request = Request(unit: frame[6], function: frame[7], address: word(8), count: word(10))
      let rule = state.withLock { state in
        state.requests.append(request)
        return state.rule
      }
      if !answer(frame, request, rule(request), connection) { return }
    }
  }

  /// - Returns: whether the connection goes on.
  private func answer(_ frame: [UInt8], _ request: Request, _ fault: Fault, _ connection: CInt) -> Bool {
    var answer = goodAnswer(to: frame, request)
    switch fault {
    case .none: break
    case .silence: return true
    case .resetInTheMiddle:
      send(Array(answer.prefix(answer.count / 2)), connection)
      var option = linger(l_onoff: 1, l_linger: 0)
      setsockopt(connection, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
      return false
    case .shortFrame:
      send(Array(answer.prefix(answer.count / 2)), connection)
      return true
    case .drip(let milliseconds):
      for byte in answer {
        guard send([byte], connection) else { return false }
        poll(nil, 0, CInt(milliseconds))
      }
      return true
    case .wrongUnit: answer[6] &+= 1
    case .wrongTransaction: answer[1] &+= 1
    case .wrongLength: answer[5] = 18
    case .wrongFunction: answer[7] = answer[7] == 3 ? 4 : 3
    case .garbage: answer = Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8)
    case .late(let milliseconds): poll(nil, 0, CInt(milliseconds))
    case .exception(let code): answer = Array(answer[0..<4]) + [0, 3, request.unit, request.function | 0x80, code]
    case .twice: answer += answer
    case .goodbye:
      send(answer, connection)
      return false
    }
    return send(answer, connection)
  }

  private func goodAnswer(to frame: [UInt8], _ request: Request) -> [UInt8] {
    let data: [UInt8]
    switch request.function {
    case 1, 2: data = [UInt8((request.count + 7) / 8)] + [UInt8](repeating: 0x55, count: (Int(request.count) + 7) / 8)
    case 3, 4:
      let set = state.withLock { $0.values }
      let values = (0..<request.count).map { set[request.address &+ $0] ?? request.address &+ $0 }
      data = [UInt8(request.count * 2)] + values.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
    default: data = Array(frame[8..<12])
    }
    return Array(frame[0..<4]) + [0, UInt8(data.count + 2), request.unit, request.function] + data
  }

  @discardableResult
  private func send(_ bytes: [UInt8], _ connection: CInt) -> Bool {
    Glibc.send(connection, bytes, bytes.count, CInt(MSG_NOSIGNAL)) == bytes.count
  }

  private func receiveFrame(_ connection: CInt) -> [UInt8]? {
    guard let head = receive(6, connection), let body = receive(Int(head[4]) << 8 | Int(head[5]), connection) else {
      return nil
    }
    return head + body
  }

  private func receive(_ count: Int, _ connection: CInt) -> [UInt8]? {
    var bytes: [UInt8] = []
    while bytes.count < count {
      var buffer = [UInt8](repeating: 0, count: count - bytes.count)
      let received = recv(connection, &buffer, buffer.count, 0)
      guard received > 0 else { return nil }
      bytes += buffer.prefix(received)
    }
    return bytes
  }
}
