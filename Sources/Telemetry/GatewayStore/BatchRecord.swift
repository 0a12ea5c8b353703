public import EnergyModel

/// One command for many devices.
public struct BatchRecord: Sendable, Hashable {
  /// Where a device of the batch is.
  public enum ItemState: String, Sendable, Hashable, CaseIterable, Codable {
    /// Its time has not come.
    case waiting
    /// It is in the journal as `commandID`, which says what became of it.
    case sent
    /// It was refused; nothing was sent.
    case rejected
    /// It was left out, such as a device of another kind.
    case skipped
    /// The gateway did not run when its time came.
    case expired
    /// Somebody took it out before its time came.
    case cancelled
  }

  /// One device of the batch.
  public struct Item: Sendable, Hashable {
    /// The device.
    public var deviceID: String
    /// When it is to be sent.
    public var plannedAt: Timestamp
    /// Where it is.
    public var state: ItemState
    /// The command in the journal.
    public var commandID: String?
    /// Why it was refused or left out: a word for programs.
    public var code: String?
    /// Why it was refused or left out.
    public var message: String?
    /// What the journal says of the command; read only.
    public var commandStatus: CommandStatus?
    /// Why the command ended without success; read only.
    public var failure: CommandRecord.Failure?

    /// A device whose time has not come, or that is left out.
    public init(
      deviceID: String, plannedAt: Timestamp, state: ItemState = .waiting, code: String? = nil, message: String? = nil
    ) {
      self.deviceID = deviceID
      self.plannedAt = plannedAt
      self.state = state
      self.code = code
      self.message = message
    }
  }

  /// How the devices were chosen and how they are told, as it was asked for.
  public struct Order: Sendable, Hashable, Codable {
    /// All devices with this tag.
    public var tag: String?
    /// All devices at this site.
    public var siteID: String?
    /// All devices of this customer.
    public var customerID: String?
    /// What is sent.
    public var command: ScheduledCommand
    /// Seconds until a command is not worth sending any more.
    public var ttlSeconds: Double
    /// What a command does where another one holds its device.
    public var onConflict: ConflictPolicy
    /// Who goes first at a device.
    public var priority: CommandPriority
    /// Seconds between two devices.
    public var staggerSeconds: Double
    /// The most seconds that are added to it by chance.
    public var jitterSeconds: Double

    /// An order as it came.
    public init(
      tag: String? = nil, siteID: String? = nil, customerID: String? = nil, command: ScheduledCommand,
      ttlSeconds: Double, onConflict: ConflictPolicy = .reject, priority: CommandPriority = .user,
      staggerSeconds: Double, jitterSeconds: Double
    ) {
      self.tag = tag
      self.siteID = siteID
      self.customerID = customerID
      self.command = command
      self.ttlSeconds = ttlSeconds
      self.onConflict = onConflict
      self.priority = priority
      self.staggerSeconds = staggerSeconds
      self.jitterSeconds = jitterSeconds
    }
  }

  /// `bat_…`
  public var id: String
  /// How the devices were chosen and how they are told.
  public var order: Order
  /// Who asked: a key's id or `local:<user>`.
  public var actor: String
  /// The customer to whom the sender is restricted.
  public var restrictedTo: String?
  /// The sender's key for repeating the request safely.
  public var idempotencyKey: String?
  /// SHA-256 of the request, hexadecimal.
  public var digest: String
  /// When it was taken.
  public var createdAt: Timestamp
  /// The devices, in the order in which they are told.
  public var items: [Item]

  /// A batch with its devices.
  public init(
    id: String, order: Order, actor: String, restrictedTo: String? = nil, idempotencyKey: String? = nil,
    digest: String = "", createdAt: Timestamp, items: [Item]
  ) {
    self.id = id
    self.order = order
    self.actor = actor
    self.restrictedTo = restrictedTo
    self.idempotencyKey = idempotencyKey
    self.digest = digest
    self.createdAt = createdAt
    self.items = items
  }
}
