public import EnergyModel

/// What came out of one or more frames. Reused by the adapter: filled by `decode`, emptied by the sink.
///
/// Numbers lie side by side in memory without references; labels, texts and flags stand beside them.
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

  private struct Cell: Sendable, BitwiseCopyable {
    var part: Int32
    /// Index into `words`; −1 for numbers and where there is no value.
    var word: Int32
    var reading: NumericReading
  }

  /// More problems are not listed.
  public static let maxProblems = 16

  private var cells: [Cell] = []
  private var words: [ReadingValue] = []
  /// What was not understood, with its place: `registers 37760–37761: short frame, 1 of 2`, `topic x: payload is not
  /// JSON (at byte 3)`, `request powerflow: Head.Status.Code is 8: busy`.
  public var problems: [String] = []
  /// Problems beyond `maxProblems` since the batch was emptied.
  public private(set) var unlistedProblems = 0

  /// Messages that were passed over since the batch was emptied, because a captured level of their topic names another
  /// device.
  public internal(set) var otherDevices = 0

  /// An empty batch.
  public init() {}

  /// Whether nothing was understood.
  public var isEmpty: Bool { cells.isEmpty }

  /// How much was understood.
  public var count: Int { cells.count }

  /// What was understood, in order.
  public var entries: [Entry] { cells.map { Entry(part: Int($0.part), reading: reading(of: $0)) } }

  /// Hands over what was understood, in order, without making anything of it.
  ///
  /// - Parameters:
  ///   - number: takes a number, or that there is no value, with the index of its part.
  ///   - word: takes everything else.
  public func forEach(number: (Int, NumericReading) -> Void, word: (Int, Reading) -> Void) {
    for cell in cells {
      if cell.word < 0 { number(Int(cell.part), cell.reading) } else { word(Int(cell.part), reading(of: cell)) }
    }
  }

  /// Empties the batch and keeps its memory.
  public mutating func removeAll() {
    cells.removeAll(keepingCapacity: true)
    if !words.isEmpty { words.removeAll(keepingCapacity: true) }
    if !problems.isEmpty { problems.removeAll(keepingCapacity: true) }
    unlistedProblems = 0
    otherDevices = 0
  }

  mutating func append(_ reading: NumericReading, part: Int) {
    cells.append(Cell(part: Int32(truncatingIfNeeded: part), word: -1, reading: reading))
  }

  /// - Parameter reading: its number is left out; the value is `word`.
  mutating func append(_ word: ReadingValue, as reading: NumericReading, part: Int) {
    cells.append(
      Cell(part: Int32(truncatingIfNeeded: part), word: Int32(truncatingIfNeeded: words.count), reading: reading))
    words.append(word)
  }

  mutating func report(_ problem: String) {
    if problems.count < Self.maxProblems { problems.append(problem) } else { unlistedProblems += 1 }
  }

  private func reading(of cell: Cell) -> Reading {
    var reading = Reading(cell.reading)
    if cell.word >= 0 { reading.value = words[Int(cell.word)] }
    return reading
  }
}
