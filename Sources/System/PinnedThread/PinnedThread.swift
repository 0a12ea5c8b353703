internal import Glibc

/// An actor executor on one thread of its own, for C libraries that block.
///
/// Blocking calls on Swift's shared pool starve everything else: there are only as many threads as cores. An actor that
/// wraps such a library runs on its own thread instead:
///
/// ```swift
/// actor Session {
///   private let thread: PinnedThread
///   nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
///   init() throws(PinnedThreadError) { thread = try PinnedThread(name: "mqtt broker") }
/// }
/// ```
///
/// Jobs run one at a time in the order of their arrival, all on the same thread, so the library sees one thread for
/// the life of the actor and its callbacks may use `assumeIsolated`.
///
/// **A loop that waits for a socket** is an ordinary method of the actor. It waits on `wakeDescriptor` too, which is
/// readable as long as a job is queued, and then lets the queued jobs run:
///
/// ```swift
/// func loop() async {
///   while !isStopping {
///     var descriptors = [
///       pollfd(fd: mosquitto_socket(handle), events: Int16(POLLIN), revents: 0),
///       pollfd(fd: thread.wakeDescriptor, events: Int16(POLLIN), revents: 0),
///     ]
///     poll(&descriptors, nfds_t(descriptors.count), 1000)
///     if descriptors[0].revents != 0 { mosquitto_loop_read(handle, 1) }
///     mosquitto_loop_misc(handle)
///     await thread.letQueuedJobsRun()     // a publish or a stop from another task gets its turn here
///   }
/// }
/// ```
///
/// Nothing has to be read from `wakeDescriptor`. A call from another task (`await session.publish(…)`) wakes the loop by
/// itself, because it queues a job.
///
/// **Life.** The thread ends when the `PinnedThread` is released, or by `stop()`. It never holds its owner alive.
public final class PinnedThread: SerialExecutor {
  /// Stack of the thread: what C libraries and a deep parser need, not the 8 MB that the system reserves.
  static let stackBytes = 1 << 20

  /// The name for people; the first 15 bytes are what `top -H` shows.
  public let name: String

  private let queue: JobQueue

  /// Starts the thread.
  ///
  /// Throws if the process may not have another thread or descriptor.
  public init(name: String) throws(PinnedThreadError) {
    self.name = name
    queue = try JobQueue(name: name)
    try queue.startThread()
  }

  deinit { queue.stop() }

  /// Takes a job from the Swift runtime.
  public func enqueue(_ job: consuming ExecutorJob) {
    // The entry holds the executor, so that it outlives a job that releases the last actor on it.
    queue.append(.job(UnownedJob(job), executor: self))
  }

  /// What an actor returns from `unownedExecutor`.
  public func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

  /// A descriptor that is readable as long as a job waits for its turn. For `poll` only: do not read from it.
  public var wakeDescriptor: CInt { queue.wakeDescriptor }

  /// Whether a job waits for its turn.
  public var hasQueuedJobs: Bool { queue.hasEntries }

  /// Suspends the caller, an actor's method on this thread, until the jobs that are queued now had their turn.
  ///
  /// Returns at once if none waits. Unlike `Task.yield` it never touches the shared pool.
  public func letQueuedJobsRun() async {
    guard hasQueuedJobs else { return }
    await withUnsafeContinuation { queue.append(.resume($0)) }
  }

  /// Blocks the thread until a job waits for its turn, or until a time is over. To be called on the thread itself, by a
  /// loop that lets the queued jobs run afterwards.
  ///
  /// - Parameter limit: to the millisecond, at most a day; `nil` = without end.
  public func waitForJob(atMost limit: Duration?) {
    var descriptor = pollfd(fd: wakeDescriptor, events: Int16(POLLIN), revents: 0)
    let longest = Duration.seconds(86_400)
    let milliseconds = limit.map { limit in
      let (seconds, attoseconds) = max(.zero, min(limit, longest)).components
      // Rounded up: the caller looks at a clock, and would be back for the rest.
      return CInt(seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
    _ = poll(&descriptor, 1, milliseconds ?? -1)
  }

  /// Ends the thread when its queue is empty. Returns at once.
  ///
  /// A job that arrives later (a call to the actor after its end) is still executed, on a new thread that ends with it:
  /// no task hangs because of a stop.
  public func stop() { queue.stop() }

  /// Blocks until the thread has ended, at most for a time; call `stop` before, and never on the thread itself.
  ///
  /// - Returns: whether it has ended. A thread inside a C call that does not return is left behind.
  public func waitUntilEnded(atMost limit: Duration) -> Bool {
    // Only a shutdown waits here: looking every few milliseconds costs nothing and needs no descriptor.
    let stepMilliseconds: CInt = 5
    var remaining = limit
    while queue.isThreadRunning {
      guard remaining > .zero else { return false }
      _ = poll(nil, 0, stepMilliseconds)
      remaining -= .milliseconds(Int(stepMilliseconds))
    }
    return true
  }
}

/// The process may not have another thread or descriptor.
public struct PinnedThreadError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What was refused, for which thread, and what to do.
  public let message: String
  /// The message.
  public var description: String { message }

  init(thread: String, call: String, code: CInt) {
    let reason = strerror(code).map { String(cString: $0) } ?? "error \(code)"
    message = "thread '\(thread)': \(call): \(reason); raise LimitNOFILE or TasksMax of the service, or use fewer links"
  }
}
