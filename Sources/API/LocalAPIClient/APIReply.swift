public import LocalAPISchema

/// An answer of the gateway, decoded and as it came.
public struct APIReply<Value: Sendable>: Sendable {
  /// The decoded body.
  public var value: Value
  /// The HTTP status.
  public var status: Int
  /// The body as it came, for `--json`.
  public var json: JSONValue
  /// Whether this is the first answer again, for a repeated idempotency key.
  public var isReplay: Bool

  /// All members, those that can be absent with a default.
  public init(
    value: Value, status: Int, json: JSONValue, isReplay: Bool
  ) {
    self.value = value
    self.status = status
    self.json = json
    self.isReplay = isReplay
  }
}

/// One message of the stream.
public enum StreamMessage: Sendable, Hashable {
  /// Something happened.
  case event(EventResource)
  /// The state of a device.
  case state(StateEnvelope)
}
