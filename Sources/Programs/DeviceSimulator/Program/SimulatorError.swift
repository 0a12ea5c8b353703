/// Why the simulator cannot start or go on, in words with the place.
public struct SimulatorError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What is wrong, where, and what to do.
  public let message: String
  /// The message.
  public var description: String { message }

  /// - Parameter message: what is wrong, where, and what to do.
  public init(_ message: String) { self.message = message }
}
