import Glibc
import NIOCore
import NIOPosix

/// The event loops that all Modbus links over a network share, and the threads that look up names for them.
///
/// Made by who makes the links and held by each of them; its threads end with the last of them.
public final class SocketLoops: Sendable {
  /// Threads that serve all sockets together.
  public static let threads = 2
  /// Names that are looked up at a time; further ones wait.
  static let lookupThreads = 4
  /// Addresses of one host that are tried.
  static let addressLimit = 4

  private let group: MultiThreadedEventLoopGroup
  private let lookups = NIOThreadPool(numberOfThreads: lookupThreads)

  /// Starts the threads of the loops; those for names start with the first name.
  public convenience init() { self.init(threads: Self.threads) }

  init(threads: Int) { group = MultiThreadedEventLoopGroup(numberOfThreads: threads) }

  deinit {
    group.shutdownGracefully { _ in }
    lookups.shutdownGracefully { _ in }
  }

  /// The loops in turn.
  func next() -> any EventLoop { group.next() }

  /// The addresses of a host.
  ///
  /// Looking a name up takes as long as the system's resolver allows; a numeric address needs none.
  func addresses(
    of host: String, port: UInt16, on loop: any EventLoop
  ) async throws(ModbusFailure) -> [SocketAddress] {
    if host.allSatisfy({ $0.isHexDigit || $0 == "." || $0 == ":" }),
      case .success(let numeric) = Self.lookUp(host, port, flags: AI_NUMERICHOST)
    {
      return numeric
    }
    lookups.start()
    let result = await lookups.runIfActive(eventLoop: loop) { Self.lookUp(host, port, flags: AI_ADDRCONFIG) }.result()
    switch result {
    case .success(let found): return try found.get()
    case .failure(let error): throw .notSent("cannot look up host \(host): \(error)")
    }
  }

  private static func lookUp(_ host: String, _ port: UInt16, flags: CInt) -> Result<[SocketAddress], ModbusFailure> {
    var hints = addrinfo()
    hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
    hints.ai_flags = flags
    var list: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, String(port), &hints, &list)
    guard code == 0 else {
      return .failure(.notSent("cannot find host \(host): \(String(cString: gai_strerror(code)))"))
    }
    defer { freeaddrinfo(list) }
    let found = sequence(first: list, next: { $0?.pointee.ai_next }).compactMap { $0?.pointee }.compactMap(address)
    return found.isEmpty
      ? .failure(.notSent("host \(host) has no address")) : .success(Array(found.prefix(addressLimit)))
  }

  private static func address(_ info: addrinfo) -> SocketAddress? {
    let raw = UnsafeRawPointer(info.ai_addr)
    switch info.ai_family {
    case AF_INET: return raw.map { SocketAddress($0.loadUnaligned(as: sockaddr_in.self)) }
    case AF_INET6: return raw.map { SocketAddress($0.loadUnaligned(as: sockaddr_in6.self)) }
    default: return nil
    }
  }
}

extension EventLoopFuture where Value: Sendable {
  /// How it ended. Unlike `get` it does not leave the event loop on which it is awaited.
  func result() async -> Result<Value, any Error> {
    await withCheckedContinuation { continuation in whenComplete { continuation.resume(returning: $0) } }
  }
}

extension TimeAmount {
  /// At most a day, and not in the past.
  init(_ duration: Duration) {
    let (seconds, attoseconds) = max(.zero, min(duration, .seconds(86_400))).components
    self = .nanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
  }
}
