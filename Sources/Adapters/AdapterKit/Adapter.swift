public import DeviceProfiles
public import EnergyModel

/// One link at work: a Modbus bus, a broker session or an HTTP host, with the endpoints behind it.
///
/// The contract that all transports hold (and one test suite checks): it connects by itself and again after every
/// loss; an endpoint that does not answer is reported within its deadline and backs off alone; nothing is emitted
/// after `stop` returned; `stop` is bounded; a write is either acknowledged or reported as a `CommandFault`.
public protocol Adapter: Sendable {
  /// Starts work and returns at once. Called once.
  func start() async
  /// Ends work within two seconds, whatever the peer does. Nothing is emitted afterwards.
  func stop() async
  /// What the endpoint's decoder knows now, for limits, encoding and read-back.
  func snapshot(of endpoint: EndpointID) async throws(CommandFault) -> EndpointSnapshot
  /// Reads everything that can be asked for now, before other polls; returns when it was decoded.
  ///
  /// On MQTT this publishes the profile's state requests, if there are any, and returns.
  func refresh(_ endpoint: EndpointID) async throws(CommandFault)
  /// Sends operations in order, before other traffic of the endpoint, and stops at the first that fails.
  ///
  /// Returns when the last one was acknowledged on the protocol level (Modbus answer, PUBACK, HTTP 2xx and the
  /// profile's expectations). Nothing is repeated.
  func execute(_ operations: [WireOperation], on endpoint: EndpointID) async throws(CommandFault)
  /// Counters and the state of the link for `heddle status`.
  func statistics() async -> LinkStatistics
}

/// One device behind a link, with its profile: what an adapter polls and writes.
public struct EndpointID: Sendable, Hashable, CustomStringConvertible {
  /// The name from the configuration.
  public let name: String
  /// An endpoint by its name.
  public init(_ name: String) { self.name = name }
  /// The name.
  public var description: String { name }
}

/// What an adapter is told about an endpoint.
public struct EndpointSpecification: Sendable {
  /// The name from the configuration.
  public var id: EndpointID
  /// The profile with the parameters of the installation.
  public var profile: BoundProfile
  /// An endpoint and how it speaks.
  public init(id: EndpointID, profile: BoundProfile) {
    self.id = id
    self.profile = profile
  }
}

/// Where an adapter delivers. One per link; called from one serial context only, never concurrently.
public protocol AdapterSink: Sendable {
  /// Decoded readings of one frame. The receiver takes what it needs; the adapter empties and reuses the batch.
  func accept(_ batch: borrowing ReadingBatch, from endpoint: EndpointID)
  /// The connectivity of an endpoint changed.
  func connectivityChanged(_ connectivity: Connectivity, of endpoint: EndpointID)
  /// What came, before it is understood: messages, answers and registers, those of the set-up too. Who keeps it copies it.
  func received(_ frame: RawFrame, from endpoint: EndpointID)
  /// Makes everything that was accepted until now durable, and then says from any thread whether it is.
  func secure(_ done: @escaping @Sendable (Bool) -> Void)
  /// Whether there is room for what one more message brings. An adapter that can wait reads nothing meanwhile.
  var hasRoom: Bool { get }
}

extension AdapterSink {
  /// Most need only what was understood.
  public func received(_ frame: RawFrame, from endpoint: EndpointID) {}
  /// Tools keep nothing.
  public func secure(_ done: @escaping @Sendable (Bool) -> Void) { done(true) }
  /// Tools have room.
  public var hasRoom: Bool { true }
}

/// Why a write or a refresh did not work, in words with the place.
public struct CommandFault: Error, Sendable, Hashable, CustomStringConvertible {
  /// What is known about the request that failed.
  public enum Kind: Sendable, Hashable {
    /// Nothing was sent: the endpoint is offline or unknown, or the link stopped.
    case notSent
    /// Sent, no answer in time: the device may have done it.
    case timeout
    /// The device refused (Modbus exception, HTTP 4xx, an expectation that failed).
    case refused
    /// The connection broke in the middle, or the answer was not understood: the device may have done it.
    case brokenOff
  }
  /// What is known about the request.
  public var kind: Kind
  /// In words, with register, topic or request.
  public var message: String
  /// A fault with its words.
  public init(kind: Kind, message: String) {
    self.kind = kind
    self.message = message
  }
  /// The words.
  public var description: String { message }
  /// Whether the device may have received the write.
  public var mayHaveHappened: Bool { kind == .timeout || kind == .brokenOff }
}

/// The state of a link, for people.
public struct LinkStatistics: Sendable, Hashable {
  /// Whether the connection (socket, session) is up.
  public var isConnected: Bool
  /// Requests sent or messages received since start.
  public var exchanges: UInt64
  /// Exchanges that failed, by kind: `timeout`, `exception 2`, `refused`, `not JSON`.
  public var errors: [String: UInt64]
  /// Connections made since start.
  public var connects: UInt64
  /// Share of time that the bus was busy, 0 to 1; `nil` where it makes no sense.
  public var busyShare: Double?
  /// Exchanges in a second over the last minute; `nil` where it makes no sense.
  public var requestsPerSecond: Double?
  /// How long answers took lately; `nil` while none came, or where nobody asks.
  public var response: Percentiles?
  /// What is measured of each endpoint.
  public var endpoints: [EndpointStatistics] = []
  /// The last failure of the connection itself, in words.
  public var lastError: String?
  /// A link that has not done anything.
  public init(
    isConnected: Bool = false, exchanges: UInt64 = 0, errors: [String: UInt64] = [:], connects: UInt64 = 0,
    busyShare: Double? = nil, lastError: String? = nil
  ) {
    self.isConnected = isConnected
    self.exchanges = exchanges
    self.errors = errors
    self.connects = connects
    self.busyShare = busyShare
    self.lastError = lastError
  }
}
