import GatewayStore

/// Readings that the store does not have yet, as they came, with a limit.
struct RawBuffer {
  private(set) var samples: [RawSample] = []
  /// Readings that were left out because the store could not take them for too long.
  private(set) var dropped: UInt64 = 0
  /// Readings that were left out because nothing is to be recorded now.
  private(set) var paused: UInt64 = 0
  /// Whether readings are kept at all.
  var isRecording: Bool
  let limit: Int

  init(limit: Int, isRecording: Bool = true) {
    self.limit = max(0, limit)
    self.isRecording = isRecording
  }

  /// Whether it has every reading since it was emptied last.
  var isWhole: Bool { isRecording && samples.count < limit }

  mutating func append(_ sample: RawSample) {
    guard isRecording else { return paused &+= 1 }
    guard samples.count < limit else { return dropped &+= 1 }
    samples.append(sample)
  }

  /// Takes everything out, and makes room for as much at once, so that no reading waits for memory.
  mutating func take() -> [RawSample] {
    let taken = samples
    samples = []
    samples.reserveCapacity(taken.count)
    return taken
  }

  /// Puts back what the store did not take, before everything that came since; the newest give way.
  mutating func restore(_ older: [RawSample]) {
    let all = older + samples
    dropped &+= UInt64(max(0, all.count - limit))
    samples = Array(all.prefix(limit))
  }
}
