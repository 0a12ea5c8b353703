public import EnergyModel

/// How the gateway is: `GET /v1/status`, `heddle status`, and the source of `/metrics`.
public struct GatewayStatus: Codable, Sendable, Hashable {
  /// The version of the program.
  public var version: String
  /// When the daemon started.
  public var startedAt: Timestamp
  /// The gateway's wall time of this answer.
  public var now: Timestamp
  /// Seconds since the start.
  public var uptimeSeconds: Double
  /// The database.
  public var store: StoreStatus
  /// Modbus buses, broker sessions and HTTP hosts.
  public var links: [LinkStatus]
  /// All devices in short.
  public var devices: [DeviceStatus]
  /// What was dropped since the start, by cause (`ringFull`, `outOfRange`, `streamClientSlow`).
  public var drops: [String: UInt64]
  /// Alerts that are not over.
  public var openAlerts: Int
  /// Where the API listens; filled in by the API server itself.
  public var api: APIAddresses

  /// All members, those that can be absent with a default.
  public init(
    version: String, startedAt: Timestamp, now: Timestamp, uptimeSeconds: Double, store: StoreStatus,
    links: [LinkStatus] = [], devices: [DeviceStatus] = [], drops: [String: UInt64] = [:], openAlerts: Int = 0,
    api: APIAddresses
  ) {
    self.version = version
    self.startedAt = startedAt
    self.now = now
    self.uptimeSeconds = uptimeSeconds
    self.store = store
    self.links = links
    self.devices = devices
    self.drops = drops
    self.openAlerts = openAlerts
    self.api = api
  }
}

/// Where the API listens.
public struct APIAddresses: Codable, Sendable, Hashable {
  /// `127.0.0.1:8480`; absent when it does not listen on TCP.
  public var tcp: String?
  /// Path of the Unix socket; absent without one.
  public var socket: String?

  /// All members, those that can be absent with a default.
  public init(
    tcp: String? = nil, socket: String? = nil
  ) {
    self.tcp = tcp
    self.socket = socket
  }
}

/// The state of the database.
public struct StoreStatus: Codable, Sendable, Hashable {
  /// Bytes on disk with the write-ahead log.
  public var bytes: Int64
  /// Bytes of it that are in use; absent while it does not answer.
  public var usedBytes: Int64?
  /// Bytes that are free on its disk.
  public var freeBytes: Int64?
  /// Bytes that the gateway wrote to disks since it started.
  public var writtenBytes: Int64?
  /// The same for a day, by the mean since the start; absent in the first minutes.
  public var writtenBytesPerDay: Int64?
  /// Raw readings that are kept.
  public var rawReadings: Int?
  /// When the oldest of them was measured.
  public var rawSince: Timestamp?
  /// Whether raw readings are written; not with too little room on the disk.
  public var isKeepingRaw: Bool
  /// Aggregates that wait to be written.
  public var pendingWindows: Int
  /// The last failure in words, such as a full disk; absent while writing works.
  public var lastError: String?

  /// All members, those that can be absent with a default.
  public init(
    bytes: Int64, usedBytes: Int64? = nil, freeBytes: Int64? = nil, writtenBytes: Int64? = nil,
    writtenBytesPerDay: Int64? = nil, rawReadings: Int? = nil, rawSince: Timestamp? = nil, isKeepingRaw: Bool = true,
    pendingWindows: Int, lastError: String? = nil
  ) {
    self.bytes = bytes
    self.usedBytes = usedBytes
    self.freeBytes = freeBytes
    self.writtenBytes = writtenBytes
    self.writtenBytesPerDay = writtenBytesPerDay
    self.rawReadings = rawReadings
    self.rawSince = rawSince
    self.isKeepingRaw = isKeepingRaw
    self.pendingWindows = pendingWindows
    self.lastError = lastError
  }
}

/// The state of one link.
public struct LinkStatus: Codable, Sendable, Hashable {
  /// The id in the configuration.
  public var id: String
  /// `modbus`, `mqtt` or `http`.
  public var transport: String
  /// Host and port, serial device or base URL, without secrets.
  public var address: String
  /// Whether the socket or session is up.
  public var isConnected: Bool
  /// Requests sent or messages received since start.
  public var exchanges: UInt64
  /// Exchanges that failed, by kind (`timeout`, `exception 2`).
  public var errors: [String: UInt64]
  /// Connections made since start.
  public var connects: UInt64
  /// Share of time that the bus was busy, 0 to 1; absent where it makes no sense.
  public var busyShare: Double?
  /// Exchanges in a second over the last minute; absent where it makes no sense.
  public var requestsPerSecond: Double?
  /// How long answers took in the last minutes; absent while none came.
  public var responseSeconds: MeasuredSeconds?
  /// What is measured of each endpoint behind it.
  public var endpoints: [EndpointMeasurements] = []
  /// The last failure of the connection itself, in words.
  public var lastError: String?
  /// Ids of the devices behind it.
  public var devices: [String]

  /// All members, those that can be absent with a default.
  public init(
    id: String, transport: String, address: String, isConnected: Bool, exchanges: UInt64,
    errors: [String: UInt64] = [:], connects: UInt64, busyShare: Double? = nil, lastError: String? = nil,
    devices: [String] = []
  ) {
    self.id = id
    self.transport = transport
    self.address = address
    self.isConnected = isConnected
    self.exchanges = exchanges
    self.errors = errors
    self.connects = connects
    self.busyShare = busyShare
    self.lastError = lastError
    self.devices = devices
  }
}

/// One device in the status.
public struct DeviceStatus: Codable, Sendable, Hashable {
  /// The id.
  public var id: String
  /// `battery`, `thermostat`, `inverter`, `meter`, `charger`.
  public var type: DeviceKind
  /// What people call it.
  public var name: String
  /// How well it is heard.
  public var connectivity: Connectivity.State
  /// When the last valid answer or message came.
  public var lastSeenAt: Timestamp?
  /// Seconds since then.
  public var ageSeconds: Double?
  /// The last failure in words; absent once it is online again.
  public var lastError: String?

  /// All members, those that can be absent with a default.
  public init(
    id: String, type: DeviceKind, name: String, connectivity: Connectivity.State, lastSeenAt: Timestamp? = nil,
    ageSeconds: Double? = nil, lastError: String? = nil
  ) {
    self.id = id
    self.type = type
    self.name = name
    self.connectivity = connectivity
    self.lastSeenAt = lastSeenAt
    self.ageSeconds = ageSeconds
    self.lastError = lastError
  }
}

/// Whether the gateway does its work: `GET /ready`.
public struct Readiness: Codable, Sendable, Hashable {
  /// Store open and adapters started.
  public var isReady: Bool
  /// What is missing, in words.
  public var reasons: [String]

  /// All members, those that can be absent with a default.
  public init(
    isReady: Bool, reasons: [String] = []
  ) {
    self.isReady = isReady
    self.reasons = reasons
  }
}

/// `GET /v1/version`.
public struct VersionInfo: Codable, Sendable, Hashable {
  /// The version of the program.
  public var version: String
  /// The version of the API: `v1`.
  public var api: String

  /// All members, those that can be absent with a default.
  public init(
    version: String, api: String
  ) {
    self.version = version
    self.api = api
  }
}
