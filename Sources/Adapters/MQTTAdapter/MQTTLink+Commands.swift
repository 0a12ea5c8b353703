public import AdapterKit
public import DeviceProfiles
internal import EnergyModel
internal import TimeSource

/// A publication that waits for the broker's acknowledgement.
struct PendingPublish {
  let topic: String
  let isRetained: Bool
  /// Monotonic.
  let deadline: Duration
  let continuation: CheckedContinuation<CommandFault?, Never>
}

// What goes out.
extension MQTTLink {
  /// What the endpoint's decoder knows now.
  public func snapshot(of endpoint: EndpointID) throws(CommandFault) -> EndpointSnapshot {
    endpoints[try index(of: endpoint)].decoder.snapshot()
  }

  /// Publishes the profile's state requests, if there are any, and returns; answers come as messages.
  public func refresh(_ endpoint: EndpointID) throws(CommandFault) {
    let index = try index(of: endpoint)
    for request in endpoints[index].requests {
      guard let operation = endpoints[index].decoder.stateRequest(request.index) else { continue }
      if let fault = send(operation) { throw fault.redacted(endpoints[index].redact) }
    }
  }

  /// Publishes with QoS 1, one after the other, each after the broker acknowledged the one before.
  ///
  /// On MQTT 5 the broker says more: no permission, or that no client at all is subscribed to the topic. Both are
  /// `refused`. On 3.1.1 it acknowledges either, and only telemetry can tell.
  public func execute(_ operations: [WireOperation], on endpoint: EndpointID) async throws(CommandFault) {
    let index = try index(of: endpoint)
    let redact = endpoints[index].redact
    for operation in operations where !operation.isForBroker {
      let what = redact("\(operation)")
      throw CommandFault(
        kind: .refused, message: "link \(configuration.name) speaks MQTT and cannot do '\(what)'; nothing was sent")
    }
    let connectivity = endpoints[index].health.connectivity
    guard connectivity.state != .offline else {
      let reason = connectivity.lastError ?? "nothing is heard from it"
      throw CommandFault(kind: .notSent, message: "\(endpoint) is offline: \(reason)")
    }
    for (position, operation) in operations.enumerated() {
      do throws(CommandFault) {
        try await perform(operation, index)
      } catch {
        throw (position == 0 ? error : error.after(operations[..<position])).redacted(redact)
      }
    }
  }

  private func perform(_ operation: WireOperation, _ index: Int) async throws(CommandFault) {
    switch operation {
    case .wait(let duration):
      do {
        try await time.sleep(for: duration)
      } catch {
        throw CommandFault(kind: .notSent, message: "the command was cancelled during '\(operation)'")
      }
    case .publish(let message):
      let ticket = try message.reply.map { (reply) throws(CommandFault) in try expect(reply, to: message.topic, index) }
      do throws(CommandFault) {
        try await publish(message)
      } catch {
        if let ticket { pendingReplies[ticket] = nil }
        throw error
      }
      if let ticket { try await reply(ticket) }
    case .writeRegisters, .writeCoil, .modifyRegister, .request, .modify: break
    }
  }

  private func publish(_ message: PublishedMessage) async throws(CommandFault) {
    let (topic, retain) = (message.topic, message.isRetained)
    guard pendingPublishes.count < MQTTLimits.pendingPublishes else {
      let limit = MQTTLimits.pendingPublishes
      throw CommandFault(kind: .notSent, message: "link \(configuration.name): \(limit) publications wait already")
    }
    let connection = try acceptedConnection()
    let isExpiring = configuration.protocolVersion == .v5 && !retain
    let result = connection.handle.publish(
      topic: topic, payload: message.payload(at: time.wall()), qos: 1, retain: retain,
      expirySeconds: isExpiring ? MQTTLinkConfiguration.seconds(MQTTLimits.commandExpiry) : nil)
    switch result {
    case .failure(let error):
      throw CommandFault(kind: .notSent, message: "publish \(topic): \(error.message)")
    case .success(let identifier):
      let deadline = time.monotonic() + configuration.acknowledgementTimeout
      let fault = await withCheckedContinuation { continuation in
        pendingPublishes[identifier] = PendingPublish(
          topic: topic, isRetained: retain, deadline: deadline, continuation: continuation)
      }
      if let fault { throw fault }
    }
  }

