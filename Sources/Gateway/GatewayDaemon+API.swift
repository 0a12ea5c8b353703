import EnergyModel
import LocalAPISchema
import LocalAPIServer
import Logging
import TimeSource

/// The API of the running gateway.
extension GatewayDaemon {
  func socketPath(_ configuration: GatewayConfiguration) -> String {
    paths.socket == GatewayPaths().socket ? configuration.api.socket : paths.socket
  }

  func show(_ fresh: TLSIdentity, in identity: ServingIdentity) {
    identity.replace(fresh)
    logger.notice("the API has a new certificate", metadata: ["until": "\(fresh.expiresAt.rfc3339)"])
    warnOfEnd(of: fresh)
  }

  private func warnOfEnd(of identity: TLSIdentity) {
    guard identity.expiresAt.millisecondsSince(time.wall()) < Self.certificateNoticeMilliseconds else { return }
    logger.warning("the certificate of the API ends at \(identity.expiresAt.rfc3339)")
  }

  func startServer(_ configuration: GatewayConfiguration) async throws {
    let api = configuration.api
    identity = api.tls.map(ServingIdentity.init)
    if let identity = api.tls { warnOfEnd(of: identity) }
    server = try await APIService.start(logger: logger) { onListening in
      LocalAPIServer(
        configuration: LocalAPIConfiguration(
          tcp: api.listen.map { .init(host: $0.host, port: $0.port) },
          socket: .init(path: socketPath(configuration), group: api.group), hostNames: api.hosts,
          rateLimit: api.rateLimit, version: ReleaseVersion.current),
        identity: identity, service: gateway, hub: hub, time: time, logger: logger, onListening: onListening)
    }
  }

  /// Returns `true` when a part ended that must not end, `false` when the task was cancelled.
  func untilFailed() async -> Bool {
    guard let server else { return false }
    return await server.untilFailed() || isBroken
  }
}
