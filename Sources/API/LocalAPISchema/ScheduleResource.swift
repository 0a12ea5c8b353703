public import EnergyModel

/// Commands that are sent at certain times, to a device or to all devices with a tag.
public struct ScheduleResource: Codable, Sendable, Hashable {
  /// How often.
  public enum Kind: String, Codable, CaseIterable, Sendable { case weekly, once }

  /// Where it is in its life.
  public enum Status: String, Codable, CaseIterable, Sendable {
    /// In force.
    case active
    /// Removed.
    case deleted
    /// A newer one took its place.
    case replaced
    /// Its time has come, and it was sent.
    case done
    /// The gateway did not run when its time came; it is not sent later.
    case missed
  }

  /// A weekly interval.
  public struct Rule: Codable, Sendable, Hashable {
    /// On which days it starts, 0 = Sunday to 6 = Saturday.
    public var daysOfWeek: [Int]
    /// `HH:MM` in the schedule's zone.
    public var startTime: String
    /// `HH:MM`; at or before the start, it is the next day. `24:00` is the end of the day.
    public var endTime: String
    /// What is sent when it begins.
    public var command: CommandOrder
    /// The word of the compatible form that it was made of.
    public var deviceOperatingMode: String?

    /// All members, those that can be absent with a default.
    public init(
      daysOfWeek: [Int], startTime: String, endTime: String, command: CommandOrder,
      deviceOperatingMode: String? = nil
    ) {
      self.daysOfWeek = daysOfWeek
      self.startTime = startTime
      self.endTime = endTime
      self.command = command
      self.deviceOperatingMode = deviceOperatingMode
    }
  }

  /// What it did last for one device.
  public struct Run: Codable, Sendable, Hashable {
    /// The device.
    public var deviceId: String
    /// The beginning of the interval that it is about.
    public var intervalStart: Timestamp
    /// How often it was sent in this interval.
    public var attempts: Int
    /// The last command of it.
    public var commandId: String?
    /// When it is sent (again); absent = it is not.
    public var nextAttemptAt: Timestamp?
    /// Why the last attempt did not work.
    public var problem: String?

    /// All members, those that can be absent with a default.
    public init(
      deviceId: String, intervalStart: Timestamp, attempts: Int, commandId: String? = nil,
      nextAttemptAt: Timestamp? = nil, problem: String? = nil
    ) {
      self.deviceId = deviceId
      self.intervalStart = intervalStart
      self.attempts = attempts
      self.commandId = commandId
      self.nextAttemptAt = nextAttemptAt
      self.problem = problem
    }
  }

  /// The times again in the words of the compatible form.
  public struct Compatible: Codable, Sendable, Hashable {
    /// The zone of a device's schedule.
    public var deviceTimezone: String?
    /// What a device does between the intervals.
    public var defaultDeviceOperatingMode: String?
    /// `recurrence` or `iso`, of a tag's schedule.
    public var type: String?
    /// The time of a one-shot for a tag.
    public var value: Timestamp?
    /// The zone of a tag's schedule.
    public var timezone: String?

    /// Nothing yet.
    public init() {}
  }

  /// `sch_…`
  public var id: String
  /// The same, in the words of the compatible form.
  public var scheduleId: String
  /// How often.
  public var type: Kind
  /// Where it is in its life.
  public var status: Status
  /// Its device, if it is for one.
  public var deviceId: String?
  /// Its tag, if it is for all devices with one.
  public var tag: String?
  /// IANA zone of its times; absent = the site's of each device.
  public var timezone: String?
  /// The intervals of a weekly one.
  public var rules: [Rule]?
  /// What is sent between the intervals; absent = the device is left to itself.
  public var defaultCommand: CommandOrder?
  /// The time of a one-shot.
  public var at: Timestamp?
  /// What a one-shot sends.
  public var command: CommandOrder?
  /// When an interval begins or ends next.
  public var nextEdgeAt: Timestamp?
  /// What it did last, by device.
  public var runs: [Run]
  /// Who made it.
  public var origin: CommandResource.Origin
  /// When it was made.
  public var createdAt: Timestamp
  /// When it ended.
  public var endedAt: Timestamp?
  /// The times again in the words of the compatible form.
  public var schedule: Compatible?

