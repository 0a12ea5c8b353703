import AdapterKit
import DeviceProfiles
import EnergyModel
import Logging
import Synchronization
import TimeSource

/// The loop of a link: what is next, connect, poll.
extension ModbusLink {
  private enum Step {
    case connect
    case job(Int)
    case poll(Int)
    case wait(until: Duration?)
  }

  func run() async {
    while gate.isOpen {
      switch nextStep(at: time.monotonic()) {
      case .connect: await connect()
      case .job(let index): if !dropUnusableConnection() { await performJob(index) }
      case .poll(let index): if !leaveOutPolls(of: index), !dropUnusableConnection() { await poll(index) }
      case .wait(let deadline): await wait(until: deadline)
      }
      await executor.letQueuedJobsRun()
    }
    disconnect(nil)
    failJobs("link \(configuration.name) was stopped")
    gate.endLoop()
  }

  private func nextStep(at now: Duration) -> Step {
    var earliest: Duration?
    func consider(_ time: Duration) { earliest = min(earliest ?? time, time) }

    var claimed: Set<Int> = []
    var refresh: Int?
    for index in jobs.indices where claimed.insert(jobs[index].endpoint).inserted {
      let ready = max(jobs[index].notBefore, quietUntil(jobs[index].endpoint))
      guard ready <= now else {
        consider(ready)
        continue
      }
      // A write does not wait for what is to be read of other devices.
      if case .write = jobs[index].work { return isConnected ? .job(index) : .connect }
      refresh = refresh ?? index
    }
    if let refresh { return isConnected ? .job(refresh) : .connect }
    var first: (since: Duration, index: Int)?
    for index in endpoints.indices where !claimed.contains(index) {
      switch endpoints[index].readiness(at: now, random: random) {
      case .due(let since):
        let ready = isConnected ? quietUntil(index) : nextConnect
        if ready > now { consider(ready) } else if first.map({ since < $0.since }) ?? true { first = (since, index) }
      case .later(let time): consider(time)
      case .idle: continue
      }
    }
    guard let first else { return .wait(until: earliest) }
    return isConnected ? .poll(first.index) : .connect
  }

  /// The end of the silence that the device wants before a request.
  private func quietUntil(_ index: Int) -> Duration {
    max(
      isConnected ? connectedAt + endpoints[index].settings.delayAfterConnect : .zero,
      lastExchangeEnd + endpoints[index].settings.minGap)
  }

  private func connect() async {
    do throws(ModbusFailure) {
      connection = try await executor.open(configuration, gate: gate)
    } catch {
      linkFailed(error.reason)
      return
    }
    isConnected = true
    connectedAt = time.monotonic()
    counters.withLock { $0.connected() }
    logger.debug("connected to \(configuration.place)")
  }

  /// The link itself is down: all devices on it are.
  func linkFailed(_ reason: String) {
    guard gate.isOpen else { return }
    disconnect(reason)
    counters.withLock { $0.count("connect") }
    let now = time.monotonic()
    nextConnect = now + backOff.next(random: random)
    if let line = linkFailures.failure(reason, now: now) { logger.warning("\(line.text)") }
    failJobs(reason)
    for index in endpoints.indices { note(.unreachable(reason), of: index) }
  }

  func disconnect(_ reason: String?) {
    connection = nil
    isConnected = false
    // What was read before a write may have changed by the time that the device is back.
    for index in jobs.indices { jobs[index].present = nil }
    counters.withLock { $0.disconnected(reason) }
  }

  /// Closes a connection that ended while it was idle.
  ///
  /// - Returns: whether it was closed; else it can be used.
  private func dropUnusableConnection() -> Bool {
    guard let problem = connection?.idleProblem() else { return false }
    if connection?.answers == 0 {
      linkFailed("\(configuration.place): \(problem) before it answered anything")
    } else {
      counters.withLock { $0.count("closed while idle") }
      disconnect(nil)
    }
    return true
  }

  /// Leaves out what is due while nobody has room for the values, so that nothing is read in order to be dropped.
  private func leaveOutPolls(of index: Int) -> Bool {
    guard !sink.hasRoom, endpoints[index].leaveOutPolls() else { return false }
    let skipped = endpoints[index].takeNewlySkipped()
    counters.withLock { counters in
      counters.count(LinkCounters.pollsWithoutRoom)
      counters.addSkippedPolls(skipped)
    }
    return true
  }

  private func poll(_ index: Int) async {
    if let next = endpoints[index].takeRead(at: time.monotonic(), random: random) {
      if await read(next, of: index) == .again { endpoints[index].putBack(next) }
    } else if let problem = endpoints[index].decoder.setupProblem {
      note(.failure(problem), of: index)
    }
  }

  /// How a read ended.
  enum ReadOutcome: Equatable {
    case done
    /// The connection was gone already: to be read again on a new one.
    case again
    case failed(ModbusFailure)
  }

