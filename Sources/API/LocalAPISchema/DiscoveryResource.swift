public import EnergyModel

/// The body of `POST /v1/discovery`: where to look. At least one of the four ways must be there.
public struct DiscoveryRequest: Codable, Sendable, Hashable {
  /// Modbus TCP.
  public struct Sockets: Codable, Sendable, Hashable {
    /// Addresses, names and ranges such as `192.168.1.0/24`.
    public var hosts: [String]
    /// TCP ports; 502 unless it is said.
    public var ports: [Int]?
    /// Units that are asked; without them those that the profiles name.
    public var units: [Int]?

    /// All members, those that can be absent with a default.
    public init(hosts: [String], ports: [Int]? = nil, units: [Int]? = nil) {
      self.hosts = hosts
      self.ports = ports
      self.units = units
    }
  }

  /// A serial line with Modbus RTU.
  public struct Line: Codable, Sendable, Hashable {
    /// The device file.
    public var device: String
    /// Bits per second that are tried, in this order.
    public var baudRates: [Int]?
    /// `none`, `even`, `odd`, in the order in which they are tried.
    public var parities: [String]?
    /// Units that are asked; 1 to 10 unless it is said.
    public var units: [Int]?

    /// All members, those that can be absent with a default.
    public init(device: String, baudRates: [Int]? = nil, parities: [String]? = nil, units: [Int]? = nil) {
      self.device = device
      self.baudRates = baudRates
      self.parities = parities
      self.units = units
    }
  }

  /// What devices publish at a broker. Nothing is ever published there.
  public struct Broker: Codable, Sendable, Hashable {
    /// `host` or `host:port`.
    public var broker: String
    /// How long to listen; 10 s unless it is said.
    public var seconds: Double?
    /// Where the broker asks who connects.
    public var user: String?
    /// Goes with `user`; never given back.
    public var password: String?
    /// Whether the session is encrypted; then the port is 8883 unless it is said.
    public var tls: Bool?
    /// With `tls`: a PEM file of the gateway's machine with the authority that signed the broker's certificate; without
    /// it, those of the machine.
    public var ca: String?

    /// All members, those that can be absent with a default.
    public init(
      broker: String, seconds: Double? = nil, user: String? = nil, password: String? = nil, tls: Bool? = nil,
      ca: String? = nil
    ) {
      self.broker = broker
      self.seconds = seconds
      self.user = user
      self.password = password
      self.tls = tls
      self.ca = ca
    }
  }

  /// Web servers of devices.
  public struct Web: Codable, Sendable, Hashable {
    /// Addresses, names and ranges such as `192.168.1.0/24`.
    public var hosts: [String]
    /// TCP ports; 80 unless it is said.
    public var ports: [Int]?

    /// All members, those that can be absent with a default.
    public init(hosts: [String], ports: [Int]? = nil) {
      self.hosts = hosts
      self.ports = ports
    }
  }

  /// Modbus TCP hosts.
  public var modbus: Sockets?
  /// A serial line.
  public var serial: Line?
  /// A broker.
  public var mqtt: Broker?
  /// Web servers.
  public var http: Web?
  /// How long a connection and an answer may take, in seconds.
  public var timeoutSeconds: Double?
  /// Also look at addresses that are not private.
  public var allowPublic: Bool?
  /// Also ask what running links ask already; many devices serve one client only.
  public var askConfigured: Bool?

  /// All members, those that can be absent with a default.
  public init(
    modbus: Sockets? = nil, serial: Line? = nil, mqtt: Broker? = nil, http: Web? = nil, timeoutSeconds: Double? = nil,
    allowPublic: Bool? = nil, askConfigured: Bool? = nil
  ) {
    self.modbus = modbus
    self.serial = serial
    self.mqtt = mqtt
    self.http = http
    self.timeoutSeconds = timeoutSeconds
    self.allowPublic = allowPublic
    self.askConfigured = askConfigured
  }
}

/// One look around, running or over.
public struct DiscoveryResource: Codable, Sendable, Hashable {
  /// What became of it.
  public enum Status: String, Codable, CaseIterable, Sendable { case running, completed, cancelled }

  /// How far it is.
  public struct Progress: Codable, Sendable, Hashable {
    /// Places that were looked at.
    public var done: Int
    /// Places in all.
    public var total: Int
    /// The place that was begun last.
    public var place: String?

    /// All members, those that can be absent with a default.
    public init(done: Int = 0, total: Int = 0, place: String? = nil) {
      self.done = done
      self.total = total
      self.place = place
    }
  }

