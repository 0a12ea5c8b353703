import AdapterKit

/// What a link counts. Kept outside the actor, so that `heddle status` never waits for a slow bus.
struct LinkCounters {
  /// The name under which polls are counted that a slow bus left no time for, or nobody room.
  static let skippedPolls = "skipped poll"

  /// The name under which polls are counted that were left out because nobody had room for the values.
  static let pollsWithoutRoom = "poll without room"

  /// The names under which is counted what came and was no answer to a request.
  static let skippedBytes = "skipped byte"
  static let foreignFrames = "foreign frame"

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

  mutating func addSkippedPolls(_ number: UInt64) {
    if number > 0 { current.errors[LinkCounters.skippedPolls, default: 0] += number }
  }

  mutating func addNoise(_ noise: (bytes: UInt64, frames: UInt64)) {
    if noise.bytes > 0 { current.errors[LinkCounters.skippedBytes, default: 0] += noise.bytes }
    if noise.frames > 0 { current.errors[LinkCounters.foreignFrames, default: 0] += noise.frames }
  }

  mutating func statistics(at now: Duration) -> LinkStatistics {
    var result = current
    result.busyShare = meter.share(at: now)
    result.requestsPerSecond = meter.rate(at: now)
    return result
  }
}
