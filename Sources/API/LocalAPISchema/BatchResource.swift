public import EnergyModel

/// The name of a command with its arguments: in batches and schedules.
public struct CommandOrder: Codable, Sendable, Hashable {
  /// `battery:charge`
  public var slug: String
  /// The arguments in SI units.
  public var input: [String: ScalarValue]
  /// How long it is to hold.
  public var durationSeconds: Double?

  /// All members, those that can be absent with a default.
  public init(slug: String, input: [String: ScalarValue] = [:], durationSeconds: Double? = nil) {
    self.slug = slug
    self.input = input
    self.durationSeconds = durationSeconds
  }
}

/// The body of `POST /v1/commands/batch`: one of `tag`, `siteId`, `customerId` and `deviceIds` says for whom it is.
public struct BatchSubmission: Codable, Sendable, Hashable {
  /// All devices with this tag.
  public var tag: String?
  /// All devices at this site.
  public var siteId: String?
  /// All devices of this customer.
  public var customerId: String?
  /// These devices.
  public var deviceIds: [String]?
  /// `battery:charge`; the kind says which devices are meant.
  public var command: String
  /// The arguments in SI units.
  public var input: [String: ScalarValue]?
  /// How long it is to hold.
  public var durationSeconds: Double?
  /// Seconds until a command is not worth sending any more, counted from its own turn.
  public var ttlSeconds: Double?
  /// `reject` unless it is said.
  public var onConflict: ConflictPolicy?
  /// `user` unless it is said.
  public var priority: CommandPriority?
  /// When the first device has its turn at the earliest.
  public var notBefore: Timestamp?
  /// Seconds between two devices.
  public var staggerSeconds: Double?
  /// The most seconds that are added to the turn of each device by chance; half of the stagger unless it is said.
  public var jitterSeconds: Double?
  /// Only say what would be written.
  public var dryRun: Bool?
  /// The same as the header `Idempotency-Key`.
  public var idempotencyKey: String?

  /// Seconds between two devices unless it is said.
  public static let defaultStaggerSeconds: Double = 2
  /// The longest time between two devices, in seconds.
  public static let maxStaggerSeconds: Double = 3600
  /// The longest time from the first device to the last, in seconds.
  public static let maxSpreadSeconds: Double = 86_400
  /// The most devices of one batch.
  public static let maxDevices = 2000

  /// All members, those that can be absent with a default.
  public init(
    tag: String? = nil, siteId: String? = nil, customerId: String? = nil, deviceIds: [String]? = nil,
    command: String, input: [String: ScalarValue]? = nil, durationSeconds: Double? = nil,
    ttlSeconds: Double? = nil, onConflict: ConflictPolicy? = nil, priority: CommandPriority? = nil,
    notBefore: Timestamp? = nil, staggerSeconds: Double? = nil, jitterSeconds: Double? = nil, dryRun: Bool? = nil,
    idempotencyKey: String? = nil
  ) {
    self.tag = tag
    self.siteId = siteId
    self.customerId = customerId
    self.deviceIds = deviceIds
    self.command = command
    self.input = input
    self.durationSeconds = durationSeconds
    self.ttlSeconds = ttlSeconds
    self.onConflict = onConflict
    self.priority = priority
    self.notBefore = notBefore
    self.staggerSeconds = staggerSeconds
    self.jitterSeconds = jitterSeconds
    self.dryRun = dryRun
    self.idempotencyKey = idempotencyKey
  }
}

/// A batch with what became of each device.
public struct BatchResource: Codable, Sendable, Hashable {
  /// Whether all devices have their first answer.
  public enum Status: String, Codable, CaseIterable, Sendable {
    /// Some wait for their turn or for their confirmation.
    case running
    /// All were confirmed, refused, left out or ended in some other way.
    case completed
  }

  /// What became of one device.
  public struct Result: Codable, Sendable, Hashable {
    /// Why nothing was sent, or why it ended without success.
    public struct Problem: Codable, Sendable, Hashable {
      /// Machine-readable.
      public var code: String
      /// In words.
      public var message: String

