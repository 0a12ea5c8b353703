public import EnergyModel

/// Why a request is not fulfilled: what was wrong, where, and what to do. Becomes `application/problem+json`.
public struct APIError: Error, Sendable, Hashable, CustomStringConvertible {
  /// One field of the request that was wrong.
  public struct FieldError: Codable, Sendable, Hashable {
    /// JSON pointer into the body (`/input/powerW`), or `?name` for a query parameter.
    public var pointer: String
    /// Machine-readable, such as `OUT_OF_RANGE`.
    public var code: String
    /// In words.
    public var detail: String

    /// All members, those that can be absent with a default.
    public init(
      pointer: String, code: String, detail: String
    ) {
      self.pointer = pointer
      self.code = code
      self.detail = detail
    }
  }

  /// The HTTP status, 400 to 599.
  public var status: Int
  /// Machine-readable, stable: `NOT_FOUND`, `OUT_OF_RANGE`, `DEVICE_OFFLINE`.
  public var code: String
  /// What was wrong, with the place and the limit.
  public var message: String
  /// What to do about it.
  public var hint: String?
  /// More for programs, such as the id of the journaled command.
  public var details: [String: JSONValue]
  /// The fields that were wrong.
  public var errors: [FieldError]
  /// Seconds after which a repetition makes sense; becomes `Retry-After`.
  public var retryAfterSeconds: Int?

  /// All members, those that can be absent with a default.
  public init(
    status: Int, code: String, message: String, hint: String? = nil, details: [String: JSONValue] = [:],
    errors: [FieldError] = [], retryAfterSeconds: Int? = nil
  ) {
    self.status = status
    self.code = code
    self.message = message
    self.hint = hint
    self.details = details
    self.errors = errors
    self.retryAfterSeconds = retryAfterSeconds
  }

  /// The message with its hint.
  public var description: String { hint.map { "\(message); \($0)" } ?? message }

  /// 404 for something that does not exist, or is not the caller's to know.
  public static func notFound(_ what: String, _ id: String) -> APIError {
    APIError(
      status: 404, code: "NOT_FOUND", message: "there is no \(what) '\(id)'", hint: "heddle \(what) list shows them")
  }

  /// 422 for a field that cannot be what it is.
  public static func invalid(
    _ pointer: String, _ message: String, code: String = "INVALID_VALUE", hint: String? = nil
  ) -> APIError {
    APIError(
      status: 422, code: code, message: message, hint: hint,
      errors: [FieldError(pointer: pointer, code: code, detail: message)])
  }

  /// The status of a command that is refused, or that a device did not do: 422 for what the request says, 409 for the
  /// state that things are in, 429 for quotas, 502 and 504 for what the device answers and does not answer.
  public static func status(for code: CommandErrorCode) -> Int {
    switch code {
    case .unsupportedCommand, .unsupportedParameter, .missingParameter, .outOfRange: 422
    case .quotaExhausted: 429
    case .protocolTimeout, .readbackTimeout: 504
    case .protocolError, .vendorRejected, .readbackMismatch: 502
    case .deviceOffline, .deviceStale, .preconditionFailed, .conflict, .interlock, .nativeSchedulerActive,
      .unknownAfterCrash, .expired, .superseded, .cancelled:
      409
    }
  }
}
