import Synchronization

/// From the rings into the aggregation.
extension TelemetryPipeline {
  var hasWork: Bool { core.withLock { $0.hasWork } }

  /// Empties the rings; called by the aggregator thread and before every question.
  func drain() {
    let now = routes.monotonicMilliseconds
    let isWatched = routes.changes.isWanted
    routes.changes.notify(core.withLock { $0.drain(now: now, namesChanges: isWatched) })
  }

  /// Empties the rings, unless somebody else has the aggregation.
  ///
  /// - Returns: whether it did.
  func drainIfFree() -> Bool {
    let now = routes.monotonicMilliseconds
    let isWatched = routes.changes.isWanted
    guard let changed = core.withLockIfAvailable({ $0.drain(now: now, namesChanges: isWatched) }) else { return false }
    routes.changes.notify(changed)
    return true
  }
}
