import AdapterKit
import DeviceProfiles
import EnergyModel

/// One device behind the link: what is asked, what it said, and when it may be asked again.
struct HTTPEndpoint: Sendable {
  /// A command or a refresh on its way through the link, one step at a time.
  struct Errand: Sendable {
    enum Step: Sendable {
      case request(HTTPRequestData)
      case modify(HTTPModification)
      case poll(Int)
      case wait(Duration)
    }

    var steps: [Step]
    /// The step that comes next.
    var position = 0
    /// Monotonic time before which the next step is not done.
    var notBefore: Duration
    let completion: CheckedContinuation<Result<Void, CommandFault>, Never>

    /// Whether the next step sends something.
    var needsDevice: Bool {
      guard steps.indices.contains(position) else { return false }
      if case .wait = steps[position] { return false }
      return true
    }
  }

  /// How long a device that does not accept user and password is left alone, because many lock the account.
  static let credentialPause: Duration = .seconds(600)
  /// Commands and refreshes that may wait for one device; more are refused.
  static let errandLimit = 32

  let id: EndpointID
  let requests: [(name: String, request: HTTPRequestData, pollClass: PollClass)]
  let settings: HTTPSettings
  private(set) var redact: SecretRedaction
  var decoder: EndpointDecoder
  var health: EndpointHealth
  var schedule: PollSchedule
  var log = FailureLog()
  var digest: DigestSession?
  /// The session with a device that wants a login.
  var session: LoginSession?
  /// Monotonic time before which no poll is sent, so that the vendor's quota lasts.
  private(set) var quotaUntil: Duration = .zero
  /// The last failure of each polled request that has not worked since.
  var faults: [String?]
  /// Polled requests whose time has come, by index, in order.
  var pending: [Int] = []
  /// Monotonic time before which nothing is sent, because the device asked for it or refuses the credentials.
  var holdUntil: Duration = .zero
  /// Why, for those who ask meanwhile.
  var holdReason = ""
  var errands: [Errand] = []

  /// - Parameter kept: values of a login that outlived the last run of the program.
  init(
    _ specification: EndpointSpecification, kept: [String: String] = [:], now: Duration, wall: Timestamp,
    random: RandomSource
  ) {
    let bound = specification.profile
    id = specification.id
    requests = bound.polledRequests
    settings = if case .http(let settings) = bound.profile.transport { settings } else { HTTPSettings() }
    redact = SecretRedaction(bound)
    decoder = EndpointDecoder(bound)
    health = EndpointHealth(wall: wall)
    let classes = Set(requests.map(\.pollClass))
    schedule = PollSchedule(
      intervals: Dictionary(uniqueKeysWithValues: classes.map { ($0, bound.pollInterval($0)) }), start: now,
      random: random)
    if settings.authentication == .digest, let credentials = bound.httpCredentials {
      digest = DigestSession(user: credentials.user, password: credentials.password)
    }
    session = bound.httpLogin.map { LoginSession($0, values: kept) }
    faults = Array(repeating: nil, count: requests.count)
    hideSecrets()
  }

  /// What the login gave must not be shown either.
  mutating func hideSecrets() {
    guard let session, !session.secrets.isEmpty else { return }
    redact = SecretRedaction(decoder.bound, kept: session.secrets)
  }

  // MARK: Quota

  /// One request less for today: the polls wait for their share of the time.
  mutating func spendQuota(now: Duration) {
    guard let quota = settings.quota else { return }
    quotaUntil = max(quotaUntil, now) + quota.spacing
  }

  /// Commands do not wait for the quota, but they may not use up more of it than polls leave over.
  func isQuotaSpent(now: Duration) -> Bool {
    settings.quota.map { quotaUntil - now > $0.per * (1 - HTTPQuota.pollShare) + $0.spacing } ?? false
  }

  // MARK: Polls

  /// Moves the requests whose time has come to `pending`; none is there twice.
  mutating func collectDue(now: Duration) {
    for (pollClass, _) in schedule.takeDue(at: now) {
      for index in requests.indices where requests[index].pollClass == pollClass { postpone(index) }
    }
  }

  /// Puts a request at the end of those to be sent.
  mutating func postpone(_ index: Int) {
    if !pending.contains(index) { pending.append(index) }
  }

  /// When the next poll may be sent; `nil` if there is nothing to poll.
  func nextPoll(now: Duration) -> Duration? {
    guard let due = pending.isEmpty ? schedule.nextDue() : now else { return nil }
    return max(due, health.nextAttempt, holdUntil, quotaUntil)
  }

  /// Takes in that a polled request worked. The endpoint is online only when no other request fails.
  mutating func succeeded(
    _ index: Int, now: Duration, wall: Timestamp, random: RandomSource
  ) -> Connectivity? {
    faults[index] = nil
    let wasOffline = health.connectivity.state == .offline
    if wasOffline, requests[index].pollClass != .once { schedule.restart(.once, at: now) }
    let event: EndpointHealth.Event = currentFault.map { .refusal($0) } ?? .success
    return health.note(event, now: now, wall: wall, random: random)
  }

  /// Takes in that a polled request did not work; `failure` has no secrets in it any more.
  mutating func failed(
    _ index: Int, _ failure: HTTPFailure, now: Duration, wall: Timestamp, random: RandomSource
  ) -> Connectivity? {
    let reason = "request \(requests[index].name): \(failure.message)"
    faults[index] = reason
    let event: EndpointHealth.Event
    switch failure.kind {
    case .refused: event = .refusal(currentFault ?? reason)
    case .busy(let pause):
      hold(until: now + pause, reason)
      event = .busy(reason)
    case .unauthorized:
      hold(until: now + HTTPEndpoint.credentialPause, reason)
      event = .failure(reason)
    case .unreachable: event = .unreachable(failure.message)
    default: event = .failure(currentFault ?? reason)
    }
    let change = health.note(event, now: now, wall: wall, random: random)
    // What could not be asked stays to be asked: it is the probe that finds the device again.
    if health.connectivity.state == .offline || isRepeated(index, failure) { postpone(index) }
    return change
  }

  /// Takes in that a login did not work: nothing is sent for a while.
  mutating func loginFailed(
    _ failure: HTTPFailure, _ reason: String, pause: Duration, now: Duration, wall: Timestamp, random: RandomSource
  ) -> Connectivity? {
    hold(until: now + pause, reason)
    let event: EndpointHealth.Event =
      switch failure.kind {
      case .unreachable: .unreachable(reason)
      case .busy: .busy(reason)
      default: .failure(reason)
      }
    return health.note(event, now: now, wall: wall, random: random)
  }

  /// Requests that are sent only once, or that were not heard at all, are not left to the schedule.
  private func isRepeated(_ index: Int, _ failure: HTTPFailure) -> Bool {
    switch failure.kind {
    case .refused: false
    case .unreachable, .busy: true
    default: requests[index].pollClass == .once
    }
  }

  /// The first failure in the order of the profile, so that the reason does not change from request to request.
  private var currentFault: String? { faults.lazy.compactMap(\.self).first }

  private mutating func hold(until time: Duration, _ reason: String) {
    holdUntil = time
    holdReason = reason
  }
}
