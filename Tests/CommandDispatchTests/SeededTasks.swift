import Foundation

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Runs Swift tasks one job at a time on the thread that uses it, in an order that a seed decides.
///
/// The concurrency runtime lets a process take over where jobs without an executor of their own go. Jobs that this
/// thread makes go to its `SeededTasks`; all other threads of the process keep the pool of the runtime.
final class SeededTasks: TaskExecutor, @unchecked Sendable {
  // Only ever touched by the thread whose jobs it runs; that is why it is `@unchecked`.
  private var jobs: [UnownedJob] = []
  private var random: SeededGenerator
  /// Jobs that were run.
  private(set) var count = 0

  init(seed: UInt64) { random = SeededGenerator(state: seed) }

  func enqueue(_ job: consuming ExecutorJob) { jobs.append(UnownedJob(job)) }

  /// Runs what can run, until nothing can, or `limit` jobs were run. Returns whether nothing can run any more.
  @discardableResult
  func run(atMost limit: Int = 200_000) -> Bool {
    var left = limit
    while !jobs.isEmpty {
      guard left > 0 else { return false }
      left -= 1
      count += 1
      let index = jobs.count == 1 ? 0 : Int(random.next() % UInt64(jobs.count))
      jobs.swapAt(index, jobs.count - 1)
      jobs.removeLast().runSynchronously(on: asUnownedTaskExecutor())
    }
    return true
  }

  /// Lets others go first. `Task.yield` asks the executor of the process, past the hook.
  static func pass() async {
    await Task {}.value
  }

  /// Makes the jobs of this thread those of `tasks` while `body` runs.
  static func with<T>(_ tasks: SeededTasks, _ body: () throws -> T) rethrows -> T {
    _ = installed
    pthread_setspecific(key, Unmanaged.passUnretained(tasks).toOpaque())
    defer { pthread_setspecific(key, nil) }
    return try body()
  }

  private typealias Original = @convention(thin) (UnownedJob) -> Void
  private typealias Hook = @convention(thin) (UnownedJob, Original) -> Void

  private static let key: pthread_key_t = {
    var key: pthread_key_t = 0
    pthread_key_create(&key, nil)
    return key
  }()

  private static let installed: Void = {
    _ = key
    let symbol = dlsym(dlopen(nil, RTLD_NOW), "swift_task_enqueueGlobal_hook")
    symbol?.assumingMemoryBound(to: Optional<Hook>.self).pointee = { job, original in
      if let tasks = pthread_getspecific(SeededTasks.key) {
        Unmanaged<SeededTasks>.fromOpaque(tasks).takeUnretainedValue().jobs.append(job)
      } else {
        original(job)
      }
    }
  }()
}

/// SplitMix64: the same seed gives the same history.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// True once in `n` times.
  mutating func oneIn(_ n: Int) -> Bool { Int.random(in: 0..<n, using: &self) == 0 }
}
