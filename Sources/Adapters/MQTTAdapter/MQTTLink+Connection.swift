internal import AdapterKit
internal import EnergyModel
internal import Logging
internal import TimeSource

// Getting a connection, losing it and getting the next one.
extension MQTTLink {
  func beginAttempt(_ now: Duration) {
    if let address = HostResolver.numericAddress(configuration.host) {
      connect(to: [address], now)
      return
    }
    phase = .lookingUp(deadline: now + configuration.connectTimeout)
    // A lookup that outlived its deadline serves the next attempt.
    guard !isLookupRunning else { return }
    isLookupRunning = true
    Task { await self.lookUp() }
  }

  private func lookUp() async {
    let result = await addresses()
    isLookupRunning = false
    guard case .lookingUp = phase else { return }
    switch result {
    case .success(let addresses): connect(to: addresses, time.monotonic())
    case .failure(let error):
      let what = "the name '\(configuration.host)' cannot be resolved (\(error.message)); check host and DNS server"
      lose(failure(.lookup, what), time.monotonic())
    }
  }

  private func addresses() async -> Result<[HostAddress], HostLookupError> {
    do {
      return .success(try await HostResolver().addresses(of: configuration.host))
    } catch let error as HostLookupError {
      return .failure(error)
    } catch {
      return .failure(HostLookupError(message: "\(error)"))
    }
  }

  private func connect(to addresses: [HostAddress], _ now: Duration) {
    guard !addresses.isEmpty else { return lose(failure(.lookup, "the name has no address; check the host"), now) }
    let address = addresses[attempts % addresses.count]
    attempts &+= 1
    guard let handle = MQTTHandle(clientID: configuration.clientID, cleanSession: configuration.session == .clean)
    else { return lose(failure(.configuration, "the client id '\(configuration.clientID)' cannot be used"), now) }
    let connection = BrokerConnection(handle)
    if let problem = connection.handle.configure(configuration) {
      return lose(failure(.configuration, problem), now)
    }
    // The certificate is checked against the host that the library is given, so with TLS it must be the name.
    let isNamed = configuration.tls != nil
    connection.connect(
      configuration, host: isNamed ? configuration.host : address.text,
      bindAddress: isNamed ? (address.isIPv6 ? "::" : "0.0.0.0") : nil)
    if connection.isBroken { return lose(connection.failure(on: configuration), now) }
    self.connection = connection
    phase = .connecting(deadline: now + configuration.connectTimeout)
  }

  func accepted(_ connection: BrokerConnection, _ now: Duration) {
    connection.accept()
    counters.isConnected = true
    counters.connects += 1
    counters.lastError = nil
    if failureLog.success(now: now) || counters.connects == 1 { logger.info("connected to \(configuration)") }
    for index in endpoints.indices { forgetOutage(index, now) }
    phase = .subscribing(deadline: now + configuration.connectTimeout)
    subscribe(connection, now)
  }

  private func subscribe(_ connection: BrokerConnection, _ now: Duration) {
    for start in stride(from: 0, to: router.filters.count, by: MQTTLimits.filtersPerSubscribe) {
      let filters = Array(router.filters[start...].prefix(MQTTLimits.filtersPerSubscribe))
      switch connection.handle.subscribe(filters) {
      case .success(let message): connection.pendingSubscriptions[message] = filters
      case .failure(let error): for filter in filters { refused(filter, "cannot be sent: \(error.message)", now) }
      }
    }
    if connection.pendingSubscriptions.isEmpty { ready(now) }
  }

  func subscribed(_ connection: BrokerConnection, _ message: Int32, _ granted: [Int32], _ now: Duration) {
    guard let filters = connection.pendingSubscriptions.removeValue(forKey: message) else { return }
    for (filter, code) in zip(filters, granted) where code >= 128 {
      let reason = code == 128 ? "refused by the broker" : MQTTHandle.words(forReason: code)
      refused(filter, "\(reason); check what the broker allows this user to read", now)
    }
    if connection.pendingSubscriptions.isEmpty { ready(now) }
  }

  private func refused(_ filter: String, _ reason: String, _ now: Duration) {
    count("subscription refused")
    let what = "subscription to '\(filter)': \(reason)"
    counters.lastError = failure(.refused, what).message
    for index in router.endpoints(using: filter) { note(.failure(what), of: index, now) }
  }

  /// Everything is subscribed: answers to state requests will be seen now.
  private func ready(_ now: Duration) {
    phase = .up(since: now)
    for index in endpoints.indices {
      for request in endpoints[index].requests.indices { endpoints[index].requests[request].due = now }
    }
    visitEndpoints(now)
  }

  func lose(_ failure: LinkFailure, _ now: Duration) {
    if case .up(let since) = phase, now - since >= MQTTLimits.stableAfter { backOff.reset() }
    connection = nil
    held.forget()
    phase = .pausing(until: now + backOff.next(random: random))
    nextEndpointDeadline = nil
    counters.isConnected = false
    counters.lastError = failure.message
    count(failure.kind.rawValue)
    if let line = failureLog.failure(failure.message, now: now) { logger.warning("\(line.text)") }
    failPendingPublishes("the connection to the broker broke off before it acknowledged")
    for index in endpoints.indices { note(.silence(failure.message), of: index, now, isLogged: false) }
  }

  func failure(_ kind: LinkFailure.Kind, _ what: String) -> LinkFailure { LinkFailure(kind, what, on: configuration) }

  func connectTimeout() -> LinkFailure {
    let seconds = configuration.connectTimeout.components.seconds
    return failure(
      .timeout, "no answer to the connection request within \(seconds) s; check that a broker listens on this port")
  }

  func count(_ kind: String) { counters.errors[kind, default: 0] &+= 1 }
}
