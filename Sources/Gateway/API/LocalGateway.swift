import CommandDispatch
import EnergyModel
import GatewayStore
import LocalAPISchema
import LocalAPIServer
import Synchronization
import TelemetryPipeline
import TimeSource

/// What the API asks, answered by the real parts.
final class LocalGateway: GatewayService {
  let store: GatewayStore
  let dispatcher: CommandDispatcher
  let board: ConnectivityBoard
  let events: EventLog
  let keys: KeyRing
  let directory: DeviceDirectory
  let tags: TagBook
  let batches: BatchRunner
  let schedules: ScheduleRunner
  let grid: GridMeters
  let book: RecordBook
  /// Changes of customers, sites and devices come one after the other.
  let turnstile = Turnstile()
  let time: TimeSource
  let makeID: @Sendable (String) -> String
  /// 0 up to 1, for the turns of a batch.
  let random: @Sendable () -> Double
  let startedAt: Timestamp
  let startedMonotonic: Duration
  private let running = Mutex<RunningConfiguration?>(nil)

  init(
    store: GatewayStore, dispatcher: CommandDispatcher, board: ConnectivityBoard, events: EventLog, keys: KeyRing,
    directory: DeviceDirectory, grid: GridMeters, tags: TagBook, batches: BatchRunner, schedules: ScheduleRunner,
    time: TimeSource, random: @escaping @Sendable () -> Double, makeID: @escaping @Sendable (String) -> String
  ) {
    self.store = store
    self.dispatcher = dispatcher
    self.board = board
    self.events = events
    self.keys = keys
    self.directory = directory
    self.tags = tags
    self.batches = batches
    self.schedules = schedules
    self.random = random
    self.grid = grid
    book = RecordBook(store: store)
    self.time = time
    self.makeID = makeID
    startedAt = time.wall()
    startedMonotonic = time.monotonic()
  }

  /// What runs now; replaced as a whole by a reload.
  var current: RunningConfiguration? { running.withLock { $0 } }

  func replace(_ configuration: RunningConfiguration?) { running.withLock { $0 = configuration } }

  /// Changes what runs, unless a reload has replaced it meanwhile.
  func replace(_ old: RunningConfiguration, with new: RunningConfiguration) {
    running.withLock { if $0?.pipeline === old.pipeline { $0 = new } }
  }

  /// What runs now, or the answer that there is nothing yet.
  func live() throws(APIError) -> RunningConfiguration {
    if let current { return current }
    throw APIError(
      status: 503, code: "STARTING", message: "the gateway is starting", hint: "try again in a second",
      retryAfterSeconds: 1)
  }

  /// A failure of the store as the client sees it.
  func stored<T>(_ work: () async throws(GatewayStoreError) -> T) async throws(APIError) -> T {
    do {
      return try await work()
    } catch {
      throw APIError(
        status: 503, code: "STORE_UNAVAILABLE", message: "the store did not do it: \(error.reason)", hint: error.hint,
        retryAfterSeconds: error.isRetryable ? 5 : nil)
    }
  }

  func readiness() async -> Readiness {
    current == nil
      ? Readiness(isReady: false, reasons: ["the adapters are not started yet"]) : Readiness(isReady: true, reasons: [])
  }
}
