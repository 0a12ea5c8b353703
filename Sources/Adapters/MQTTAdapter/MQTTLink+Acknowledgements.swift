internal import AdapterKit
internal import TimeSource

/// Messages whose acknowledgement has to wait until what they brought is durable.
struct HeldAcknowledgements {
  /// Counts such messages since the start of the link.
  private(set) var newest = 0
  /// The newest one whose acknowledgement may leave.
  private(set) var released = 0
  /// When the oldest of them came; monotonic.
  private(set) var since: Duration?
  /// The newest one that is being made durable.
  private(set) var securing: Int?
  /// After a failure: the next attempt.
  private(set) var retryAt: Duration?

  var count: Int { newest - released }
  var isHolding: Bool { count > 0 }
  /// While the disk works, or does not, nothing more is read: the broker keeps it.
  var allowsReading: Bool { securing == nil && retryAt == nil }

  /// When the next attempt is due; `nil` while there is nothing to do.
  var deadline: Duration? {
    guard isHolding, securing == nil else { return nil }
    return retryAt ?? since.map { $0 + MQTTLimits.longestHold }
  }

  mutating func hold(_ now: Duration) {
    newest += 1
    if since == nil { since = now }
  }

  mutating func begin() {
    securing = newest
    retryAt = nil
  }

  mutating func end(isDurable: Bool, _ now: Duration) {
    if isDurable {
      released = securing ?? released
      since = isHolding ? now : nil
    } else {
      retryAt = now + MQTTLimits.holdRetry
    }
    securing = nil
  }

  /// The connection is gone: the broker sends everything again that it got no acknowledgement for.
  mutating func forget() {
    released = newest
    since = nil
    securing = nil
    retryAt = nil
  }
}

// QoS 1: the broker forgets a message when it is acknowledged, so the disk has to have it before.
extension MQTTLink {
  /// Starts to make durable what came, when it is time: a group is as large as what comes within a moment.
  func secureIfDue(_ connection: BrokerConnection, _ now: Duration) {
    guard let deadline = held.deadline else { return }
    let isLarge = held.count >= MQTTLimits.eagerHold && connection.isDry && held.retryAt == nil
    // A command stands behind the acknowledgements in the library's queue.
    let isUrgent = !pendingPublishes.isEmpty && held.retryAt == nil
    guard now >= deadline || isLarge || isUrgent else { return }
    held.begin()
    let attempt = attempts
    sink.secure { isDurable in Task { await self.secured(isDurable, attempt) } }
  }

  private func secured(_ isDurable: Bool, _ attempt: Int) {
    // Another connection has other acknowledgements.
    guard attempt == attempts, let connection, held.securing != nil else { return }
    let now = time.monotonic()
    held.end(isDurable: isDurable, now)
    if !isDurable { count("not durable") }
    guard !held.isHolding else { return }
    release(connection)
  }

  /// A clean stop leaves nothing behind that the broker would send again, if the disk is quick enough.
  func secureBeforeStop() async {
    guard held.isHolding, connection != nil else { return }
    let (outcomes, outcome) = AsyncStream<Bool>.makeStream()
    sink.secure { outcome.yield($0) }
    let timer = Task { [time] in
      try? await time.sleep(for: MQTTLimits.longestFarewell)
      outcome.yield(false)
    }
    var isDurable = false
    for await first in outcomes {
      isDurable = first
      break
    }
    timer.cancel()
    if isDurable { held.forget() }
  }
}
