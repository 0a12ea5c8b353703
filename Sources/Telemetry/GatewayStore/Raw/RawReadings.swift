public import EnergyModel
import Synchronization

/// One reading as it came, for the store: 24 bytes without references.
@frozen
public struct RawSample: BitwiseCopyable, Sendable, Hashable {
  /// When it was measured, milliseconds since 1970.
  public var observedAt: Int64
  /// The number in the field's SI unit; 1 or 0 for a flag; the number of a word; NaN where the device gives none.
  public var value: Double
  /// Position in the names of its batch; in the store, the id of its series.
  public var series: UInt32
  /// How far it can be trusted.
  public var quality: Quality

  /// Makes a reading.
  @inlinable
  public init(series: UInt32, value: Double, quality: Quality, observedAt: Int64) {
    self.observedAt = observedAt
    self.value = value
    self.series = series
    self.quality = quality
  }
}

/// A label, flag or text as it came. They are kept when they change.
public struct RawWord: Sendable, Hashable {
  /// Position in the names of its batch.
  public var series: UInt32
  /// What the device says.
  public var value: ReadingValue
  /// How far it can be trusted.
  public var quality: Quality
  /// When it was measured.
  public var observedAt: Timestamp

  /// Makes a word.
  public init(series: UInt32, value: ReadingValue, quality: Quality, observedAt: Timestamp) {
    self.series = series
    self.value = value
    self.quality = quality
    self.observedAt = observedAt
  }
}

/// What the series of a pipeline are called; made once, so that a flush looks up numbers and not names.
public final class RawSeriesNames: Sendable {
  /// A field of a device.
  public struct Key: Sendable, Hashable {
    /// Id of the device.
    public var deviceID: String
    /// Name of the field.
    public var field: String

    /// Names a series.
    public init(deviceID: String, field: String) {
      self.deviceID = deviceID
      self.field = field
    }
  }

  /// By position.
  public let keys: [Key]
  /// Ids in the file; 0 = not known yet.
  let ids: Mutex<[UInt32]>

  /// Names the series by their position.
  public init(_ keys: [Key]) {
    self.keys = keys
    ids = Mutex(Array(repeating: 0, count: keys.count))
  }
}

/// The raw readings of one flush.
public struct RawBatch: Sendable {
  /// What the positions mean.
  public var names: RawSeriesNames
  /// Numbers, in the order in which they came.
  public var samples: [RawSample]
  /// Labels, flags and texts that changed.
  public var words: [RawWord]
  /// Wall time of the flush.
  public var at: Timestamp

  /// Makes a batch.
  public init(names: RawSeriesNames, samples: [RawSample] = [], words: [RawWord] = [], at: Timestamp) {
    self.names = names
    self.at = at
    self.samples = samples
    self.words = words
  }

  /// Whether there is nothing in it.
  public var isEmpty: Bool { samples.isEmpty && words.isEmpty }
}

/// A raw reading as it is read again.
public struct RawReading: Sendable, Hashable {
  /// When it was measured.
  public var observedAt: Timestamp
  /// What the device gave, in the field's SI unit.
  public var value: ReadingValue
  /// How far it can be trusted.
  public var quality: Quality

  /// Makes a reading.
  public init(observedAt: Timestamp, value: ReadingValue, quality: Quality) {
    self.observedAt = observedAt
    self.value = value
    self.quality = quality
  }
}

/// How much of the file raw readings take.
public struct RawTotals: Sendable, Hashable {
  /// Readings that are kept.
  public var readings: Int
  /// Bytes of their compressed form, without what SQLite adds.
  public var bytes: Int
  /// When the oldest was measured; `nil` if there is none.
  public var oldest: Timestamp?

  /// Makes totals.
  public init(readings: Int, bytes: Int, oldest: Timestamp?) {
    self.readings = readings
    self.bytes = bytes
    self.oldest = oldest
  }
}
