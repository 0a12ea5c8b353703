public import EnergyModel

/// Something that happened: `device.offline`, `command.confirmed`, `counter.reset`.
public struct EventResource: Codable, Sendable, Hashable {
  /// Grows by at least one from event to event; the `id:` of the stream.
  public var sequence: Int64
  /// What happened, `subject.verb`.
  public var type: String
  /// Version of `data` for this type.
  public var version: Int
  /// What it is about: the id of a device, command, customer or site.
  public var key: String
  /// When it happened.
  public var timestamp: Timestamp
  /// The device, if it is about one.
  public var deviceId: String?
  /// The customer whom it concerns, if there is one.
  public var customerId: String?
  /// More, depending on the type; `message` is always in words.
  public var data: [String: JSONValue]

  /// All members, those that can be absent with a default.
  public init(
    sequence: Int64, type: String, version: Int, key: String, timestamp: Timestamp, deviceId: String? = nil,
    customerId: String? = nil, data: [String: JSONValue] = [:]
  ) {
    self.sequence = sequence
    self.type = type
    self.version = version
    self.key = key
    self.timestamp = timestamp
    self.deviceId = deviceId
    self.customerId = customerId
    self.data = data
  }
}

/// The answer of `GET /v1/events`, oldest first.
public struct EventList: Codable, Sendable, Hashable {
  /// The events.
  public var data: [EventResource]
  /// What to give as `after` to read on; absent in an empty answer.
  public var nextAfter: Int64?

  /// All members, those that can be absent with a default.
  public init(
    data: [EventResource] = [], nextAfter: Int64? = nil
  ) {
    self.data = data
    self.nextAfter = nextAfter
  }
}

/// The answer of `GET /v1/customers/{id}/activity`, newest first.
public struct ActivityPage: Codable, Sendable, Hashable {
  /// The events.
  public var data: [EventResource]
  /// What to give as `cursor` for older ones; absent where there are none.
  public var nextCursor: String?

  /// All members, those that can be absent with a default.
  public init(data: [EventResource] = [], nextCursor: String? = nil) {
    self.data = data
    self.nextCursor = nextCursor
  }
}
