/// Who asked for what happens in a task, and when. Set for every request of the API, so that whatever it changes can say
/// in the audit who did it, without being handed the name through every layer.
public struct Author: Sendable, Hashable {
  /// A key's id, or `local:<user>` on the socket.
  public var actor: String
  /// When the request came, wall time.
  public var at: Timestamp

  /// Somebody with a request.
  public init(actor: String, at: Timestamp) {
    self.actor = actor
    self.at = at
  }

  /// Whoever asked for what this task does; `nil` where the gateway acts by itself.
  @TaskLocal public static var present: Author?
}
