public import EnergyModel

/// How a counter goes back to a smaller number.
public enum CounterBehavior: Sendable, Hashable {
  /// Only by a reset of the device.
  case monotonic
  /// After this value (in the field's unit), it starts at 0.
  case wraps(at: Double)
  /// Starts at 0 each midnight of the device.
  case daily
}

/// Which devices there are and what they give. Fixed for the life of a pipeline; another configuration is another
/// pipeline on the same store.
public struct PipelineLayout: Sendable {
  /// Power is not integrated over longer gaps unless the device says otherwise.
  public static let defaultMaxGap: Duration = .seconds(300)

  /// One device of the unified model.
  public struct Device: Sendable {
    /// The id of the configuration.
    public var id: String
    /// What it is in the unified model.
    public var kind: DeviceKind
    /// What a meter measures; `nil` counts as `sub`.
    public var meterRole: MeterRole?
    /// Whether an inverter's AC power contains a battery.
    public var isHybrid: Bool
    /// The site that it is at.
    public var siteID: String?
    /// The customer of its site, or its own where it has no site.
    public var customerID: String?
    /// When its gauges count as old.
    public var staleAfter: Duration
    /// Power is not integrated over longer gaps: at least three times the poll interval.
    public var maxGap: Duration
    /// From the installation; `ratedPowerW` of the device itself is used where this is `nil`.
    public var ratedPowerW: Double?
    /// The fields that its profile binds. What arrives for others is counted and left out.
    public var fields: [Field]
    /// How its counters behave where they are not `monotonic`.
    public var counters: [Field: CounterBehavior]

    /// Describes a device.
    public init(
      id: String, kind: DeviceKind, meterRole: MeterRole? = nil, isHybrid: Bool = false, siteID: String? = nil,
      customerID: String? = nil, staleAfter: Duration, maxGap: Duration = PipelineLayout.defaultMaxGap,
      ratedPowerW: Double? = nil, fields: [Field], counters: [Field: CounterBehavior] = [:]
    ) {
      self.id = id
      self.kind = kind
      self.meterRole = meterRole
      self.isHybrid = isHybrid
      self.siteID = siteID
      self.customerID = customerID
      self.staleAfter = staleAfter
      self.maxGap = maxGap
      self.ratedPowerW = ratedPowerW
      self.fields = fields
      self.counters = counters
    }
  }

  /// The devices; a device's position is its index everywhere in the pipeline.
  public let devices: [Device]
  private let indices: [String: Int]

  /// Makes a layout; of several devices with the same id the first one is meant by that id.
  public init(devices: [Device]) {
    self.devices = devices
    indices = Dictionary(devices.enumerated().map { ($1.id, $0) }) { first, _ in first }
  }

  /// The index of the device of that id; `nil` if there is none.
  public func index(of deviceID: String) -> Int? { indices[deviceID] }
}

/// Limits of the pipeline. Each has a counter in `PipelineStatistics` or a sentence that says what happens beyond it.
public struct PipelineLimits: Sendable {
  /// Samples in the ring of a link with a thread of its own; beyond, the newest are dropped and counted per device.
  public var ringCapacity = 4096
  /// Samples in the ring that all links without such a thread share.
  public var sharedRingCapacity = 16_384
  /// A sample that claims to be measured so much later than now is refused and counted.
  public var maxFuture: Duration = .seconds(60)
  /// A sample that claims to be measured so much earlier than now is refused and counted.
  public var maxAge: Duration = .seconds(7 * 86_400)
  /// A change of wall time against monotonic time beyond this is a step of the clock and no time that passed.
  public var clockStep: Duration = .seconds(2)
  /// Windows over which one difference of a counter is spread at most; beyond, it goes into every n-th window.
  public var maxSpreadWindows = 2880
  /// Time after which what was measured is durable: readings as they came, or, where they are not kept, their windows.
  public var flushInterval: Duration = .seconds(10)
  /// Windows and counters are written at most this often where the readings are kept; a start after a crash works the
  /// missing ones out again.
  public var windowInterval: Duration = .seconds(300)
  /// Gauges are saved for the next start at most this often; windows and counters with every flush.
  public var gaugeSaveInterval: Duration = .seconds(60)
  /// How long after its end a window is closed.
  public var closeGrace: Duration = .seconds(5)
  /// What is booked so long after it happened counts as late: `TelemetryPipeline.takeLateUsage` has it.
  public var lateAfter: Duration = .seconds(900)
  /// Additions to windows that are held while the store cannot take them; beyond, additions to the same window are
  /// merged, then the oldest gauge windows are dropped and counted, then energy is put together by the hour.
  public var maxPendingDeltas = 200_000

  /// Whether readings are kept as they came.
  public var keepsRaw = true
  /// Readings that are held while the store cannot take them; beyond, the newest are dropped and counted.
  public var maxPendingRaw = 200_000
  /// Labels, flags and texts that changed and are held in the same way.
  public var maxPendingWords = 4096

  /// The limits of a gateway on a small box.
  public init() {}
}

extension Duration {
  /// Whole milliseconds; saturates instead of trapping.
  var milliseconds: Int64 {
    let (seconds, attoseconds) = components
    let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1000)
    if overflow { return seconds < 0 ? .min : .max }
    let (sum, sumOverflow) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000_000_000)
    return sumOverflow ? (seconds < 0 ? .min : .max) : sum
  }
}
