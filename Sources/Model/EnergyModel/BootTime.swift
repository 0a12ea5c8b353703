/// A moment on the monotonic clock, which means something only until the machine starts again.
public struct BootTime: Sendable, Hashable, Codable {
  /// Which start of the machine it belongs to.
  public var bootID: String
  /// Milliseconds on the monotonic clock of that start.
  public var milliseconds: Int64

  /// A moment of one start of the machine.
  public init(bootID: String, milliseconds: Int64) {
    self.bootID = bootID
    self.milliseconds = milliseconds
  }
}
