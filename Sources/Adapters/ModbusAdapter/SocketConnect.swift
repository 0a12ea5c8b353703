import Glibc

/// Finds hosts and opens sockets within a bound.
///
/// libmodbus is not used for this: its connect waits with `select`, which aborts the process on a descriptor of 1024 or
/// more.
enum SocketConnect {
  /// Addresses of one host that are tried.
  static let addressLimit = 4

  /// Where a host listens.
  struct Address {
    fileprivate var family: CInt
    fileprivate var kind: CInt
    fileprivate var bytes: [UInt8]

    fileprivate func with<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result? {
      bytes.withUnsafeBytes { raw in
        raw.baseAddress.map { body($0.assumingMemoryBound(to: sockaddr.self), socklen_t(raw.count)) }
      }
    }
  }

  /// The addresses of a host.
  ///
  /// Looking a name up takes as long as the system's resolver allows; a numeric address needs none.
  static func addresses(of host: String, port: UInt16, isDatagram: Bool) throws(ModbusFailure) -> [Address] {
    var hints = addrinfo()
    hints.ai_socktype = CInt((isDatagram ? SOCK_DGRAM : SOCK_STREAM).rawValue)
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
    let found = sequence(first: list, next: { $0?.pointee.ai_next }).prefix(addressLimit).compactMap { $0?.pointee }
    let addresses = found.compactMap { info in
      info.ai_addr.map { address in
        Address(
          family: info.ai_family, kind: info.ai_socktype,
          bytes: Array(UnsafeRawBufferPointer(start: address, count: Int(info.ai_addrlen))))
      }
    }
    guard !addresses.isEmpty else { throw .notSent("host \(host) has no address") }
    return addresses
  }

  /// A non-blocking UDP socket that hears this peer only.
  static func datagramSocket(to address: Address, gate: LinkGate) throws(ModbusFailure) -> CInt {
    let descriptor = try newSocket(address)
    guard gate.watch(descriptor), address.with({ Glibc.connect(descriptor, $0, $1) }) == 0 else {
      let reason = text(errno)
      gate.unwatch()
      close(descriptor)
      throw .notSent(gate.isOpen ? "cannot reach the device: \(reason)" : "the link was stopped")
    }
    return descriptor
  }

  /// A connected, non-blocking socket.
  static func open(
    host: String, port: UInt16, timeout: Duration, gate: LinkGate
  ) throws(ModbusFailure) -> CInt {
    let addresses = try addresses(of: host, port: port, isDatagram: false)
    var failure = ModbusFailure.notSent("host \(host) has no address")
    for address in addresses {
      do throws(ModbusFailure) {
        return try open(address, place: "\(host):\(port)", timeout: timeout / addresses.count, gate: gate)
      } catch {
        failure = error
      }
    }
    throw failure
  }

  private static func newSocket(_ address: Address) throws(ModbusFailure) -> CInt {
    let descriptor = socket(address.family, address.kind | CInt(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw .notSent("cannot open a socket: \(text(errno))") }
    return descriptor
  }

  private static func open(
    _ address: Address, place: String, timeout: Duration, gate: LinkGate
  ) throws(ModbusFailure) -> CInt {
    let descriptor = try newSocket(address)
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
    _ descriptor: CInt, to address: Address, timeout: Duration, gate: LinkGate
  ) -> String? {
    guard gate.watch(descriptor) else { return "the link was stopped" }
    if address.with({ Glibc.connect(descriptor, $0, $1) }) == 0 { return nil }
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
