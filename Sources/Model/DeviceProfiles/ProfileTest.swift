public import EnergyModel

/// One test inside a profile: what the device says, and what must come out of it.
public struct ProfileTest: Sendable {
  /// A sentence.
  public var name: String
  /// What the installation says in this test.
  public var parameters: [String: ScalarValue]
  /// What the device says: Modbus memory, MQTT messages in order, HTTP answers by request name. Units are as written:
  /// the own one is `nil` or its number.
  public var registers: [RegisterSpace: [UInt16: UInt16]]
  /// MQTT messages, in order.
  public var messages: [Message]
  /// HTTP answers by the request's name.
  public var responses: [String: String]
  /// Part → field or local → value.
  public var expect: [String: [String: ScalarValue]]
  /// The command that is given after the device has spoken; `nil` in tests of decoding alone.
  public var command: Invocation?
  /// The exact operations of the command, in order, as text (see `WireOperation.description`).
  public var writes: [String]
  /// The line of the profile, for messages.
  public var line: Int

  /// A message that the device publishes.
  public struct Message: Sendable {
    /// Where it is published.
    public var topic: String
    /// As it is on the wire.
    public var payload: [UInt8]
    /// Whether the broker had kept it.
    public var isRetained: Bool
  }

  /// A command in a test.
  public struct Invocation: Sendable {
    /// The part that it is for.
    public var part: String
    /// The verb, or `auto` for the part's `default` steps.
    public var verb: String
    /// The arguments.
    public var input: [String: ScalarValue]
  }
}
