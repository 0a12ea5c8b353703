/// The body of every error: RFC 9457 with the members that older clients of device APIs look for.
public struct ProblemDocument: Codable, Sendable, Hashable {
  /// A stable name of the kind of problem: `urn:heddle:problem:out-of-range`.
  public var type: String
  /// The kind of problem in words.
  public var title: String
  /// The HTTP status.
  public var status: Int
  /// What was wrong here, with its hint.
  public var detail: String
  /// The path of the request.
  public var instance: String
  /// What was wrong here.
  public var message: String
  /// The code: `OUT_OF_RANGE`.
  public var error: String
  /// What to do about it.
  public var hint: String?
  /// More for programs.
  public var details: [String: JSONValue]
  /// The fields that were wrong.
  public var errors: [APIError.FieldError]
  /// The same id as in the header `X-Request-Id` and in the log.
  public var requestId: String

  /// All members, those that can be absent with a default.
  public init(
    type: String, title: String, status: Int, detail: String, instance: String, message: String, error: String,
    hint: String? = nil, details: [String: JSONValue] = [:], errors: [APIError.FieldError] = [], requestId: String
  ) {
    self.type = type
    self.title = title
    self.status = status
    self.detail = detail
    self.instance = instance
    self.message = message
    self.error = error
    self.hint = hint
    self.details = details
    self.errors = errors
    self.requestId = requestId
  }
}
