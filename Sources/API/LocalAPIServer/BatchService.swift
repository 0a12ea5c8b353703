public import EnergyModel
public import LocalAPISchema

/// What the API needs from the gateway for commands to many devices.
public protocol BatchService: Sendable {
  /// Chooses the devices, keeps the batch and starts it. A device, site or customer that is not there, or not the
  /// sender's, is 404; nobody to tell is 422.
  func sendBatch(_ call: BatchCall) async throws(APIError) -> SubmittedBatch
  /// Like `sendBatch`, but only says what would be written. Nothing is journaled or sent.
  func previewBatch(_ call: BatchCall) async throws(APIError) -> BatchResource
  /// Newest first, with their results; those of one customer's keys if one is given.
  func batches(customerId: String?, _ slice: SliceRequest) async throws(APIError) -> ListSlice<BatchResource>
  /// 404 if there is no such batch, or if it was not sent with a key of the customer that is given.
  func batch(_ id: String, customerId: String?) async throws(APIError) -> BatchResource
  /// Sends nothing more of it and withdraws what was sent. 404 as above, 409 when nothing waits or is in force.
  func cancelBatch(_ id: String, customerId: String?, actor: String) async throws(APIError) -> BatchResource
}

/// A command for many devices, with its sender.
public struct BatchCall: Sendable, Hashable {
  /// Which devices are meant.
  public enum Target: Sendable, Hashable {
    /// All with this tag.
    case tag(String)
    /// All at this site.
    case site(String)
    /// All of this customer.
    case customer(String)
    /// These, none of them twice.
    case devices([String])
  }

  /// Which devices are meant.
  public var target: Target
  /// What is sent; the kind says which devices are left out.
  public var name: CommandName
  /// The arguments in SI units.
  public var input: [String: ScalarValue]
  /// How long it is to hold, finite and above 0.
  public var durationSeconds: Double?
  /// Seconds until a command is not worth sending any more, finite and above 0.
  public var ttlSeconds: Double?
  /// What to do where another command holds a device.
  public var onConflict: ConflictPolicy
  /// Who goes first at a device; the sender may use it.
  public var priority: CommandPriority
  /// When the first device has its turn at the earliest.
  public var notBefore: Timestamp?
  /// Seconds between two devices.
  public var staggerSeconds: Double
  /// The most seconds that are added to the turn of each device by chance.
  public var jitterSeconds: Double
  /// A key's id, `local:<user id>` or `local`.
  public var actor: String
  /// The only customer whose devices the sender may move.
  public var restrictedTo: String?
  /// From the header or the body.
  public var idempotencyKey: String?
  /// SHA-256 of the request's meaning, hexadecimal.
  public var digest: String

  /// All members.
  public init(
    target: Target, name: CommandName, input: [String: ScalarValue], durationSeconds: Double?, ttlSeconds: Double?,
    onConflict: ConflictPolicy, priority: CommandPriority, notBefore: Timestamp?, staggerSeconds: Double,
    jitterSeconds: Double, actor: String,
    restrictedTo: String?, idempotencyKey: String?, digest: String
  ) {
    self.target = target
    self.name = name
    self.input = input
    self.durationSeconds = durationSeconds
    self.ttlSeconds = ttlSeconds
    self.onConflict = onConflict
    self.priority = priority
    self.notBefore = notBefore
    self.staggerSeconds = staggerSeconds
    self.jitterSeconds = jitterSeconds
    self.actor = actor
    self.restrictedTo = restrictedTo
    self.idempotencyKey = idempotencyKey
    self.digest = digest
  }
}

/// The answer to a batch.
public struct SubmittedBatch: Sendable, Hashable {
  /// The batch as it is now.
  public var batch: BatchResource
  /// Whether this is the first answer again, for a repeated idempotency key.
  public var isReplay: Bool

  /// All members.
  public init(batch: BatchResource, isReplay: Bool) {
    self.batch = batch
    self.isReplay = isReplay
  }
}
