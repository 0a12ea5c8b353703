internal import AdapterKit
internal import DeviceProfiles
internal import EnergyModel
internal import Logging
internal import TimeSource

// What comes in, and what it says about the devices.
extension MQTTLink {
  func receive(topic: String, payload: [UInt8], isRetained: Bool, _ now: Duration) {
    counters.exchanges &+= 1
    let targets = router.endpoints(for: topic)
    // A persistent session still has the subscriptions of an earlier configuration.
    if targets.isEmpty { count("unexpected topic") }
    for index in targets {
      let isAnnouncement = endpoints[index].isAnnouncement(topic)
      if isAnnouncement { takeAnnouncement(topic, payload, of: index, now) }
      let outcome = decode(topic, payload, isRetained, of: index)
      sendDecoderRequests(of: index)
      if !isRetained { takeReply(topic, payload, of: index) }
      // An empty payload takes values back, and what is about another device says nothing about this one.
      guard !isAnnouncement, !payload.isEmpty, !outcome.isForeign else { continue }
      judge(outcome.hasReadings, outcome.problem, isRetained, of: index, now)
    }
  }

  /// A payload beyond the limit was dropped.
  func refuse(topic: String, bytes: Int, _ now: Duration) {
    counters.exchanges &+= 1
    count("payload too large")
    let reason = "topic \(topic): payload of \(bytes) bytes dropped, the limit is \(MQTTLimits.payloadBytes)"
    for index in router.endpoints(for: topic) { note(.failure(reason), of: index, now) }
  }

  /// Delivers what a message brings. Returns whether it brought readings, and the first problem with it.
  private func decode(
    _ topic: String, _ payload: [UInt8], _ isRetained: Bool, of index: Int
  ) -> (hasReadings: Bool, problem: String?, isForeign: Bool) {
    let frame = RawFrame(
      body: .message(topic: topic, payload: payload, isRetained: isRetained), receivedAt: time.wall())
    sink.received(frame, from: endpoints[index].id)
    endpoints[index].decoder.decode(frame, into: &batch)
    let isForeign = batch.otherDevices > 0 && batch.isEmpty
    if batch.otherDevices > 0 { count("other device") }
    let result = (hasReadings: !batch.isEmpty, problem: batch.problems.first, isForeign: isForeign)
    if result.hasReadings { sink.accept(batch, from: endpoints[index].id) }
    for problem in batch.problems { count(problem.contains("not JSON") ? "not JSON" : "not understood") }
    batch.removeAll()
    return result
  }

  /// What a message that is no announcement says about the health of the device.
  private func judge(_ hasReadings: Bool, _ problem: String?, _ isRetained: Bool, of index: Int, _ now: Duration) {
    if !isRetained { endpoints[index].lastHeard = now }
    guard endpoints[index].announcedLeaves.isEmpty else { return }
    switch problem {
    // The broker keeps retained messages of devices that left long ago: they set state and prove nothing.
    case nil: if !isRetained { note(.success, of: index, now) }
    case let problem?: note(hasReadings && !isRetained ? .refusal(problem) : .failure(problem), of: index, now)
    }
  }

  private func takeAnnouncement(_ topic: String, _ payload: [UInt8], of index: Int, _ now: Duration) {
    var isUnderstood = false
    for announcement in endpoints[index].decoder.announcements(topic: topic, payload: payload) {
      guard let isOnline = announcement.isOnline else { continue }
      isUnderstood = true
      if isOnline {
        endpoints[index].announcedLeaves.remove(announcement.source)
      } else {
        endpoints[index].announcedLeaves.insert(announcement.source)
      }
    }
    if !isUnderstood {
      guard !payload.isEmpty else { return }
      count("not understood")
      note(.failure("topic \(topic): neither of the profile's words for online and offline"), of: index, now)
    } else if endpoints[index].hasAnnouncedLeave {
      note(.silence("the device is offline by its own word on \(topic)"), of: index, now)
    } else {
      endpoints[index].lastHeard = now
      note(.success, of: index, now)
    }
  }

