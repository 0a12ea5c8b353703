import Hummingbird
import Logging
import NIOCore

/// Serves a router on a free port of the loopback for the time of a test.
func serving(
  _ router: Router<BasicRequestContext>, _ body: @Sendable @escaping (_ port: Int) async throws -> Void
) async throws {
  let (ports, announce) = AsyncStream<Int>.makeStream()
  var logger = Logger(label: "test")
  logger.logLevel = .critical
  let application = Application(
    router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
    onServerRunning: { channel in
      announce.yield(channel.localAddress?.port ?? 0)
      announce.finish()
    }, logger: logger)
  try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask { try await application.run() }
    defer { group.cancelAll() }
    for await port in ports { try await body(port) }
  }
}
