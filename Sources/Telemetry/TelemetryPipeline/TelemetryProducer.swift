public import EnergyModel
import Synchronization
import TimeSource

/// The way of readings into the pipeline.
///
/// One per link with a thread of its own; links that live on shared threads share one. Numbers go through a ring; labels,
/// flags and texts go straight to the latest values. When the ring is full, the newest samples are dropped and counted.
public final class TelemetryProducer: Sendable {
  /// Samples after a longer pause come alone: longer than a rest of the aggregator, which serves those that do not.
  fileprivate static let quietMilliseconds: Int64 = 2

  private let routes: Routes
  // The producing end is not copyable and has to live somewhere. This lock is taken once per batch, for some microseconds,
  // by the one context that feeds it or by the few threads that its links share.
  private let intake: Mutex<Intake>
  private let doorbell: Doorbell
  /// Empties the rings.
  private let drain: @Sendable () -> Void
  /// The same, unless somebody else is about it; returns whether it did.
  private let drainIfFree: @Sendable () -> Bool

  init(
    routes: Routes, ring: consuming TelemetryRing.Producer, doorbell: Doorbell, drain: @escaping @Sendable () -> Void,
    drainIfFree: @escaping @Sendable () -> Bool
  ) {
    self.routes = routes
    self.doorbell = doorbell
    self.drain = drain
    self.drainIfFree = drainIfFree
    intake = Mutex(Intake(routes: routes, ring: ring))
  }

  /// Takes readings of several devices and publishes them together.
  ///
  /// What comes alone is aggregated by the caller: the aggregator would be woken for it and go to sleep again, which takes
  /// several times as long as the work.
  ///
  /// - Parameter body: appends the readings; must not call the producer itself.
  public func accept(_ body: (inout Intake) -> Void) {
    let wall = routes.time.wall().milliseconds
    let monotonic = routes.monotonicMilliseconds
    let isAsleep = doorbell.isParked
    let (changed, isShown) = intake.withLock { intake in
      intake.begin(wall: wall, monotonic: monotonic)
      body(&intake)
      return intake.finish(isAsleep: isAsleep)
    }
    if isShown, !drainIfFree() { doorbell.ring() }
    routes.changes.notify(changed)
  }

  /// Takes readings of one device.
  ///
  /// - Parameter device: its index in the layout.
  public func accept(_ readings: [Reading], device: Int) {
    accept { intake in
      for reading in readings { intake.append(reading, device: device) }
    }
  }

  /// Whether there is room for the samples of a large message.
  ///
  /// Where there is none, the caller does the aggregator's work for once: on a machine with more to do than it can, the
  /// aggregator's turn may come much later than the ring is full, and this takes less time than any pause.
  public var hasRoom: Bool {
    if intake.withLock({ $0.hasRoom }) { return true }
    drain()
    return intake.withLock { $0.hasRoom }
  }

  /// Samples that were dropped because the ring was full, by device index.
  var droppedSamples: [Int: UInt64] { intake.withLock { $0.dropped } }
  /// Readings refused for their time, and readings that nobody asked for.
  var leftOut: (refused: UInt64, unknown: UInt64) { intake.withLock { ($0.refused, $0.unknown) } }

  /// One batch on its way in.
  public struct Intake: ~Copyable, Sendable {
    private let routes: Routes
    private var ring: TelemetryRing.Producer
    private var earliest: Int64 = 0
    private var latest: Int64 = 0
    private var monotonic: Int64 = 0
    /// Until then, what comes does not come alone.
    private var quietFrom = Int64.min
    private var hasStaged = false
    private var changedWords: [Int] = []
    fileprivate var dropped: [Int: UInt64] = [:]
    fileprivate var refused: UInt64 = 0
    fileprivate var unknown: UInt64 = 0

    fileprivate init(routes: Routes, ring: consuming TelemetryRing.Producer) {
      self.routes = routes
      self.ring = ring
    }

    /// A quarter of the ring is for what is on its way already.
    fileprivate var hasRoom: Bool { ring.occupancy < ring.capacity - ring.capacity / 4 }

    /// Takes one reading.
    ///
    /// - Parameter device: its index in the layout.
    public mutating func append(_ reading: Reading, device: Int) {
      guard isTimely(reading.observedAt) else { return }
      switch routes.route(device, reading.field) {
      case .number(let series):
        let number = NumericReading(
          field: reading.field, value: reading.value.number ?? .nan, quality: reading.quality,
          observedAt: reading.observedAt, receivedAt: reading.receivedAt)
        stage(number, series: series, device: device)
      case let other: take(reading, other, device: device)
      }
    }

    /// Takes one reading that is a number or nothing.
    ///
    /// - Parameter device: its index in the layout.
    public mutating func append(_ reading: NumericReading, device: Int) {
      guard isTimely(reading.observedAt) else { return }
      switch routes.route(device, reading.field) {
      case .number(let series): stage(reading, series: series, device: device)
      case let other: take(Reading(reading), other, device: device)
      }
    }

