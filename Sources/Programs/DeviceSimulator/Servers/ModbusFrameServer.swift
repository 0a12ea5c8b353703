import Glibc
public import ModbusWire
import PinnedThread

/// One simulated unit behind a port of its own, in a framing that is not Modbus TCP, on a thread of its own.
public actor ModbusFrameServer {
  private let simulation: Simulation
  private let endpoint: EndpointIndex
  private let unit: UInt8
  private let kind: ModbusLinkKind
  private let framing: ModbusFraming
  private let host: String
  private let requestedPort: Int
  private let thread: PinnedThread
  private var socket: CInt = -1
  private var clients: [CInt: RequestReader] = [:]
  private var isStopping = false

  /// More connections than this are closed at once.
  public static let maxClients = 64
  private static let chunk = 1024
  /// What dongles say of themselves in a heartbeat.
  private static let adapterType: UInt8 = 1

  /// The thread that all of this runs on.
  public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

  /// - Parameters:
  ///   - framing: what the product speaks; one of those that the link carries.
  ///   - port: 0 lets the kernel choose.
  public init(
    simulation: Simulation, endpoint: EndpointIndex, unit: UInt8, kind: ModbusLinkKind, framing: ModbusFraming,
    host: String, port: Int
  ) throws {
    self.simulation = simulation
    self.endpoint = endpoint
    self.unit = unit
    self.kind = kind
    self.framing = framing
    self.host = host
    requestedPort = port
    thread = try PinnedThread(name: "modbus \(framing.rawValue)")
  }

  /// Opens the port and returns its number.
  public func listen() throws -> Int {
    let type = kind.isDatagram ? SOCK_DGRAM : SOCK_STREAM
    socket = Glibc.socket(AF_INET, CInt(type.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    var yes: CInt = 1
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<CInt>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(clamping: requestedPort).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    guard socket >= 0, inet_pton(AF_INET, host, &address.sin_addr) == 1,
      Self.with(&address, { bind(socket, $0, length) }) == 0,
      kind.isDatagram || Glibc.listen(socket, CInt(Self.maxClients)) == 0,
      Self.with(&address, { getsockname(socket, $0, &length) }) == 0
    else {
      throw SimulatorError(
        "modbus \(kind.rawValue) \(host):\(requestedPort): \(ModbusContext.lastError); is the port in use?")
    }
    return Int(UInt16(bigEndian: address.sin_port))
  }

  private static func with(
    _ address: inout sockaddr_in, _ body: (UnsafeMutablePointer<sockaddr>) -> CInt
  ) -> CInt {
    withUnsafeMutablePointer(to: &address) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1, body) }
  }

  /// Serves until `stop`.
  public func serve() async {
    while !isStopping && !Task.isCancelled {
      var descriptors = ([socket, thread.wakeDescriptor] + clients.keys.sorted()).map {
        pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
      }
      // Nothing needs a clock here; the limit only bounds how long a cancellation can go unnoticed.
      poll(&descriptors, nfds_t(descriptors.count), 500)
      for descriptor in descriptors.dropFirst(2) where descriptor.revents != 0 { serveClient(descriptor.fd) }
      if descriptors[0].revents != 0 { if kind.isDatagram { serveDatagram() } else { acceptOne() } }
      await thread.letQueuedJobsRun()
    }
    for client in clients.keys { close(client) }
    clients = [:]
    if socket >= 0 { close(socket) }
    socket = -1
  }

  /// Ends `serve`. Returns at once.
  public func stop() { isStopping = true }

  private func acceptOne() {
    let client = accept(socket, nil, nil)
    guard client >= 0 else { return }
    guard clients.count < Self.maxClients else {
      close(client)
      return
    }
    var yes: CInt = 1
    setsockopt(client, CInt(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<CInt>.size))
    clients[client] = RequestReader(framing)
    guard framing == .givenergy else { return }
    _ = send(GivenergyFrame.heartbeat(adapterType: Self.adapterType, isAnswer: false), client)
  }

  private func serveClient(_ client: CInt) {
    var buffer = [UInt8](repeating: 0, count: Self.chunk)
    let count = recv(client, &buffer, buffer.count, CInt(MSG_DONTWAIT))
    if count < 0, errno == EAGAIN || errno == EINTR { return }
    guard count > 0, var reader = clients[client] else { return hangUp(client) }
    reader.append(buffer.prefix(count))
    while true {
      switch reader.next() {
      case .needsMore:
        clients[client] = reader
        return
      case .broken: return hangUp(client)
      case .request(let request):
        switch answer(request) {
        case .bytes(let bytes): guard send(bytes, client) else { return hangUp(client) }
        case .silence: continue
        case .hangUp: return hangUp(client)
        }
      }
    }
  }

  private func serveDatagram() {
    var buffer = [UInt8](repeating: 0, count: Self.chunk)
    var peer = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let count = Self.with(&peer) { CInt(clamping: recvfrom(socket, &buffer, buffer.count, 0, $0, &length)) }
    guard count > 0 else { return }
    var reader = RequestReader(framing)
    reader.append(buffer.prefix(Int(count)))
    guard case .request(let request) = reader.next(), case .bytes(let bytes) = answer(request), !bytes.isEmpty
    else { return }
    _ = Self.with(&peer) { CInt(clamping: sendto(socket, bytes, bytes.count, CInt(MSG_NOSIGNAL), $0, length)) }
  }

  private enum Answer {
    case bytes([UInt8])
    case silence, hangUp
  }

  /// A unit that is not there says nothing, as on a line.
  private func answer(_ request: RequestReader.Request) -> Answer {
    if let page = request.page {
      let bytes = simulation.page(page, at: endpoint)
      return bytes.map { .bytes(request.answer($0)) } ?? .silence
    }
    guard framing == .aa55 || request.unit == unit,
      let asked = ModbusRequest(frame: [request.unit] + request.pdu, header: 1)
    else { return .silence }
    let reply = simulation.answer(asked, at: endpoint)
    if case .hangUp = reply { return .hangUp }
    return reply.pdu(to: request.pdu).map { .bytes(request.answer($0)) } ?? .silence
  }

  private func send(_ bytes: [UInt8], _ client: CInt) -> Bool {
    Glibc.send(client, bytes, bytes.count, CInt(MSG_NOSIGNAL)) == bytes.count
  }

  private func hangUp(_ client: CInt) {
    clients[client] = nil
    close(client)
  }
}
