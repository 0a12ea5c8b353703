public import EnergyModel

/// What somebody asks for.
public struct CommandRequest: Sendable {
  /// What to do when another sender holds the device.
  public enum ConflictPolicy: String, CaseIterable, Sendable { case reject, cancelAndReplace }

  public var deviceID: String
  public var name: CommandName
  public var input: [String: ScalarValue]
  /// How long it is to hold, in seconds; `nil` = the default lease of commands that must be undone.
  public var durationSeconds: Double?
  /// Seconds until the command is not worth sending any more.
  public var ttlSeconds: Double
  public var actor: String
  public var idempotencyKey: String?
  /// SHA-256 of the request's meaning, hexadecimal.
  public var digest: String
  public var onConflict: ConflictPolicy

  /// A command that waited longer than this for its device is not sent any more.
  public static let defaultTTLSeconds: Double = 60

  public init(
    deviceID: String, name: CommandName, input: [String: ScalarValue], durationSeconds: Double? = nil,
    ttlSeconds: Double = CommandRequest.defaultTTLSeconds, actor: String, idempotencyKey: String? = nil,
    digest: String = "", onConflict: ConflictPolicy = .reject
  ) {
    self.deviceID = deviceID
    self.name = name
    self.input = input
    self.durationSeconds = durationSeconds
    self.ttlSeconds = ttlSeconds
    self.actor = actor
    self.idempotencyKey = idempotencyKey
    self.digest = digest
    self.onConflict = onConflict
  }
}

/// Why a command was refused. Nothing was sent.
public struct CommandRefusal: Error, Sendable, Hashable, CustomStringConvertible {
  public var code: CommandErrorCode
  /// What was wrong, with the limit or the place.
  public var message: String
  /// What to do.
  public var hint: String?
  /// The parameter that was wrong, if it was one.
  public var parameter: String?
  /// The journal's id of the rejected command, if it got that far.
  public var commandID: String?

  public init(_ code: CommandErrorCode, _ message: String, hint: String? = nil, parameter: String? = nil) {
    self.code = code
    self.message = message
    self.hint = hint
    self.parameter = parameter
  }

  public var description: String { hint.map { "\(message); \($0)" } ?? message }
}

/// What the caller of `submit` gets.
public struct Submission: Sendable {
  public var record: CommandRecord
  /// Whether this is the first answer again, for a repeated idempotency key.
  public var isReplay: Bool
}
