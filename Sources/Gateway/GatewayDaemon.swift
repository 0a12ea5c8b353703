import AdapterKit
import CommandDispatch
import DeviceProfiles
import EnergyModel
import Foundation
import GatewayStore
import HTTPAdapter
import LocalAPISchema
import LocalAPIServer
import Logging

import ServiceLifecycle
import TelemetryPipeline
import TimeSource

/// All parts of the running gateway, started and stopped in their order.
actor GatewayDaemon {
  private let paths: GatewayPaths
  private let time: TimeSource
  private let notifier: SystemdNotifier
  private let logger: Logger
  private let store: GatewayStore
  private let hub: StreamHub
  private let events: EventLog
  private let board: ConnectivityBoard
  private let grid: GridMeters
  private let carbonFeed: CarbonFeed
  private let deviceWatch: DeviceWatch
  private let usageWatch: UsageWatch
  private let dispatcher: CommandDispatcher
  private let gateway: LocalGateway
  private var server: APIService?
  private var identity: ServingIdentity?
  private var background: [Task<Void, Never>] = []
  private var stateFeed: Task<Void, Never>?
  private var scheduling: Task<Void, Never>?
  private var flushing: Task<Void, Never>?
  private let replacing = Turnstile()
  /// Set when a reload left nothing that runs.
  private var isBroken = false

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

  // MARK: Configuration

  /// Makes pipeline and adapters of a configuration; nothing new talks to a device yet.
  ///
  /// - Parameter kept: links that are at work and go on where the configuration asks for the same.
  private func assemble(
    _ file: GatewayConfiguration, keeping kept: [RunningLink] = []
  ) async throws -> RunningConfiguration {
    let configuration = gateway.book.applied(to: file)
    var limits = PipelineLimits()
    limits.flushInterval = configuration.storage.flushInterval
    limits.keepsRaw = configuration.storage.rawAge > .zero
    let pipeline = try await TelemetryPipeline(
      layout: configuration.pipelineLayout, store: store, time: time, limits: limits, logger: logger)
    pipeline.setRecording(gateway.retention.room.isRecording)
    let assembly = LinkAssembly(
      time: time, random: { Double.random(in: 0..<1) }, logger: logger,
      gatewayName: ProcessInfo.processInfo.hostName,
      logins: LoginFiles(configuration, paths, logger: logger))
    do {
      let shared = pipeline.makeProducer(link: "shared", isShared: true)
      let links = try configuration.links.map { link in
        let producer = link.transport.hasOwnThread ? pipeline.makeProducer(link: link.id) : shared
        return try assemble(link, of: configuration, into: pipeline, by: producer, with: assembly, keeping: kept)
      }
      return RunningConfiguration(file: file, configuration: configuration, links: links, pipeline: pipeline)
    } catch {
      await pipeline.stop()
      throw error
    }
  }

  private func assemble(
    _ link: LinkConfiguration, of configuration: GatewayConfiguration, into pipeline: TelemetryPipeline,
    by producer: TelemetryProducer, with assembly: LinkAssembly, keeping kept: [RunningLink]
  ) throws -> RunningLink {
    let plan = LinkPlan(link, in: configuration)
    let target = LinkSink.Target(
      devices: plan.devices, producer: producer,
      securing: { [weak pipeline] in
        guard let pipeline else { return false }
        do { try await pipeline.secure() } catch { return false }
        return true
      })
    if var same = kept.first(where: { $0.isSame(as: link, plan.endpoints) }), let sink = same.delivery?.sink {
      same.deviceIDs = plan.deviceIDs
      same.delivery = (sink, target)
      same.isKept = true
      return same
    }
    let sink = LinkSink(endpoints: plan.devices.keys, board: board, events: events)
    return RunningLink(
      configuration: link, adapter: try assembly.adapter(for: link, endpoints: plan.endpoints, sink: sink),
      tap: sink.tap, deviceIDs: plan.deviceIDs, endpoints: plan.endpoints, delivery: (sink, target))
  }

  /// A configuration file with the links and devices that the API made. Tells which of them cannot be in force.
  private func withAdditions(_ file: GatewayConfiguration) -> GatewayConfiguration {
    let (configuration, problems) = gateway.additions.applied(to: file)
    for problem in problems {
      logger.error("the \(problem.kind.rawValue) \(problem.id) of the API is not in force: \(problem.message)")
    }
    return configuration
  }

  /// Puts an assembled configuration into force.
  private func takeOver(
    _ running: RunningConfiguration, because reason: String, by actor: String = AuditRecord.gateway
  ) async {
    let configuration = running.configuration
    do {
      try await store.configure(
        configuration.records(now: time.wall()), at: time.wall(),
        origin: ConfigurationOrigin(
          actor: actor, file: configuration.file, digest: configuration.digest, reason: reason))
    } catch {
      logger.error("customers and devices could not be kept: \(error)")
    }
    gateway.directory.replace(configuration)
    gateway.hooks.replace(configuration.webhooks)
    await carbonFeed.follow(configuration.carbon)
    board.keep(Set(configuration.devices.map { EndpointID($0.endpointName) }))
    gateway.replace(running)
    grid.replace(running)
    await dispatcher.configure(running.targets)
    await gateway.settleRecords()
    deviceWatch.prepare(running.pipeline)
    for link in running.links {
      if let (sink, target) = link.delivery, case let dropped = sink.resume(target), dropped > 0 {
        logger.warning(
          "frames were dropped while the configuration was replaced",
          metadata: ["link": "\(link.configuration.id)", "count": "\(dropped)"])
      }
      if !link.isKept { await link.adapter.start() }
    }
    flushing = Task { await running.pipeline.run() }
    stateFeed?.cancel()
    stateFeed = Task { [gateway, hub] in
      for await changed in running.pipeline.changes() {
        for index in changed where running.configuration.devices.indices.contains(index) {
          let device = running.configuration.devices[index]
          let customer = gateway.directory.owner(of: device.id)?.customerID
          hub.publish(.state(gateway.state(of: device, index: index, in: running), customerId: customer))
        }
      }
    }
  }

  /// Takes a new file.
  func apply(_ file: GatewayConfiguration) async throws {
    try await inTurn { try await replace(with: withAdditions(file), because: "reload") }
  }

  /// Puts into force what the API added or took away.
  private func rebuild(because reason: String, by actor: String) async throws {
    try await inTurn {
      guard let file = gateway.current?.file else { return }
      try await replace(with: withAdditions(file), because: reason, by: actor)
    }
  }

  /// One replacement after the other.
  private func inTurn(_ work: () async throws -> Void) async throws {
    await replacing.enter()
    do {
      try await work()
      await replacing.leave()
    } catch {
      await replacing.leave()
      throw error
    }
  }

  /// Replaces what runs; links for which nothing changes go on without a break. The old configuration stays in force when
  /// the new one cannot be assembled.
  private func replace(
    with configuration: GatewayConfiguration, because reason: String, by actor: String = AuditRecord.gateway
  ) async throws {
    guard let old = gateway.current else { return }
    if configuration.api.needsRestart(beside: old.configuration.api) {
      logger.warning("a changed api: section takes effect at the next restart")
    }
    if let fresh = configuration.api.tls, let identity, fresh != identity.current { show(fresh, in: identity) }
    // What cannot be saved now would be lost with the old pipeline.
    try await old.pipeline.flush()
    // Whoever leaves, or is reached in another way, gets his device back while the old link still works.
    await dispatcher.release(allBut: configuration.devicesReached(asIn: old.configuration))
    // What a profile means now is known only to whoever reads it anew.
    let mayStay = configuration.profileDigest == old.configuration.profileDigest
    let kept = old.links.filter { link in
      mayStay && configuration.links.contains { link.isSame(as: $0, LinkPlan($0, in: configuration).endpoints) }
    }
    let keptIDs = Set(kept.map(\.configuration.id))
    await Self.stop(old.links.filter { !keptIDs.contains($0.configuration.id) })
    // The old pipeline lets go of its accumulators before the new one reads them from the store.
    for link in kept { link.delivery?.sink.hold() }
    await stopPipeline()
    await usageWatch.collect(old)
    do {
      await takeOver(try await assemble(configuration, keeping: kept), because: reason, by: actor)
    } catch {
      do {
        await takeOver(try await assemble(old.file, keeping: kept), because: "the new one could not be applied")
      } catch {
        // Nothing is read any more. A restart by the service manager is better than a daemon that only looks alive.
        logger.critical("the old configuration cannot be restored either: \(error)")
        isBroken = true
        await server?.stop()
      }
      throw error
    }
  }

  func reloading() { notifier.reloading(monotonic: time.monotonic()) }
  func reloaded() { notifier.ready(summary()) }

  // MARK: API

  private func socketPath(_ configuration: GatewayConfiguration) -> String {
    paths.socket == GatewayPaths().socket ? configuration.api.socket : paths.socket
  }

  private func show(_ fresh: TLSIdentity, in identity: ServingIdentity) {
    identity.replace(fresh)
    logger.notice("the API has a new certificate", metadata: ["until": "\(fresh.expiresAt.rfc3339)"])
    warnOfEnd(of: fresh)
  }

  private func warnOfEnd(of identity: TLSIdentity) {
    guard identity.expiresAt.millisecondsSince(time.wall()) < Self.certificateNoticeMilliseconds else { return }
    logger.warning("the certificate of the API ends at \(identity.expiresAt.rfc3339)")
  }

  private func startServer(_ configuration: GatewayConfiguration) async throws {
    let api = configuration.api
    identity = api.tls.map(ServingIdentity.init)
    if let identity = api.tls { warnOfEnd(of: identity) }
    server = try await APIService.start(logger: logger) { onListening in
      LocalAPIServer(
        configuration: LocalAPIConfiguration(
          tcp: api.listen.map { .init(host: $0.host, port: $0.port) },
          socket: .init(path: socketPath(configuration), group: api.group), hostNames: api.hosts,
          rateLimit: api.rateLimit, version: ReleaseVersion.current),
        identity: identity, service: gateway, hub: hub, time: time, logger: logger, onListening: onListening)
    }
  }

  /// Returns `true` when a part ended that must not end, `false` when the task was cancelled.
  func untilFailed() async -> Bool {
    guard let server else { return false }
    return await server.untilFailed() || isBroken
  }

  // MARK: Signs of life

  private func summary() -> String {
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
  private func stopPipeline() async {
    flushing?.cancel()
    await flushing?.value
    flushing = nil
  }

  private static func stop(_ links: [RunningLink]) async {
    await withTaskGroup { group in
      for link in links { group.addTask { await link.adapter.stop() } }
    }
  }
}
