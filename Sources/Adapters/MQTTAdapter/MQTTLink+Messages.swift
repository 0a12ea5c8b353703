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
      let isAnnouncement = endpoints[index].decoder.isAvailability(topic: topic)
      if isAnnouncement { takeAnnouncement(topic, payload, of: index, now) }
      // An empty payload deletes a retained message; it says nothing about the device.
      guard !payload.isEmpty else { continue }
      let (hasReadings, problem) = decode(topic, payload, isRetained, of: index)
      if !isAnnouncement { judge(hasReadings, problem, isRetained, of: index, now) }
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
  ) -> (hasReadings: Bool, problem: String?) {
    let frame = RawFrame(
      body: .message(topic: topic, payload: payload, isRetained: isRetained), receivedAt: time.wall())
    sink.received(frame, from: endpoints[index].id)
    endpoints[index].decoder.decode(frame, into: &batch)
    let result = (hasReadings: !batch.entries.isEmpty, problem: batch.problems.first)
    if result.hasReadings { sink.accept(batch, from: endpoints[index].id) }
    for problem in batch.problems { count(problem.contains("not JSON") ? "not JSON" : "not understood") }
    batch.removeAll()
    return result
  }

  /// What a message that is no announcement says about the health of the device.
  private func judge(_ hasReadings: Bool, _ problem: String?, _ isRetained: Bool, of index: Int, _ now: Duration) {
    if !isRetained { endpoints[index].lastHeard = now }
    guard !endpoints[index].hasAnnouncedLeave else { return }
    switch problem {
    // The broker keeps retained messages of devices that left long ago: they set state and prove nothing.
    case nil: if !isRetained { note(.success, of: index, now) }
    case let problem?: note(hasReadings && !isRetained ? .refusal(problem) : .failure(problem), of: index, now)
    }
  }

  private func takeAnnouncement(_ topic: String, _ payload: [UInt8], of index: Int, _ now: Duration) {
    switch endpoints[index].decoder.availability(topic: topic, payload: payload) {
    case true?:
      endpoints[index].hasAnnouncedLeave = false
      endpoints[index].lastHeard = now
      note(.success, of: index, now)
    case false?:
      endpoints[index].hasAnnouncedLeave = true
      note(.silence("the device is offline by its own word on \(topic)"), of: index, now)
    case nil:
      guard !payload.isEmpty else { return }
      count("not understood")
      note(.failure("topic \(topic): neither of the profile's words for online and offline"), of: index, now)
    }
  }

  /// A new connection says nothing about the devices yet, and the broker's outage was not theirs.
  func forgetOutage(_ index: Int, _ now: Duration) {
    endpoints[index].lastHeard = now
    endpoints[index].hasAnnouncedLeave = false
    endpoints[index].decoder.resetSetup()
    guard endpoints[index].health.connectivity.state != .unknown else { return }
    let wall = time.wall()
    endpoints[index].lastSeenAt = endpoints[index].health.connectivity.lastSeenAt ?? endpoints[index].lastSeenAt
    endpoints[index].health = EndpointHealth(wall: wall)
    publish(endpoints[index].health.connectivity, of: index)
  }

  /// Takes in what happened to a device; tells the sink and the log if that is news.
  func note(_ event: EndpointHealth.Event, of index: Int, _ now: Duration, isLogged: Bool = true) {
    let news = endpoints[index].health.note(event, now: now, wall: time.wall(), random: random)
    if let silence = endpoints[index].silenceDeadline {
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
    let device: Logger.Metadata = ["device": .string(endpoints[index].id.name)]
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
    for request in endpoints[index].requests.indices where now >= endpoints[index].requests[request].due {
      let state = endpoints[index].requests[request]
      endpoints[index].requests[request].due = now + state.interval
      if let fault = send(state.operation) {
        count("state request")
        note(.failure("state request: \(fault.message)"), of: index, now)
      }
    }
  }
}
