import Foundation
import NIOCore

/// A port on which nobody listens and that nobody else gets: every connection to it is refused.
///
/// The port of a server that was stopped would not do. The kernel may give it to another test, and a process that is
/// being started holds a copy of the listening socket until its program is loaded: a connection is then made first and
/// broken off afterwards.
final class ClosedPort {
  let number: Int
  private let descriptor: CInt

  init() throws {
    let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    self.descriptor = descriptor
    // With this option a server may listen on the port while it stays reserved.
    var reuse: CInt = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<CInt>.size))
    let address = try SocketAddress(ipAddress: "127.0.0.1", port: 0)
    let isBound = address.withSockAddr { pointer, size in bind(descriptor, pointer, socklen_t(size)) == 0 }
    var name = sockaddr_in()
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isNamed = withUnsafeMutablePointer(to: &name) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) == 0 }
    }
    number = Int(UInt16(bigEndian: name.sin_port))
    guard isBound, isNamed else { throw POSIXError(.EADDRINUSE) }
  }

  deinit { close(descriptor) }

  var url: String { "http://127.0.0.1:\(number)" }
}
