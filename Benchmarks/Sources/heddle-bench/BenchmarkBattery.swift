import Foundation
import Synchronization

/// A battery on Modbus TCP that answers at once, does what it is told, and notes when a write came.
final class BenchmarkBattery: Sendable {
  let port: UInt16
  private let listener: Int32
  private let state = Mutex(State())

  private struct State {
    var registers: [UInt16: UInt16] = [100: 50, 101: 0, 110: 0]
    var writtenAt: ContinuousClock.Instant?
  }

  init() throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    self.listener = listener
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr = in_addr(s_addr: UInt32(0x7F00_0001).bigEndian)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, length) == 0 && listen(listener, 8) == 0 && getsockname(listener, $0, &length) == 0
      }
    }
    guard isBound else { throw BenchmarkProfile.Failure(description: "no port for the battery") }
    port = UInt16(bigEndian: address.sin_port)
    Thread.detachNewThread { [self] in
      while true {
        let connection = accept(listener, nil, nil)
        guard connection >= 0 else { return }
        Self.sendAtOnce(connection)
        Thread.detachNewThread { self.serve(connection) }
      }
    }
  }

  func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

  /// When the last write came; forgets it.
  func takeWrite() -> ContinuousClock.Instant? {
    state.withLock { state in
      defer { state.writtenAt = nil }
      return state.writtenAt
    }
  }

  /// Seconds of bare round trips to it: one register read, question and answer.
  func roundTrips(_ count: Int) throws -> [Double] {
    let connection = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(connection) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr = in_addr(s_addr: UInt32(0x7F00_0001).bigEndian)
    let isConnected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(connection, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
    guard isConnected else { throw BenchmarkProfile.Failure(description: "the battery does not answer") }
    Self.sendAtOnce(connection)
    let question: [UInt8] = [0, 1, 0, 0, 0, 6, 1, 3, 0, 101, 0, 1]
    return (0..<count).map { _ in
      let began = ContinuousClock.now
      _ = send(connection, question, question.count, Int32(MSG_NOSIGNAL))
      _ = Self.take(11, connection)
      return CommandBenchmark.seconds(ContinuousClock.now - began)
    }
  }

  private static func sendAtOnce(_ connection: Int32) {
    var on: Int32 = 1
    setsockopt(connection, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
  }

  private static func take(_ size: Int, _ connection: Int32) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: size)
    var count = 0
    while count < size {
      let more = bytes.withUnsafeMutableBytes { recv(connection, $0.baseAddress?.advanced(by: count), size - count, 0) }
      guard more > 0 else { return nil }
      count += more
    }
    return bytes
  }

  private func serve(_ connection: Int32) {
    defer { close(connection) }
    while let header = Self.take(7, connection) {
      let length = Int(header[4]) << 8 | Int(header[5])
      guard length > 1, length < 260, let body = Self.take(length - 1, connection) else { return }
      let answer = answer(body)
      let reply = Array(header[0..<4]) + [0, UInt8(answer.count + 1), header[6]] + answer
      guard send(connection, reply, reply.count, Int32(MSG_NOSIGNAL)) == reply.count else { return }
    }
  }

  private func answer(_ body: [UInt8]) -> [UInt8] {
    func word(_ offset: Int) -> UInt16 { UInt16(body[offset]) << 8 | UInt16(body[offset + 1]) }
    guard body.count == 5 else { return [body[0] | 0x80, 1] }
    return state.withLock { state in
      switch body[0] {
      case 3:
        let values = (word(1)..<word(1) &+ min(word(3), 100)).map { state.registers[$0] ?? 0 }
        return [3, UInt8(values.count * 2)] + values.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
      case 6:
        if state.writtenAt == nil { state.writtenAt = .now }
        state.registers[word(1)] = word(3)
        state.registers[101] = state.registers[110] ?? 0
        return body
      default: return [body[0] | 0x80, 1]
      }
    }
  }
}
