import Glibc
import PinnedThread
import Testing

/// Counts on a thread of its own and remembers which one it was.
private actor Counter {
  private let thread: PinnedThread
  private var values: [Int] = []
  private var threads: Set<UInt> = []
  nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

  init(thread: PinnedThread) { self.thread = thread }

  func add(_ value: Int) {
    threads.insert(UInt(pthread_self()))
    values.append(value)
  }
  func result() -> (values: [Int], threads: Set<UInt>) { (values, threads) }
  func name() -> String {
    let file = open("/proc/thread-self/comm", O_RDONLY)
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 32)
    let count = read(file, &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
  }
  /// Blocks the thread in C until the gate is closed, and says so before.
  func block(on descriptor: CInt, announcing began: AsyncStream<Void>.Continuation? = nil) {
    began?.finish()
    var byte: UInt8 = 0
    _ = read(descriptor, &byte, 1)
  }

  /// A loop as an adapter has it: waits for a socket and for calls.
  func loop(socket: CInt) async -> Int {
    var turns = 0
    while values.count < 3 {
      var descriptors = [
        pollfd(fd: socket, events: Int16(POLLIN), revents: 0),
        pollfd(fd: thread.wakeDescriptor, events: Int16(POLLIN), revents: 0),
      ]
      poll(&descriptors, nfds_t(descriptors.count), 20_000)
      if descriptors[0].revents != 0 {
        var byte: UInt8 = 0
        _ = read(socket, &byte, 1)
        values.append(Int(byte))
      }
      turns += 1
      await thread.letQueuedJobsRun()
    }
    return turns
  }
}

private func makePipe() -> (read: CInt, write: CInt) {
  var ends: [CInt] = [-1, -1]
  _ = pipe(&ends)
  return (ends[0], ends[1])
}

@Suite("A pinned thread", .timeLimit(.minutes(1)))
struct PinnedThreadTests {
  @Test("runs all jobs of an actor on one thread, one at a time, in their order")
  func order() async throws {
    let counter = Counter(thread: try PinnedThread(name: "a rather long thread name"))
    for value in 0..<1000 { await counter.add(value) }
    await withTaskGroup(of: Void.self) { group in
      for value in 0..<1000 { group.addTask { await counter.add(value) } }
    }
    let (values, threads) = await counter.result()
    #expect(Array(values.prefix(1000)) == Array(0..<1000))
    #expect(values.count == 2000)
    #expect(threads.count == 1)
    #expect(await counter.name() == "a rather long t\n")
  }

  @Test("Blocking C on sixteen of them does not hold up other work")
  func blocking() async throws {
    let gate = makePipe()
    var blocked: [Task<Void, Never>] = []
    for index in 0..<16 {
      let counter = Counter(thread: try PinnedThread(name: "blocked \(index)"))
      blocked.append(Task { await counter.block(on: gate.read) })
    }
    let free = Counter(thread: try PinnedThread(name: "free"))
    await free.add(1)
    #expect(await Task { 7 }.value == 7)
    #expect(await free.result().values == [1])
    close(gate.write)
    for task in blocked { await task.value }
    close(gate.read)
  }

  @Test("A loop that waits for a socket is woken by calls and by the socket")
  func pollLoop() async throws {
    let socket = makePipe()
    let counter = Counter(thread: try PinnedThread(name: "loop"))
    let loop = Task { await counter.loop(socket: socket.read) }
    await counter.add(10)
    var byte: UInt8 = 11
    _ = write(socket.write, &byte, 1)
    await counter.add(12)
    while await counter.result().values.count < 3 { await counter.add(13) }
    #expect(await loop.value < 100)
    #expect(await counter.result().values.prefix(1) == [10])
    #expect(await counter.result().values.contains(11))
    close(socket.read)
    close(socket.write)
  }

  @Test("stop ends the thread after its queue, and a late call is still answered")
  func stop() async throws {
    let thread = try PinnedThread(name: "stopped")
    let counter = Counter(thread: thread)
    await counter.add(1)
    thread.stop()
    #expect(thread.waitUntilEnded(atMost: .seconds(5)))
    await counter.add(2)
    #expect(await counter.result().values == [1, 2])
    #expect(thread.waitUntilEnded(atMost: .seconds(5)))
  }

  @Test("Waiting for the end of a thread that is stuck in C is bounded")
  func boundedWait() async throws {
    let gate = makePipe()
    let thread = try PinnedThread(name: "stuck")
    let counter = Counter(thread: thread)
    let (began, announce) = AsyncStream<Void>.makeStream()
    let stuck = Task { await counter.block(on: gate.read, announcing: announce) }
    for await _ in began {}
    thread.stop()
    #expect(!thread.waitUntilEnded(atMost: .milliseconds(30)))
    close(gate.write)
    await stuck.value
    #expect(thread.waitUntilEnded(atMost: .seconds(5)))
    close(gate.read)
  }

  @Test("A released actor takes its thread and its descriptors with it")
  func release() async throws {
    func openDescriptors() -> Int {
      guard let directory = opendir("/proc/self/fd") else { return -1 }
      defer { closedir(directory) }
      var count = 0
      while readdir(directory) != nil { count += 1 }
      return count
    }
    func use(_ index: Int) async throws { await Counter(thread: try PinnedThread(name: "\(index)")).add(index) }
    let before = openDescriptors()
    for index in 0..<300 { try await use(index) }
    // Threads end on their own time; each of them would hold two descriptors for ever if it did not.
    for _ in 0..<1000 where openDescriptors() > before + 100 { await Task.yield() }
    #expect(openDescriptors() <= before + 100)
  }
}
