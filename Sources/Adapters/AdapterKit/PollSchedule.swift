public import DeviceProfiles

/// When the poll classes of one endpoint are due.
///
/// Due times lie on a fixed grid, so they do not drift however long a poll takes. A poll that is late is done once, not
/// several times in a burst; the ones left out are counted.
public struct PollSchedule: Sendable, Hashable {
  /// The first polls are spread over so much time, so that not all devices are asked in the same instant.
  public static let startSpread = Duration.seconds(1)
  /// Shorter intervals are lengthened to this one.
  public static let shortestInterval = Duration.milliseconds(100)

  private struct Entry: Sendable, Hashable {
    let pollClass: PollClass
    /// `nil`: due once.
    let interval: Duration?
    var due: Duration?
    var skipped: UInt64 = 0
  }

  /// Polls that were left out because the one before was still under way.
  public private(set) var skipped: UInt64 = 0
  private var entries: [Entry]

  /// - Parameter intervals: the classes that are used; zero means once.
  /// - Parameter start: monotonic time of the earliest first poll.
  public init(intervals: [PollClass: Duration], start: Duration, random: RandomSource) {
    let jitter = clamped(random())
    entries = PollClass.allCases.compactMap { pollClass in
      guard let interval = intervals[pollClass] else { return nil }
      guard pollClass != .once, interval > .zero else {
        return Entry(pollClass: pollClass, interval: nil, due: start)
      }
      let bounded = max(interval, PollSchedule.shortestInterval)
      return Entry(
        pollClass: pollClass, interval: bounded, due: start + min(bounded, PollSchedule.startSpread) * jitter)
    }
  }

  /// The earliest due time of the given classes; `nil` if nothing is left to do.
  public func nextDue(except busy: Set<PollClass> = []) -> Duration? {
    var earliest: Duration?
    for entry in entries where busy.isEmpty || !busy.contains(entry.pollClass) {
      if let due = entry.due { earliest = min(earliest ?? due, due) }
    }
    return earliest
  }

  /// The classes whose time has come, with the time at which they were due; moves them to their next time.
  ///
  /// - Parameter busy: classes whose last poll is still under way; they stay due.
  public mutating func takeDue(at now: Duration, except busy: Set<PollClass> = []) -> [(
    pollClass: PollClass, due: Duration
  )] {
    var taken: [(pollClass: PollClass, due: Duration)] = []
    for index in entries.indices {
      guard let due = entries[index].due, due <= now, !busy.contains(entries[index].pollClass) else { continue }
      taken.append((entries[index].pollClass, due))
      guard let interval = entries[index].interval else {
        entries[index].due = nil
        continue
      }
      if now - due < interval {
        entries[index].due = due + interval
        continue
      }
      // Slots of the grid that have passed since; the quotient is bounded before it becomes an integer.
      let missed = ((now - due) / interval).rounded(.down)
      let wholeMissed = Int(min(missed, 1e9))
      skipped += UInt64(wholeMissed)
      entries[index].skipped += UInt64(wholeMissed)
      entries[index].due = due + interval * (wholeMissed + 1)
    }
    return taken
  }

  /// How often a class is due; `nil` = once, or never.
  public func interval(of pollClass: PollClass) -> Duration? {
    entries.first { $0.pollClass == pollClass }?.interval
  }

  /// Polls of a class that were left out.
  public func skipped(of pollClass: PollClass) -> UInt64 {
    entries.first { $0.pollClass == pollClass }?.skipped ?? 0
  }

  /// Makes a class due at a time, such as the points that are read once after a device came back.
  public mutating func restart(_ pollClass: PollClass, at now: Duration) {
    for index in entries.indices where entries[index].pollClass == pollClass { entries[index].due = now }
  }
}
