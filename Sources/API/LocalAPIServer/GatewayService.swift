public import EnergyModel
public import LocalAPISchema

/// Everything that the API needs from the gateway. The composition root implements it on the real parts.
///
/// The server has done before a call: authentication, scopes, the syntax of every field and parameter. It also checks
/// that a device, site, customer or command belongs to the customer of a restricted key; a service only honours the
/// `customerId` of a query. A failure is an `APIError`, whose status and words the client gets as they are.
public protocol GatewayService: CustomerService, SiteService, DeviceRecordService, TagService, BatchService,
  ScheduleService, MetricsService, UsageMeterService, WebhookService, LinkService, DiscoveryService, HistoryService,
  ExplanationService, ConnectionService
{
  /// The state of the whole gateway. `api` is filled in by the server.
  func status() async throws(APIError) -> GatewayStatus
  /// Whether the store is open and the adapters are started.
  func readiness() async -> Readiness

  // MARK: Devices

  /// Devices in the order of their ids.
  func devices(_ query: DeviceQuery) async throws(APIError) -> ListSlice<DeviceResource>
  /// 404 (`APIError.notFound`) if there is no such device.
  func device(_ id: String) async throws(APIError) -> DeviceResource

  // MARK: Commands

  /// Validates, journals and queues. A refusal is an `APIError` (`APIError.status(for:)`), with the journal's id in
  /// `details["commandId"]`. Called only without `dryRun`.
  func submit(_ request: CommandCall) async throws(APIError) -> SubmittedCommand
  /// Validates like `submit` and says what would be written. Nothing is journaled or sent.
  func preview(_ request: CommandCall) async throws(APIError) -> CommandPreview
  /// Newest first.
  func commands(_ query: CommandQuery) async throws(APIError) -> ListSlice<CommandResource>
  /// 404 if there is no such command.
  func command(_ id: String) async throws(APIError) -> CommandResource
  /// 409 if it is terminal already. Ends a running lease with its revert.
  /// Gives devices back to themselves, above all priorities; all of the customer's, or just all, where none are named.
  func stop(_ deviceIds: [String]?, customerId: String?, actor: String) async throws(APIError) -> StopReport

  func cancelCommand(_ id: String, actor: String) async throws(APIError) -> CommandResource

  // MARK: Alerts

  /// Newest first.
  func alerts(_ query: AlertQuery) async throws(APIError) -> ListSlice<AlertResource>
  /// 404 if there is no such alert.
  func alert(_ id: String) async throws(APIError) -> AlertResource
  /// Notes who knows of it; the first one counts.
  func acknowledgeAlert(_ id: String, actor: String) async throws(APIError) -> AlertResource

  // MARK: Usage

  /// Sums the windows. The server has resolved range, zone and buckets.
  func usage(_ request: UsageRequest) async throws(APIError) -> [String: UsageMetric]

  // MARK: Events and keys

  /// Oldest first.
  func events(_ query: EventQuery) async throws(APIError) -> [EventResource]
  /// The key of that id; `nil` if there is none. Asked for on every request over TCP, so it should be in memory.
  func storedKey(_ id: String) async throws(APIError) -> StoredKey?
  /// All keys in the order of their making.
  func storedKeys() async throws(APIError) -> [StoredKey]
  /// Keeps a new key.
  func storeKey(_ key: StoredKey, actor: String) async throws(APIError)
  /// Forgets a key; `false` if there was none.
  func removeKey(_ id: String, actor: String) async throws(APIError) -> Bool

  // MARK: Audit

  /// Newest first.
  func audit(_ query: AuditQuery) async throws(APIError) -> ListSlice<AuditResource>
  /// Looks at every byte of the audit.
  func verifyAudit() async throws(APIError) -> AuditVerificationResource
}

