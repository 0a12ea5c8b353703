public import EnergyModel

/// How finely a history is told.
public enum HistoryResolution: String, CaseIterable, Sendable, Hashable, Codable {
  /// Every reading as it came.
  case raw
  /// Windows of a minute.
  case minute = "1m"
  /// Windows of a quarter of an hour.
  case quarterHour = "15m"
  /// Hours of the zone.
  case hour = "1h"
  /// Days of the zone.
  case day = "1d"
}

/// One row of a history: a field at a time. Times without anything have no row.
public struct HistoryRow: Codable, Sendable, Hashable {
  /// When it was measured, or when the window begins.
  public var ts: Timestamp
  /// Name of the field.
  public var field: String
  /// What the device gave, in the field's unit; `null` where it gave nothing. Only of readings.
  public var value: JSONValue?
  /// A gauge's mean over the samples of the window.
  public var avg: Double?
  /// A gauge's lowest sample.
  public var min: Double?
  /// A gauge's highest sample.
  public var max: Double?
  /// A gauge's last sample, or what a counter showed last.
  public var last: Double?
  /// By how much a counter rose, its resets taken out.
  public var difference: Double?
  /// Samples of the window.
  public var samples: Int?
  /// The reading's quality, or the worst of the window.
  public var quality: String

  /// A row with what it must have.
  public init(ts: Timestamp, field: String, quality: String) {
    self.ts = ts
    self.field = field
    self.quality = quality
  }
}

/// What a device reported over a time.
public struct HistoryReport: Codable, Sendable, Hashable {
  /// The device.
  public var deviceId: String
  /// How finely it is told.
  public var resolution: HistoryResolution
  /// Whose hours and days are meant.
  public var timezone: String
  /// The begin.
  public var from: Timestamp
  /// The end, excluded.
  public var to: Timestamp
  /// In the order of time, then of fields.
  public var data: [HistoryRow]
  /// For the next rows; absent after the last one.
  public var nextCursor: String?
}
