public import EnergyModel

/// What somebody asks for.
public struct CommandRequest: Sendable {
  /// What to do when another command holds the device.
  public typealias ConflictPolicy = EnergyModel.ConflictPolicy

  /// The device that is to do it, by its id in configuration and API.
  public var deviceID: String
  /// The command; its kind must be the device's.
  public var name: CommandName
  /// The arguments by name; a number is in the unit that the name ends with, such as `powerW`.
  public var input: [String: ScalarValue]
  /// How long it is to hold, in seconds; `nil` = the default lease of commands that must be undone.
  public var durationSeconds: Double?
  /// Seconds until the command is not worth sending any more, counted from now or from `notBefore`.
  public var ttlSeconds: Double
  /// Who asks: a key's id, `local:<user>` on the socket, `gateway` for its own reverts.
  public var actor: String
  /// The schedule that asks, by its id; `nil` where none does.
  public var scheduleID: String?
  /// The batch that it is part of, by its id; `nil` where it is alone.
  public var batchID: String?
  /// Who goes first when several want the device. Whether the sender may use it is checked by whoever takes the request.
  public var priority: CommandPriority
  /// Wall time before which it is not sent; `nil` = at once.
  public var notBefore: Timestamp?
  /// The same request with the same key from the same actor is sent only once, and answered as before.
  public var idempotencyKey: String?
  /// SHA-256 of the request's meaning, hexadecimal.
  public var digest: String
  /// What to do when another command holds the device and does not rank lower.
  public var onConflict: ConflictPolicy

  /// A command that waited longer than this for its device is not sent any more.
  public static let defaultTTLSeconds = CommandRecord.defaultTTLSeconds
  /// The longest time to live, in seconds.
  public static let maxTTLSeconds: Double = 86_400
  /// How far ahead `notBefore` may lie, in seconds.
  public static let maxAheadSeconds: Double = 366 * 86_400

  /// A request as it came; nothing is checked here.
  public init(
    deviceID: String, name: CommandName, input: [String: ScalarValue], durationSeconds: Double? = nil,
    ttlSeconds: Double = CommandRequest.defaultTTLSeconds, actor: String, scheduleID: String? = nil,
    batchID: String? = nil, priority: CommandPriority = .user, notBefore: Timestamp? = nil,
    idempotencyKey: String? = nil, digest: String = "", onConflict: ConflictPolicy = .reject
  ) {
    self.deviceID = deviceID
    self.name = name
    self.input = input
    self.durationSeconds = durationSeconds
    self.ttlSeconds = ttlSeconds
    self.actor = actor
    self.scheduleID = scheduleID
    self.batchID = batchID
    self.priority = priority
    self.notBefore = notBefore
    self.idempotencyKey = idempotencyKey
    self.digest = digest
    self.onConflict = onConflict
  }
}

/// Why a command was refused. Nothing was sent.
public struct CommandRefusal: Error, Sendable, Hashable, CustomStringConvertible {
  /// The reason as a word for programs.
  public var code: CommandErrorCode
  /// What was wrong, with the limit or the place.
  public var message: String
  /// What to do.
  public var hint: String?
  /// The parameter that was wrong, if it was one.
  public var parameter: String?
  /// The journal's id of the rejected command, if it got that far.
  public var commandID: String?

  /// A refusal in words; `commandID` is set once the journal has the command.
  public init(_ code: CommandErrorCode, _ message: String, hint: String? = nil, parameter: String? = nil) {
    self.code = code
    self.message = message
    self.hint = hint
    self.parameter = parameter
  }

  /// The message with the hint behind it.
  public var description: String { hint.map { "\(message); \($0)" } ?? message }
}

/// What the caller of `submit` gets.
public struct Submission: Sendable {
  /// The command as the journal has it now.
  public var record: CommandRecord
  /// Whether this is the first answer again, for a repeated idempotency key.
  public var isReplay: Bool
}
