import Hummingbird
import HummingbirdCore
public import LocalAPISchema
public import Logging
import NIOCore
import NIOPosix
public import ServiceLifecycle
public import TimeSource

/// The local REST API on a TCP address, a Unix socket, or both.
public struct LocalAPIServer: Service {
  private let configuration: LocalAPIConfiguration
  private let hub: StreamHub
  private let time: TimeSource
  private let logger: Logger
  private let onListening: @Sendable (APIAddresses) -> Void
  private let listeners: Listeners
  private let responder: RouterResponder<APIRequestContext>
  private let identity: ServingIdentity?

  /// - Parameters:
  ///   - identity: for TLS on the TCP address; without it, plain HTTP.
  ///   - service: the gateway.
  ///   - hub: what the stream's clients get; closed when the server stops.
  ///   - random: for keys and ids.
  ///   - onListening: called when every listener is up, with the real port.
  public init(
    configuration: LocalAPIConfiguration, identity: ServingIdentity? = nil, service: any GatewayService,
    hub: StreamHub, time: TimeSource, random: RandomBytes = .system, logger: Logger,
    onListening: @escaping @Sendable (APIAddresses) -> Void = { _ in }
  ) {
    let listeners = Listeners(isSecured: identity != nil)
    let limiter = configuration.rateLimit.map { RateLimiter($0, time: time) }
    let routes = GatewayRoutes(
      service: service, hub: hub, time: time, random: random, version: configuration.version, listeners: listeners,
      limiter: limiter)
    self.identity = identity
    self.configuration = configuration
    self.hub = hub
    self.time = time
    self.logger = logger
    self.onListening = onListening
    self.listeners = listeners
    responder = Self.router(
      routes.all, authenticator: Authenticator(service: service, time: time), limiter: limiter,
      hosts: HostAllowList(configuration.hostNames), random: random
    ).buildResponder()
  }

  static func router(
    _ routes: [Route], authenticator: Authenticator, limiter: RateLimiter?, hosts: HostAllowList, random: RandomBytes
  ) -> Router<APIRequestContext> {
    let router = Router(context: APIRequestContext.self, options: .autoGenerateHeadEndpoints)
    router.add(middleware: ProblemMiddleware(hosts: hosts, random: random, routes: routes))
    for route in routes {
      let handler = route.guarded(by: authenticator, limiter)
      router.on(RouterPath(route.path), method: route.method) { request, context in
        try await handler(request, context)
      }
    }
    return router
  }

  /// Listens until the task is cancelled or its service group shuts down; then ends within two seconds, also while
  /// streams are open.
  ///
  /// - Throws: `LocalAPIServerError` when an address cannot be used.
  public func run() async throws {
    let socketFile = configuration.socket.map(SocketFile.init)
    try socketFile?.prepare()
    defer {
      hub.close()
      socketFile?.remove()
    }
    let applications = [tcpApplication(), socketFile.map(socketApplication)].compactMap { $0 }
    guard !applications.isEmpty else { return try await gracefulShutdown() }
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for application in applications {
        group.addTask {
          do { try await application.run() } catch { throw self.explained(error, application.configuration.address) }
          return true
        }
      }
      group.addTask {
        // Streams and waiting requests end by themselves; whatever is stuck is cut off after the grace.
        await self.untilStopping()
        try await self.time.sleep(for: LocalAPIConfiguration.stopGrace)
        return false
      }
      defer { group.cancelAll() }
      var running = applications.count
      while running > 0, let ended = try await group.next() {
        guard ended else { break }
        running -= 1
      }
    }
  }

  private func untilStopping() async {
    try? await gracefulShutdown()
    listeners.stop()
    hub.close()
  }

  // MARK: Listeners

  private func tcpApplication() -> Application<RouterResponder<APIRequestContext>>? {
    configuration.tcp.map { tcp in
      application(.hostname(tcp.host, port: tcp.port), over: identity) { channel in
        let port = channel.localAddress?.port ?? tcp.port
        self.listening(self.listeners.note(tcp: (tcp.host.contains(":") ? "[\(tcp.host)]" : tcp.host) + ":\(port)"))
      }
    }
  }

  private func socketApplication(_ file: SocketFile) -> Application<RouterResponder<APIRequestContext>> {
    application(.unixDomainSocket(path: file.configuration.path)) { _ in
      do {
        try file.open()
      } catch {
        self.logger.error("the socket stays closed to its group", metadata: ["error": "\(error)"])
      }
      self.listening(self.listeners.note(socket: file.configuration.path))
    }
  }

  private func application(
    _ address: BindAddress, over identity: ServingIdentity? = nil,
    _ onRunning: @escaping @Sendable (any Channel) -> Void
  ) -> Application<RouterResponder<APIRequestContext>> {
    var quiet = logger
    if quiet.logLevel == .info { quiet.logLevel = .notice }
    let http = HTTP1Channel.Configuration(idleTimeout: .seconds(LocalAPIConfiguration.idleSeconds))
    let server = HTTPServerBuilder { responder in
      let plain = HTTP1Channel(responder: responder, configuration: http)
      if let identity { return SecuredChannel(base: plain, identity: identity) }
      return plain
    }
    return Application(
      responder: responder, server: server,
      configuration: ApplicationConfiguration(
        address: address,
        availableConnectionsDelegate: MaximumAvailableConnections(LocalAPIConfiguration.maxConnections)),
      onServerRunning: { onRunning($0) }, logger: quiet)
  }

  private func listening(_ addresses: APIAddresses) {
    let isComplete =
      (configuration.tcp == nil || addresses.tcp != nil) && (configuration.socket == nil || addresses.socket != nil)
    if isComplete { onListening(addresses) }
  }

  private func explained(_ error: any Error, _ address: BindAddress) -> any Error {
    guard let cause = error as? IOError else { return error }
    let reason = "\(cause)"
    let place = words(for: address)
    switch cause.errnoCode {
    case EADDRINUSE:
      return LocalAPIServerError(
        "another program listens on \(place)", hint: "stop it, or give the API another port")
    case EACCES:
      return LocalAPIServerError("may not listen on \(place)", hint: "ports below 1024 need a capability")
    case EADDRNOTAVAIL:
      return LocalAPIServerError(
        "this machine has no address \(place)", hint: "127.0.0.1 is always there, 0.0.0.0 means all")
    default: return LocalAPIServerError("cannot listen on \(place): \(reason)")
    }
  }

  /// An address as the configuration writes it.
  private func words(for address: BindAddress) -> String {
    if let tcp = configuration.tcp, address == .hostname(tcp.host, port: tcp.port) {
      return (tcp.host.contains(":") ? "[\(tcp.host)]" : tcp.host) + ":\(tcp.port)"
    }
    return configuration.socket?.path ?? "\(address)"
  }
}