      /// All members.
      public init(code: String, message: String) {
        self.code = code
        self.message = message
      }
    }

    /// The device.
    public var deviceId: String
    /// `waiting`, `skipped`, or the status of its command.
    public var status: String
    /// When its turn is or was; absent where it is left out.
    public var plannedAt: Timestamp?
    /// Its command, once it was sent or refused.
    public var commandId: String?
    /// Why nothing was sent, or why it ended without success.
    public var problem: Problem?
    /// The exact writes; in a dry run only.
    public var operations: [String]?

    /// All members, those that can be absent with a default.
    public init(
      deviceId: String, status: String, plannedAt: Timestamp? = nil, commandId: String? = nil,
      problem: Problem? = nil, operations: [String]? = nil
    ) {
      self.deviceId = deviceId
      self.status = status
      self.plannedAt = plannedAt
      self.commandId = commandId
      self.problem = problem
      self.operations = operations
    }

    /// Its turn has not come.
    public static let waiting = "waiting"
    /// Left out.
    public static let skipped = "skipped"
    /// In a dry run: it would be accepted.
    public static let acceptable = "acceptable"

    /// Whether nothing can change any more but the end of a lease.
    public var isSettled: Bool {
      guard let status = CommandStatus(rawValue: status) else { return status != Self.waiting }
      return status.isTerminal(hasLease: false) || status == .drifted
    }

    /// Whether the device showed that it does it.
    public var isConfirmed: Bool { status == "confirmed" || status == "completed" }
  }

  /// How many devices are where.
  public struct Summary: Codable, Sendable, Hashable {
    /// All devices, those that are left out included.
    public var total: Int
    /// Left out.
    public var skipped: Int
    /// Their turn has not come.
    public var waiting: Int
    /// Sent, without a first answer.
    public var pending: Int
    /// They showed that they do it.
    public var confirmed: Int
    /// The others.
    public var failed: Int

    /// Counts results.
    public init(_ results: [Result]) {
      total = results.count
      skipped = results.count { $0.status == Result.skipped }
      waiting = results.count { $0.status == Result.waiting }
      pending = results.count { !$0.isSettled && $0.status != Result.waiting }
      confirmed = results.count { $0.isConfirmed || $0.status == Result.acceptable }
      failed = total - skipped - waiting - pending - confirmed
    }
  }

  /// `bat_…`; absent in a dry run.
  public var id: String?
  /// Whether all devices have their first answer.
  public var status: Status
  /// For whom it was, where it was a tag.
  public var tag: String?
  /// For whom it was, where it was a site.
  public var siteId: String?
  /// For whom it was, where it was a customer.
  public var customerId: String?
  /// What is sent.
  public var command: CommandOrder
  /// Seconds between two devices.
  public var staggerSeconds: Double
  /// The most seconds that are added by chance.
  public var jitterSeconds: Double
  /// Who asked for it.
  public var origin: CommandResource.Origin
  /// When it was taken.
  public var createdAt: Timestamp
  /// How many devices are where.
  public var summary: Summary
  /// What became of each device, in the order of their turns.
  public var results: [Result]
  /// Whether nothing was sent.
  public var dryRun: Bool?

  /// All members, those that can be absent with a default.
  public init(
    id: String?, tag: String? = nil, siteId: String? = nil, customerId: String? = nil, command: CommandOrder,
    staggerSeconds: Double, jitterSeconds: Double, origin: CommandResource.Origin, createdAt: Timestamp,
    results: [Result], dryRun: Bool? = nil
  ) {
    self.id = id
    self.tag = tag
    self.siteId = siteId
    self.customerId = customerId
    self.command = command
    self.staggerSeconds = staggerSeconds
    self.jitterSeconds = jitterSeconds
    self.origin = origin
    self.createdAt = createdAt
    summary = Summary(results)
    self.results = results
    self.dryRun = dryRun
    status = results.allSatisfy(\.isSettled) ? .completed : .running
  }
}
