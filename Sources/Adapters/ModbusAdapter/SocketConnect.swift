import Glibc

/// Opens TCP connections within a bound.
///
/// libmodbus is not used for this: its connect waits with `select`, which aborts the process on a descriptor of 1024 or
/// more.
enum SocketConnect {
  /// Addresses of one host that are tried.
  static let addressLimit = 4

  /// A connected, non-blocking socket.
  ///
  /// Looking a name up takes as long as the system's resolver allows; a numeric address needs none.
  static func open(
    host: String, port: UInt16, timeout: Duration, gate: LinkGate
  ) throws(ModbusFailure) -> CInt {
    var hints = addrinfo()
    hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
    hints.ai_flags = CInt(AI_ADDRCONFIG)
    if host.allSatisfy({ $0.isHexDigit || $0 == "." || $0 == ":" }) { hints.ai_flags = CInt(AI_NUMERICHOST) }
    var list: UnsafeMutablePointer<addrinfo>?
    var code = getaddrinfo(host, String(port), &hints, &list)
    if code != 0, hints.ai_flags == CInt(AI_NUMERICHOST) {
      hints.ai_flags = CInt(AI_ADDRCONFIG)
      code = getaddrinfo(host, String(port), &hints, &list)
    }
    guard code == 0 else {
      throw .notSent("cannot find host \(host): \(String(cString: gai_strerror(code)))")
    }
    defer { freeaddrinfo(list) }
    let addresses = Array(sequence(first: list, next: { $0?.pointee.ai_next }).prefix(addressLimit).compactMap { $0 })
    var failure = ModbusFailure.notSent("host \(host) has no address")
    for address in addresses {
      do throws(ModbusFailure) {
        return try open(address.pointee, place: "\(host):\(port)", timeout: timeout / addresses.count, gate: gate)
      } catch {
        failure = error
      }
    }
    throw failure
  }

  private static func open(
    _ address: addrinfo, place: String, timeout: Duration, gate: LinkGate
  ) throws(ModbusFailure) -> CInt {
    let descriptor = socket(
      address.ai_family, address.ai_socktype | CInt(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw .notSent("cannot open a socket to \(place): \(text(errno))") }
    guard let problem = connect(descriptor, to: address, timeout: timeout, gate: gate) else {
      var on: CInt = 1
      setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<CInt>.size))
      return descriptor
    }
    gate.unwatch()
    close(descriptor)
    throw .notSent("cannot connect to \(place): \(problem)")
  }

  /// - Returns: what went wrong, or `nil`.
  private static func connect(
    _ descriptor: CInt, to address: addrinfo, timeout: Duration, gate: LinkGate
  ) -> String? {
    guard gate.watch(descriptor) else { return "the link was stopped" }
    if Glibc.connect(descriptor, address.ai_addr, address.ai_addrlen) == 0 { return nil }
    guard errno == EINPROGRESS else { return text(errno) }
    var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    guard poll(&waiting, 1, milliseconds(timeout)) > 0 else { return "no answer within \(timeout)" }
    var code: CInt = 0
    var size = socklen_t(MemoryLayout<CInt>.size)
    getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size)
    return code == 0 ? nil : text(code)
  }

  /// For `poll`, never less than one millisecond and never without end.
  private static func milliseconds(_ duration: Duration) -> CInt {
    let (seconds, attoseconds) = max(.milliseconds(1), min(duration, .seconds(3600))).components
    return CInt(seconds * 1000 + attoseconds / 1_000_000_000_000_000)
  }

  static func text(_ code: CInt) -> String { strerror(code).map { String(cString: $0) } ?? "error \(code)" }
}
