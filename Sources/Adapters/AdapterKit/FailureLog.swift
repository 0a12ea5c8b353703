/// Decides which failures of one endpoint or link are worth a line in the log.
///
/// A failure is logged when it is new, and then after 1, 10 and 60 minutes and every 60 minutes, with a count.
public struct FailureLog: Sendable {
  /// Time since the first failure of a kind at which it is logged again; afterwards in steps of the last one.
  public static let repetitions: [Duration] = [.seconds(60), .seconds(600), .seconds(3600)]
  /// A failure that returns within this time after the last one is a repetition, even if something worked in between.
  public static let memory = Duration.seconds(60)
  /// Reasons that are told apart; of more the oldest are forgotten.
  public static let reasonLimit = 16

  /// A line to log.
  public struct Line: Sendable, Hashable {
    /// The failure in words.
    public let reason: String
    /// Failures of this kind since it was new, this one included.
    public let count: Int
    /// Time since it was new.
    public let duration: Duration

    /// `no answer within 1 s`, or `no answer within 1 s (31 times in 60 s)`.
    public var text: String {
      count == 1 ? reason : "\(reason) (\(count) times in \(duration.components.seconds) s)"
    }
  }

  private struct Record: Sendable {
    let reason: String
    let first: Duration
    var last: Duration
    var count: Int
    var next: Duration
  }

  private var records: [Record] = []
  private var hasUnresolvedLine = false
  private var lastSuccess: Duration?

  /// A log that has seen nothing.
  public init() {}

  /// Takes a failure in.
  ///
  /// - Parameter reason: in words that stay the same while the cause does (no counters, no times).
  /// - Parameter now: monotonic time.
  /// - Returns: the line to log, or `nil`.
  public mutating func failure(_ reason: String, now: Duration) -> Line? {
    records.removeAll { now - $0.last > FailureLog.memory && $0.reason == reason && !hasUnresolvedLine }
    guard let index = records.firstIndex(where: { $0.reason == reason }) else {
      if records.count >= FailureLog.reasonLimit { records.removeFirst() }
      records.append(
        Record(reason: reason, first: now, last: now, count: 1, next: now + FailureLog.repetitions[0]))
      return line(of: records[records.count - 1], now: now)
    }
    records[index].count += 1
    records[index].last = now
    guard now >= records[index].next else { return nil }
    records[index].next = FailureLog.repetition(after: now, first: records[index].first)
    return line(of: records[index], now: now)
  }

  /// Takes a success in.
  ///
  /// - Returns: whether the recovery is worth a line, because a failure was logged since the last one.
  public mutating func success(now: Duration) -> Bool {
    defer { lastSuccess = now }
    guard hasUnresolvedLine else { return false }
    hasUnresolvedLine = false
    // What worked now and then keeps its pauses. After a long failure, however, one that comes back and stays is told
    // within a minute, however long the pauses had become.
    if let lastSuccess, now - lastSuccess <= FailureLog.memory { return true }
    for index in records.indices { records[index].next = min(records[index].next, now + FailureLog.repetitions[0]) }
    return true
  }

  private mutating func line(of record: Record, now: Duration) -> Line {
    hasUnresolvedLine = true
    return Line(reason: record.reason, count: record.count, duration: now - record.first)
  }

  private static func repetition(after now: Duration, first: Duration) -> Duration {
    for repetition in repetitions where first + repetition > now { return first + repetition }
    let step = repetitions[repetitions.count - 1]
    let passed = ((now - first) / step).rounded(.down)
    return first + step * (Int(min(passed, 1e9)) + 1)
  }
}