/// Which devices are wanted. A `nil` does not restrict.
public struct DeviceQuery: Sendable, Hashable {
  /// Of this kind.
  public var type: DeviceKind?
  /// Of this customer.
  public var customerId: String?
  /// At this site.
  public var siteId: String?
  /// With this tag.
  public var tag: String?
  /// With this id of the operator's.
  public var referenceId: String?
  /// Of this maker, in any case of letters.
  public var manufacturer: String?
  /// Whether its values are too old.
  public var isStale: Bool?
  /// Heard like this.
  public var status: Connectivity.State?
  /// Which part of the list.
  public var slice: SliceRequest

  /// All members, those that can be absent with a default.
  public init(
    type: DeviceKind? = nil, customerId: String? = nil, siteId: String? = nil, tag: String? = nil,
    referenceId: String? = nil, manufacturer: String? = nil, isStale: Bool? = nil, status: Connectivity.State? = nil,
    slice: SliceRequest
  ) {
    self.type = type
    self.customerId = customerId
    self.siteId = siteId
    self.tag = tag
    self.referenceId = referenceId
    self.manufacturer = manufacturer
    self.isStale = isStale
    self.status = status
    self.slice = slice
  }
}

/// Which commands are wanted. A `nil` does not restrict.
public struct CommandQuery: Sendable, Hashable {
  /// To this device.
  public var deviceId: String?
  /// To devices of this customer.
  public var customerId: String?
  /// In this state.
  public var status: CommandStatus?
  /// Which part of the list.
  public var slice: SliceRequest

  /// All members, those that can be absent with a default.
  public init(
    deviceId: String? = nil, customerId: String? = nil, status: CommandStatus? = nil, slice: SliceRequest
  ) {
    self.deviceId = deviceId
    self.customerId = customerId
    self.status = status
    self.slice = slice
  }
}

/// Which alerts are wanted. A `nil` does not restrict.
public struct AlertQuery: Sendable, Hashable {
  /// Of this device.
  public var deviceId: String?
  /// Of devices of this customer.
  public var customerId: String?
  /// Those that are over too.
  public var includesResolved: Bool
  /// Which part of the list.
  public var slice: SliceRequest

  /// All members, those that can be absent with a default.
  public init(
    deviceId: String? = nil, customerId: String? = nil, includesResolved: Bool = false, slice: SliceRequest
  ) {
    self.deviceId = deviceId
    self.customerId = customerId
    self.includesResolved = includesResolved
    self.slice = slice
  }
}

/// Which rows of the audit are wanted. A `nil` does not restrict.
public struct AuditQuery: Sendable, Hashable {
  /// By this actor.
  public var actor: String?
  /// This action, or all that begin with it and a dot.
  public var action: String?
  /// To this device, key or file.
  public var subject: String?
  /// Of this command.
  public var commandId: String?
  /// At this time or later.
  public var from: Timestamp?
  /// Before this time.
  public var to: Timestamp?
  /// Which part of the list.
  public var slice: SliceRequest

  /// All members, those that can be absent with a default.
  public init(
    actor: String? = nil, action: String? = nil, subject: String? = nil, commandId: String? = nil,
    from: Timestamp? = nil, to: Timestamp? = nil, slice: SliceRequest
  ) {
    self.actor = actor
    self.action = action
    self.subject = subject
    self.commandId = commandId
    self.from = from
    self.to = to
    self.slice = slice
  }
}

/// Which events are wanted. A `nil` does not restrict.
public struct EventQuery: Sendable, Hashable {
  /// Only later ones, from the oldest on; `nil` = the newest `limit` of all.
  public var after: Int64?
  /// Of this customer.
  public var customerId: String?
  /// Of this device.
  public var deviceId: String?
  /// The most events to give.
  public var limit: Int

  /// All members, those that can be absent with a default.
  public init(
    after: Int64? = nil, customerId: String? = nil, deviceId: String? = nil, limit: Int
  ) {
    self.after = after
    self.customerId = customerId
    self.deviceId = deviceId
    self.limit = limit
  }
}

