import AdapterKit

/// Decides what the link does next: commands before polls, one request at a time, pauses respected.
struct LinkAgenda: Sendable {
  enum Turn: Sendable, Hashable {
    /// The next step of the first errand of an endpoint.
    case errand(endpoint: Int)
    /// A polled request of an endpoint, already taken from its list.
    case poll(endpoint: Int, request: Int)
    /// The session with the device of an endpoint that has something to send.
    case login(endpoint: Int)
    /// Nothing before this monotonic time; `nil` if nothing at all.
    case wait(until: Duration?)
  }

  var endpoints: [HTTPEndpoint]
  /// Monotonic time before which nothing is sent to the host, because the last device wants a gap after its answer.
  var quietUntil: Duration = .zero
  /// Monotonic time before which polls do not try to connect again.
  private(set) var pausedUntil: Duration = .zero
  private var backOff = BackOff()
  /// Where the search starts, so that no endpoint is served twice while another waits.
  private var turn = 0

  init(endpoints: [HTTPEndpoint]) { self.endpoints = endpoints }

  mutating func next(now: Duration) -> Turn {
    guard !endpoints.isEmpty else { return .wait(until: nil) }
    guard now >= quietUntil else { return .wait(until: quietUntil) }
    let order = endpoints.indices.map { ($0 + turn) % endpoints.count }
    for index in order {
      guard let errand = endpoints[index].errands.first, errand.notBefore <= now else { continue }
      if errand.needsDevice, needsLogin(index, now: now) { return .login(endpoint: index) }
      turn = index + 1
      return .errand(endpoint: index)
    }
    if now >= pausedUntil {
      for index in order where mayPoll(index, now: now) {
        endpoints[index].collectDue(now: now)
        guard !endpoints[index].pending.isEmpty else { continue }
        if needsLogin(index, now: now) { return .login(endpoint: index) }
        turn = index + 1
        return .poll(endpoint: index, request: endpoints[index].pending.removeFirst())
      }
    }
    return .wait(until: wakeTime(now: now))
  }

  /// The connection to the host failed: no poll tries again before a pause that grows.
  mutating func connectionFailed(now: Duration, random: RandomSource) {
    pausedUntil = now + backOff.next(random: random)
  }

  /// The host answered.
  mutating func connectionWorked() {
    backOff.reset()
    pausedUntil = .zero
  }

  /// While a device is left alone nobody logs in to it; what wants to be sent is refused then.
  private func needsLogin(_ index: Int, now: Duration) -> Bool {
    now >= endpoints[index].holdUntil && endpoints[index].session?.due(now: now) != nil
  }

  /// A command in the middle of its steps keeps the polls of its own device back.
  private func mayPoll(_ index: Int, now: Duration) -> Bool {
    let endpoint = endpoints[index]
    return endpoint.errands.isEmpty && endpoint.health.permitsAttempt(at: now)
      && now >= max(endpoint.holdUntil, endpoint.quotaUntil)
  }

  private func wakeTime(now: Duration) -> Duration? {
    endpoints.compactMap { endpoint in
      endpoint.errands.first.map(\.notBefore) ?? endpoint.nextPoll(now: now).map { max($0, pausedUntil) }
    }.min()
  }
}
