public import EnergyModel

/// What came out of one or more frames. Reused by the adapter: filled by `decode`, emptied by the sink.
public struct ReadingBatch: Sendable {
  /// A reading of one part of the profile.
  public struct Entry: Sendable, Hashable {
    /// Index into the profile's parts.
    public var part: Int
    /// The value with its quality and times.
    public var reading: Reading

    /// Everything as given.
    public init(part: Int, reading: Reading) {
      self.part = part
      self.reading = reading
    }
  }

  /// More problems are not listed.
  public static let maxProblems = 16

  /// What was understood, in order.
  public var entries: [Entry] = []
  /// What was not, with its place: `registers 37760–37761: short frame, 1 of 2`, `topic x: payload is not JSON (at
  /// byte 3)`, `request powerflow: Head.Status.Code is 8: busy`.
  public var problems: [String] = []
  /// Problems beyond `maxProblems` since the batch was emptied.
  public private(set) var unlistedProblems = 0

  /// Messages that were passed over since the batch was emptied, because a captured level of their topic names another
  /// device.
  public internal(set) var otherDevices = 0

  /// An empty batch.
  public init() {}

  /// Empties the batch and keeps its memory.
  public mutating func removeAll() {
    entries.removeAll(keepingCapacity: true)
    problems.removeAll(keepingCapacity: true)
    unlistedProblems = 0
    otherDevices = 0
  }

  mutating func report(_ problem: String) {
    if problems.count < Self.maxProblems { problems.append(problem) } else { unlistedProblems += 1 }
  }
}
