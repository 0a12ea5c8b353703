import AdapterKit
import DeviceProfiles
import EnergyModel

/// One unit on the bus: what has to be asked of it next, and what an answer means for that. Decides, does no I/O.
struct ModbusEndpoint {
  /// What may be asked now.
  enum Readiness: Equatable {
    /// Something is due since this time.
    case due(since: Duration)
    /// Nothing before this time.
    case later(Duration)
    /// Nothing until something else happens.
    case idle
  }

  /// One request.
  struct Read: Equatable {
    var range: RegisterRange
    /// `nil` for a request of the set-up.
    var pollClass: PollClass?
    var due: Duration
    /// Somebody wants the values now; it says nothing about the rhythm.
    var isRefresh = false
  }

  private enum Setup {
    case needed(since: Duration)
    case reading(RegisterRange, since: Duration)
    case done
  }

  let id: EndpointID
  let unit: UInt8
  let settings: ModbusSettings
  var health: EndpointHealth
  var failures = FailureLog()
  /// What is measured, for those who look from outside.
  let meter: EndpointMeter
  /// How long an answer may take now.
  var responseTimeout: ResponseTimeout
  private(set) var decoder: EndpointDecoder
  private var plan = RegisterPlan()
  private var schedule: PollSchedule?
  private var pending: [Read] = []
  private var setup: Setup
  /// What the device said about itself, as it was told last.
  private var toldForm: String?
  private var form: String?
  /// When units are looked for again that were not there at set-up.
  private var nextSearch: Duration?
  /// Polls of schedules that were replaced.
  private var formerlySkipped: [PollClass: UInt64] = [:]
  private var toldSkipped: UInt64 = 0

  init(
    _ specification: EndpointSpecification, settings: ModbusSettings, meter: EndpointMeter, now: Duration,
    wall: Timestamp
  ) {
    id = specification.id
    self.meter = meter
    responseTimeout = ResponseTimeout(longest: settings.timeout, shortest: settings.minTimeout)
    unit = specification.profile.modbusUnit
    self.settings = settings
    health = EndpointHealth(wall: wall)
    decoder = EndpointDecoder(specification.profile)
    setup = .needed(since: now)
  }

  /// Polls left out because the bus was too slow, or nobody had room for the values; those since the last call.
  mutating func takeNewlySkipped() -> UInt64 {
    let skipped = formerlySkipped.values.reduce(schedule?.skipped ?? 0, +)
    defer { toldSkipped = skipped }
    return skipped &- toldSkipped
  }

  /// Whether values can be read and written; else why not.
  var obstacle: String? {
    if health.connectivity.state == .offline { return health.connectivity.lastError ?? "offline" }
    if case .done = setup { return nil }
    return health.connectivity.lastError ?? "not set up yet"
  }

  /// What is due; moves the schedule on.
  mutating func readiness(at now: Duration, random: RandomSource) -> Readiness {
    guard health.permitsAttempt(at: now) else { return .later(health.nextAttempt) }
    switch setup {
    case .needed(let since), .reading(_, let since): return .due(since: since)
    case .done:
      if let nextSearch, nextSearch <= now, pending.isEmpty {
        setup = .needed(since: nextSearch)
        return .due(since: nextSearch)
      }
    }
    if pending.isEmpty {
      // Of all devices of a bus nearly all are here nearly always.
      guard let next = schedule?.nextDue() else { return .idle }
      if next > now { return .later(next) }
    }
    let busy = Set(pending.compactMap(\.pollClass))
    for (pollClass, due) in schedule?.takeDue(at: now, except: busy) ?? [] {
      pending += plan.reads(of: pollClass, at: now).map { Read(range: $0, pollClass: pollClass, due: due) }
    }
    if let first = pending.first { return .due(since: first.due) }
    return schedule?.nextDue().map { .later($0) } ?? .idle
  }

  /// The next request; `nil` if the set-up ended here without one.
  mutating func takeRead(at now: Duration, random: RandomSource) -> Read? {
    if case .needed(let since) = setup {
      decoder.resetSetup()
      advanceSetup(since: since, now: now, random: random)
    }
    if case .reading(let range, let since) = setup { return Read(range: range, pollClass: nil, due: since) }
    return pending.isEmpty ? nil : pending.removeFirst()
  }

  /// Leaves out the polls that are due, and counts them. What is read once stays due.
  ///
  /// - Returns: whether there was one.
  mutating func leaveOutPolls() -> Bool {
    guard case .done = setup else { return false }
    let left = Set(pending.compactMap(\.pollClass)).subtracting([.once])
    for pollClass in left {
      formerlySkipped[pollClass, default: 0] += 1
      meter.leftOut(pollClass, skipped: skipped(of: pollClass))
    }
    pending.removeAll { $0.pollClass.map(left.contains) ?? false }
    return !left.isEmpty
  }

  private func skipped(of pollClass: PollClass) -> UInt64 {
    formerlySkipped[pollClass, default: 0] + (schedule?.skipped(of: pollClass) ?? 0)
  }

  /// What `refresh` reads.
  func refreshReads(at now: Duration) -> [RegisterRange] {
    plan.reads(of: .fast, at: now) + plan.reads(of: .normal, at: now)
  }

  /// A request did not reach the device: it is the next one again.
  mutating func putBack(_ read: Read) { if read.pollClass != nil { pending.insert(read, at: 0) } }

