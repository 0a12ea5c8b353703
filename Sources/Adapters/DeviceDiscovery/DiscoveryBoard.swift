public import EnergyModel
public import LocalAPISchema
import Synchronization

/// Where a look around writes what it finds; read at any time.
public final class DiscoveryBoard: Sendable {
  private let state: Mutex<DiscoveryResource>

  /// A look around that has not seen anything.
  public init(id: String, startedAt: Timestamp, plan: DiscoveryPlan) {
    state = Mutex(DiscoveryResource(id: id, startedAt: startedAt, progress: .init(total: plan.steps)))
  }

  /// As far as it is.
  public var resource: DiscoveryResource { state.withLock { $0 } }

  func begin(_ place: String) { state.withLock { $0.progress.place = place } }

  func finishStep() { state.withLock { $0.progress.done = min($0.progress.done + 1, $0.progress.total) } }

  func add(_ find: DiscoveryFind) {
    state.withLock { state in
      if state.finds.count < DiscoveryLimits.maxFinds { state.finds.append(find) } else { state.unlistedFinds += 1 }
    }
  }

  func report(_ place: String, _ message: String) {
    state.withLock { state in
      if state.problems.count < DiscoveryLimits.maxProblems {
        state.problems.append(.init(place: place, message: message))
      } else {
        state.unlistedProblems += 1
      }
    }
  }

  func end(_ status: DiscoveryResource.Status, at time: Timestamp) {
    state.withLock { state in
      state.status = status
      state.endedAt = time
      state.progress.place = nil
      if status == .completed { state.progress.done = state.progress.total }
    }
  }
}
