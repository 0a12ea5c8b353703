/// How far a value can be trusted.
///
/// The order is from best to worst, so the quality of something computed from several readings is their maximum.
public enum Quality: UInt8, CaseIterable, Sendable, Hashable, Comparable, BitwiseCopyable {
  /// Measured, in range, on time.
  case good
  /// Computed or interpolated by the gateway.
  case estimated
  /// Was good, but is older than the device's staleness limit.
  case stale
  /// Failed a plausibility check (range, step, counter bound). Kept and shown, never aggregated.
  case suspect
  /// The device itself says that the value is not valid.
  case bad
  /// The device does not give the value now ("not implemented", `null`, a marker such as 0xFFFF).
  case missing

  /// The word used in JSON, CLI and profiles.
  public var name: String {
    switch self {
    case .good: "good"
    case .estimated: "estimated"
    case .stale: "stale"
    case .suspect: "suspect"
    case .bad: "bad"
    case .missing: "missing"
    }
  }

  /// Whether a value of this quality may enter an aggregate.
  public var isAggregated: Bool { self <= .estimated }

  /// Better is less.
  public static func < (lhs: Quality, rhs: Quality) -> Bool { lhs.rawValue < rhs.rawValue }
}
