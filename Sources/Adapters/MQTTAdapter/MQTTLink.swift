public import AdapterKit
internal import DeviceProfiles
internal import EnergyModel
internal import Glibc
public import Logging
public import PinnedThread
public import TimeSource

/// A broker session with the devices behind it.
///
/// One thread per session waits for the socket and for calls from other tasks; libmosquitto's own loops are not used
/// (they stop silently on descriptors beyond 1023, and their stop can hang). Everything here runs on that thread.
///
/// Subscriptions have QoS 1, and the acknowledgement of a message leaves when the sink has made it durable: together with
/// what else comes within a quarter of a second.
public actor MQTTLink: Adapter {
  /// The thread of the session.
  public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

  /// Where the session is.
  enum Phase {
    /// Before `start` and after `stop`.
    case stopped
    /// Until the next attempt.
    case pausing(until: Duration)
    /// The broker's name is being looked up.
    case lookingUp(deadline: Duration)
    /// TCP, TLS and CONNECT are under way.
    case connecting(deadline: Duration)
    /// The broker accepted; subscriptions are under way.
    case subscribing(deadline: Duration)
    /// Everything is subscribed.
    case up(since: Duration)
  }

  let configuration: MQTTLinkConfiguration
  let sink: any AdapterSink
  let time: TimeSource
  let random: RandomSource
  let logger: Logger
  let router: TopicRouter
  let indices: [EndpointID: Int]
  private let thread: PinnedThread
  private var loop: Task<Void, Never>?

  var phase = Phase.stopped
  var connection: BrokerConnection?
  var isLookupRunning = false
  /// Counts attempts, so that each takes the next address of the broker.
  var attempts = 0
  var backOff = BackOff()
  var failureLog = FailureLog()
  var counters = LinkStatistics()
  var endpoints: [EndpointState]
  /// The earliest time at which an endpoint needs attention; never later than it is.
  var nextEndpointDeadline: Duration?
  var pendingPublishes: [Int32: PendingPublish] = [:]
  var pendingReplies: [Int: PendingReply] = [:]
  var held = HeldAcknowledgements()
  /// Numbers the replies that are awaited.
  var replyTickets = 0
  /// Reused for every message.
  var batch = ReadingBatch()

  /// Prepares a session; nothing is sent before `start`.
  ///
  /// - Parameter endpoints: the devices, with profiles for MQTT.
  /// - Parameter random: for the jitter of reconnects.
  /// - Throws: if the process may not have another thread.
  public init(
    configuration: MQTTLinkConfiguration, endpoints: [EndpointSpecification], sink: any AdapterSink, time: TimeSource,
    random: @escaping RandomSource, logger: Logger
  ) throws(PinnedThreadError) {
    thread = try PinnedThread(name: "mqtt \(configuration.name)")
    self.configuration = configuration
    self.sink = sink
    self.time = time
    self.random = random
    var logger = logger
    logger[metadataKey: "link"] = .string(configuration.name)
    self.logger = logger
    let wall = time.wall()
    self.endpoints = endpoints.map { EndpointState($0, wall: wall) }
    router = TopicRouter(subscriptions: endpoints.map(\.profile.subscriptions))
    indices = Dictionary(endpoints.enumerated().map { ($1.id, $0) }) { first, _ in first }
  }

  /// Starts work and returns at once. Called once.
  public func start() {
    guard loop == nil, case .stopped = phase else { return }
    phase = .pausing(until: time.monotonic())
    loop = Task { await self.run() }
  }

  /// Ends the session; the broker gets a DISCONNECT if the socket takes it at once.
  public func stop() async {
    phase = .stopped
    await secureBeforeStop()
    if let connection {
      connection.handle.disconnect()
      // What is not durable must not be acknowledged: the broker then sees the end of the connection instead.
      if !held.isHolding { _ = connection.send() }
    }
    held.forget()
    connection = nil
    counters.isConnected = false
    failPendingPublishes("the link was stopped")
    await loop?.value
    thread.stop()
  }

  /// Counters and the state of the session.
  public func statistics() -> LinkStatistics { counters }

  var isStopped: Bool { if case .stopped = phase { true } else { false } }

  private func run() async {
    while !isStopped {
      let now = time.monotonic()
      meetDeadlines(now)
      wait(atMost: timeToNextDeadline(now))
      // Commands and a stop from other tasks get their turn here.
      await thread.letQueuedJobsRun()
    }
  }

  private func meetDeadlines(_ now: Duration) {
    switch phase {
    case .pausing(let until): if now >= until { beginAttempt(now) }
    case .lookingUp(let deadline):
      if now >= deadline { lose(failure(.lookup, "the name was not resolved in time; check the DNS server"), now) }
    case .connecting(let deadline):
      if now >= deadline { lose(connectTimeout(), now) }
    case .subscribing(let deadline):
      if now >= deadline { lose(failure(.timeout, "the broker does not answer subscriptions"), now) }
    case .up, .stopped: break
    }
    expirePublishes(now)
    expireReplies(now)
    if let deadline = nextEndpointDeadline, now >= deadline { visitEndpoints(now) }
  }

  private func timeToNextDeadline(_ now: Duration) -> Duration {
    var deadline = now + MQTTLimits.longestWait
    switch phase {
    case .pausing(let until): deadline = min(deadline, until)
    case .lookingUp(let limit), .connecting(let limit), .subscribing(let limit): deadline = min(deadline, limit)
    case .up, .stopped: break
    }
    if let nextEndpointDeadline { deadline = min(deadline, nextEndpointDeadline) }
    for publish in pendingPublishes.values { deadline = min(deadline, publish.deadline) }
    for reply in pendingReplies.values { deadline = min(deadline, reply.deadline ?? deadline) }
    if let hold = held.deadline { deadline = min(deadline, hold) }
    if connection != nil, !sink.hasRoom { deadline = min(deadline, now + MQTTLimits.roomCheck) }
    return max(deadline - now, .zero)
  }

  /// Waits for the socket, a call from another task, or the time, and serves the socket.
  private func wait(atMost limit: Duration) {
    var descriptors = [pollfd(fd: thread.wakeDescriptor, events: Int16(POLLIN), revents: 0)]
    if let connection {
      let interest = connection.interest(reads: held.allowsReading && sink.hasRoom, writes: !held.isHolding)
      descriptors.append(pollfd(fd: connection.handle.socket, events: interest, revents: 0))
    }
    let (seconds, attoseconds) = limit.components
    // Rounded up, so that the deadline has passed when the wait is over.
    let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000 + 1
    poll(&descriptors, nfds_t(descriptors.count), CInt(clamping: limit == .zero ? 0 : milliseconds))
    guard let connection else { return }
    serve(connection, ready: descriptors[1].revents)
  }

  private func serve(_ connection: BrokerConnection, ready: Int16) {
    if ready != 0 { handle(connection.receive(ready), of: connection) }
    guard self.connection === connection else { return }
    if held.isHolding { secureIfDue(connection, time.monotonic()) } else { release(connection) }
    loseIfBroken(connection)
  }

  /// Lets leave what is queued: acknowledgements of what is durable, commands, signs of life.
  func release(_ connection: BrokerConnection) {
    handle(connection.send(), of: connection)
    loseIfBroken(connection)
  }

  private func loseIfBroken(_ connection: BrokerConnection) {
    if self.connection === connection && connection.isBroken {
      lose(connection.failure(on: configuration), time.monotonic())
    }
  }

  private func handle(_ events: [MQTTEvent], of connection: BrokerConnection) {
    let now = time.monotonic()
    // An event can end the connection; what came after it belongs to nobody.
    for event in events where self.connection === connection { handle(event, of: connection, now) }
  }

  private func handle(_ event: MQTTEvent, of connection: BrokerConnection, _ now: Duration) {
    switch event {
    case .connectAnswer(let code):
      if code == 0 {
        accepted(connection, now)
      } else {
        lose(.connectRefused(code: code, on: configuration), now)
      }
    case .subscribed(let message, let granted): subscribed(connection, message, granted, now)
    case .published(let message, let reason): published(message, reason)
    case .message(let topic, let payload, let isRetained, let qos):
      if qos > 0 { held.hold(now) }
      receive(topic: topic, payload: payload, isRetained: isRetained, now)
    case .oversized(let topic, let bytes): refuse(topic: topic, bytes: bytes, now)
    case .disconnected(let reason): connection.goodbye = connection.goodbye ?? reason
    }
  }
}
