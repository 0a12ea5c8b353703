internal import Glibc
internal import Synchronization

/// The queue of a pinned thread and the thread that empties it. Held by both, so either may go first.
final class JobQueue: Sendable {
  enum Entry: Sendable {
    case job(UnownedJob, executor: PinnedThread)
    case resume(UnsafeContinuation<Void, Never>)
  }

  private struct State {
    var incoming: [Entry] = []
    /// Reversed, so that the oldest is taken from the end.
    var outgoing: [Entry] = []
    var isStopping = false
    var isThreadRunning = false
    var isEmpty: Bool { incoming.isEmpty && outgoing.isEmpty }

    mutating func removeFirst() -> Entry? {
      if outgoing.isEmpty {
        outgoing = incoming.reversed()
        incoming.removeAll(keepingCapacity: true)
      }
      return outgoing.popLast()
    }
  }

  private let name: String
  private let state = Mutex(State())
  /// Readable while the queue is not empty: one byte goes in with the first entry and comes out with the last one.
  let wakeDescriptor: CInt
  private let wakeWriteEnd: CInt

  init(name: String) throws(PinnedThreadError) {
    self.name = name
    var ends: [CInt] = [-1, -1]
    guard pipe(&ends) == 0 else { throw PinnedThreadError(thread: name, call: "pipe", code: errno) }
    for end in ends {
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
    }
    wakeDescriptor = ends[0]
    wakeWriteEnd = ends[1]
  }

  deinit {
    close(wakeDescriptor)
    close(wakeWriteEnd)
  }

  var hasEntries: Bool { state.withLock { !$0.isEmpty } }
  var isThreadRunning: Bool { state.withLock { $0.isThreadRunning } }

  func append(_ entry: Entry) {
    let threadEnded = state.withLock { state in
      let wasEmpty = state.isEmpty
      state.incoming.append(entry)
      if wasEmpty { setReadable() }
      return !state.isThreadRunning
    }
    // If the system refuses a thread now, the entry waits for the next attempt; nobody here could be told.
    if threadEnded { try? startThread() }
  }

  func stop() {
    state.withLock { state in
      state.isStopping = true
      // The byte wakes a thread that waits; it finds the queue empty and ends.
      if state.isEmpty { setReadable() }
    }
  }

  func startThread() throws(PinnedThreadError) {
    guard claimThread() else { return }
    let argument = Unmanaged.passRetained(self)
    let code = JobQueue.createThread(argument.toOpaque())
    guard code != 0 else { return }
    argument.release()
    disclaimThread()
    throw PinnedThreadError(thread: name, call: "pthread_create", code: code)
  }

  /// Whether the caller is the one to start the thread.
  private func claimThread() -> Bool {
    state.withLock { state in
      let isFree = !state.isThreadRunning
      state.isThreadRunning = true
      return isFree
    }
  }

  private func disclaimThread() { state.withLock { $0.isThreadRunning = false } }

  private static func createThread(_ argument: UnsafeMutableRawPointer) -> CInt {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setdetachstate(&attributes, CInt(PTHREAD_CREATE_DETACHED))
    pthread_attr_setstacksize(&attributes, PinnedThread.stackBytes)
    var thread = pthread_t()
    return pthread_create(&thread, &attributes, pinnedThreadMain, argument)
  }

  /// The whole life of the thread.
  fileprivate func main() {
    // Signals belong to the main thread: a C library in the middle of a call must not see EINTR.
    var all = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_BLOCK, &all, nil)
    JobQueue.setThreadName(name)
    run()
  }

  /// Names the calling thread for `top -H` and debuggers; glibc's own call is hidden behind a feature macro.
  private static func setThreadName(_ name: String) {
    let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { return }
    let bytes = Array(name.utf8.prefix(15))
    _ = write(file, bytes, bytes.count)
    close(file)
  }

  private func run() {
    while true {
      switch next() {
      case .entry(.job(let job, let executor)): job.runSynchronously(on: executor.asUnownedSerialExecutor())
      case .entry(.resume(let continuation)): continuation.resume()
      case .wait:
        var descriptor = pollfd(fd: wakeDescriptor, events: Int16(POLLIN), revents: 0)
        _ = poll(&descriptor, 1, -1)
      case .end: return
      }
    }
  }

  private enum Turn { case entry(Entry), wait, end }

  private func next() -> Turn {
    state.withLock { state in
      if let entry = state.removeFirst() {
        if state.isEmpty { setUnreadable() }
        return .entry(entry)
      }
      guard state.isStopping else { return .wait }
      setUnreadable()
      state.isThreadRunning = false
      return .end
    }
  }

  private func setReadable() {
    var byte: UInt8 = 1
    _ = write(wakeWriteEnd, &byte, 1)
  }

  private func setUnreadable() {
    var bytes: UInt64 = 0
    _ = read(wakeDescriptor, &bytes, MemoryLayout.size(ofValue: bytes))
  }
}

/// What `pthread_create` calls. A free function: as a closure inside the class it crashes the compiler (Swift 6.3.1).
private func pinnedThreadMain(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let argument else { return nil }
  Unmanaged<JobQueue>.fromOpaque(argument).takeRetainedValue().main()
  return nil
}
