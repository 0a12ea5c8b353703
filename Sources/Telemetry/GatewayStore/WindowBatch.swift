public import EnergyModel

/// What a window belongs to.
public enum WindowScope: String, CaseIterable, Sendable, Hashable {
  case device, site, customer
}

/// The name of a series of windows.
public struct SeriesKey: Sendable, Hashable {
  /// What it belongs to.
  public var scope: WindowScope
  /// Id of the device, site or customer.
  public var scopeID: String
  /// An energy metric in Wh (`charge`, `import`, …) or the name of a gauge field (`powerW`).
  public var metric: String

  /// Names a series.
  public init(scope: WindowScope, scopeID: String, metric: String) {
    self.scope = scope
    self.scopeID = scopeID
    self.metric = metric
  }
}

/// What is added to one window of one minute.
public struct WindowDelta: Sendable, Hashable {
  /// Length of a window in milliseconds.
  public static let windowMilliseconds: Int64 = 60_000

  /// Position in `WindowBatch.series`.
  public var series: Int
  /// Minutes since 1970, UTC: the window's start.
  public var minute: Int64
  /// Energy in Wh, or the sum of a gauge's samples.
  public var sum: Double
  /// A gauge's last, lowest and highest sample; `nil` for energy.
  public var range: (last: Double, min: Double, max: Double)? {
    get { hasRange ? (last, min, max) : nil }
    set {
      hasRange = newValue != nil
      (last, min, max) = newValue ?? (0, 0, 0)
    }
  }
  /// Samples or pieces of energy that went in.
  public var samples: Int
  /// Milliseconds of the window for which its energy is known; 0 for gauges.
  public var coveredMilliseconds: Double
  /// The worst quality that went in.
  public var quality: Quality

  // Stored flat: equality and hashing of tuples are not given.
  private var hasRange = false
  private var last = 0.0
  private var min = 0.0
  private var max = 0.0

  /// Makes something to add.
  public init(
    series: Int, minute: Int64, sum: Double, range: (last: Double, min: Double, max: Double)? = nil, samples: Int,
    coveredMilliseconds: Double, quality: Quality = .good
  ) {
    self.series = series
    self.minute = minute
    self.sum = sum
    self.samples = samples
    self.coveredMilliseconds = coveredMilliseconds
    self.quality = quality
    self.range = range
  }
}

/// What the aggregation has to remember over a restart, so that nothing is counted twice or lost. Every member is used
/// by some accumulators only.
public struct AccumulatorState: Sendable, Hashable, Codable {
  /// When the last value was measured, milliseconds since 1970.
  public var observedAt: Int64?
  /// The last value that was accepted: a counter's Wh or a power's W.
  public var value: Double?
  /// When a counter last changed, milliseconds since 1970.
  public var changedAt: Int64?
  /// How often a counter was reset.
  public var epoch: Int?
  /// A counter's smallest step so far, in Wh.
  public var step: Double?
  /// A counter before its last reset, in case that the device comes back to it: value, when it last changed, and the
  /// value that it was reset to.
  public var beforeReset: [Double]?
  /// Readings of a counter that may be a reset: value and time of the first and of the last, and how many agree.
  public var resetCandidate: [Double]?
  /// From when on a flow is booked by its counter, milliseconds since 1970.
  public var counterSince: Int64?
  /// Up to when a flow was booked by integrating power, milliseconds since 1970.
  public var poweredThrough: Int64?

  /// Makes a state that remembers nothing.
  public init() {}
}

/// An accumulator of a device.
public struct AccumulatorRecord: Sendable, Hashable {
  /// Id of the device.
  public var deviceID: String
  /// A field's name, or a metric's for what several fields share.
  public var name: String
  /// What to remember.
  public var state: AccumulatorState

  /// Names an accumulator and its state.
  public init(deviceID: String, name: String, state: AccumulatorState) {
    self.deviceID = deviceID
    self.name = name
    self.state = state
  }
}

/// The last value of one field of one device.
public struct LatestRecord: Sendable, Hashable {
  /// Id of the device.
  public var deviceID: String
  /// The reading.
  public var reading: Reading

  /// Names the last reading of a field of a device.
  public init(deviceID: String, reading: Reading) {
    self.deviceID = deviceID
    self.reading = reading
  }
}

/// What one flush hands to the store, all or nothing.
public struct WindowBatch: Sendable {
  /// The names that `deltas` refer to by position; those that are not used cost nothing.
  public var series: [SeriesKey]
  /// What is added to windows.
  public var deltas: [WindowDelta]
  /// What replaces the state of accumulators.
  public var accumulators: [AccumulatorRecord]
  /// What replaces latest values.
  public var latest: [LatestRecord]
  /// Windows that ended at or before this time are closed: what is added to them later raises their `revision`.
  public var closedThrough: Timestamp
  /// Readings as they came; `nil` where none are kept.
  public var raw: RawBatch?

  /// Makes a batch.
  public init(
    series: [SeriesKey], deltas: [WindowDelta], accumulators: [AccumulatorRecord] = [], latest: [LatestRecord] = [],
    closedThrough: Timestamp, raw: RawBatch? = nil
  ) {
    self.raw = raw
    self.series = series
    self.deltas = deltas
    self.accumulators = accumulators
    self.latest = latest
    self.closedThrough = closedThrough
  }
}

/// What the windows of a series say about a time.
public struct WindowSum: Sendable, Hashable {
  /// Energy in Wh, or the sum of a gauge's samples.
  public var sum: Double
  /// Lowest sample of a gauge.
  public var min: Double?
  /// Highest sample of a gauge.
  public var max: Double?
  /// Last sample of a gauge.
  public var last: Double?
  /// Samples or pieces of energy that went in.
  public var samples: Int
  /// Milliseconds for which the energy is known; can exceed the time by rounding or where the clock was set back.
  public var coveredMilliseconds: Double
  /// The worst quality of the windows.
  public var quality: Quality
  /// How often closed windows of this time were changed.
  public var revision: Int

  /// Makes a sum.
  public init(
    sum: Double, min: Double? = nil, max: Double? = nil, last: Double? = nil, samples: Int,
    coveredMilliseconds: Double, quality: Quality, revision: Int
  ) {
    self.sum = sum
    self.min = min
    self.max = max
    self.last = last
    self.samples = samples
    self.coveredMilliseconds = coveredMilliseconds
    self.quality = quality
    self.revision = revision
  }
}

/// A series over several times.
public struct SeriesSums: Sendable, Hashable {
  /// When its first window began; `nil` if it has none.
  public var first: Timestamp?
  /// One for each time between two boundaries; `nil` where there is no window.
  public var sums: [WindowSum?]

  /// Makes the sums of a series.
  public init(first: Timestamp?, sums: [WindowSum?]) {
    self.first = first
    self.sums = sums
  }
}
