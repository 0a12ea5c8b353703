public import EnergyModel

/// A command as schedules and batches keep it: what to send, to whichever device.
public struct ScheduledCommand: Sendable, Hashable, Codable {
  /// `battery:charge`
  public var name: String
  /// The arguments by name; a number is in the unit of its name (`powerW`).
  public var input: [String: ScalarValue]
  /// How long it is to hold, in seconds; `nil` = until the interval's end, or as the device does by itself.
  public var durationSeconds: Double?

  /// A command as it came; whether a device can do it is not checked here.
  public init(name: String, input: [String: ScalarValue] = [:], durationSeconds: Double? = nil) {
    self.name = name
    self.input = input
    self.durationSeconds = durationSeconds
  }
}