  /// Sends a state request with QoS 0: a device that is away must not find a pile of them when it comes back.
  func send(_ operation: WireOperation) -> CommandFault? {
    guard case .publish(let message) = operation else { return nil }
    do throws(CommandFault) {
      let result = try acceptedConnection().handle.publish(
        topic: message.topic, payload: message.payload(at: time.wall()), qos: 0, retain: message.isRetained,
        expirySeconds: nil)
      guard case .failure(let error) = result else { return nil }
      return CommandFault(kind: .notSent, message: "publish \(message.topic): \(error.message)")
    } catch {
      return error
    }
  }

  /// An acknowledgement came.
  func published(_ message: Int32, _ reason: Int32) {
    guard let publish = pendingPublishes.removeValue(forKey: message) else { return }
    publish.continuation.resume(returning: fault(for: publish, reason: reason))
  }

  private func fault(for publish: PendingPublish, reason: Int32) -> CommandFault? {
    let noSubscriber: Int32 = 16
    if reason == noSubscriber && !publish.isRetained {
      let what = "no client of the broker listens on this topic; check that the device is connected to it"
      count("no subscriber")
      return CommandFault(kind: .refused, message: "publish \(publish.topic): \(what)")
    }
    guard reason >= 128 else { return nil }
    count("publication refused")
    let words = MQTTHandle.words(forReason: reason)
    let advice = "check what the broker allows this user to write"
    return CommandFault(
      kind: .refused, message: "publish \(publish.topic): the broker refused it (\(words)); \(advice)")
  }

  func expirePublishes(_ now: Duration) {
    for (message, publish) in pendingPublishes where now >= publish.deadline {
      pendingPublishes[message] = nil
      count("no acknowledgement")
      let seconds = configuration.acknowledgementTimeout.components.seconds
      let what = "publish \(publish.topic): the broker did not acknowledge within \(seconds) s"
      publish.continuation.resume(returning: CommandFault(kind: .timeout, message: what))
    }
  }

  func failPendingPublishes(_ reason: String) {
    failPendingReplies(reason)
    let publishes = pendingPublishes.values
    pendingPublishes.removeAll()
    for publish in publishes {
      publish.continuation.resume(
        returning: CommandFault(kind: .brokenOff, message: "publish \(publish.topic): \(reason)"))
    }
  }

  private func acceptedConnection() throws(CommandFault) -> BrokerConnection {
    guard let connection, connection.isAccepted else {
      let reason = isStopped ? "the link is stopped" : counters.lastError ?? "not connected yet"
      throw CommandFault(kind: .notSent, message: "link \(configuration.name) is not connected: \(reason)")
    }
    return connection
  }

  private func index(of endpoint: EndpointID) throws(CommandFault) -> Int {
    guard let index = indices[endpoint] else {
      throw CommandFault(kind: .notSent, message: "link \(configuration.name) has no device '\(endpoint)'")
    }
    return index
  }
}

extension WireOperation {
  /// Whether a broker session can do it.
  fileprivate var isForBroker: Bool {
    switch self {
    case .publish, .wait: true
    case .writeRegisters, .writeCoil, .modifyRegister, .request, .modify: false
    }
  }
}

extension CommandFault {
  /// The same fault without the secrets of an installation.
  fileprivate func redacted(_ redact: SecretRedaction) -> CommandFault {
    CommandFault(kind: kind, message: redact(message))
  }

  /// The same fault after other operations went out: then it is not true that nothing was sent.
  fileprivate func after(_ operations: ArraySlice<WireOperation>) -> CommandFault {
    guard kind == .notSent, operations.contains(where: \.isPublication) else { return self }
    return CommandFault(kind: .brokenOff, message: "\(message); earlier steps of the command had been sent")
  }
}

extension WireOperation {
  fileprivate var isPublication: Bool { if case .publish = self { true } else { false } }
}
