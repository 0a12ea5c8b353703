/// The limits of a broker session that no configuration changes.
enum MQTTLimits {
  /// Longer payloads are dropped and counted: no device of the catalogue says more than a few kilobytes at once.
  static let payloadBytes = 256 * 1024
  /// Filters in one SUBSCRIBE. AWS IoT Core accepts eight, others more.
  static let filtersPerSubscribe = 8
  /// Times that the socket is emptied before acknowledgements, commands and deadlines get their turn.
  static let readsPerTurn = 64
  /// A message with QoS 1 waits at most so long for others to be made durable together with them.
  static let longestHold: Duration = .milliseconds(250)
  /// So many messages do not wait for more: the broker's window of unacknowledged messages, where nobody made it larger,
  /// is full with them.
  static let eagerHold = 20
  /// Time between two attempts while the store cannot take what came.
  static let holdRetry: Duration = .seconds(1)
  /// How long a stop waits until what came is durable; the broker sends what is not acknowledged once more.
  static let longestFarewell: Duration = .milliseconds(500)
  /// How soon a look is taken again whether there is room for more messages.
  static let roomCheck: Duration = .milliseconds(5)
  /// Longest wait for the socket. Also how late a jump of an injected clock is noticed.
  static let longestWait: Duration = .seconds(1)
  /// Commands that wait for their acknowledgement at the same time.
  static let pendingPublishes = 256
  /// A connection that lived shorter does not shorten the pause before the next one: two clients with the same id would
  /// otherwise throw each other out every second.
  static let stableAfter: Duration = .seconds(30)
  /// MQTT 5: the broker deletes a command that it could not hand to the device for so long, so that a device that
  /// comes back does not do what somebody wanted long ago.
  static let commandExpiry: Duration = .seconds(30)
  /// Lines of the library's log that are kept to explain a failed connection.
  static let logLines = 8
}
