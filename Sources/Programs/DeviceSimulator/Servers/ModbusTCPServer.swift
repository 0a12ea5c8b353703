import CModbus
import Glibc
import PinnedThread

/// Several simulated units behind one Modbus TCP port, on libmodbus's server side and a thread of its own.
public actor ModbusTCPServer {
  private let simulation: Simulation
  private let units: [UInt8: EndpointIndex]
  private let host: String
  private let requestedPort: Int
  private let thread: PinnedThread
  private let context: ModbusContext
  private var listener: CInt = -1
  private var clients: [CInt] = []
  private var isStopping = false

  /// More connections than this are closed at once.
  public static let maxClients = 64
  /// libmodbus uses `select` and aborts the process on a descriptor beyond this.
  static let maxDescriptor = 1024

  /// The thread that all of this runs on.
  public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

  /// - Parameter port: 0 lets the kernel choose.
  public init(simulation: Simulation, units: [UInt8: EndpointIndex], host: String, port: Int) throws {
    self.simulation = simulation
    self.units = units
    self.host = host
    requestedPort = port
    thread = try PinnedThread(name: "modbus tcp")
    context = try ModbusContext(host: host, port: port)
  }

  /// Listens and returns the port.
  public func listen() throws -> Int {
    listener = modbus_tcp_listen(context.pointer, CInt(Self.maxClients))
    guard listener >= 0 else {
      throw SimulatorError("modbus \(host):\(requestedPort): \(ModbusContext.lastError); is the port in use?")
    }
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(listener, $0, &length) }
    }
    guard result == 0 else { throw SimulatorError("modbus \(host): the chosen port cannot be told") }
    return Int(UInt16(bigEndian: address.sin_port))
  }

  /// Serves until `stop`.
  public func serve() async {
    while !isStopping && !Task.isCancelled {
      var descriptors = ([listener, thread.wakeDescriptor] + clients).map {
        pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
      }
      // Nothing needs a clock here; the limit only bounds how long a cancellation can go unnoticed.
      poll(&descriptors, nfds_t(descriptors.count), 500)
      for descriptor in descriptors.dropFirst(2) where descriptor.revents != 0 {
        if !serveOneRequest(descriptor.fd) { hangUp(descriptor.fd) }
      }
      if descriptors[0].revents != 0 { acceptOne() }
      await thread.letQueuedJobsRun()
    }
    for client in clients { close(client) }
    clients = []
    if listener >= 0 { close(listener) }
    listener = -1
  }

  /// Ends `serve`. Returns at once.
  public func stop() { isStopping = true }

  private func acceptOne() {
    let client = accept(listener, nil, nil)
    guard client >= 0 else { return }
    guard clients.count < Self.maxClients, client < Self.maxDescriptor else {
      close(client)
      return
    }
    var yes: CInt = 1
    setsockopt(client, CInt(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<CInt>.size))
    clients.append(client)
  }

  private func hangUp(_ client: CInt) {
    clients.removeAll { $0 == client }
    close(client)
  }

  /// Returns whether the connection may stay.
  private func serveOneRequest(_ client: CInt) -> Bool {
    modbus_set_socket(context.pointer, client)
    defer { modbus_set_socket(context.pointer, -1) }
    guard let frame = context.receive(), !frame.isEmpty else { return false }
    let header = Int(modbus_get_header_length(context.pointer))
    guard let request = ModbusRequest(frame: frame, header: header) else { return false }
    guard let endpoint = units[request.unit] else { return context.send(.noSuchUnit, to: frame, request) }
    return context.send(simulation.answer(request, at: endpoint), to: frame, request)
  }
}