  /// A new connection says nothing about the devices yet, and the broker's outage was not theirs.
  func forgetOutage(_ index: Int, _ now: Duration) {
    endpoints[index].lastHeard = now
    endpoints[index].announcedLeaves = []
    endpoints[index].decoder.resetSetup()
    guard endpoints[index].health.connectivity.state != .unknown else { return }
    let wall = time.wall()
    endpoints[index].lastSeenAt = endpoints[index].health.connectivity.lastSeenAt ?? endpoints[index].lastSeenAt
    endpoints[index].health = EndpointHealth(wall: wall)
    publish(endpoints[index].health.connectivity, of: index)
  }

  /// Takes in what happened to a device; tells the sink and the log if that is news.
  func note(_ event: EndpointHealth.Event, of index: Int, _ now: Duration, isLogged: Bool = true) {
    let event = event.redacted(endpoints[index].redact)
    let news = endpoints[index].health.note(event, now: now, wall: time.wall(), random: random)
    if let silence = endpoints[index].expectSilence() {
      nextEndpointDeadline = min(nextEndpointDeadline ?? silence, silence)
    }
    if isLogged { log(event, of: index, now) }
    if let news { publish(news, of: index) }
  }

  private func publish(_ connectivity: Connectivity, of index: Int) {
    var connectivity = connectivity
    connectivity.lastSeenAt = connectivity.lastSeenAt ?? endpoints[index].lastSeenAt
    sink.connectivityChanged(connectivity, of: endpoints[index].id)
  }

  private func log(_ event: EndpointHealth.Event, of index: Int, _ now: Duration) {
    var device: Logger.Metadata { ["device": .string(endpoints[index].id.name)] }
    switch event {
    case .success:
      if endpoints[index].failureLog.success(now: now) { logger.info("the device is heard again", metadata: device) }
    case .refusal(let reason), .busy(let reason), .failure(let reason), .unreachable(let reason), .silence(let reason):
      guard let line = endpoints[index].failureLog.failure(reason, now: now) else { return }
      logger.warning("\(line.text)", metadata: device)
    }
  }

  /// Looks for devices that have been silent too long and sends the state requests that are due.
  func visitEndpoints(_ now: Duration) {
    guard case .up = phase else {
      nextEndpointDeadline = nil
      return
    }
    nextEndpointDeadline = nil
    for index in endpoints.indices {
      if let deadline = endpoints[index].silenceDeadline, now >= deadline {
        let limit = (endpoints[index].silentAfter ?? .zero).components.seconds
        note(.silence("nothing heard for \(limit) s"), of: index, now)
      }
      sendDueRequests(of: index, now)
      guard let next = endpoints[index].nextDeadline else { continue }
      nextEndpointDeadline = min(nextEndpointDeadline ?? next, next)
    }
  }

  private func sendDueRequests(of index: Int, _ now: Duration) {
    sendDecoderRequests(of: index)
    for request in endpoints[index].requests.indices where now >= endpoints[index].requests[request].due {
      let state = endpoints[index].requests[request]
      guard let operation = endpoints[index].decoder.stateRequest(state.index) else {
        endpoints[index].requests[request].due = now + EndpointState.openRequestInterval
        continue
      }
      endpoints[index].requests[request].due = now + state.interval
      if let fault = send(operation) {
        count("state request")
        note(.failure("state request: \(fault.message)"), of: index, now)
      }
    }
  }

  /// What the decoder needs to hear again before it understands the device.
  private func sendDecoderRequests(of index: Int) {
    for operation in endpoints[index].decoder.requests(at: time.wall()) {
      count("birth requested")
      if send(operation) != nil { count("state request") }
    }
  }
}

extension EndpointHealth.Event {
  /// The same event, its reason without the secrets of an installation.
  fileprivate func redacted(_ redact: SecretRedaction) -> EndpointHealth.Event {
    switch self {
    case .success: self
    case .refusal(let reason): .refusal(redact(reason))
    case .busy(let reason): .busy(redact(reason))
    case .failure(let reason): .failure(redact(reason))
    case .unreachable(let reason): .unreachable(redact(reason))
    case .silence(let reason): .silence(redact(reason))
    }
  }
}
