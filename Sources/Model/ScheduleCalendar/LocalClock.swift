public import EnergyModel
public import Foundation

/// The wall clock of a zone, for times that people write.
///
/// Local times are seconds since 1970-01-01T00:00 as that clock shows them. A local time belongs to the first moment at
/// which the clock shows it or has gone past it: where an hour is skipped, the moment of the change; where an hour comes
/// twice, its first coming. So later local times never come before earlier ones.
public struct LocalClock: Sendable, Hashable {
  /// The zone, with its changes of the past and the future.
  public let zone: TimeZone

  /// Around a change of offset, both sides are seen from this far away.
  private static let reachSeconds: Int64 = 86_400

  /// Takes a zone as it is.
  public init(zone: TimeZone) { self.zone = zone }

  /// `nil` unless it is the name of a zone of the IANA database, such as `Europe/Berlin`, or `UTC`.
  public init?(_ name: String) {
    // Foundation also takes abbreviations and offsets, such as CET or GMT+2, that know no summer time.
    guard name == "UTC" || name.contains("/"), let zone = TimeZone(identifier: name) else { return nil }
    self.init(zone: zone)
  }

  /// What the clock shows at a moment.
  public func localSeconds(at time: Timestamp) -> Int64 {
    let seconds = Self.floorDivide(time.milliseconds, 1000)
    return seconds + offset(at: seconds)
  }

  /// The first moment at which the clock shows a local time or a later one.
  public func firstMoment(of localSeconds: Int64) -> Timestamp {
    let before = offset(at: localSeconds - Self.reachSeconds)
    let after = offset(at: localSeconds + Self.reachSeconds)
    for candidate in Set([before, after]).sorted(by: >) {
      let seconds = localSeconds - candidate
      if offset(at: seconds) == candidate { return Timestamp(milliseconds: seconds * 1000) }
    }
    // The clock never shows it: the moment of the change is where it goes past.
    var early = localSeconds - max(before, after)
    var late = localSeconds - min(before, after)
    while late - early > 1 {
      let middle = early + (late - early) / 2
      if middle + offset(at: middle) >= localSeconds { late = middle } else { early = middle }
    }
    return Timestamp(milliseconds: late * 1000)
  }

  /// Reads `2026-05-01T10:00`, with or without seconds, as this clock shows it; `nil` for anything else.
  public func moment(_ text: some StringProtocol) -> Timestamp? {
    let hasSeconds = text.split(separator: ":").count > 2
    guard let asUTC = Timestamp(rfc3339: text + (hasSeconds ? "Z" : ":00Z")) else { return nil }
    return firstMoment(of: Self.floorDivide(asUTC.milliseconds, 1000))
  }

  private func offset(at seconds: Int64) -> Int64 {
    Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(seconds))))
  }

  static func floorDivide(_ number: Int64, _ divisor: Int64) -> Int64 {
    number / divisor - (number % divisor < 0 ? 1 : 0)
  }
}