  /// An answer to a request: decodes it and says what it means for the health; `nil` = nothing yet.
  mutating func answered(
    _ read: Read, values: [UInt16], _ frame: RawFrame, now: Duration, random: RandomSource, batch: inout ReadingBatch
  ) -> EndpointHealth.Event? {
    guard read.pollClass != nil else {
      decoder.acceptSetup(.registers(values))
      return continueSetup(now: now, random: random)
    }
    decoder.decode(frame, into: &batch)
    plan.answered(read.range)
    measure(read, at: now)
    return currentEvent
  }

  /// A poll is complete with the answer to its last request.
  private func measure(_ read: Read, at now: Duration) {
    guard !read.isRefresh, let pollClass = read.pollClass, !pending.contains(where: { $0.pollClass == pollClass })
    else {
      return
    }
    meter.polled(
      pollClass, due: read.due, interval: schedule?.interval(of: pollClass), skipped: skipped(of: pollClass), at: now)
  }

  /// A request failed: says what it means for the health, and keeps what is to be tried again.
  mutating func failed(
    _ read: Read, _ failure: ModbusFailure, now: Duration, random: RandomSource, batch: inout ReadingBatch
  ) -> EndpointHealth.Event? {
    let reason = "\(read.range): \(failure.reason)"
    switch failure {
    case .exception(6):
      putBack(read)
      return .busy(reason)
    case .exception(10), .exception(11), .timeout:
      if let unit = read.range.unit {
        return absent(unit, read, failure, now: now, random: random, batch: &batch)
      }
      return unanswered(read, failure, reason: reason, now: now, random: random)
    case .closed, .garbled, .notSent:
      return unanswered(read, failure, reason: reason, now: now, random: random)
    case .exception(let code):
      guard read.pollClass != nil else {
        decoder.acceptSetup(.exception(code))
        return continueSetup(now: now, random: random)
      }
      let (instead, news) = plan.refused(read.range, code: code, at: now)
      pending.insert(contentsOf: instead.map { Read(range: $0, pollClass: read.pollClass, due: read.due) }, at: 0)
      if let news { batch.problems.append(news) }
      if instead.isEmpty { measure(read, at: now) }
      return instead.isEmpty ? currentEvent : nil
    }
  }

  /// The endpoint went offline: another device may come back in its place, so it is set up again.
  mutating func forget(now: Duration) {
    guard case .done = setup else { return }
    pending = []
    setup = .needed(since: now)
  }

  private var currentEvent: EndpointHealth.Event { plan.problem.map { .refusal($0) } ?? .success }

  /// Another unit behind the endpoint is silent or not there: that is no failure of the endpoint.
  private mutating func absent(
    _ unit: UInt8, _ read: Read, _ failure: ModbusFailure, now: Duration, random: RandomSource,
    batch: inout ReadingBatch
  ) -> EndpointHealth.Event? {
    let isCertain = failure == .exception(10) || failure == .exception(11)
    guard read.pollClass != nil else {
      if isCertain, case .exception(let code) = failure {
        decoder.acceptSetup(.exception(code))
      } else {
        decoder.acceptSetup(.failed(failure.reason))
      }
      return continueSetup(now: now, random: random)
    }
    let (isAbsent, news) = plan.unanswered(by: unit, failure.reason, isCertain: isCertain, at: now)
    if isAbsent { pending.removeAll { $0.range.unit == unit } } else { pending.append(read) }
    if let news { batch.problems.append(news) }
    return isCertain ? currentEvent : nil
  }

  private mutating func unanswered(
    _ read: Read, _ failure: ModbusFailure, reason: String, now: Duration, random: RandomSource
  ) -> EndpointHealth.Event? {
    guard read.pollClass == nil else {
      // Behind the others: if only this one is never answered, the next probe shows that the device is there.
      pending.append(read)
      return .failure(reason)
    }
    // The decoder asks for the same again, and gives up after a few attempts; then the set-up starts anew.
    decoder.acceptSetup(.failed(failure.reason))
    advanceSetup(since: now, now: now, random: random)
    return .failure(reason)
  }

  private mutating func continueSetup(now: Duration, random: RandomSource) -> EndpointHealth.Event? {
    advanceSetup(since: now, now: now, random: random)
    guard case .done = setup else { return decoder.setupProblem.map { .failure($0) } }
    return .success
  }

  private mutating func advanceSetup(since: Duration, now: Duration, random: RandomSource) {
    if let range = decoder.nextSetupRead() {
      setup = .reading(range, since: since)
    } else if decoder.setupProblem != nil {
      setup = .needed(since: now)
    } else {
      finishSetup(now: now, random: random)
    }
  }

  /// What the device says about itself and the variant that follows from it, once for each change.
  mutating func takeNewForm() -> String? {
    guard form != toldForm else { return nil }
    toldForm = form
    return form
  }

  private mutating func finishSetup(now: Duration, random: RandomSource) {
    // What the device said may have brought another variant into force, with registers of its own.
    plan.reset(to: decoder.readPlan, values: decoder.valuesToRead)
    form = decoder.bound.form
    nextSearch = decoder.absentUnits.isEmpty ? nil : now + RegisterPlan.retestInterval
    let intervals = plan.pollClasses.map { ($0, decoder.bound.pollInterval($0)) }
    for pollClass in PollClass.allCases {
      formerlySkipped[pollClass, default: 0] += schedule?.skipped(of: pollClass) ?? 0
    }
    schedule = PollSchedule(
      intervals: Dictionary(intervals, uniquingKeysWith: { first, _ in first }), start: now, random: random)
    pending = []
    setup = .done
  }
}
