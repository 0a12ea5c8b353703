import AdapterKit
import CommandDispatch
import EnergyModel
import Foundation
import GatewayStore
import LocalAPISchema
import LocalAPIServer
import Logging
import TelemetryPipeline
import TimeSource

/// All parts of the running gateway, started and stopped in their order.
actor GatewayDaemon {
  let paths: GatewayPaths
  let time: TimeSource
  let notifier: SystemdNotifier
  let logger: Logger
  let store: GatewayStore
  let hub: StreamHub
  let events: EventLog
  let board: ConnectivityBoard
  let grid: GridMeters
  let carbonFeed: CarbonFeed
  let deviceWatch: DeviceWatch
  let usageWatch: UsageWatch
  let dispatcher: CommandDispatcher
  let gateway: LocalGateway
  var server: APIService?
  var identity: ServingIdentity?
  var background: [Task<Void, Never>] = []
  var stateFeed: Task<Void, Never>?
  var scheduling: Task<Void, Never>?
  var flushing: Task<Void, Never>?
  let replacing = Turnstile()
  /// Set when a reload left nothing that runs.
  var isBroken = false

  /// A clean stop gives the commands this time to undo their leases, then the links end what is on the wire.
  static let undoLimit = Duration.seconds(2)
  /// A clean stop gives each other part this time before it goes on.
  static let stepLimit = Duration.seconds(1)
  /// The log says so when the API's certificate ends within this time.
  static let certificateNoticeMilliseconds: Int64 = 14 * 86_400_000

  // MARK: Start

  static func start(
    _ configuration: GatewayConfiguration, paths: GatewayPaths, time: TimeSource, notifier: SystemdNotifier,
    logger: Logger
  ) async throws -> GatewayDaemon {
    let path = paths.store == GatewayPaths().store ? configuration.storePath : paths.store
    try prepareDirectory(of: path)
    let store = try await GatewayStore.open(path: path, now: time.wall(), logger: logger)
    if let damaged = store.quarantinedPath {
      logger.error(
        "the database was damaged; it was moved aside and a new one started", metadata: ["file": "\(damaged)"])
    }
    let daemon = GatewayDaemon(store: store, paths: paths, time: time, notifier: notifier, logger: logger)
    do {
      try await daemon.begin(configuration)
    } catch {
      await daemon.stop()
      throw error
    }
    return daemon
  }

  private init(
    store: GatewayStore, paths: GatewayPaths, time: TimeSource, notifier: SystemdNotifier, logger: Logger
  ) {
    self.store = store
    self.paths = paths
    self.time = time
    self.notifier = notifier
    self.logger = logger
    let hub = StreamHub()
    let board = ConnectivityBoard()
    let directory = DeviceDirectory()
    let events = EventLog(store: store, hub: hub, directory: directory, time: time, logger: logger)
    let makeID: @Sendable (String) -> String = { prefix in "\(prefix)_\(Identifiers.random(RandomBytes.system))" }
    let grid = GridMeters()
    self.grid = grid
    let alerts = AlertBook(
      store: store, events: events, time: time, logger: logger, makeID: { makeID("alt") })
    dispatcher = CommandDispatcher(
      context: DispatchContext(
        store: store, time: time, bootID: BootIdentity.present(), logger: logger,
        connectivity: { id in
          directory.endpoint(of: id).flatMap { board.connectivity(of: $0) } ?? Connectivity(since: time.wall())
        },
        gridPower: { grid.power(atSiteOf: $0) },
        changed: { record in events.record(record) },
        found: { await alerts.note($0) },
        makeID: { makeID("cmd") }))
    let tags = TagBook(store: store)
    let random: @Sendable () -> Double = { Double.random(in: 0..<1) }
    let batches = BatchRunner(store: store, time: time, logger: logger) {
      [dispatcher] request throws(CommandRefusal) in try await dispatcher.submit(request).record
    }
    let schedules = ScheduleRunner(
      store: store, hands: .init(dispatcher: dispatcher, directory: directory, tags: tags), time: time, random: random,
      logger: logger)
    let hooks = WebhookRunner(
      store: store, events: events, time: time, logger: logger, random: random, makeAlertID: { makeID("alt") })
    events.onAppend { hooks.poke() }
    let carbon = CarbonBook()
    gateway = LocalGateway(
      store: store, dispatcher: dispatcher, board: board, events: events, keys: KeyRing(store: store),
      directory: directory, grid: grid, tags: tags, batches: batches, schedules: schedules,
      additions: AdditionBook(store: store, paths: paths),
      discoveries: DiscoveryDesk(library: { ConfigurationCheck.library(paths) }, time: time, random: random),
      alerts: alerts, hooks: hooks, carbon: carbon, time: time, random: random, logger: logger, makeID: makeID)
    self.hub = hub
    self.board = board
    self.events = events
    carbonFeed = CarbonFeed(book: carbon, store: store, time: time, random: random, logger: logger)
    deviceWatch = DeviceWatch(events: events, time: time)
    usageWatch = UsageWatch(store: store, events: events, time: time, logger: logger)
  }

  private func begin(_ configuration: GatewayConfiguration) async throws {
    try await gateway.keys.load()
    try await gateway.tags.load()
    try await gateway.book.load()
    try await gateway.additions.load()
    gateway.onRebuild { [weak self] reason, actor in try await self?.rebuild(because: reason, by: actor) }
    background.append(Task { [events] in await events.run() })
    let running = try await assemble(withAdditions(configuration))
    await takeOver(running, because: "start")
    try await dispatcher.recover()
    await gateway.batches.resume()
    scheduling = Task { [gateway] in await gateway.schedules.run() }
    try await startServer(configuration)
    background.append(Task { await watch() })
    background.append(Task { [gateway] in await gateway.expireConnectionsInTime() })
    background.append(Task { [gateway] in await gateway.retention.run() })
    background.append(Task { [gateway] in await gateway.hooks.run() })
    background.append(Task { [gateway, deviceWatch] in await deviceWatch.run { gateway.current } })
    background.append(Task { [gateway, usageWatch] in await usageWatch.run { gateway.current } })
    notifier.ready(summary())
    logger.notice(
      "heddled \(ReleaseVersion.current) runs",
      metadata: [
        "links": "\(running.file.links.count)", "devices": "\(running.file.devices.count)",
        "api": "\(configuration.api.listen?.description ?? "none")", "socket": "\(socketPath(configuration))",
      ])
  }

  private static func prepareDirectory(of path: String) throws {
    let directory = URL(fileURLWithPath: path).deletingLastPathComponent().path
    guard !FileManager.default.fileExists(atPath: directory) else { return }
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o750])
  }

  // MARK: Signs of life

  func summary() -> String {
    guard let configuration = gateway.current?.configuration else { return "starting" }
    let online = configuration.devices.filter {
      board.connectivity(of: EndpointID($0.endpointName))?.state == .online
    }
    return "\(online.count) of \(configuration.devices.count) devices online"
  }

  /// Feeds the service manager's watchdog, but only as long as the store answers and the pipeline moves.
  private func watch() async {
    let interval = notifier.watchdogInterval ?? .seconds(10)
    while (try? await time.sleep(for: interval)) != nil {
      guard (try? await store.lastEventSeq()) != nil, isAggregating else { continue }
      notifier.watchdog()
      notifier.status(summary())
    }
  }

  /// Whether the aggregator keeps up: a ring that is full means that it does not.
  private var isAggregating: Bool {
    guard let statistics = gateway.current?.pipeline.statistics else { return true }
    return statistics.fullRings == 0
  }

  // MARK: Stop

  /// Gives the devices back to themselves, keeps what was measured, and closes. Takes less than five seconds.
  func stop() async {
    notifier.stopping()
    // What is undone now is not to be sent again at once.
    scheduling?.cancel()
    await gateway.batches.stop()
    await gateway.discoveries.stop()
    await carbonFeed.stop()
    await atMost(Self.stepLimit, "the last webhooks") { [gateway] in await gateway.hooks.stop() }
    await atMost(Self.undoLimit, "undoing the leases") { [dispatcher] in await dispatcher.stop() }
    if let running = gateway.current {
      await Self.stop(running.links)
      await stopPipeline()
      await atMost(Self.stepLimit, "the last days of customers") { [usageWatch] in await usageWatch.look(at: running) }
    }
    stateFeed?.cancel()
    events.finish()
    await atMost(Self.stepLimit, "the last answers of the API") { [server] in await server?.stop() }
    for task in background.dropFirst() { task.cancel() }
    await atMost(Self.stepLimit, "the last events") { [background] in for task in background { await task.value } }
    do {
      try await store.close()
    } catch {
      logger.error("the store did not close: \(error)")
    }
    logger.notice("heddled stopped")
  }

  /// Waits for a part of the stop, but only so long. What takes longer ends by itself or with the process.
  private func atMost(_ limit: Duration, _ what: String, _ work: @escaping @Sendable () async -> Void) async {
    let (ends, end) = AsyncStream<Bool>.makeStream()
    Task {
      await work()
      end.yield(true)
    }
    let timer = Task { [time] in
      try? await time.sleep(for: limit)
      end.yield(false)
    }
    for await isDone in ends {
      timer.cancel()
      if !isDone { logger.warning("\(what) takes longer than \(limit), the stop goes on") }
      return
    }
  }

  /// The pipeline flushes once more when its task ends.
  func stopPipeline() async {
    flushing?.cancel()
    await flushing?.value
    flushing = nil
  }

  static func stop(_ links: [RunningLink]) async {
    await withTaskGroup { group in
      for link in links { group.addTask { await link.adapter.stop() } }
    }
  }
}
