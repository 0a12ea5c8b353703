/// A point in wall-clock time: milliseconds since 1970-01-01T00:00:00Z.
///
/// For display, storage and windows. Intervals that decide anything (deadlines, back-off, leases) are measured on the
/// monotonic clock instead, because wall time can jump.
public struct Timestamp: Sendable, Hashable, Comparable, BitwiseCopyable {
  /// Milliseconds since the Unix epoch, UTC.
  public var milliseconds: Int64

  /// A time from milliseconds since the Unix epoch, UTC; any number is valid.
  public init(milliseconds: Int64) { self.milliseconds = milliseconds }

  /// Whole and fractional seconds since the Unix epoch.
  public var seconds: Double { Double(milliseconds) / 1000 }

  /// Earlier is less.
  public static func < (lhs: Timestamp, rhs: Timestamp) -> Bool { lhs.milliseconds < rhs.milliseconds }

  /// The signed distance in milliseconds from `other` to this time; saturates instead of trapping.
  public func millisecondsSince(_ other: Timestamp) -> Int64 {
    let (difference, overflow) = milliseconds.subtractingReportingOverflow(other.milliseconds)
    return overflow ? (milliseconds < other.milliseconds ? .min : .max) : difference
  }

  /// This time moved by a number of milliseconds; saturates instead of trapping.
  public func advanced(byMilliseconds delta: Int64) -> Timestamp {
    let (sum, overflow) = milliseconds.addingReportingOverflow(delta)
    return Timestamp(milliseconds: overflow ? (delta < 0 ? .min : .max) : sum)
  }
}
