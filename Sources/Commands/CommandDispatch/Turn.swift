import Synchronization
import TimeSource

/// Lets one task at a time talk to a device: the lowest rank first, of the same rank first come first served. Waiting can
/// be cancelled.
final class Turn: Sendable {
  private struct Waiter {
    let id: Int
    let rank: Int
    let continuation: CheckedContinuation<Bool, Never>
  }

  private struct State {
    var isTaken = false
    var nextID = 0
    var waiters: [Waiter] = []
    var cancelled: Set<Int> = []
  }

  private let state = Mutex(State())

  /// Takes the turn if nobody has it.
  func takeIfFree() -> Bool {
    state.withLock { state in
      defer { state.isTaken = true }
      return !state.isTaken
    }
  }

  /// Waits for the turn, at most until a time on the monotonic clock. Returns `false`, without the turn, when that time
  /// came first or the task was cancelled.
  func take(until deadline: Duration, rank: Int, _ time: TimeSource) async -> Bool {
    let waiting = Task { await take(rank: rank) }
    let timer = Task {
      try? await time.sleepUntil(deadline)
      waiting.cancel()
    }
    defer { timer.cancel() }
    return await withTaskCancellationHandler {
      await waiting.value
    } onCancel: {
      waiting.cancel()
    }
  }

  /// Waits for the turn. Returns `false`, without the turn, when the task was cancelled meanwhile. Without a rank it goes
  /// before every command: what the gateway has to keep up or to undo.
  func take(rank: Int = 0) async -> Bool {
    let id = state.withLock { state in
      state.nextID += 1
      return state.nextID
    }
    // A cancellation that comes after the turn was given leaves its mark behind.
    defer { state.withLock { _ = $0.cancelled.remove(id) } }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let answer: Bool? = state.withLock { state in
          if state.cancelled.remove(id) != nil { return false }
          guard state.isTaken else {
            state.isTaken = true
            return true
          }
          let place = state.waiters.firstIndex { $0.rank > rank } ?? state.waiters.endIndex
          state.waiters.insert(Waiter(id: id, rank: rank, continuation: continuation), at: place)
          return nil
        }
        if let answer { continuation.resume(returning: answer) }
      }
    } onCancel: {
      let waiter: Waiter? = state.withLock { state in
        guard let index = state.waiters.firstIndex(where: { $0.id == id }) else {
          state.cancelled.insert(id)
          return nil
        }
        return state.waiters.remove(at: index)
      }
      waiter?.continuation.resume(returning: false)
    }
  }

  /// Gives the turn to the next who waits.
  func give() {
    let next: Waiter? = state.withLock { state in
      guard !state.waiters.isEmpty else {
        state.isTaken = false
        return nil
      }
      return state.waiters.removeFirst()
    }
    next?.continuation.resume(returning: true)
  }
}
