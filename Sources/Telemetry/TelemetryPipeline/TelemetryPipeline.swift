import EnergyModel
public import GatewayStore
public import Logging
import Synchronization
public import TimeSource

/// From readings to latest values and one-minute windows.
///
/// Adapters hand readings to a `TelemetryProducer` each; the aggregator thread turns them into latest values and into
/// windows per device, site and customer; `run` hands what is new to the store every few seconds. A pipeline that is
/// made again on the same store continues where the last flush of the one before it ended.
public final class TelemetryPipeline: Sendable {
  /// The devices, in the order of their indices.
  public let layout: PipelineLayout

  let store: GatewayStore
  let time: TimeSource
  let limits: PipelineLimits
  let routes: Routes
  let core: Mutex<TelemetryCore>
  let flushes = Mutex(FlushState())
  /// Quarters of an hour since 1970, by id of the customer.
  let lateUsage = Mutex<[String: Set<Int64>]>([:])
  let doorbell = Doorbell()
  private let thread: AggregatorThread
  private let producers = Mutex<[(link: String, producer: TelemetryProducer)]>([])
  private let logger: Logger

  /// How much a flush writes.
  enum FlushExtent { case readings, all, last }

  struct FlushState {
    /// The flush that was begun last; the next one waits for it.
    var newest: Task<GatewayStoreError?, Never>?
    var failures = 0
    var lastError: GatewayStoreError?
  }

  /// Restores the state of an earlier run and starts the aggregator thread.
  ///
  /// Throws if the store cannot be read or the system refuses a thread.
  /// - Parameters:
  ///   - layout: the devices.
  ///   - store: where windows, counters and latest values are kept.
  ///   - time: the clocks.
  ///   - limits: how much of everything.
  ///   - logger: hears of flushes that fail and work again.
  public init(
    layout: PipelineLayout, store: GatewayStore, time: TimeSource, limits: PipelineLimits = PipelineLimits(),
    logger: Logger
  ) async throws {
    self.layout = layout
    self.store = store
    self.time = time
    self.limits = limits
    self.logger = logger
    var aggregator = WindowAggregator(layout: layout, limits: limits)
    let times = 0...max(0, time.wall().milliseconds)
    aggregator.restore(try await store.accumulators(), times: times)
    routes = Routes(layout: layout, plan: aggregator.plan, limits: limits, time: time)
    for record in try await store.latestValues() {
      guard let device = layout.index(of: record.deviceID) else { continue }
      switch routes.route(device, record.reading.field) {
      case .number(let input): aggregator.restore(record.reading, input: Int(input), times: times)
      case .word(let slot):
        routes.words.withLock { words in
          _ = words.accept(record.reading, slot: slot, acceptedAt: nil)
          words.mark(slot, isDirty: false)
        }
      case .derived, .nowhere: break
      }
    }
    for unbooked in try await store.unbookedReadings() {
      Self.replay(unbooked, layout, routes, into: &aggregator)
    }
    core = Mutex(TelemetryCore(aggregator: aggregator, words: routes.words.withLock { $0 }))
    thread = try AggregatorThread(doorbell: doorbell)
    Task { [thread, weak self] in
      await thread.run(hasWork: { self?.hasWork ?? false }, drain: { self?.drain() })
    }
  }

  /// Takes what an earlier run made durable and did not book before it ended.
  private static func replay(
    _ unbooked: UnbookedReading, _ layout: PipelineLayout, _ routes: Routes, into aggregator: inout WindowAggregator
  ) {
    guard let device = layout.index(of: unbooked.deviceID), let field = Field.named(unbooked.field) else { return }
    let reading = unbooked.reading
    switch routes.route(device, field) {
    case .number(let input):
      let now = routes.monotonicMilliseconds
      let sample = Sample(
        series: input, value: reading.value.number ?? .nan, quality: reading.quality,
        observedAt: reading.observedAt.milliseconds, acceptedAt: UInt32(truncatingIfNeeded: now))
      aggregator.accept(sample, now: now, isReplay: true)
    case .word(let slot):
      let word = Reading(
        field: field, value: reading.value, quality: reading.quality, observedAt: reading.observedAt,
        receivedAt: reading.observedAt)
      routes.words.withLock { _ = $0.accept(word, slot: slot, acceptedAt: nil) }
    case .derived, .nowhere: break
    }
  }

