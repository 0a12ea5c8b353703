import NIOCore
import Synchronization
import TimeSource

/// What `stop` needs while the link waits for its bus: it closes the socket, keeps everything from being emitted, and
/// waits for the end within a bound.
final class LinkGate: Sendable {
  private struct State {
    var isOpen = true
    var channel: (any Channel)?
    var isRunning = false
    var waiters: [CheckedContinuation<Void, Never>] = []

    mutating func takeWaiters() -> [CheckedContinuation<Void, Never>] {
      defer { waiters = [] }
      return waiters
    }
  }

  private let state = Mutex(State())

  /// Whether the link has not been stopped.
  var isOpen: Bool { state.withLock { $0.isOpen } }

  /// Runs `body` unless the link was stopped. A stop waits for it, so nothing is emitted after a stop.
  func emit(_ body: () -> Void) { state.withLock { if $0.isOpen { body() } } }

  /// Names the socket that a stop has to close; returns whether the link is still open.
  func watch(_ channel: any Channel) -> Bool {
    state.withLock { state in
      state.channel = channel
      return state.isOpen
    }
  }

  /// Forgets a socket that is not used any more.
  func unwatch(_ channel: any Channel) {
    state.withLock { if $0.channel === channel { $0.channel = nil } }
  }

  /// Closes the gate and the socket, which ends a wait for it.
  func close() {
    let channel = state.withLock { state in
      state.isOpen = false
      return state.channel
    }
    channel?.close(promise: nil)
  }

  /// The loop begins; returns false if it must not, because the link was stopped or runs already.
  func beginLoop() -> Bool {
    state.withLock { state in
      guard state.isOpen, !state.isRunning else { return false }
      state.isRunning = true
      return true
    }
  }

  /// The loop has ended.
  func endLoop() {
    let waiters = state.withLock { state in
      state.isRunning = false
      return state.takeWaiters()
    }
    for waiter in waiters { waiter.resume() }
  }

  /// Returns when the loop has ended, or after `limit`.
  func untilLoopEnded(atMost limit: Duration, time: TimeSource) async {
    let timer = Task {
      try? await time.sleep(for: limit)
      for waiter in state.withLock({ $0.takeWaiters() }) { waiter.resume() }
    }
    await withCheckedContinuation { waiter in
      let hasEnded = state.withLock { state in
        if state.isRunning { state.waiters.append(waiter) }
        return !state.isRunning
      }
      if hasEnded { waiter.resume() }
    }
    timer.cancel()
  }
}
