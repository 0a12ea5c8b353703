/// The middle and the bad end of what was measured in the last minutes, in seconds.
public struct MeasuredSeconds: Codable, Sendable, Hashable {
  /// Half of them were at most so long.
  public var p50: Double
  /// Nineteen of twenty were at most so long.
  public var p95: Double

  /// Everything as given.
  public init(p50: Double, p95: Double) {
    self.p50 = p50
    self.p95 = p95
  }
}

/// What a link measures of one endpoint: the devices behind it share its requests.
public struct EndpointMeasurements: Codable, Sendable, Hashable {
  /// How well the polls of one class keep their time.
  public struct Poll: Codable, Sendable, Hashable {
    /// `fast`, `normal`, `slow` or `once`, as profiles say it.
    public var pollClass: String
    /// How often it should be read; absent for `once`.
    public var everySeconds: Double?
    /// From one complete poll to the next.
    public var intervalSeconds: MeasuredSeconds?
    /// From the due time to the last answer.
    public var delaySeconds: MeasuredSeconds?
    /// Complete polls since the start.
    public var count: UInt64
    /// Those that were complete only when the next one was due.
    public var late: UInt64
    /// Those that were left out, because the one before was still under way.
    public var skipped: UInt64

    /// All members, those that can be absent with a default.
    public init(
      pollClass: String, everySeconds: Double? = nil, intervalSeconds: MeasuredSeconds? = nil,
      delaySeconds: MeasuredSeconds? = nil, count: UInt64, late: UInt64, skipped: UInt64
    ) {
      self.pollClass = pollClass
      self.everySeconds = everySeconds
      self.intervalSeconds = intervalSeconds
      self.delaySeconds = delaySeconds
      self.count = count
      self.late = late
      self.skipped = skipped
    }
  }

  /// Ids of the devices.
  public var devices: [String]
  /// How long answers took.
  public var responseSeconds: MeasuredSeconds?
  /// The time that an answer has now; it follows from the answers that came.
  public var timeoutSeconds: Double?
  /// The polls by class.
  public var polls: [Poll]

  /// All members, those that can be absent with a default.
  public init(
    devices: [String], responseSeconds: MeasuredSeconds? = nil, timeoutSeconds: Double? = nil, polls: [Poll] = []
  ) {
    self.devices = devices
    self.responseSeconds = responseSeconds
    self.timeoutSeconds = timeoutSeconds
    self.polls = polls
  }
}
