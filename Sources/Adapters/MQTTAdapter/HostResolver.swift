internal import Glibc
internal import PinnedThread

/// One address of a host.
struct HostAddress: Sendable, Hashable {
  /// As numbers: `192.168.1.5`, `fd00::1`.
  var text: String
  var isIPv6: Bool
}

/// Why a name has no address.
struct HostLookupError: Error, Sendable {
  var message: String
}

/// Looks up names on a thread of its own that ends with it, because `getaddrinfo` can block for half a minute and the
/// thread of the link must be able to stop meanwhile.
actor HostResolver {
  private let thread: PinnedThread

  nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

  init() throws(PinnedThreadError) { thread = try PinnedThread(name: "mqtt lookup") }

  func addresses(of host: String) throws(HostLookupError) -> [HostAddress] {
    try Self.lookUp(host, flags: 0)
  }

  /// The address itself if the text is one; asks nobody.
  static func numericAddress(_ host: String) -> HostAddress? {
    (try? lookUp(host, flags: AI_NUMERICHOST))?.first
  }

  private static func lookUp(_ host: String, flags: CInt) throws(HostLookupError) -> [HostAddress] {
    var hints = addrinfo()
    hints.ai_flags = flags
    hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, nil, &hints, &list)
    guard code == 0 else { throw HostLookupError(message: String(cString: gai_strerror(code))) }
    defer { freeaddrinfo(list) }
    var result: [HostAddress] = []
    var next = list
    while let entry = next?.pointee {
      var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
      if getnameinfo(
        entry.ai_addr, entry.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0
      {
        let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        result.append(
          HostAddress(text: String(decoding: bytes, as: UTF8.self), isIPv6: entry.ai_family == AF_INET6))
      }
      next = entry.ai_next
    }
    return result
  }
}