    private mutating func isTimely(_ time: Timestamp) -> Bool {
      let isTimely = time.milliseconds >= earliest && time.milliseconds <= latest
      if !isTimely { refused &+= 1 }
      return isTimely
    }

    /// What does not go through the ring.
    private mutating func take(_ reading: Reading, _ route: Routes.Route, device: Int) {
      switch route {
      case .word(let slot): if routes.acceptWord(reading, slot: slot, at: monotonic) { changedWords.append(device) }
      case .number, .derived: break
      case .nowhere: unknown &+= 1
      }
    }

    private mutating func stage(_ reading: NumericReading, series: UInt32, device: Int) {
      let delay = reading.receivedAt.millisecondsSince(reading.observedAt)
      let sample = Sample(
        series: series, value: reading.value,
        quality: reading.value.isNaN ? max(reading.quality, .missing) : reading.quality,
        observedAt: reading.observedAt.milliseconds, receivedAfter: Int32(clamping: delay),
        acceptedAt: UInt32(truncatingIfNeeded: monotonic))
      if ring.stage(sample) { hasStaged = true } else { dropped[device, default: 0] &+= 1 }
    }

    fileprivate mutating func begin(wall: Int64, monotonic: Int64) {
      let now = Timestamp(milliseconds: wall)
      earliest = now.advanced(byMilliseconds: -routes.limits.maxAge.milliseconds).milliseconds
      latest = now.advanced(byMilliseconds: routes.limits.maxFuture.milliseconds).milliseconds
      self.monotonic = monotonic
    }

    /// - Returns: whose words changed, and whether the samples are there without anybody having been woken for them.
    fileprivate mutating func finish(isAsleep: Bool) -> (changed: [Int], isShown: Bool) {
      defer {
        hasStaged = false
        changedWords.removeAll(keepingCapacity: true)
      }
      guard hasStaged else { return (changedWords, false) }
      let isAlone = isAsleep && monotonic >= quietFrom
      quietFrom = monotonic &+ TelemetryProducer.quietMilliseconds
      if isAlone { ring.show() } else { ring.publish() }
      return (changedWords, isAlone)
    }
  }
}

/// Where readings go, shared by all producers of a pipeline.
final class Routes: Sendable {
  enum Route {
    case number(UInt32)
    case word(Int)
    /// Follows from another field and is worked out when it is asked for.
    case derived
    case nowhere
  }

  let time: TimeSource
  let limits: PipelineLimits
  let changes = ChangeHub()
  let words: Mutex<LatestWords>
  private let start: Duration
  private let inputIndices: [Int32]
  private let fieldCount = Field.all.count
  private let deviceCount: Int
  private let wordIndices: LatestWords

  init(layout: PipelineLayout, plan: AggregationPlan, limits: PipelineLimits, time: TimeSource) {
    self.time = time
    self.limits = limits
    start = time.monotonic()
    inputIndices = plan.inputIndices
    deviceCount = layout.devices.count
    wordIndices = LatestWords(layout: layout)
    var words = wordIndices
    words.changeLimit = limits.keepsRaw ? limits.maxPendingWords : 0
    self.words = Mutex(words)
  }

  /// Monotonic milliseconds since the pipeline was made.
  var monotonicMilliseconds: Int64 { (time.monotonic() - start).milliseconds }

  func route(_ device: Int, _ field: Field) -> Route {
    guard device >= 0, device < deviceCount, Int(field.index) < fieldCount else { return .nowhere }
    let input = inputIndices[device * fieldCount + Int(field.index)]
    if input >= 0 { return .number(UInt32(input)) }
    if let slot = wordIndices.index(device, field) { return .word(slot) }
    return PowerTwin.named(field.name) == nil ? .nowhere : .derived
  }

  /// Takes a label, flag or text; returns whether it is another one now.
  func acceptWord(_ reading: Reading, slot: Int, at monotonic: Int64) -> Bool {
    words.withLock { $0.accept(reading, slot: slot, acceptedAt: monotonic) }
  }
}

/// A power that is never negative and follows from the signed one.
struct PowerTwin {
  let name: String
  /// What the signed power is multiplied with.
  let sign: Double

  static func named(_ name: String) -> PowerTwin? {
    (of(.battery) + of(.meter)).first { $0.name == name }
  }

  /// The twins of a kind of device.
  static func of(_ kind: DeviceKind) -> [PowerTwin] {
    switch kind {
    case .battery: [PowerTwin(name: "chargePowerW", sign: -1), PowerTwin(name: "dischargePowerW", sign: 1)]
    case .meter: [PowerTwin(name: "importPowerW", sign: 1), PowerTwin(name: "exportPowerW", sign: -1)]
    case .inverter, .thermostat, .charger: []
    }
  }
}