  deinit { thread.stop() }

  /// Makes the way in for one link, or for many that share it.
  ///
  /// - Parameters:
  ///   - link: its name in the statistics.
  ///   - isShared: whether there may be a thousand links behind it: one large ring instead of a thousand.
  public func makeProducer(link: String, isShared: Bool = false) -> TelemetryProducer {
    let producer = core.withLock { core in
      let ring = TelemetryRing(
        minimumCapacity: isShared ? limits.sharedRingCapacity : limits.ringCapacity, doorbell: doorbell)
      core.addInlet(link: link, consumer: ring.consumer)
      return TelemetryProducer(
        routes: routes, ring: ring.producer, doorbell: doorbell, drain: { [weak self] in self?.drain() },
        drainIfFree: { [weak self] in self?.drainIfFree() ?? false })
    }
    producers.withLock { $0.append((link, producer)) }
    return producer
  }

  /// Makes readings durable every few seconds and windows every few minutes until its task is cancelled, then flushes
  /// once more, and ends the aggregator thread.
  ///
  /// Windows can be worked out again from the readings, and each time they are written all pages of the last ten minutes
  /// are. Never throws: a flush that fails is tried again at the next time, its windows are kept until then.
  public func run() async {
    var lastWindows = routes.monotonicMilliseconds
    while true {
      do { try await time.sleep(for: limits.flushInterval) } catch { break }
      let now = routes.monotonicMilliseconds
      if now - lastWindows >= limits.windowInterval.milliseconds {
        lastWindows = now
        try? await flush()
      } else {
        try? await secure()
      }
    }
    await stop()
  }

  /// Flushes for the last time and ends the aggregator thread and all sequences of changes.
  public func stop() async {
    try? await flush(.last)
    thread.stop()
    routes.changes.finish()
  }

  /// Hands everything that was accepted so far to the store; durable when it returns.
  ///
  /// Throws what the store said; then nothing is lost, and the next flush tries again.
  public func flush() async throws(GatewayStoreError) { try await flush(.all) }

  /// Makes everything that was accepted so far durable, without what can be worked out from it again: a small write,
  /// for messages whose sender waits for it.
  ///
  /// Throws what the store said; then nothing is lost, and the next call tries again.
  public func secure() async throws(GatewayStoreError) { try await flush(.readings) }

  /// Where energy is booked now.
  var plan: AggregationPlan { core.withLock { $0.aggregator.plan } }

  /// Books the energy of devices at other sites and customers from now on; what was booked stays where it is.
  ///
  /// - Parameter owners: site and customer of every device, in the order of the layout. Another number of them changes
  ///   nothing.
  public func reassign(_ owners: [(siteID: String?, customerID: String?)]) {
    guard owners.count == layout.devices.count else { return }
    drain()
    let devices = zip(layout.devices, owners).map { device, owner in
      var device = device
      (device.siteID, device.customerID) = owner
      return device
    }
    core.withLock { $0.aggregator.reassign(PipelineLayout(devices: devices)) }
  }

  /// The devices that changed from now on.
  ///
  /// - Parameter isWanted: asked at each change; those that nobody wants are left out and wake nobody.
  public func changes(where isWanted: @escaping @Sendable () -> Bool = { true }) -> DeviceChanges {
    routes.changes.subscribe(where: isWanted)
  }

  /// What was done and left out since the start.
  public var statistics: PipelineStatistics {
    let producers = self.producers.withLock { $0.map(\.producer) }
    var dropped: [String: UInt64] = [:]
    var refused: UInt64 = 0
    var unknown: UInt64 = 0
    for producer in producers {
      for (device, count) in producer.droppedSamples { dropped[layout.devices[device].id, default: 0] += count }
      refused += producer.leftOut.refused
      unknown += producer.leftOut.unknown
    }
    let (failures, lastError) = flushes.withLock { ($0.failures, $0.lastError) }
    return core.withLock { core in
      let counts = core.aggregator.counts
      return PipelineStatistics(
        ringOccupancy: Dictionary(core.inlets.map { ($0.link, $0.consumer.occupancy) }, uniquingKeysWith: +),
        fullRings: core.inlets.count { $0.consumer.occupancy >= $0.consumer.capacity },
        droppedSamples: dropped, acceptedSamples: counts.accepted,
        lateSamples: counts.notLater, refusedReadings: refused, unknownReadings: unknown,
        suspectCounterReadings: counts.suspectCounters, clockSteps: counts.clockSteps,
        pendingWindows: core.aggregator.pending.deltas.count,
        droppedGaugeWindows: core.aggregator.pending.droppedGaugeWindows,
        droppedEnergyWindows: core.aggregator.pending.droppedEnergyWindows, failedFlushes: failures,
        lastFlushError: lastError?.description, pendingRawReadings: core.aggregator.raw.samples.count,
        droppedRawReadings: core.aggregator.raw.dropped &+ routes.words.withLock { $0.droppedChanges },
        pausedRawReadings: core.aggregator.raw.paused)
    }
  }

