/// Smooth pseudo-random curves that depend on nothing but a seed and a time, so that a run can be repeated.
public struct SeededNoise: Sendable {
  /// Chooses the curves.
  public let seed: UInt64

  /// The curves of a seed.
  public init(seed: UInt64) { self.seed = seed }

  /// A curve between -1 and 1 that changes on the scale of `period` seconds.
  ///
  /// - Parameter stream: independent curves have different streams.
  public func curve(_ stream: UInt64, at seconds: Double, period: Double) -> Double {
    let position = Self.bounded(seconds / max(period, 0.001))
    let lower = position.rounded(.down)
    let fraction = position - lower
    let weight = fraction * fraction * (3 - 2 * fraction)
    let from = unit(stream, Int64(lower))
    let to = unit(stream, Int64(lower) + 1)
    return (from + (to - from) * weight) * 2 - 1
  }

  /// A number between 0 and 1 that belongs to one slot of a stream.
  public func unit(_ stream: UInt64, _ slot: Int64) -> Double {
    var value = seed &+ stream &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(bitPattern: slot) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    value ^= value >> 31
    return Double(value >> 11) / Double(1 << 53)
  }

  /// Times far outside of any run would not convert to an integer.
  private static func bounded(_ value: Double) -> Double {
    value.isFinite ? min(max(value, -1e15), 1e15) : 0
  }
}
