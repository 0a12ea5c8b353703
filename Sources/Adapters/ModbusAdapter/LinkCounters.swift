import AdapterKit

/// What a link counts. Kept outside the actor, so that `heddle status` never waits for a slow bus.
struct LinkCounters {
  /// The name under which polls are counted that a slow bus left no time for.
  static let skippedPolls = "skipped poll"

  private var current = LinkStatistics()
  private var meter: BusyMeter

  init(start: Duration) { meter = BusyMeter(start: start) }

  mutating func connected() {
    current.isConnected = true
    current.connects += 1
    current.lastError = nil
  }

  mutating func disconnected(_ reason: String?) {
    current.isConnected = false
    if let reason { current.lastError = reason }
  }

  mutating func exchanged(from begin: Duration, to end: Duration, failure: ModbusFailure?) {
    current.exchanges += 1
    meter.note(from: begin, to: end)
    if let failure { count(failure.kind) }
  }

  mutating func count(_ kind: String) { current.errors[kind, default: 0] += 1 }

  mutating func setSkippedPolls(_ number: UInt64) {
    if number > 0 { current.errors[LinkCounters.skippedPolls] = number }
  }

  mutating func statistics(at now: Duration) -> LinkStatistics {
    var result = current
    result.busyShare = meter.share(at: now)
    return result
  }
}