  /// Goes on or stops keeping readings as they come; windows are kept in any case.
  public func setRecording(_ isRecording: Bool) {
    core.withLock { $0.aggregator.raw.isRecording = isRecording && limits.keepsRaw }
    routes.words.withLock { $0.changeLimit = isRecording && limits.keepsRaw ? limits.maxPendingWords : 0 }
  }
}

// MARK: - Flushing

extension TelemetryPipeline {
  /// One flush at a time and in order: the state of a later one must not be overwritten by an earlier one.
  private func flush(_ extent: FlushExtent) async throws(GatewayStoreError) {
    let task = flushes.withLock { state in
      let earlier = state.newest
      // A task of its own, so that a caller that is cancelled does not leave a flush half done.
      let task = Task {
        _ = await earlier?.value
        return extent == .readings ? await self.secureNow() : await self.flushNow(isLast: extent == .last)
      }
      state.newest = task
      return task
    }
    if let error = await task.value { throw error }
  }

  /// Writes the readings alone; where they are not kept, or not all of them, their windows too.
  private func secureNow() async -> GatewayStoreError? {
    drain()
    let wall = time.wall()
    let (raw, words, isWhole) = core.withLock { core in
      routes.words.withLock { words in
        guard core.aggregator.raw.isWhole else { return (RawBatch?.none, [(slot: Int, reading: Reading)](), false) }
        let changed = words.takeChanges()
        return (core.takeRaw(changed, at: wall), changed, true)
      }
    }
    guard isWhole else { return await flushNow(isLast: false) }
    guard let raw else { return nil }
    do {
      try await store.append(raw)
      noteFlush(nil)
      return nil
    } catch {
      core.withLock { core in
        core.aggregator.raw.restore(raw.samples)
        routes.words.withLock { $0.restoreChanges(words) }
      }
      noteFlush(error)
      return error
    }
  }

  private func flushNow(isLast: Bool) async -> GatewayStoreError? {
    drain()
    let wall = time.wall()
    let now = routes.monotonicMilliseconds
    let flush = core.withLock { core in
      routes.words.withLock { core.beginFlush(words: &$0, wall: wall, now: now, isLast: isLast) }
    }
    guard let flush else { return nil }
    do {
      try await store.apply(flush.batch)
      noteFlush(nil)
      noteLate(flush.batch, wall: wall)
      if limits.keepsRaw { await sealRaw(at: wall) }
      return nil
    } catch {
      core.withLock { core in routes.words.withLock { core.undo(flush, words: &$0) } }
      noteFlush(error)
      return error
    }
  }

  /// What is not put together now is later: nothing is lost by a failure.
  private func sealRaw(at wall: Timestamp) async {
    do {
      guard let damaged = try await store.sealRaw(at: wall), damaged > 0 else { return }
      logger.error("groups of raw readings were damaged and are gone", metadata: ["groups": "\(damaged)"])
    } catch {
      logger.warning("raw readings are not put together by series yet: \(error)")
    }
  }

  /// Logs a failure when it begins, and its end.
  private func noteFlush(_ error: GatewayStoreError?) {
    let failuresBefore = flushes.withLock { state in
      defer { (state.failures, state.lastError) = (error == nil ? 0 : state.failures + 1, error) }
      return state.failures
    }
    if let error, failuresBefore == 0 {
      logger.error("telemetry is held in memory", metadata: ["why": "\(error)"])
    } else if error == nil, failuresBefore > 0 {
      logger.notice("telemetry is saved again", metadata: ["failedFlushes": "\(failuresBefore)"])
    }
  }
}
