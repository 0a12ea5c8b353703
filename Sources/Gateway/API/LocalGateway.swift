import CommandDispatch
import EnergyModel
import GatewayStore
import LocalAPISchema
import LocalAPIServer
import Logging
import Synchronization
import TelemetryPipeline
import TimeSource

/// What runs, for those who are made before it.
private final class RunningBox: Sendable {
  let value = Mutex<RunningConfiguration?>(nil)
}

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
  let carbon: CarbonBook
  let hooks: WebhookRunner
  let additions: AdditionBook
  let trials = TrialSeats()
  let logger: Logger
  let discoveries: DiscoveryDesk
  let retention: Retention
  /// Changes of customers, sites and devices come one after the other.
  let turnstile = Turnstile()
  /// Links and devices are made and deleted one after the other. Putting them into force takes a turn of the above.
  let additionTurn = Turnstile()
  let time: TimeSource
  let makeID: @Sendable (String) -> String
  /// 0 up to 1, for the turns of a batch.
  let random: @Sendable () -> Double
  let startedAt: Timestamp
  let startedMonotonic: Duration
  private let running: RunningBox
  private let rebuilder = Mutex<(@Sendable (String, String) async throws -> Void)?>(nil)

  init(
    store: GatewayStore, dispatcher: CommandDispatcher, board: ConnectivityBoard, events: EventLog, keys: KeyRing,
    directory: DeviceDirectory, grid: GridMeters, tags: TagBook, batches: BatchRunner, schedules: ScheduleRunner,
    additions: AdditionBook, discoveries: DiscoveryDesk, alerts: AlertBook, hooks: WebhookRunner, carbon: CarbonBook,
    time: TimeSource,
    random: @escaping @Sendable () -> Double, logger: Logger,
    makeID: @escaping @Sendable (String) -> String
  ) {
    let running = RunningBox()
    self.running = running
    let path = store.path
    retention = Retention(
      store: store, time: time, logger: logger,
      around: Retention.Surroundings(
        settings: { running.value.withLock { $0?.configuration.storage } ?? StorageSettings() },
        pipeline: { running.value.withLock { $0?.pipeline } },
        freeBytes: { DiskFigures.freeBytes(at: path) },
        alert: { kind, message in await alerts.note(kind, message) }))
    self.store = store
    self.dispatcher = dispatcher
    self.board = board
    self.events = events
    self.keys = keys
    self.directory = directory
    self.tags = tags
    self.batches = batches
    self.schedules = schedules
    self.discoveries = discoveries
    self.hooks = hooks
    self.carbon = carbon
    self.random = random
    self.grid = grid
    book = RecordBook(store: store)
    self.additions = additions
    self.logger = logger
    self.time = time
    self.makeID = makeID
    startedAt = time.wall()
    startedMonotonic = time.monotonic()
  }

  /// What runs now; replaced as a whole by a reload.
  var current: RunningConfiguration? { running.value.withLock { $0 } }

  func replace(_ configuration: RunningConfiguration?) { running.value.withLock { $0 = configuration } }

  /// Changes what runs, unless a reload has replaced it meanwhile.
  func replace(_ old: RunningConfiguration, with new: RunningConfiguration) {
    running.value.withLock { if $0?.pipeline === old.pipeline { $0 = new } }
  }

  /// Says how additions are put into force, by a reason and an actor.
  func onRebuild(_ rebuild: @escaping @Sendable (String, String) async throws -> Void) {
    rebuilder.withLock { $0 = rebuild }
  }

  func rebuilding(_ reason: String, _ actor: String) async throws {
    guard let rebuild = rebuilder.withLock({ $0 }) else { throw CancellationError() }
    try await rebuild(reason, actor)
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