  /// A place that could not be looked at as it should.
  public struct Problem: Codable, Sendable, Hashable {
    /// Where.
    public var place: String
    /// In words.
    public var message: String

    /// Everything as given.
    public init(place: String, message: String) {
      self.place = place
      self.message = message
    }
  }

  /// `dsc_…`
  public var id: String
  /// What became of it.
  public var status: Status
  /// When it began.
  public var startedAt: Timestamp
  /// When it ended; absent while it runs.
  public var endedAt: Timestamp?
  /// How far it is.
  public var progress: Progress
  /// What is there, in the order in which it was found.
  public var finds: [DiscoveryFind]
  /// What could not be looked at.
  public var problems: [Problem]
  /// Finds beyond the limit, which are not listed.
  public var unlistedFinds: Int
  /// Problems beyond the limit, which are not listed.
  public var unlistedProblems: Int

  /// All members, those that can be absent with a default.
  public init(
    id: String, status: Status = .running, startedAt: Timestamp, endedAt: Timestamp? = nil,
    progress: Progress = Progress(), finds: [DiscoveryFind] = [], problems: [Problem] = [], unlistedFinds: Int = 0,
    unlistedProblems: Int = 0
  ) {
    self.id = id
    self.status = status
    self.startedAt = startedAt
    self.endedAt = endedAt
    self.progress = progress
    self.finds = finds
    self.problems = problems
    self.unlistedFinds = unlistedFinds
    self.unlistedProblems = unlistedProblems
  }
}

/// Something that answers, and what it seems to be.
public struct DiscoveryFind: Codable, Sendable, Hashable {
  /// How sure it is what it is.
  public enum Certainty: String, Codable, CaseIterable, Sendable {
    /// It says so itself, in the way of its profile.
    case identified
    /// What it says fits the profile.
    case likely
    /// It speaks the protocol, and that is all.
    case unknown
    /// A running link has it; it was not asked.
    case configured
  }

  /// `modbus`, `mqtt` or `http`.
  public var transport: String
  /// `192.168.1.20:502`, `/dev/ttyUSB0 9600 none`, `broker:1883`, `http://192.168.1.9`.
  public var place: String
  /// The Modbus unit.
  public var unit: Int?
  /// How sure it is.
  public var certainty: Certainty
  /// The profile that fits best.
  public var profile: String?
  /// The profile's name.
  public var product: String?
  /// What shows it: `holding 30000 says 'SUN2000-8KTL-M1'`.
  public var evidence: String
  /// The maker, as the device or the profile says it.
  public var manufacturer: String?
  /// The product, as the device says it.
  public var model: String?
  /// Its number, as the device says it.
  public var serialNumber: String?
  /// Other profiles that fit too.
  public var alternatives: [String]
  /// Devices of the configuration that are this one already.
  public var deviceIds: [String]
  /// How to add it; absent where no profile fits or where it is there already.
  public var add: DiscoverySnippet?

  /// All members, those that can be absent with a default.
  public init(
    transport: String, place: String, unit: Int? = nil, certainty: Certainty, profile: String? = nil,
    product: String? = nil, evidence: String, manufacturer: String? = nil, model: String? = nil,
    serialNumber: String? = nil, alternatives: [String] = [], deviceIds: [String] = [], add: DiscoverySnippet? = nil
  ) {
    self.transport = transport
    self.place = place
    self.unit = unit
    self.certainty = certainty
    self.profile = profile
    self.product = product
    self.evidence = evidence
    self.manufacturer = manufacturer
    self.model = model
    self.serialNumber = serialNumber
    self.alternatives = alternatives
    self.deviceIds = deviceIds
    self.add = add
  }
}

/// The same thing to add, three times: for the configuration file, for a shell and for the API.
public struct DiscoverySnippet: Codable, Sendable, Hashable {
  /// For the configuration file: `links:` and `devices:`.
  public var yaml: String
  /// Lines for a shell.
  public var commands: [String]
  /// The body for a link of its own; absent where a link of the configuration reaches it already.
  public var link: JSONValue?
  /// The bodies for its devices, one for each that the product presents.
  public var devices: [JSONValue]
  /// Parameters that the installation still has to fill in.
  public var missing: [String]

  /// All members, those that can be absent with a default.
  public init(
    yaml: String, commands: [String], link: JSONValue? = nil, devices: [JSONValue], missing: [String] = []
  ) {
    self.yaml = yaml
    self.commands = commands
    self.link = link
    self.devices = devices
    self.missing = missing
  }
}
