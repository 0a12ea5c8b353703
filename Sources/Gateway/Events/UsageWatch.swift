import AdapterKit
import EnergyModel
import GatewayStore
import LocalAPISchema
import Logging
import ScheduleCalendar
import TelemetryPipeline
import TimeSource

/// Tells each customer's days: when one is closed, and when one that was closed has changed.
///
/// A window here is a customer's day in the zone of the first of his sites, because bills and reports are made of days;
/// minutes are closed and revised thousands of times. How far it got is kept with the events, so that a restart neither
/// leaves out a day nor tells one twice.
actor UsageWatch {
  /// Time between two looks.
  static let lookInterval = Duration.seconds(30)
  /// A day is closed so long after its end: what is polled rarely has arrived then.
  static let settlingMilliseconds: Int64 = 900_000
  /// Days that passed while the gateway was off are told up to so far back.
  static let maxDaysBack: Int64 = 31
  /// Days that are told in one look, of all customers, so that midnight does not flood the log.
  static let daysPerLook = 200
  /// One day's revisions are told so often at most; what changes in between is told together.
  static let revisionPause = Duration.seconds(900)

  private struct Day: Hashable {
    var customer: String
    var start: Timestamp
  }

  private static let markPrefix = "usageClosed/"

  private let store: GatewayStore
  private let events: EventLog
  private let time: TimeSource
  private let logger: Logger
  /// One look after the other.
  private let turn = Turnstile()
  private var failures = FailureLog()
  /// The end of the last day that was closed, by customer.
  private var closed: [String: Timestamp] = [:]
  /// Closed days that changed and wait to be told.
  private var revised: Set<Day> = []
  /// When revisions were told last, on the monotonic clock.
  private var toldAt: [Day: Duration] = [:]
  private var isLoaded = false

  init(store: GatewayStore, events: EventLog, time: TimeSource, logger: Logger) {
    self.store = store
    self.events = events
    self.time = time
    self.logger = logger
  }

  /// Looks at once and then twice a minute, until its task is cancelled.
  func run(_ running: @Sendable () -> RunningConfiguration?) async {
    repeat {
      if let running = running() { await look(at: running) }
    } while (try? await time.sleep(for: Self.lookInterval)) != nil
  }

  /// Tells what is due. What the store does not give now is told at the next look.
  func look(at running: RunningConfiguration) async {
    await turn.enter()
    await tell(running)
    await turn.leave()
  }

  private func tell(_ running: RunningConfiguration) async {
    let days = CustomerDays(running.configuration)
    do {
      try await load()
      collect(running, days)
      var room = Self.daysPerLook
      for customer in days.customers.union(closed.keys).sorted() where room > 0 {
        try await close(customer, days, running.pipeline, &room)
      }
      try await tellRevisions(days, running.pipeline, &room)
      if failures.success(now: time.monotonic()) { logger.notice("the days of customers are told again") }
    } catch {
      if let line = failures.failure("the days of customers cannot be told: \(error)", now: time.monotonic()) {
        logger.error("\(line.text)")
      }
    }
  }

  /// Takes what a pipeline booked late; the last time after it has stopped.
  func collect(_ running: RunningConfiguration) { collect(running, CustomerDays(running.configuration)) }

  private func collect(_ running: RunningConfiguration, _ days: CustomerDays) {
    for (customer, quarters) in running.pipeline.takeLateUsage() {
      guard let end = closed[customer] else { continue }
      let clock = days.clock(of: customer)
      let starts = Set(quarters.filter { $0 < end }.map { clock.day($0).start })
      revised.formUnion(starts.map { Day(customer: customer, start: $0) })
    }
  }

  private func load() async throws(GatewayStoreError) {
    guard !isLoaded else { return }
    for mark in try await store.marks(prefix: Self.markPrefix) {
      closed[String(mark.name.dropFirst(Self.markPrefix.count))] = Timestamp(milliseconds: mark.value)
    }
    isLoaded = true
  }

  private func mark(_ customer: String, _ end: Timestamp) -> StoreMark {
    StoreMark(name: Self.markPrefix + customer, value: end.milliseconds)
  }

  // MARK: Closing

  private func close(
    _ customer: String, _ days: CustomerDays, _ pipeline: TelemetryPipeline, _ room: inout Int
  ) async throws(GatewayStoreError) {
    let now = time.wall()
    let clock = days.clock(of: customer)
    let today = clock.day(now)
    // Of a new customer, and where the clock was set back by more than a day, the present day is the first one.
    guard let last = closed[customer], last <= today.end else {
      try await store.save(mark(customer, today.start))
      closed[customer] = today.start
      return
    }
    let earliest = clock.day(today.start.advanced(byMilliseconds: -Self.maxDaysBack * 86_400_000)).start
    var start = max(last, earliest)
    while room > 0 {
      let day = clock.day(start)
      guard day.end.advanced(byMilliseconds: Self.settlingMilliseconds) <= now else { return }
      let usage = try await usage(of: customer, day, days, pipeline)
      guard days.customers.contains(customer) || usage.isCovered else {
        // Nothing is his any more.
        try await store.removeMark(mark(customer, day.end).name)
        closed[customer] = nil
        return
      }
      events.record(.usageWindowClosed, customer: customer, data: usage.data, mark: mark(customer, day.end))
      closed[customer] = day.end
      room -= 1
      start = day.end
    }
  }

  private func usage(
    of customer: String, _ day: LocalClock.Day, _ days: CustomerDays, _ pipeline: TelemetryPipeline
  ) async throws(GatewayStoreError) -> DayUsage {
    let values = try await pipeline.usage(
      .customer, id: customer, metrics: EnergyMetric.allCases, boundaries: [day.start, day.end])
    return DayUsage(day: day, zone: days.zone(of: customer), values: values.compactMapValues(\.first))
  }

  // MARK: Revisions

  private func tellRevisions(
    _ days: CustomerDays, _ pipeline: TelemetryPipeline, _ room: inout Int
  ) async throws(GatewayStoreError) {
    let now = time.monotonic()
    toldAt = toldAt.filter { now - $0.value < Self.revisionPause }
    for day in revised.sorted(by: { ($0.start, $0.customer) < ($1.start, $1.customer) })
    where room > 0 && toldAt[day] == nil {
      let whole = days.clock(of: day.customer).day(day.start)
      let usage = try await usage(of: day.customer, whole, days, pipeline)
      events.record(.usageRevised, customer: day.customer, data: usage.data)
      revised.remove(day)
      toldAt[day] = now
      room -= 1
    }
  }
}
