internal import AdapterKit
internal import DeviceProfiles
internal import TimeSource

/// A reply that a command waits for. It may come before anybody waits: before the broker's acknowledgement.
struct PendingReply {
  let endpoint: Int
  let expected: ExpectedReply
  /// Where the command went.
  let topic: String
  /// Monotonic; from the acknowledgement on.
  var deadline: Duration?
  var verdict: ExpectedReply.Verdict?
  var continuation: CheckedContinuation<CommandFault?, Never>?
}

// Answers of devices to commands.
extension MQTTLink {
  /// Listens for a reply from now on.
  func expect(_ reply: ExpectedReply, to topic: String, _ endpoint: Int) throws(CommandFault) -> Int {
    guard pendingReplies.count < MQTTLimits.pendingPublishes else {
      let limit = MQTTLimits.pendingPublishes
      throw CommandFault(kind: .notSent, message: "link \(configuration.name): \(limit) replies are awaited already")
    }
    replyTickets &+= 1
    pendingReplies[replyTickets] = PendingReply(endpoint: endpoint, expected: reply, topic: topic)
    return replyTickets
  }

  /// Returns when the device said that it did what it was told.
  func reply(_ ticket: Int) async throws(CommandFault) {
    guard let pending = pendingReplies[ticket] else {
      throw CommandFault(kind: .brokenOff, message: "the link ended before the device replied")
    }
    if let verdict = pending.verdict {
      pendingReplies[ticket] = nil
      if let fault = fault(pending, verdict) { throw fault }
      return
    }
    let deadline = time.monotonic() + pending.expected.within
    let fault = await withCheckedContinuation { continuation in
      pendingReplies[ticket]?.deadline = deadline
      pendingReplies[ticket]?.continuation = continuation
    }
    if let fault { throw fault }
  }

  /// Hands a message to the oldest command that it can be the reply to.
  func takeReply(_ topic: String, _ payload: [UInt8], of endpoint: Int) {
    guard !pendingReplies.isEmpty else { return }
    for ticket in pendingReplies.keys.sorted() {
      guard let pending = pendingReplies[ticket], pending.endpoint == endpoint, pending.verdict == nil,
        let verdict = pending.expected.verdict(topic: topic, payload: payload)
      else { continue }
      if let continuation = pending.continuation {
        pendingReplies[ticket] = nil
        continuation.resume(returning: fault(pending, verdict))
      } else {
        pendingReplies[ticket]?.verdict = verdict
      }
      return
    }
  }

  func expireReplies(_ now: Duration) {
    for (ticket, pending) in pendingReplies {
      guard let deadline = pending.deadline, now >= deadline, let continuation = pending.continuation else { continue }
      pendingReplies[ticket] = nil
      count("no reply")
      let what =
        "publish \(pending.topic): the device did not reply on \(pending.expected.topic) "
        + "within \(pending.expected.within.components.seconds) s"
      continuation.resume(returning: CommandFault(kind: .timeout, message: what))
    }
  }

  func failPendingReplies(_ reason: String) {
    let waiting = pendingReplies.values
    pendingReplies.removeAll()
    for pending in waiting {
      pending.continuation?.resume(
        returning: CommandFault(kind: .brokenOff, message: "publish \(pending.topic): \(reason)"))
    }
  }

  private func fault(_ pending: PendingReply, _ verdict: ExpectedReply.Verdict) -> CommandFault? {
    guard case .refused(let reason) = verdict else { return nil }
    count("refused by the device")
    return CommandFault(kind: .refused, message: "publish \(pending.topic): the device refused: \(reason)")
  }
}
