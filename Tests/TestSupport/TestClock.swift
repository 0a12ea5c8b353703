public import EnergyModel
internal import Synchronization
public import TimeSource

/// A clock that moves only when a test says so. Wall time is separate and can jump.
public final class TestClock: Sendable {
  private struct Sleeper {
    let id: Int
    let deadline: Duration
    let continuation: CheckedContinuation<Void, any Error>
  }

  private struct State {
    var monotonic: Duration = .seconds(1000)
    var wall: Timestamp
    var nextID = 0
    var sleepers: [Sleeper] = []
    var cancelled: Set<Int> = []
    var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
  }

  private let state: Mutex<State>

  /// - Parameter wall: where wall time starts.
  public init(wall: Timestamp = Timestamp(milliseconds: 1_777_629_600_000)) {
    state = Mutex(State(wall: wall))
  }

  /// What is handed to the code under test.
  public var source: TimeSource {
    TimeSource(
      wall: { self.state.withLock { $0.wall } }, monotonic: { self.state.withLock { $0.monotonic } },
      sleepUntil: { try await self.sleep(until: $0) })
  }

  /// Wall time now.
  public var now: Timestamp { state.withLock { $0.wall } }

  /// Monotonic time now.
  public var monotonic: Duration { state.withLock { $0.monotonic } }

  /// When the next sleeper wakes; `nil` while nobody sleeps.
  public var nextDeadline: Duration? { state.withLock { $0.sleepers.map(\.deadline).min() } }

  /// Ends every sleep as if its task were cancelled, as the end of a process does.
  public func endSleeps() {
    let sleepers = state.withLock { state in
      defer { state.sleepers = [] }
      return state.sleepers
    }
    for sleeper in sleepers { sleeper.continuation.resume(throwing: CancellationError()) }
  }

  /// How many sleeps have begun so far.
  public var sleepsBegun: Int { state.withLock { $0.nextID } }

  /// How many tasks sleep on this clock now.
  public var sleepingCount: Int { state.withLock { $0.sleepers.count } }

  /// Moves both clocks and wakes everybody whose time has come, in order of their deadlines.
  public func advance(by duration: Duration) {
    let due: [Sleeper] = state.withLock { state in
      state.monotonic += duration
      let (seconds, attoseconds) = duration.components
      state.wall = state.wall.advanced(byMilliseconds: seconds * 1000 + attoseconds / 1_000_000_000_000_000)
      let now = state.monotonic
      let due = state.sleepers.filter { $0.deadline <= now }.sorted { $0.deadline < $1.deadline }
      state.sleepers.removeAll { $0.deadline <= now }
      return due
    }
    for sleeper in due { sleeper.continuation.resume() }
  }

  /// Moves wall time alone, as a correction by NTP or by hand does.
  public func jumpWall(byMilliseconds delta: Int64) {
    state.withLock { $0.wall = $0.wall.advanced(byMilliseconds: delta) }
  }

  /// Returns as soon as at least `count` tasks sleep on this clock.
  public func untilSleeping(_ count: Int) async {
    await withCheckedContinuation { continuation in
      let ready = state.withLock { state in
        if state.sleepers.count >= count { return true }
        state.watchers.append((count, continuation))
        return false
      }
      if ready { continuation.resume() }
    }
  }

  private func sleep(until deadline: Duration) async throws {
    let id = state.withLock { state in
      state.nextID += 1
      return state.nextID
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        enlist(Sleeper(id: id, deadline: deadline, continuation: continuation))
      }
    } onCancel: {
      cancel(id)
    }
  }

  private func enlist(_ sleeper: Sleeper) {
    enum Outcome { case sleeps([CheckedContinuation<Void, Never>]), due, cancelled }
    let outcome: Outcome = state.withLock { state in
      if state.cancelled.remove(sleeper.id) != nil { return .cancelled }
      if sleeper.deadline <= state.monotonic { return .due }
      state.sleepers.append(sleeper)
      let count = state.sleepers.count
      let satisfied = state.watchers.filter { $0.count <= count }.map(\.continuation)
      state.watchers.removeAll { $0.count <= count }
      return .sleeps(satisfied)
    }
    switch outcome {
    case .sleeps(let watchers): for watcher in watchers { watcher.resume() }
    case .due: sleeper.continuation.resume()
    case .cancelled: sleeper.continuation.resume(throwing: CancellationError())
    }
  }

  private func cancel(_ id: Int) {
    let sleeper: Sleeper? = state.withLock { state in
      guard let index = state.sleepers.firstIndex(where: { $0.id == id }) else {
        state.cancelled.insert(id)
        return nil
      }
      return state.sleepers.remove(at: index)
    }
    sleeper?.continuation.resume(throwing: CancellationError())
  }
}