  /// Reads and passes on what came.
  @discardableResult
  func read(_ read: ModbusEndpoint.Read, of index: Int) async -> ReadOutcome {
    let hadAnswers = connection?.answers ?? 0 > 0
    let result = await exchange(.read(read.range), with: index, unit: read.range.unit)
    if case .failure(.closed) = result, hadAnswers {
      // The device closed the connection while the request was on its way. A device that does so each time fails on
      // the new connection, which has given no answer yet.
      return .again
    }
    let now = time.monotonic()
    let event: EndpointHealth.Event?
    var outcome = ReadOutcome.done
    switch result {
    case .success(let values):
      let frame = RawFrame(body: RawFrame.Body(read.range, values), receivedAt: time.wall())
      sink.received(frame, from: endpoints[index].id)
      event = endpoints[index].answered(read, values: values, frame, now: now, random: random, batch: &batch)
    case .failure(let error):
      outcome = .failed(error)
      event = endpoints[index].failed(read, error, now: now, random: random, batch: &batch)
    }
    if let event { note(event, of: index) }
    if let form = endpoints[index].takeNewForm() {
      logger.info("\(form)", metadata: ["endpoint": "\(endpoints[index].id)"])
    }
    emitBatch(of: index)
    return outcome
  }

  /// One exchange; after a failure the connection is left in a state in which no late answer can do harm.
  ///
  /// - Parameter unit: another unit than the endpoint's own.
  func exchange(
    _ request: ModbusRequest, with index: Int, unit: UInt8? = nil
  ) async -> Result<[UInt16], ModbusFailure> {
    let settings = endpoints[index].settings
    // A write may have been done although its answer is late, and another unit is as slow as it likes.
    let isUsual = request.isRead && unit == nil && !configuration.mistakesLateAnswers
    let timeout = isUsual ? endpoints[index].responseTimeout.current : settings.timeout
    let begin = time.monotonic()
    var result = Result<[UInt16], ModbusFailure>.failure(.notSent("not connected"))
    do throws(ModbusFailure) {
      let values = try await connection?.exchange(
        request, unit: unit ?? endpoints[index].unit, timeout: timeout, isTolerant: settings.takesAnyWriteAnswer)
      if let values { result = .success(values) }
    } catch {
      result = .failure(error)
    }
    lastExchangeEnd = time.monotonic()
    var failure: ModbusFailure?
    if case .failure(let error) = result { failure = error }
    learn(from: failure, of: index, took: lastExchangeEnd - begin, isUsual: isUsual)
    let noise = connection?.takeNoise() ?? (0, 0)
    let skipped = endpoints[index].takeNewlySkipped()
    counters.withLock { counters in
      counters.exchanged(from: begin, to: lastExchangeEnd, failure: failure)
      counters.addSkippedPolls(skipped)
      counters.addNoise(noise)
    }
    settle(after: failure)
    return result
  }

  /// What an exchange says about the time that the device needs.
  private func learn(from failure: ModbusFailure?, of index: Int, took duration: Duration, isUsual: Bool) {
    let meter = endpoints[index].meter
    switch failure {
    // 10 and 11: a gateway answers in place of the device.
    case .exception(10), .exception(11): return
    case nil, .exception:
      responses.note(duration, at: lastExchangeEnd)
      meter.responses.note(duration, at: lastExchangeEnd)
      guard isUsual else { return }
      endpoints[index].responseTimeout.answered(after: duration, usual: meter.responses.percentile(0.99))
    case .timeout: if isUsual { endpoints[index].responseTimeout.silent() }
    case .notSent, .closed, .garbled: return
    }
    meter.setTimeout(endpoints[index].responseTimeout.current)
  }

  private func settle(after failure: ModbusFailure?) {
    switch failure {
    case nil, .exception: linkWorks()
    case .closed(let reason), .notSent(let reason): disconnect(reason)
    case .timeout, .garbled: if connection?.outlivesFailures == false { disconnect(nil) }
    }
  }

  private func linkWorks() {
    backOff.reset()
    nextConnect = .zero
    if linkFailures.success(now: lastExchangeEnd) { logger.notice("\(configuration.place) answers again") }
  }

  /// Takes an event into the health of an endpoint; tells log and sink what is new.
  func note(_ event: EndpointHealth.Event, of index: Int) {
    let now = time.monotonic()
    let before = endpoints[index].health.connectivity.state
    let news = endpoints[index].health.note(event, now: now, wall: time.wall(), random: random)
    log(event, of: index, now: now)
    guard let news else { return }
    if news.state == .offline && before != .offline { endpoints[index].forget(now: now) }
    let id = endpoints[index].id
    gate.emit { sink.connectivityChanged(news, of: id) }
  }

  private func log(_ event: EndpointHealth.Event, of index: Int, now: Duration) {
    var device: Logger.Metadata { ["device": "\(endpoints[index].id)"] }
    switch event {
    case .success:
      if endpoints[index].failures.success(now: now) { logger.notice("answers again", metadata: device) }
    case .failure(let reason), .refusal(let reason), .busy(let reason), .silence(let reason):
      guard let line = endpoints[index].failures.failure(reason, now: now) else { return }
      logger.warning("\(line.text)", metadata: device)
    // The link says it once for all of them.
    case .unreachable: return
    }
  }

  private func emitBatch(of index: Int) {
    guard !batch.isEmpty || !batch.problems.isEmpty else { return }
    let id = endpoints[index].id
    gate.emit { sink.accept(batch, from: id) }
    batch.removeAll()
  }
}
