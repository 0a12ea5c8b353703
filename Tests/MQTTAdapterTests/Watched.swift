import Synchronization

/// A value that tests wait for: each wait ends with the change that it asks for, or after a bounded time.
final class Watched<Value: Sendable>: Sendable {
  private struct Waiter {
    let id: Int
    let isMet: @Sendable (Value) -> Bool
    let continuation: CheckedContinuation<Bool, Never>
  }

  private struct State {
    var value: Value
    var waiters: [Waiter] = []
    var nextID = 0
  }

  private let state: Mutex<State>

  init(_ value: Value) { state = Mutex(State(value: value)) }

  var value: Value { state.withLock { $0.value } }

  func change(_ body: (inout Value) -> Void) {
    let met: [Waiter] = state.withLock { state in
      body(&state.value)
      let met = state.waiters.filter { $0.isMet(state.value) }
      state.waiters.removeAll { waiter in met.contains { $0.id == waiter.id } }
      return met
    }
    for waiter in met { waiter.continuation.resume(returning: true) }
  }

  /// Returns whether it came true in time.
  func wait(atMost limit: Duration = .seconds(20), until isMet: @escaping @Sendable (Value) -> Bool) async -> Bool {
    let id = state.withLock { state in
      state.nextID += 1
      return state.nextID
    }
    let timeout = Task {
      try? await Task.sleep(for: limit)
      giveUp(id)
    }
    defer { timeout.cancel() }
    return await withCheckedContinuation { continuation in
      let isMetNow = state.withLock { state in
        if isMet(state.value) { return true }
        state.waiters.append(Waiter(id: id, isMet: isMet, continuation: continuation))
        return false
      }
      if isMetNow { continuation.resume(returning: true) }
    }
  }

  private func giveUp(_ id: Int) {
    let waiter: Waiter? = state.withLock { state in
      guard let index = state.waiters.firstIndex(where: { $0.id == id }) else { return nil }
      return state.waiters.remove(at: index)
    }
    waiter?.continuation.resume(returning: false)
  }
}
