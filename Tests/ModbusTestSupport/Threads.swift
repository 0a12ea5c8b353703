import Glibc

package func boundPort(of listener: CInt) -> UInt16 {
  var address = sockaddr_in()
  var size = socklen_t(MemoryLayout<sockaddr_in>.size)
  withUnsafeMutablePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(listener, $0, &size) }
  }
  return UInt16(bigEndian: address.sin_port)
}

/// A thread for a blocking server of a test.
package func startThread(_ body: @escaping @Sendable () -> Void) {
  var thread = pthread_t()
  pthread_create(&thread, nil, threadMain, Unmanaged.passRetained(ThreadBody(body)).toOpaque())
  pthread_detach(thread)
}

private final class ThreadBody {
  let run: @Sendable () -> Void
  init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

private func threadMain(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  if let argument { Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().run() }
  return nil
}
