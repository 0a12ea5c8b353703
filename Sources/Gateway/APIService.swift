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

  /// Starts the server; throws what keeps it from listening.
  static func start(_ server: LocalAPIServer, logger: Logger) async throws -> APIService {
    let group = ServiceGroup(
      configuration: .init(services: [.init(service: server)], gracefulShutdownSignals: [], logger: logger))
    let task = Task {
      do {
        try await group.run()
        return false
      } catch {
        logger.critical("the API ended: \(error)")
        return true
      }
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
