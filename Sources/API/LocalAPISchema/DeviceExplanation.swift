public import EnergyModel

/// How what a device said last became the values that it has.
public struct DeviceExplanation: Codable, Sendable, Hashable {
  /// One point of the profile.
  public struct Point: Codable, Sendable, Hashable {
    /// The field, or the name of a local that only formulas see.
    public var name: String
    /// Whether only formulas see it.
    public var isLocal: Bool
    /// Register, topic and path, request and path, or formula.
    public var source: String
    /// Words, number or text as the device said it last; absent where nothing came yet.
    public var raw: String?
    /// From the raw value to the result, in order.
    public var steps: [Step]
    /// The result, in `unit`.
    public var value: JSONValue
    /// The SI unit; empty for everything that is no number.
    public var unit: String
    /// How far the result can be trusted; empty where there is nothing to judge.
    public var quality: String
    /// In words: `ok`, or why there is no value.
    public var verdict: String
    /// The line of the profile.
    public var line: Int
    /// When the value in force was measured.
    public var observedAt: Timestamp?
    /// Seconds since then.
    public var ageSeconds: Double?

    /// All members, those that can be absent with a default.
    public init(
      name: String, isLocal: Bool, source: String, raw: String? = nil, steps: [Step] = [], value: JSONValue,
      unit: String, quality: String, verdict: String, line: Int, observedAt: Timestamp? = nil,
      ageSeconds: Double? = nil
    ) {
      self.name = name
      self.isLocal = isLocal
      self.source = source
      self.raw = raw
      self.steps = steps
      self.value = value
      self.unit = unit
      self.quality = quality
      self.verdict = verdict
      self.line = line
      self.observedAt = observedAt
      self.ageSeconds = ageSeconds
    }
  }

  /// A step with the value behind it.
  public struct Step: Codable, Sendable, Hashable {
    /// `as u16`, `× 0.1`, `sign turned`, `enum`.
    public var what: String
    /// The value after it.
    public var value: JSONValue

    /// A step.
    public init(what: String, value: JSONValue) {
      self.what = what
      self.value = value
    }
  }

  /// The device.
  public var deviceId: String
  /// Id of the profile.
  public var profile: String
  /// Path of its file.
  public var file: String
  /// The device's part of it.
  public var part: String
  /// The variant in force.
  public var variant: String?
  /// In the order of the profile.
  public var points: [Point]
  /// What was not understood.
  public var problems: [String]

  /// All members, those that can be absent with a default.
  public init(
    deviceId: String, profile: String, file: String, part: String, variant: String? = nil, points: [Point],
    problems: [String] = []
  ) {
    self.deviceId = deviceId
    self.profile = profile
    self.file = file
    self.part = part
    self.variant = variant
    self.points = points
    self.problems = problems
  }
}
