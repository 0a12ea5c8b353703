public import AdapterKit
import AsyncHTTPClient
public import DeviceProfiles
import EnergyModel
public import Logging
public import NIOCore
public import TimeSource

/// One HTTP host with the devices behind it, on the shared event loops.
///
/// At most one request is under way at a time. Redirects are not followed, answers over 5 MiB are refused.
public actor HTTPLink: Adapter {
  let configuration: HTTPLinkConfiguration
  let sink: any AdapterSink
  let eventLoopGroup: any EventLoopGroup
  let time: TimeSource
  let random: RandomSource
  let logger: Logger
  var agenda: LinkAgenda
  var exchanger: HTTPExchanger?
  var batch = ReadingBatch()
  var isStopping = false
  var isConnected = false
  var exchanges: UInt64 = 0
  var meter: BusyMeter
  let responses = DurationHistogram()
  var errors: [String: UInt64] = [:]
  var lastError: String?
  let store: (any LoginStore)?
  private let specifications: [EndpointSpecification]
  private var worker: Task<Void, Never>?
  private var sleeper: Task<Void, any Error>?
  /// Whether nothing is under way and nothing was due when the worker last looked.
  var isIdle: Bool { sleeper != nil }

  /// A link that does nothing until `start`.
  ///
  /// - Parameters:
  ///   - endpoints: the devices; their profiles must be HTTP profiles, others are never asked anything.
  ///   - eventLoopGroup: the loops that all HTTP links of the program share; the process-wide ones if `nil`.
  ///   - store: where values of a login outlive the program; without one they do not.
  ///   - random: for jitter and for the client nonces of digest authentication.
  public init(
    configuration: HTTPLinkConfiguration, endpoints: [EndpointSpecification], sink: any AdapterSink,
    eventLoopGroup: (any EventLoopGroup)? = nil, store: (any LoginStore)? = nil, time: TimeSource,
    random: @escaping RandomSource, logger: Logger
  ) {
    self.configuration = configuration
    self.specifications = endpoints
    self.sink = sink
    self.eventLoopGroup = eventLoopGroup ?? HTTPClient.defaultEventLoopGroup
    self.store = store
    self.time = time
    self.random = random
    self.logger = logger
    let now = time.monotonic()
    let wall = time.wall()
    meter = BusyMeter(start: now)
    agenda = LinkAgenda(
      endpoints: endpoints.map {
        HTTPEndpoint($0, kept: Self.kept(for: $0, in: store), now: now, wall: wall, random: random)
      })
  }

  private static func kept(
    for specification: EndpointSpecification, in store: (any LoginStore)?
  ) -> [String: String] {
    guard let login = specification.profile.httpLogin, !login.lasting.isEmpty, let store else { return [:] }
    return store.values(of: specification.id).filter { login.lasting.contains($0.key) }
  }

  /// Starts polling and returns at once. Called once.
  public func start() {
    guard worker == nil, !isStopping else { return }
    exchanger = HTTPExchanger(configuration: configuration, eventLoopGroup: eventLoopGroup, time: time)
    worker = Task { await run() }
  }

  /// Withdraws what is under way, refuses what waits, closes the connections.
  public func stop() async {
    guard !isStopping else { return }
    isStopping = true
    worker?.cancel()
    sleeper?.cancel()
    await worker?.value
    for index in agenda.endpoints.indices {
      while !agenda.endpoints[index].errands.isEmpty { finishErrand(of: index, .failure(stoppedFault(index))) }
    }
    await logOut()
    exchanger?.close()
    isConnected = false
  }

  /// What the endpoint's decoder knows now.
  public func snapshot(of endpoint: EndpointID) throws(CommandFault) -> EndpointSnapshot {
    agenda.endpoints[try index(of: endpoint)].decoder.snapshot()
  }

  /// Counters and the state of the link; connected means that the last request was answered.
  public func statistics() -> LinkStatistics {
    var statistics = LinkStatistics(
      isConnected: isConnected, exchanges: exchanges, errors: errors, connects: exchanger?.connects ?? 0,
      lastError: lastError)
    let now = time.monotonic()
    statistics.busyShare = meter.share(at: now)
    statistics.requestsPerSecond = meter.rate(at: now)
    statistics.response = Percentiles(responses)
    return statistics
  }

  func index(of endpoint: EndpointID) throws(CommandFault) -> Int {
    guard let index = agenda.endpoints.firstIndex(where: { $0.id == endpoint }) else {
      throw CommandFault(kind: .notSent, message: "\(endpoint) is not behind \(configuration.origin)")
    }
    return index
  }

  /// Ends the worker's sleep, because there is something new to do.
  func wake() { sleeper?.cancel() }

  private func run() async {
    while !Task.isCancelled {
      switch agenda.next(now: time.monotonic()) {
      case .wait(let deadline): await sleep(until: deadline)
      case .login(let endpoint): await logIn(endpoint)
      case .poll(let endpoint, let request):
        // What is asked for once stays wanted; of all else the next poll brings newer values.
        if sink.hasRoom || agenda.endpoints[endpoint].requests[request].pollClass == .once {
          _ = await poll(request, of: endpoint)
        } else {
          count("poll without room")
        }
      case .errand(let endpoint): await advanceErrand(of: endpoint)
      }
    }
  }

  private func sleep(until deadline: Duration?) async {
    // With nothing to poll the link sleeps until it is woken; an hour more or less does not matter.
    let deadline = deadline ?? time.monotonic() + .seconds(3600)
    let sleeper = Task { [time] in try await time.sleepUntil(deadline) }
    self.sleeper = sleeper
    _ = await sleeper.result
    self.sleeper = nil
  }
}
