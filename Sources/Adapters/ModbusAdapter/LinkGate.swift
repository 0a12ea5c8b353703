import Glibc
import Synchronization
import TimeSource

/// What `stop` needs while the link's own thread is blocked: it shuts the socket, keeps everything from being emitted,
/// and waits for the end within a bound.
final class LinkGate: Sendable {
  private struct State {
    var isOpen = true
    var descriptor: CInt?
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

  /// Names the socket that a stop has to shut; returns whether the link is still open.
  func watch(_ descriptor: CInt) -> Bool {
    state.withLock { state in
      state.descriptor = descriptor
      return state.isOpen
    }
  }

  /// Forgets the socket; before it is closed, so that its number cannot mean another file by then.
  func unwatch() { state.withLock { $0.descriptor = nil } }

  /// Closes the gate and ends a blocking call on the socket.
  func close() {
    state.withLock { state in
      state.isOpen = false
      if let descriptor = state.descriptor { shutdown(descriptor, CInt(SHUT_RDWR)) }
    }
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
