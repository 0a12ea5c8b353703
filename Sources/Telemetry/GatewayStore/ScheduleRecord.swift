public import EnergyModel

/// Commands that are sent at certain times, to a device or to all devices with a tag.
public struct ScheduleRecord: Sendable, Hashable {
  /// Whom it is for.
  public enum Target: Sendable, Hashable {
    /// One device, by its id.
    case device(String)
    /// All devices that have the tag at that time; only those of one customer if one is given.
    case tag(String, customerID: String?)
  }

  /// A weekly interval and what is to be done in it.
  public struct Rule: Sendable, Hashable, Codable {
    /// On which days it starts, 0 = Sunday to 6 = Saturday.
    public var daysOfWeek: [Int]
    /// `HH:MM` in the schedule's zone.
    public var startTime: String
    /// `HH:MM`; at or before the start, it is the next day.
    public var endTime: String
    /// What is sent when the interval begins.
    public var command: ScheduledCommand
    /// The word of the compatible form that it was made of, if it was.
    public var operatingMode: String?

    /// A rule as it came.
    public init(
      daysOfWeek: [Int], startTime: String, endTime: String, command: ScheduledCommand, operatingMode: String? = nil
    ) {
      self.daysOfWeek = daysOfWeek
      self.startTime = startTime
      self.endTime = endTime
      self.command = command
      self.operatingMode = operatingMode
    }
  }

  /// When what is sent.
  public enum Plan: Sendable, Hashable, Codable {
    /// Every week; `fallback` is sent between the intervals, `nil` = the device is left to itself.
    case weekly(rules: [Rule], fallback: ScheduledCommand?, fallbackMode: String?)
    /// Once.
    case once(at: Timestamp, command: ScheduledCommand)
  }

  /// How a schedule ended.
  public enum End: String, Sendable, Hashable, Codable, CaseIterable {
    /// Somebody removed it.
    case deleted
    /// A newer one took its place.
    case replaced
    /// Its time has come, and it was sent.
    case done
    /// The gateway did not run when its time came.
    case missed
  }

  /// `sch_…`
  public var id: String
  /// Whom it is for.
  public var target: Target
  /// When what is sent.
  public var plan: Plan
  /// IANA zone of its times; `nil` = the site's of each device.
  public var timeZone: String?
  /// Who made it: a key's id or `local:<user>`.
  public var actor: String
  /// When it was made.
  public var createdAt: Timestamp
  /// When it ended; `nil` while it is in force.
  public var endedAt: Timestamp?
  /// How it ended.
  public var end: End?

  /// A schedule that is in force.
  public init(
    id: String, target: Target, plan: Plan, timeZone: String? = nil, actor: String, createdAt: Timestamp
  ) {
    self.id = id
    self.target = target
    self.plan = plan
    self.timeZone = timeZone
    self.actor = actor
    self.createdAt = createdAt
  }
}

/// What a schedule did last for one device.
public struct ScheduleRun: Sendable, Hashable {
  /// The schedule.
  public var scheduleID: String
  /// The device.
  public var deviceID: String
  /// The beginning of the interval that it is about; the time of a one-shot.
  public var start: Timestamp
  /// When it is to be sent (again); `nil` = it is not.
  public var nextAttemptAt: Timestamp?
  /// How often it was sent in this interval.
  public var attempts = 0
  /// The last command of it, as the journal has it.
  public var commandID: String?
  /// Whether that command may still change.
  public var isOpen = false
  /// Why the last attempt did not work.
  public var problem: String?

  /// An interval of which nothing was sent yet.
  public init(scheduleID: String, deviceID: String, start: Timestamp, nextAttemptAt: Timestamp?) {
    self.scheduleID = scheduleID
    self.deviceID = deviceID
    self.start = start
    self.nextAttemptAt = nextAttemptAt
  }
}
