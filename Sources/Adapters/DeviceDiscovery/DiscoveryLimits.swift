/// What a look around may cost, and how polite it is.
public enum DiscoveryLimits {
  /// Addresses times ports of one look around, over each of Modbus and HTTP.
  public static let maxPlaces = 1024
  /// Ports of one list.
  public static let maxPorts = 8
  /// Connections at a time; each host has one at most.
  public static let connections = 8
  /// Silence between an answer and the next request to the same host or line.
  public static let gap = Duration.milliseconds(50)
  /// How long a connection or an answer may take, in seconds.
  public static let timeoutSeconds: ClosedRange<Double> = 0.05...10
  /// The same where nothing is said, over the network.
  public static let defaultTimeout = Duration.seconds(1)
  /// The same on a serial line.
  public static let defaultLineTimeout = Duration.milliseconds(500)
  /// Requests without an answer after which a unit that never answered is taken for absent.
  public static let silentRequests = 2
  /// Requests without an answer after which a unit that answered before is left alone.
  public static let silentRequestsOfPresent = 4
  /// Answers that are no Modbus, or connections that break, in a row, after which a host is left alone.
  public static let brokenAnswers = 3
  /// Baud rates that are tried on a line where nothing is said.
  public static let baudRates = [9600, 19200]
  /// Units that are tried on a line where nothing is said.
  public static let lineUnits: [UInt8] = Array(1...10)
  /// How long to listen to a broker, in seconds.
  public static let listenSeconds: ClosedRange<Double> = 0.5...120
  /// The same where nothing is said.
  public static let defaultListenSeconds: Double = 10
  /// Topics that are kept of a broker; the rest is counted.
  public static let maxTopics = 4000
  /// Payloads that are kept of a broker, in bytes.
  public static let maxPayloadBytes = 8 << 20
  /// Sets of parameters that are tried for one profile with the topics of a broker.
  public static let maxBindings = 256
  /// Finds that are listed.
  public static let maxFinds = 256
  /// Problems that are listed.
  public static let maxProblems = 64
  /// The longest text of a device that is repeated.
  public static let maxText = 64
}
