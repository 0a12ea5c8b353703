public import EnergyModel
public import LocalAPISchema

/// What the API needs from the gateway for schedules.
public protocol ScheduleService: Sendable {
  /// Keeps a schedule, which is in force when it returns. A weekly schedule takes the place of an earlier weekly one of the
  /// same device. 409 when there are too many.
  func createSchedule(_ call: ScheduleCall) async throws(APIError) -> ScheduleResource
  /// Newest first.
  func schedules(_ query: ScheduleQuery) async throws(APIError) -> ListSlice<ScheduleResource>
  /// 404 if there is no such schedule.
  func schedule(_ id: String) async throws(APIError) -> ScheduleResource
  /// The customer to whom a tag's schedule is restricted; 404 if there is no such schedule.
  func scheduleRestriction(_ id: String) async throws(APIError) -> String?
  /// Ends a schedule; what it has in force is undone. 404 if there is none in force.
  func deleteSchedule(_ id: String) async throws(APIError)
}

/// A schedule with its sender. The server has checked names, times and the commands of a device.
public struct ScheduleCall: Sendable, Hashable {
  /// Whom it is for.
  public enum Target: Sendable, Hashable {
    /// A device; it exists and is the sender's.
    case device(String)
    /// All devices with a tag; only those of one customer if one is given.
    case tag(String, customerId: String?)
  }

  /// When what is sent.
  public enum Plan: Sendable, Hashable {
    /// Every week; the rules do not overlap.
    case weekly(rules: [ScheduleResource.Rule], default: CommandOrder?, defaultMode: String?)
    /// Once.
    case once(at: Timestamp, CommandOrder)
  }

  /// Whom it is for.
  public var target: Target
  /// When what is sent.
  public var plan: Plan
  /// IANA zone; `nil` = the site's of each device.
  public var timezone: String?
  /// A key's id, `local:<user id>` or `local`.
  public var actor: String

  /// All members.
  public init(target: Target, plan: Plan, timezone: String?, actor: String) {
    self.target = target
    self.plan = plan
    self.timezone = timezone
    self.actor = actor
  }
}

/// Which schedules are wanted. A `nil` does not restrict.
public struct ScheduleQuery: Sendable, Hashable {
  /// Of this device itself.
  public var deviceId: String?
  /// Of this tag.
  public var tag: String?
  /// Of devices of this customer, and of tags for this customer.
  public var customerId: String?
  /// Those that have ended too.
  public var includesEnded: Bool
  /// Which part of the list.
  public var slice: SliceRequest

  /// All members, those that can be absent with a default.
  public init(
    deviceId: String? = nil, tag: String? = nil, customerId: String? = nil, includesEnded: Bool = false,
    slice: SliceRequest
  ) {
    self.deviceId = deviceId
    self.tag = tag
    self.customerId = customerId
    self.includesEnded = includesEnded
    self.slice = slice
  }
}
