import Foundation
import Testing

/// A port of the loopback that is free now, for programs that cannot choose one themselves.
func freePort() throws -> Int {
  let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  defer { close(descriptor) }
  var address = loopback(port: 0)
  var length = socklen_t(MemoryLayout<sockaddr_in>.size)
  let isBound = withUnsafeMutablePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
    }
  }
  guard descriptor >= 0, isBound else { throw POSIXError(.EADDRNOTAVAIL) }
  return Int(UInt16(bigEndian: address.sin_port))
}

/// Whether somebody accepts connections there.
func isListening(_ port: Int) -> Bool {
  let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  defer { close(descriptor) }
  var address = loopback(port: port)
  return withUnsafePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
    }
  }
}

/// The ports of this machine from which somebody is connected to a port of the loopback: the same ones later mean that
/// nobody connected anew.
func connections(to port: Int) throws -> Set<Int> {
  // The kernel gives a page at a time, which Foundation takes for the end of the file.
  let table = try #require(FileHandle(forReadingAtPath: "/proc/self/net/tcp"))
  var text = Data()
  while let page = try table.read(upToCount: 1 << 16), !page.isEmpty { text += page }
  let lines = String(decoding: text, as: UTF8.self).split(separator: "\n").dropFirst()
  return Set(
    lines.compactMap { line in
      let columns = line.split(separator: " ")
      func number(of column: Substring) -> Int? { column.split(separator: ":").last.flatMap { Int($0, radix: 16) } }
      // 01 is an established connection.
      guard columns.count > 3, columns[3] == "01", number(of: columns[2]) == port else { return nil }
      return number(of: columns[1])
    })
}

private func loopback(port: Int) -> sockaddr_in {
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = in_port_t(UInt16(port).bigEndian)
  address.sin_addr = in_addr(s_addr: UInt32(0x7F00_0001).bigEndian)
  return address
}

/// A datagram socket on a path, as the service manager has one.
final class NotifySocket {
  let path: String
  private let descriptor: Int32
  private(set) var messages: [String] = []

  init(path: String) throws {
    self.path = path
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8).prefix(107)) }
    let isBound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
      }
    }
    guard descriptor >= 0, isBound else { throw POSIXError(.EADDRNOTAVAIL) }
  }

  deinit { close(descriptor) }

  /// Waits until a message has a text in it.
  func hears(_ text: String, within seconds: Double = 10) async -> Bool {
    await eventually(within: seconds) {
      var buffer = [UInt8](repeating: 0, count: 4096)
      while true {
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { break }
        messages.append(String(decoding: buffer.prefix(count), as: UTF8.self))
      }
      return messages.contains { $0.contains(text) }
    }
  }
}