/// A command with its sender.
public struct CommandCall: Sendable, Hashable {
  /// The device; it exists and is the caller's.
  public var deviceId: String
  /// `type:verb`, the type being the device's.
  public var name: CommandName
  /// The arguments in SI units.
  public var input: [String: ScalarValue]
  /// How long it is to hold, finite and above 0.
  public var durationSeconds: Double?
  /// Seconds until it is not worth sending any more, finite and above 0.
  public var ttlSeconds: Double?
  /// A key's id, `local:<user id>` or `local`.
  public var actor: String
  /// Who goes first; the caller may use it.
  public var priority: CommandPriority
  /// Wall time before which it is not sent.
  public var notBefore: Timestamp?
  /// From the header or the body.
  public var idempotencyKey: String?
  /// SHA-256 of the request's meaning, hexadecimal: the same for the same device, command, input, times, priority and policy.
  public var digest: String
  /// What to do when another command holds the device.
  public var onConflict: CommandSubmission.ConflictPolicy

  /// All members, those that can be absent with a default.
  public init(
    deviceId: String, name: CommandName, input: [String: ScalarValue] = [:], durationSeconds: Double? = nil,
    ttlSeconds: Double? = nil, actor: String, priority: CommandPriority = .user, notBefore: Timestamp? = nil,
    idempotencyKey: String? = nil, digest: String, onConflict: CommandSubmission.ConflictPolicy
  ) {
    self.deviceId = deviceId
    self.name = name
    self.input = input
    self.durationSeconds = durationSeconds
    self.ttlSeconds = ttlSeconds
    self.actor = actor
    self.priority = priority
    self.notBefore = notBefore
    self.idempotencyKey = idempotencyKey
    self.digest = digest
    self.onConflict = onConflict
  }
}

/// The answer to a submission.
public struct SubmittedCommand: Sendable, Hashable {
  /// The command as it is now.
  public var command: CommandResource
  /// Whether this is the first answer again, for a repeated idempotency key.
  public var isReplay: Bool

  /// All members, those that can be absent with a default.
  public init(
    command: CommandResource, isReplay: Bool
  ) {
    self.command = command
    self.isReplay = isReplay
  }
}

/// Whose usage, when, in which pieces.
public struct UsageRequest: Sendable, Hashable {
  /// Whose usage.
  public enum Subject: Sendable, Hashable {
    /// All sites and unsited devices of a customer, each device once.
    case customer(String)
    /// All devices of a site.
    case site(String)
  }

  /// Whose usage.
  public var subject: Subject
  /// The whole time, on whole minutes.
  public var interval: UsageInterval
  /// The pieces of the series, in order, without gaps, on whole minutes; empty when only the total is wanted.
  public var buckets: [UsageInterval]

  /// All members, those that can be absent with a default.
  public init(
    subject: Subject, interval: UsageInterval, buckets: [UsageInterval] = []
  ) {
    self.subject = subject
    self.interval = interval
    self.buckets = buckets
  }
}

/// A key as it is kept: without its secret.
public struct StoredKey: Sendable, Hashable {
  /// Eight characters.
  public var id: String
  /// SHA-256 of the whole key, 32 bytes.
  public var digest: [UInt8]
  /// What it is for.
  public var label: String
  /// What it may do.
  public var scopes: [APIScope]
  /// The only customer that it may see; `nil` = all.
  public var customerId: String?
  /// When it was made.
  public var createdAt: Timestamp
  /// From when on it is refused; `nil` = never.
  public var expiresAt: Timestamp?

  /// All members, those that can be absent with a default.
  public init(
    id: String, digest: [UInt8] = [], label: String, scopes: [APIScope] = [], customerId: String? = nil,
    createdAt: Timestamp, expiresAt: Timestamp? = nil
  ) {
    self.expiresAt = expiresAt
    self.id = id
    self.digest = digest
    self.label = label
    self.scopes = scopes
    self.customerId = customerId
    self.createdAt = createdAt
  }
}
