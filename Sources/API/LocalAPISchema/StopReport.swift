import EnergyModel

/// The body of `POST /v1/commands/stop`.
public struct StopRequest: Codable, Sendable, Hashable {
  /// The devices; all that the caller sees unless it is said.
  public var deviceIds: [String]?

  /// All members, those that can be absent with a default.
  public init(deviceIds: [String]? = nil) { self.deviceIds = deviceIds }
}

/// What became of the devices that were stopped.
public struct StopReport: Codable, Sendable, Hashable {
  /// One device.
  public struct Result: Codable, Sendable, Hashable {
    /// The device.
    public var deviceId: String
    /// Whether it is known to be in its default state: the device showed it, or it has none and nothing runs.
    public var isAtDefault: Bool
    /// The command that gives it back; absent where nothing had to be done or nothing could be sent.
    public var command: CommandResource?
    /// Why nothing could be sent.
    public var error: CommandResource.Failure?

    /// All members, those that can be absent with a default. Whether it is at its default follows from them.
    public init(deviceId: String, command: CommandResource? = nil, error: CommandResource.Failure? = nil) {
      self.deviceId = deviceId
      self.command = command
      self.error = error
      isAtDefault = error == nil && (command?.endedAtDefault ?? true)
    }

    /// Whether waiting longer can change it.
    public var isSettled: Bool { command.map { $0.isTerminal || $0.status == .drifted } ?? true }
  }

  /// The devices that take commands, by id.
  public var results: [Result]
  /// Whether every device is known to be in its default state.
  public var allAtDefault: Bool

  /// A report of these results.
  public init(results: [Result]) {
    self.results = results
    allAtDefault = results.allSatisfy(\.isAtDefault)
  }
}

extension CommandResource {
  /// Whether the command that was to give a device back is over and the device is back to normal.
  fileprivate var endedAtDefault: Bool {
    guard isTerminal else { return false }
    // An earlier command that was ended is over when it is undone.
    return command.hasSuffix(":auto") ? status == .confirmed : [.cancelled, .reverted, .completed].contains(status)
  }
}
