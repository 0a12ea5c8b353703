public import DeviceProfiles
import Synchronization

/// What is measured of one endpoint: written by its link, read by anybody at any time, without a lock.
public final class EndpointMeter: Sendable {
  /// The endpoint.
  public let id: EndpointID
  /// How long its answers took.
  public let responses = DurationHistogram()
  private let polls: [PollMeter]
  private let timeoutMicroseconds = Atomic<Int64>(0)

  /// Nothing measured yet.
  public init(_ id: EndpointID) {
    self.id = id
    polls = PollClass.allCases.map(PollMeter.init)
  }

  /// A poll of a class is complete. Called by one thread at a time.
  ///
  /// - Parameters:
  ///   - due: when it should have begun.
  ///   - interval: how often the class is due; `nil` = once.
  ///   - skipped: polls of the class that were left out since the start.
  ///   - now: monotonic time of the last answer.
  public func polled(
    _ pollClass: PollClass, due: Duration, interval: Duration?, skipped: UInt64, at now: Duration
  ) {
    polls.first { $0.pollClass == pollClass }?.note(due: due, interval: interval, skipped: skipped, at: now)
  }

  /// Polls of a class were left out.
  ///
  /// - Parameter skipped: all of them since the start.
  public func leftOut(_ pollClass: PollClass, skipped: UInt64) {
    polls.first { $0.pollClass == pollClass }?.setSkipped(skipped)
  }

  /// The time that an answer has now, for people.
  public func setTimeout(_ timeout: Duration) {
    let (seconds, attoseconds) = timeout.components
    timeoutMicroseconds.store(seconds * 1_000_000 + attoseconds / 1_000_000_000_000, ordering: .relaxed)
  }

  /// As it is now.
  public var statistics: EndpointStatistics {
    let timeout = timeoutMicroseconds.load(ordering: .relaxed)
    return EndpointStatistics(
      id: id, response: Percentiles(responses), timeout: timeout > 0 ? .microseconds(timeout) : nil,
      polls: polls.compactMap(\.statistics))
  }
}

/// The polls of one class.
private final class PollMeter: Sendable {
  let pollClass: PollClass
  private let intervals = DurationHistogram()
  private let delays = DurationHistogram()
  private let count = Atomic<UInt64>(0)
  private let late = Atomic<UInt64>(0)
  private let skipped = Atomic<UInt64>(0)
  private let wanted = Atomic<Int64>(0)
  private let last = Atomic<Int64>(Int64.min)

  init(_ pollClass: PollClass) { self.pollClass = pollClass }

  func note(due: Duration, interval: Duration?, skipped: UInt64, at now: Duration) {
    let microseconds = now.microseconds
    let before = last.exchange(microseconds, ordering: .relaxed)
    if before != Int64.min { intervals.note(.microseconds(max(0, microseconds - before)), at: now) }
    delays.note(now - due, at: now)
    count.wrappingAdd(1, ordering: .relaxed)
    wanted.store(interval?.microseconds ?? 0, ordering: .relaxed)
    if let interval, now >= due + interval { late.wrappingAdd(1, ordering: .relaxed) }
    setSkipped(skipped)
  }

  func setSkipped(_ number: UInt64) { skipped.store(number, ordering: .relaxed) }

  /// `nil` while none was complete.
  var statistics: PollStatistics? {
    let count = count.load(ordering: .relaxed)
    guard count > 0 else { return nil }
    let wanted = wanted.load(ordering: .relaxed)
    return PollStatistics(
      pollClass: pollClass, wanted: wanted > 0 ? .microseconds(wanted) : nil, interval: Percentiles(intervals),
      delay: Percentiles(delays), count: count, late: late.load(ordering: .relaxed),
      skipped: skipped.load(ordering: .relaxed))
  }
}

/// The middle and the bad end of what was measured lately.
public struct Percentiles: Sendable, Hashable {
  /// Half of them were at most so long.
  public var p50: Duration
  /// Nineteen of twenty were at most so long.
  public var p95: Duration

  /// Everything as given.
  public init(p50: Duration, p95: Duration) {
    self.p50 = p50
    self.p95 = p95
  }

  /// `nil` while nothing was measured.
  public init?(_ histogram: DurationHistogram) {
    guard let p50 = histogram.percentile(0.5), let p95 = histogram.percentile(0.95) else { return nil }
    self.init(p50: p50, p95: p95)
  }
}

/// How well the polls of one class keep their time.
public struct PollStatistics: Sendable, Hashable {
  /// The class.
  public var pollClass: PollClass
  /// How often it should be read; `nil` = once.
  public var wanted: Duration?
  /// Time from one complete poll to the next.
  public var interval: Percentiles?
  /// Time from the due time to the last answer.
  public var delay: Percentiles?
  /// Complete polls since the start.
  public var count: UInt64
  /// Those that were complete only when the next one was due.
  public var late: UInt64
  /// Those that were left out, because the one before was still under way or nobody had room for the values.
  public var skipped: UInt64

  /// Everything as given.
  public init(
    pollClass: PollClass, wanted: Duration?, interval: Percentiles?, delay: Percentiles?, count: UInt64, late: UInt64,
    skipped: UInt64
  ) {
    self.pollClass = pollClass
    self.wanted = wanted
    self.interval = interval
    self.delay = delay
    self.count = count
    self.late = late
    self.skipped = skipped
  }
}

/// What was measured of one endpoint.
public struct EndpointStatistics: Sendable, Hashable {
  /// The endpoint.
  public var id: EndpointID
  /// How long its answers took lately.
  public var response: Percentiles?
  /// The time that an answer has now; `nil` where it is fixed.
  public var timeout: Duration?
  /// Its polls, by class.
  public var polls: [PollStatistics]

  /// Everything as given.
  public init(id: EndpointID, response: Percentiles? = nil, timeout: Duration? = nil, polls: [PollStatistics] = []) {
    self.id = id
    self.response = response
    self.timeout = timeout
    self.polls = polls
  }
}

extension Duration {
  /// Bounded, so that nothing overflows.
  fileprivate var microseconds: Int64 {
    let (seconds, attoseconds) = components
    return min(max(seconds, -1 << 40), 1 << 40) * 1_000_000 + attoseconds / 1_000_000_000_000
  }
}
