public import LocalAPISchema

/// Why the gateway could not be asked, or what it answered instead.
public enum APIClientError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Nobody answers there.
  case unreachable(message: String, hint: String)
  /// The gateway refused.
  case problem(ProblemDocument)
  /// Something answers, but not as the gateway does.
  case unexpected(message: String)

  /// What was wrong.
  public var message: String {
    switch self {
    case .unreachable(let message, _): message
    case .problem(let problem): problem.message
    case .unexpected(let message): message
    }
  }

  /// What to do.
  public var hint: String? {
    switch self {
    case .unreachable(_, let hint): hint
    case .problem(let problem): problem.hint
    case .unexpected: "is this the address of a Heddle gateway?"
    }
  }

  /// The message with its hint.
  public var description: String { hint.map { "\(message); \($0)" } ?? message }
}
