/// One open bus. Belongs to the executor of its link, and closes at its end.
protocol ModbusConnection: AnyObject {
  /// Answers that came over this connection.
  var answers: Int { get }
  /// Whether it may be used after an answer that was wrong or did not come. Otherwise what comes late goes with it.
  var outlivesFailures: Bool { get }

  /// What happened to an idle connection, in words; `nil` if it can be used.
  ///
  /// Many devices close a connection that was idle for a while: that is no failure. Bytes that nobody asked for mean
  /// that the next answer could be mistaken.
  func idleProblem() -> String?

  /// Sends a request and waits for its answer, at most for `timeout` in all. One at a time.
  ///
  /// - Parameter isTolerant: an answer to a write counts by its unit and function, whatever else is wrong with it.
  func exchange(
    _ request: ModbusRequest, unit: UInt8, timeout: Duration, isTolerant: Bool
  ) async throws(ModbusFailure) -> [UInt16]

  /// What came and belonged to no request, since it was last asked.
  func takeNoise() -> (bytes: UInt64, frames: UInt64)
}

/// The limits of all connections.
enum ConnectionLimits {
  /// A request waits at least and at most so long, whatever the profile says.
  static let timeouts = Duration.milliseconds(1)...Duration.seconds(60)

  static func bounded(_ timeout: Duration) -> Duration { min(max(timeout, timeouts.lowerBound), timeouts.upperBound) }
}
