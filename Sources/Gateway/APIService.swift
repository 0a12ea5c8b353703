import LocalAPISchema
import LocalAPIServer
import Logging
import ServiceLifecycle

/// The API server as a part that can be started, watched and stopped.
final class APIService: Sendable {
  private let group: ServiceGroup
  private let task: Task<Bool, Never>

  private init(group: ServiceGroup, task: Task<Bool, Never>) {
    self.group = group
    self.task = task
  }

  /// Starts the server and returns when it listens; throws what keeps it from listening.
  ///
  /// - Parameter makeServer: gets what the server has to call when it listens.
  static func start(
    logger: Logger, _ makeServer: (@escaping @Sendable (APIAddresses) -> Void) -> LocalAPIServer
  ) async throws -> APIService {
    let (outcomes, outcome) = AsyncStream<(any Error)?>.makeStream()
    let server = makeServer { _ in outcome.yield(nil) }
    let group = ServiceGroup(
      configuration: .init(services: [.init(service: server)], gracefulShutdownSignals: [], logger: logger))
    let task = Task {
      do {
        try await group.run()
        outcome.finish()
        return false
      } catch {
        logger.critical("the API ended: \(error)")
        outcome.yield(error)
        return true
      }
    }
    for await problem in outcomes {
      if let problem { throw problem }
      break
    }
    return APIService(group: group, task: task)
  }

  /// Returns `true` when the server ended with an error.
  func untilFailed() async -> Bool { await task.value }

  func stop() async {
    await group.triggerGracefulShutdown()
    _ = await task.value
  }
}