  /// All members, those that can be absent with a default.
  public init(
    id: String, type: Kind, status: Status, deviceId: String? = nil, tag: String? = nil, timezone: String? = nil,
    rules: [Rule]? = nil, defaultCommand: CommandOrder? = nil, at: Timestamp? = nil, command: CommandOrder? = nil,
    nextEdgeAt: Timestamp? = nil, runs: [Run] = [], origin: CommandResource.Origin, createdAt: Timestamp,
    endedAt: Timestamp? = nil, schedule: Compatible? = nil
  ) {
    self.id = id
    scheduleId = id
    self.type = type
    self.status = status
    self.deviceId = deviceId
    self.tag = tag
    self.timezone = timezone
    self.rules = rules
    self.defaultCommand = defaultCommand
    self.at = at
    self.command = command
    self.nextEdgeAt = nextEdgeAt
    self.runs = runs
    self.origin = origin
    self.createdAt = createdAt
    self.endedAt = endedAt
    self.schedule = schedule
  }
}

/// The body of `POST /v1/devices/{id}/schedules` and `POST /v1/schedules/tags/{tag}`.
public struct ScheduleDraft: Codable, Sendable, Hashable {
  /// A weekly interval.
  public struct Rule: Codable, Sendable, Hashable {
    /// On which days it starts, 0 = Sunday to 6 = Saturday.
    public var daysOfWeek: [Int]
    /// `HH:MM`
    public var startTime: String
    /// `HH:MM`; at or before the start, it is the next day.
    public var endTime: String
    /// `battery:charge`; the kind may be left out for a device.
    public var command: String
    /// The arguments in SI units.
    public var input: [String: ScalarValue]?

    /// All members, those that can be absent with a default.
    public init(
      daysOfWeek: [Int], startTime: String, endTime: String, command: String, input: [String: ScalarValue]? = nil
    ) {
      self.daysOfWeek = daysOfWeek
      self.startTime = startTime
      self.endTime = endTime
      self.command = command
      self.input = input
    }
  }

  /// A command without a time.
  public struct Default: Codable, Sendable, Hashable {
    /// `battery:idle`; the kind may be left out for a device.
    public var command: String
    /// The arguments in SI units.
    public var input: [String: ScalarValue]?

    /// All members, those that can be absent with a default.
    public init(command: String, input: [String: ScalarValue]? = nil) {
      self.command = command
      self.input = input
    }
  }

  /// IANA zone; the site's unless it is said.
  public var timezone: String?
  /// The intervals of a weekly schedule.
  public var rules: [Rule]?
  /// What is sent between the intervals; the device is left to itself unless it is said.
  public var `default`: Default?
  /// The time of a one-shot: RFC 3339 with an offset, or without one in `timezone`.
  public var at: String?
  /// What a one-shot sends.
  public var command: String?
  /// Its arguments in SI units.
  public var input: [String: ScalarValue]?
  /// How long it is to hold.
  public var durationSeconds: Double?

  /// The most rules of one schedule.
  public static let maxRules = 50
  /// The most schedules in force.
  public static let maxSchedules = 1000

  /// All members, those that can be absent with a default.
  public init(
    timezone: String? = nil, rules: [Rule]? = nil, default: Default? = nil, at: String? = nil,
    command: String? = nil, input: [String: ScalarValue]? = nil, durationSeconds: Double? = nil
  ) {
    self.timezone = timezone
    self.rules = rules
    self.default = `default`
    self.at = at
    self.command = command
    self.input = input
    self.durationSeconds = durationSeconds
  }
}
