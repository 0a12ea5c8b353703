import Foundation
import LocatedYAML

/// How much is kept, for how long, and how often it is written.
public struct StorageSettings: Sendable, Equatable {
  /// Time between two writes of what was measured: what a power cut can take.
  public var flushInterval: Duration = .seconds(10)
  /// Bytes that the database may use; beyond, the oldest raw readings go first, then the oldest minutes.
  public var maxBytes: Int64 = 8 << 30
  /// Free bytes on the disk below which no raw readings are written.
  public var minFreeBytes: Int64 = 256 << 20
  /// How long readings are kept as they came; 0 = not at all.
  public var rawAge: Duration = .seconds(7 * 86_400)
  /// How long windows of a minute are kept beside what is made of them.
  public var minuteAge: Duration = .seconds(90 * 86_400)
  /// How long quarters of an hour, hours and days are kept: ten years, since bills are made of them.
  public var quarterAge: Duration = .seconds(3650 * 86_400)
  /// How long the audit is kept: two years, since energy is billed and settled by the year.
  public var auditAge: Duration = .seconds(730 * 86_400)

  /// What holds where the configuration says nothing.
  public init() {}

  /// Longer than this, and a power cut takes too much.
  static let flushIntervals: ClosedRange<Duration> = .seconds(1) ... .seconds(300)
  /// Less cannot hold a day of a small home.
  static let leastMaxBytes: Int64 = 16 << 20
}

extension ConfigurationReader {
  /// Reads what `store:` and `retention:` say beside the path.
  func readStorage(_ store: YAMLNode?, _ retention: YAMLNode?) -> StorageSettings {
    var settings = StorageSettings()
    if let store {
      if let interval = duration(store["flushInterval"], in: StorageSettings.flushIntervals) {
        settings.flushInterval = interval
      }
      if let bytes = bytes(store["maxBytes"], atLeast: StorageSettings.leastMaxBytes) { settings.maxBytes = bytes }
      if let bytes = bytes(store["minFreeBytes"], atLeast: 0) { settings.minFreeBytes = bytes }
    }
    guard let retention, retention.expectMapping(keys: ["raw", "minutes", "quarterHours", "audit"]) else {
      return settings
    }
    let centuries: Duration = .seconds(100 * 366 * 86_400)
    settings.rawAge = duration(retention["raw"], in: .zero...centuries) ?? settings.rawAge
    settings.minuteAge = duration(retention["minutes"], in: .seconds(86_400)...centuries) ?? settings.minuteAge
    settings.quarterAge = duration(retention["quarterHours"], in: .seconds(86_400)...centuries) ?? settings.quarterAge
    settings.auditAge = duration(retention["audit"], in: .seconds(86_400)...centuries) ?? settings.auditAge
    if settings.quarterAge < settings.minuteAge {
      retention.report(
        141, "quarters of an hour are made of minutes and would be kept shorter than those",
        hint: "let quarterHours be at least as long as minutes")
    }
    return settings
  }

  private func duration(_ node: YAMLNode?, in range: ClosedRange<Duration>) -> Duration? {
    guard let node else { return nil }
    // Nothing is a time without a unit.
    if range.contains(.zero), node.scalarText == "0" { return .zero }
    guard let value = node.durationValue() else { return nil }
    guard range.contains(value) else {
      node.report(
        140, "\(node.subject) must be between \(Self.words(range.lowerBound)) and \(Self.words(range.upperBound))")
      return nil
    }
    return value
  }

  private static func words(_ duration: Duration) -> String {
    let seconds = duration.components.seconds
    if seconds > 0, seconds % 86_400 == 0 { return "\(seconds / 86_400) d" }
    return seconds > 0 && seconds % 60 == 0 ? "\(seconds / 60) min" : "\(seconds) s"
  }

  /// `500 MB`, `8 GB`, `1 TB`, or a number of bytes.
  private func bytes(_ node: YAMLNode?, atLeast least: Int64) -> Int64? {
    guard let node, let text = node.textValue() else { return nil }
    let units: [(name: String, bytes: Double)] = [
      ("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3), ("TiB", 0x1p40), ("GiB", 0x1p30), ("MiB", 0x1p20),
      ("KiB", 0x1p10), ("", 1),
    ]
    let number = text.prefix { $0.isNumber || $0 == "." }
    let unit = text.dropFirst(number.count).trimmingCharacters(in: .whitespaces)
    let factor = units.first { $0.name == unit }?.bytes
    guard let factor, let value = Double(number), let bytes = Int64(exactly: (value * factor).rounded()) else {
      node.report(142, "\(node.subject) is not a number of bytes", hint: "write 500 MB or 8 GB")
      return nil
    }
    guard bytes >= least else {
      node.report(143, "\(node.subject) must be at least \(least >> 20) MiB")
      return nil
    }
    return bytes
  }
}
