public import DeviceProfiles
public import EnergyModel

/// A checked configuration file: every reference in it resolves, every profile is bound.
public struct GatewayConfiguration: Sendable {
  /// Where the REST API listens.
  public struct API: Sendable, Equatable {
    /// Address and port for API keys; `nil` = no TCP.
    public var listen: HostAndPort?
    /// Path of the Unix socket for the CLI.
    public var socket: String
    /// Group that may use the socket.
    public var group: String?
    /// Host names by which browsers may reach the API, beside localhost.
    public var hosts: [String]
  }

  /// Who owns devices.
  public struct Customer: Sendable, Equatable {
    public var id: String
    public var name: String
    public var referenceID: String?
    public var email: String?
  }

  /// Where devices stand.
  public struct Site: Sendable, Equatable {
    public var id: String
    public var name: String
    public var customerID: String?
    /// IANA name, for days and months.
    public var timezone: String
    public var latitude: Double?
    public var longitude: Double?
  }

  /// One device of the unified model.
  public struct Device: Sendable {
    public var id: String
    public var name: String
    public var profile: BoundProfile
    /// Index into the profile's parts.
    public var part: Int
    public var linkID: String
    public var siteID: String?
    public var customerID: String?
    public var role: MeterRole?
    public var tags: [String]

    public var kind: DeviceKind { profile.profile.parts[part].kind }
  }

  public var file: String
  public var api: API
  /// Path of the database.
  public var storePath: String
  public var links: [LinkConfiguration]
  public var customers: [Customer]
  public var sites: [Site]
  public var devices: [Device]

  /// More links than this need more threads than a small box has.
  public static let maxLinks = 64
  /// More devices than this are refused.
  public static let maxDevices = 2000
}

/// Where the daemon finds and keeps things unless the configuration or an option says otherwise.
public struct GatewayPaths: Sendable {
  public var configuration = "/etc/heddle/heddle.yaml"
  public var profileDirectories = ["/usr/share/heddle/device-profiles", "/etc/heddle/device-profiles"]
  public var store = "/var/lib/heddle/heddle.db"
  public var socket = "/run/heddle/heddle.sock"

  public init() {}
}

/// A host and a port, written `host:port` or `[v6]:port`.
public struct HostAndPort: Sendable, Hashable, CustomStringConvertible {
  public var host: String
  public var port: Int

  public init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  /// `nil` unless the text is a host, a colon and a port from 0 to 65535; the port may be left out where a default is
  /// given.
  public init?(_ text: String, defaultPort: Int? = nil) {
    let isBareV6 = text.filter { $0 == ":" }.count > 1 && !text.hasPrefix("[")
    if let colon = text.lastIndex(of: ":"), !isBareV6, !text.hasSuffix("]") {
      guard let port = Int(text[text.index(after: colon)...]), (0...65535).contains(port) else { return nil }
      self.init(host: String(text[..<colon]), port: port)
    } else {
      guard let defaultPort else { return nil }
      self.init(host: text, port: defaultPort)
    }
    if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
    guard !host.isEmpty, !host.contains(where: { $0 == " " || $0 == "/" }) else { return nil }
  }

  /// Whether it can be reached from this machine only.
  public var isLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }

  public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
