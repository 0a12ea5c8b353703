import AdapterKit
import CommandDispatch
import EnergyModel
import Foundation
import GatewayStore
import LocalAPIServer
import Logging
import TelemetryPipeline
import TimeSource

/// What runs by one configuration, and its replacement by another.
extension GatewayDaemon {
  /// Makes pipeline and adapters of a configuration; nothing new talks to a device yet.
  ///
  /// - Parameter kept: links that are at work and go on where the configuration asks for the same.
  func assemble(
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
  func withAdditions(_ file: GatewayConfiguration) -> GatewayConfiguration {
    let (configuration, problems) = gateway.additions.applied(to: file)
    for problem in problems {
      logger.error("the \(problem.kind.rawValue) \(problem.id) of the API is not in force: \(problem.message)")
    }
    return configuration
  }

  /// Puts an assembled configuration into force.
  func takeOver(
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
      // A state is a document with all fields of its device: none is put together while nobody listens.
      for await changed in running.pipeline.changes(where: { hub.clientCount > 0 }) {
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
  func rebuild(because reason: String, by actor: String) async throws {
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
      guard mayStay, let next = configuration.links.first(where: { $0.id == link.configuration.id }) else {
        return false
      }
      return link.isSame(as: next, LinkPlan(next, in: configuration).endpoints)
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
}
