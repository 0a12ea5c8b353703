import Synchronization

/// How long things took lately, in buckets of fixed bounds: noting one costs neither memory nor a lock, and anybody may
/// look at any time.
///
/// It remembers one to two windows of time. Each bucket is at most a quarter wider than the one before, so a percentile is
/// right to within a quarter; it is the upper bound of its bucket, never less than what was measured.
public final class DurationHistogram: Sendable {
  /// What is older than two of these is forgotten.
  public static let window = Duration.seconds(300)
  /// Shorter durations share the first bucket: 64 µs. Four buckets to each doubling, up to 134 s.
  static let firstExponent = 6
  static let exponents = 21
  static let buckets = exponents * 4 + 2

  /// Two halves; the younger one is written. Allocated once and never moved, and every access is atomic.
  private nonisolated(unsafe) let cells: UnsafeMutablePointer<Atomic<UInt32>>
  private let youngerHalf = Atomic<Int>(0)
  /// Milliseconds of the monotonic clock at which the younger half began.
  private let begin = Atomic<Int64>(Int64.min)

  /// Nothing noted yet.
  public init() {
    cells = .allocate(capacity: Self.buckets * 2)
    for index in 0..<(Self.buckets * 2) { (cells + index).initialize(to: Atomic<UInt32>(0)) }
  }

  deinit {
    cells.deinitialize(count: Self.buckets * 2)
    cells.deallocate()
  }

  /// Notes a duration. Only ever called by one thread at a time.
  ///
  /// - Parameter now: monotonic time.
  public func note(_ duration: Duration, at now: Duration) {
    turn(at: now)
    let half = youngerHalf.load(ordering: .relaxed)
    cells[half * Self.buckets + Self.bucket(of: duration)].wrappingAdd(1, ordering: .relaxed)
  }

  /// How many are remembered.
  public var count: UInt64 { (0..<Self.buckets).reduce(0) { $0 + sum($1) } }

  /// The duration that this share of the remembered ones did not exceed; `nil` while nothing is remembered.
  ///
  /// - Parameter share: 0 to 1.
  public func percentile(_ share: Double) -> Duration? {
    let total = count
    guard total > 0 else { return nil }
    let wanted = max(1, UInt64((Double(total) * clamped(share)).rounded(.up)))
    var seen: UInt64 = 0
    for bucket in 0..<Self.buckets {
      seen += sum(bucket)
      if seen >= wanted { return Self.upperBound(of: bucket) }
    }
    return Self.upperBound(of: Self.buckets - 1)
  }

  private func sum(_ bucket: Int) -> UInt64 {
    UInt64(cells[bucket].load(ordering: .relaxed)) + UInt64(cells[Self.buckets + bucket].load(ordering: .relaxed))
  }

  /// Starts a new half when the younger one is old enough.
  private func turn(at now: Duration) {
    let milliseconds = now.wholeMilliseconds
    let started = begin.load(ordering: .relaxed)
    guard started != Int64.min else {
      begin.store(milliseconds, ordering: .relaxed)
      return
    }
    let age = milliseconds &- started
    guard age >= Self.window.wholeMilliseconds else { return }
    let next = 1 - youngerHalf.load(ordering: .relaxed)
    clear(next)
    // After a long silence nothing of before counts.
    if age >= Self.window.wholeMilliseconds * 2 { clear(1 - next) }
    youngerHalf.store(next, ordering: .relaxed)
    begin.store(milliseconds, ordering: .relaxed)
  }

  private func clear(_ half: Int) {
    for bucket in 0..<Self.buckets { cells[half * Self.buckets + bucket].store(0, ordering: .relaxed) }
  }

  static func bucket(of duration: Duration) -> Int {
    let (seconds, attoseconds) = duration.components
    guard seconds >= 0, attoseconds >= 0 else { return 0 }
    guard seconds < 200 else { return buckets - 1 }
    let microseconds = UInt64(seconds * 1_000_000 + attoseconds / 1_000_000_000_000)
    guard microseconds >= 1 << UInt64(firstExponent) else { return 0 }
    let exponent = 63 - microseconds.leadingZeroBitCount
    let quarter = Int(microseconds >> UInt64(exponent - 2)) & 3
    return min(1 + (exponent - firstExponent) * 4 + quarter, buckets - 1)
  }

  static func upperBound(of bucket: Int) -> Duration {
    guard bucket > 0 else { return .microseconds(1 << firstExponent) }
    let (exponent, quarter) = ((bucket - 1) / 4 + firstExponent, (bucket - 1) % 4)
    return .microseconds(Int64((5 + quarter)) << Int64(exponent - 2))
  }
}

extension Duration {
  /// Bounded, so that nothing overflows.
  fileprivate var wholeMilliseconds: Int64 {
    let (seconds, attoseconds) = components
    return min(max(seconds, -1 << 40), 1 << 40) * 1000 + attoseconds / 1_000_000_000_000_000
  }
}
