import PinnedThread
import Synchronization

/// The one thread that empties the rings. It sleeps on the doorbell and does nothing by the clock.
actor AggregatorThread {
  private let thread: PinnedThread
  private let doorbell: Doorbell
  private let isStopping = Atomic<Bool>(false)

  nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

  init(doorbell: Doorbell) throws(PinnedThreadError) {
    thread = try PinnedThread(name: "telemetry")
    self.doorbell = doorbell
  }

  /// Runs until `stop`, blocking its own thread only. Rests as long as there was something to do after the last rest.
  func run(hasWork: () -> Bool, drain: () -> Void) {
    while !isStopping.load(ordering: .acquiring) {
      drain()
      doorbell.rest()
      if hasWork() { continue }
      doorbell.wait { hasWork() || isStopping.load(ordering: .acquiring) }
    }
  }

  /// Ends `run` after what it is doing.
  nonisolated func stop() {
    isStopping.store(true, ordering: .releasing)
    doorbell.ring(isUrgent: true)
  }
}
