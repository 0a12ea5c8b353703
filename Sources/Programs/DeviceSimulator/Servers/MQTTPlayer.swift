import CMosquitto
import Glibc
import PinnedThread
public import TimeSource

/// Simulated devices that are clients of one broker, each with a session (and a last will) of its own, all on one
/// thread.
public actor MQTTPlayer {
  private let simulation: Simulation
  private let time: TimeSource
  private let thread: PinnedThread
  private let sessions: [MQTTSession]
  private var isStopping = false
  private var firstConnection: [CheckedContinuation<Void, Never>] = []

  /// How often the physics is looked at for changes worth publishing.
  static let tick = Duration.seconds(1)
  /// Pause between attempts to reach the broker.
  static let retryInterval = Duration.seconds(2)

  /// The thread that all of this runs on.
  public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

  /// - Parameter endpoints: devices with an MQTT profile.
  public init(
    simulation: Simulation, endpoints: [EndpointIndex], host: String, port: Int, time: TimeSource
  ) throws {
    self.simulation = simulation
    self.time = time
    thread = try PinnedThread(name: "mqtt")
    mosquitto_lib_init()
    sessions = try endpoints.map { endpoint in
      guard let identity = simulation.mqttIdentity(of: endpoint) else {
        throw SimulatorError("a device without an MQTT profile cannot be a client of a broker")
      }
      return try MQTTSession(endpoint: endpoint, identity: identity, host: host, port: port)
    }
  }

  /// Plays until `stop`.
  public func play() async {
    var nextTick = time.monotonic()
    while !isStopping && !Task.isCancelled {
      let now = time.monotonic()
      if now >= nextTick {
        for session in sessions { tick(session, now) }
        nextTick = now + Self.tick
      }
      waitForTraffic(atMost: nextTick - now)
      for session in sessions { answer(session) }
      await thread.letQueuedJobsRun()
    }
    for session in sessions { session.disconnect() }
    for waiting in firstConnection { waiting.resume() }
    firstConnection = []
  }

  /// Ends `play`. Returns at once.
  public func stop() { isStopping = true }

  /// Returns when all devices are connected to the broker, or when playing ended.
  public func untilConnected() async {
    if isStopping || sessions.allSatisfy(\.isConnected) { return }
    await withCheckedContinuation { firstConnection.append($0) }
  }

  /// Why devices are not connected, in words.
  public func problems() -> [String] {
    sessions.compactMap { session in session.lastError.map { "\(session.identity.clientID): \($0)" } }
  }

  private func tick(_ session: MQTTSession, _ now: Duration) {
    guard !simulation.isOffline(session.endpoint) else { return session.vanish() }
    if session.socket < 0 && now >= session.nextAttempt {
      session.nextAttempt = now + Self.retryInterval
      session.connect()
    }
    session.keepAlive()
    if session.isConnected {
      session.publish(simulation.messages(at: session.endpoint), now: now, everything: false)
    }
  }

  /// Waits on all sockets with `poll`, which takes any descriptor, where libmosquitto's own loop uses `select`.
  private func waitForTraffic(atMost limit: Duration) {
    let open = sessions.filter { $0.socket >= 0 }
    var descriptors = open.map { session in
      pollfd(fd: session.socket, events: Int16(POLLIN | (session.wantsToWrite ? POLLOUT : 0)), revents: 0)
    }
    descriptors.append(pollfd(fd: thread.wakeDescriptor, events: Int16(POLLIN), revents: 0))
    let milliseconds = limit.components.seconds * 1000 + limit.components.attoseconds / 1_000_000_000_000_000
    poll(&descriptors, nfds_t(descriptors.count), CInt(clamping: max(1, milliseconds)))
    for (session, descriptor) in zip(open, descriptors) {
      if descriptor.revents & Int16(POLLOUT) != 0 { session.write() }
      if descriptor.revents & Int16(POLLIN | POLLHUP | POLLERR) != 0 { session.read() }
    }
    if sessions.allSatisfy(\.isConnected) {
      for waiting in firstConnection { waiting.resume() }
      firstConnection = []
    }
  }

  private func answer(_ session: MQTTSession) {
    for message in session.takeInbox() {
      let isAnswered = simulation.receive(message, at: session.endpoint)
      for reply in simulation.takeReplies(at: session.endpoint) { session.publish(reply) }
      guard isAnswered else { continue }
      session.publish(simulation.messages(at: session.endpoint), now: time.monotonic(), everything: true)
    }
  }
}
