/// Where the API listens and who may talk to it.
public struct LocalAPIConfiguration: Sendable, Hashable {
  /// A TCP address.
  public struct TCPAddress: Sendable, Hashable {
    /// An address of this machine, such as `127.0.0.1`.
    public var host: String
    /// 0 lets the kernel choose.
    public var port: Int

    /// The default of the service.
    public init(host: String = "127.0.0.1", port: Int = 8480) {
      self.host = host
      self.port = port
    }
  }

  /// A Unix socket, which needs no key: who may open it may do everything.
  public struct Socket: Sendable, Hashable {
    /// Where the socket file is made, with mode 0660.
    public var path: String
    /// The group that may use it; `nil` leaves the group of the process.
    public var group: String?

    /// A socket at a path.
    public init(path: String, group: String? = nil) {
      self.path = path
      self.group = group
    }
  }

  /// `nil` = not on TCP.
  public var tcp: TCPAddress?
  /// `nil` = no Unix socket.
  public var socket: Socket?
  /// Names under which browsers may reach the API over TCP, besides `localhost` and plain addresses. A page of a foreign
  /// site that lets its own name point here (DNS rebinding) is refused by this list.
  public var hostNames: [String]
  /// How many requests a key may make; `nil` = as many as it likes.
  public var rateLimit: RateLimit?
  /// The version of the program, for `/v1/version`.
  public var version: String

  /// A configuration; without `tcp` and `socket` nothing listens.
  public init(
    tcp: TCPAddress? = nil, socket: Socket? = nil, hostNames: [String] = [], rateLimit: RateLimit? = .standard,
    version: String
  ) {
    self.rateLimit = rateLimit
    self.tcp = tcp
    self.socket = socket
    self.hostNames = hostNames
    self.version = version
  }

  /// The longest request body, in bytes.
  public static let maxBodyBytes = 1 << 20
  /// Connections at the same time, per listener.
  public static let maxConnections = 512
  /// A connection without a request is closed after this time.
  static let idleSeconds: Int64 = 75
  /// How long a stop waits for running requests.
  static let stopGrace: Duration = .milliseconds(1200)
}

/// Random bytes for ids and keys, handed in by the composition root.
public struct RandomBytes: Sendable {
  /// Gives that many bytes that nobody can guess.
  public let bytes: @Sendable (_ count: Int) -> [UInt8]

  /// A source from a function.
  public init(bytes: @escaping @Sendable (_ count: Int) -> [UInt8]) { self.bytes = bytes }

  /// The kernel's generator.
  public static let system = RandomBytes { count in
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
  }

  /// Letters and digits, 36 of them, lower case.
  func identifier(length: Int) -> String {
    let alphabet = Array("0123456789abcdefghijklmnopqrstuvwxyz")
    // 36 does not divide 256, so the first four characters are a little more likely: of no meaning for an id.
    return String(bytes(length).map { alphabet[Int($0) % alphabet.count] })
  }
}
