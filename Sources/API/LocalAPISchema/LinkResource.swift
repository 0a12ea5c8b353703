public import EnergyModel

/// A link: one Modbus bus, broker session or HTTP host, with its health.
public struct LinkResource: Codable, Sendable, Hashable {
  /// The id, by which devices name it.
  public var id: String
  /// `modbus`, `mqtt` or `http`.
  public var transport: String
  /// Host and port, serial device or base URL, without secrets.
  public var address: String
  /// Who may change it.
  public var source: RecordSource
  /// Where the configuration file defines it, with its line.
  public var definedAt: String?
  /// What a configuration file says of it, without secrets; one of the three.
  public var modbus: JSONValue?
  /// What a configuration file says of it, without secrets; one of the three.
  public var mqtt: JSONValue?
  /// What a configuration file says of it, without secrets; one of the three.
  public var http: JSONValue?
  /// Counters and state of the connection.
  public var status: LinkStatus?
  /// Ids of the devices behind it.
  public var devices: [String]
  /// When the API made it.
  public var createdAt: Timestamp?
  /// When it last changed.
  public var updatedAt: Timestamp?

  /// All members, those that can be absent with a default.
  public init(
    id: String, transport: String, address: String, source: RecordSource, definedAt: String? = nil,
    settings: [String: JSONValue] = [:], status: LinkStatus? = nil, devices: [String] = [],
    createdAt: Timestamp? = nil, updatedAt: Timestamp? = nil
  ) {
    self.id = id
    self.transport = transport
    self.address = address
    self.source = source
    self.definedAt = definedAt
    modbus = settings["modbus"]
    mqtt = settings["mqtt"]
    http = settings["http"]
    self.status = status
    self.devices = devices
    self.createdAt = createdAt
    self.updatedAt = updatedAt
  }

  /// What of it can be changed.
  public var draft: [String: JSONValue] {
    var draft: [String: JSONValue] = [:]
    draft["modbus"] = modbus
    draft["mqtt"] = mqtt
    draft["http"] = http
    return draft
  }
}

/// What came of reading a device once.
public struct LinkTestResource: Codable, Sendable, Hashable {
  /// A device that answered.
  public struct Device: Codable, Sendable, Hashable {
    /// The profile's name for it: `battery`.
    public var part: String
    /// What it is.
    public var type: DeviceKind
    /// What it said, by field.
    public var fields: [String: ScalarValue]

    /// All members.
    public init(part: String, type: DeviceKind, fields: [String: ScalarValue]) {
      self.part = part
      self.type = type
      self.fields = fields
    }
  }

  /// Why there are no values.
  public struct Problem: Codable, Sendable, Hashable {
    /// What was wrong.
    public var message: String
    /// What to look at.
    public var hint: String

    /// All members.
    public init(message: String, hint: String) {
      self.message = message
      self.hint = hint
    }
  }

  /// Whether the device gave values.
  public var isReached: Bool
  /// What was connected to, without secrets.
  public var link: String
  /// As what it was read.
  public var profile: String
  /// How long it took.
  public var seconds: Double
  /// The devices behind the address, with their values.
  public var devices: [Device]
  /// Why there are no values; absent where there are.
  public var problem: Problem?

  /// All members, those that can be absent with a default.
  public init(
    isReached: Bool, link: String, profile: String, seconds: Double, devices: [Device] = [], problem: Problem? = nil
  ) {
    self.isReached = isReached
    self.link = link
    self.profile = profile
    self.seconds = seconds
    self.devices = devices
    self.problem = problem
  }
}
