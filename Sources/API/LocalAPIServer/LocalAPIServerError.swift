/// Why the API cannot listen.
public struct LocalAPIServerError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What does not work, with address or path.
  public var message: String
  /// What to do.
  public var hint: String?

  /// An error in words.
  public init(_ message: String, hint: String? = nil) {
    self.message = message
    self.hint = hint
  }

  /// The message with its hint.
  public var description: String { hint.map { "\(message); \($0)" } ?? message }
}
