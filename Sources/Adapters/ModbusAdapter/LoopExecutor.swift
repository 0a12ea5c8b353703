import NIOCore

/// Runs the actor of a bus, and all else of its tasks, on one of the event loops that links share.
///
/// What ends a wait hands its task to the task's executor first, and that hands it to the actor's: with a pool of threads
/// for the former, each answer and each timer would wake two more threads on their way to the loop that they come from.
final class LoopExecutor: SerialExecutor, TaskExecutor {
  let loop: any EventLoop
  /// Held, because its threads end with it.
  let loops: SocketLoops

  init(_ loops: SocketLoops) {
    self.loops = loops
    loop = loops.next()
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    // The closure holds the executor, so that it outlives a job that releases the last actor on it.
    loop.execute {
      job.runSynchronously(isolatedTo: self.asUnownedSerialExecutor(), taskExecutor: self.asUnownedTaskExecutor())
    }
  }

  func checkIsolated() { loop.preconditionInEventLoop() }

  func isIsolatingCurrentContext() -> Bool? { loop.inEventLoop }
}
