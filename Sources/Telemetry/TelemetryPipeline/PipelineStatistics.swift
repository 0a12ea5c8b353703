/// What the pipeline did and left out since its start.
public struct PipelineStatistics: Sendable, Hashable {
  /// Samples in the rings now, by link.
  public var ringOccupancy: [String: Int]
  /// Rings that are full.
  public var fullRings: Int
  /// Samples that were dropped because a ring was full, by device id; devices without drops are left out.
  public var droppedSamples: [String: UInt64]
  /// Samples that entered the aggregation.
  public var acceptedSamples: UInt64
  /// Duplicates, and samples older than the one before of the same field: left out.
  public var lateSamples: UInt64
  /// Readings dated too far in the future or past: refused.
  public var refusedReadings: UInt64
  /// Readings for devices or fields that are not in the layout: left out.
  public var unknownReadings: UInt64
  /// Readings of counters that were not believed.
  public var suspectCounterReadings: UInt64
  /// Steps of the wall clock, counted once per field.
  public var clockSteps: UInt64
  /// Additions to windows that wait for the store.
  public var pendingWindows: Int
  /// Gauge windows dropped because the store could not take them for too long.
  public var droppedGaugeWindows: UInt64
  /// Energy windows dropped because the store could not take them for far too long.
  public var droppedEnergyWindows: UInt64
  /// Flushes that failed since the last one that worked.
  public var failedFlushes: Int
  /// Why the last flush failed; `nil` after one that worked.
  public var lastFlushError: String?
  /// Raw readings that wait for the store.
  public var pendingRawReadings: Int
  /// Raw readings dropped because the store could not take them for too long.
  public var droppedRawReadings: UInt64
  /// Raw readings that were not kept because recording is stopped.
  public var pausedRawReadings: UInt64
}
