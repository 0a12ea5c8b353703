public import CommandDispatch
public import DeviceProfiles
public import EnergyModel
import LocalAPISchema
public import LocalAPIServer

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
    /// Certificate and key for `listen`; `nil` = plain HTTP.
    public var tls: TLSIdentity?
    /// How many requests a key may make; `nil` = as many as it likes.
    public var rateLimit: RateLimit? = .standard

    /// Whether what it says is in force only after a restart, beside another one that runs. A certificate is taken over
    /// while it runs, but not whether there is one.
    func needsRestart(beside running: API) -> Bool {
      var other = running
      if tls != nil, running.tls != nil { other.tls = tls }
      return self != other
    }
  }

  /// Who owns devices.
  public struct Customer: Sendable, Equatable {
    /// The key by which sites and devices refer to the customer, and the id in the API.
    public var id: String
    /// For people.
    public var name: String
    /// The customer's number in the installer's own books.
    public var referenceID: String?
    /// For people; the gateway sends no mail.
    public var email: String?
    /// For people, and to find what belongs to the customer.
    public var phone: String?
    /// Where it is; what says the same address belongs to it.
    public var address: PostalAddress?
  }

  /// Where devices stand.
  public struct Site: Sendable, Equatable {
    /// The key by which devices refer to the site, and the id in the API.
    public var id: String
    /// For people.
    public var name: String
    /// Whose site it is.
    public var customerID: String?
    /// IANA name, for days and months.
    public var timezone: String
    /// Degrees, north positive.
    public var latitude: Double?
    /// Degrees, east positive.
    public var longitude: Double?
    /// What is forbidden to all devices of the site.
    public var interlocks = Interlocks()
    /// The site's number in the installer's own books.
    public var referenceID: String?
    /// Where it is.
    public var address: PostalAddress?
    /// Whether it is in the file and not made through the API.
    var isConfigured = true
    /// How it came to its customer.
    var linkedBy: LinkOrigin?
  }

  /// One device of the unified model.
  public struct Device: Sendable {
    /// The key in the configuration and the id in the API.
    public var id: String
    /// For people.
    public var name: String
    /// The product's profile with this installation's parameters.
    public var profile: BoundProfile
    /// Index into the profile's parts.
    public var part: Int
    /// The link that reaches the device.
    public var linkID: String
    /// Where it stands.
    public var siteID: String?
    /// Who owns it: its own entry, else the site's.
    public var customerID: String?
    /// What a meter measures; `nil` for other kinds.
    public var role: MeterRole?
    /// Free words of the installation, for filters.
    public var tags: [String]
    /// How often a day it may be written where it keeps settings in flash; `nil` = as the profile says.
    public var writeBudget: Int?
    /// What the installation forbids, the site's rules included.
    public var interlocks = Interlocks()
    /// The device's number in the installer's own books.
    public var referenceID: String?
    /// How it came to its customer.
    var linkedBy: LinkOrigin?
    /// The endpoint that it shares with the other devices of the same link, profile and parameters: their ids, joined
    /// by `+`.
    public var endpointName: String

    /// The kind of device, from the profile's part.
    public var kind: DeviceKind { profile.profile.parts[part].kind }
  }

  /// The file that was read, for messages.
  public var file: String
  /// SHA-256 of its text, hexadecimal, for the audit.
  public var digest: String
  /// How the API is reached.
  public var api: API
  /// Path of the database.
  public var storePath: String
  /// All links, in the file's order.
  public var links: [LinkConfiguration]
  /// All customers, in the file's order.
  public var customers: [Customer]
  /// All sites, in the file's order.
  public var sites: [Site]
  /// All devices, in the file's order.
  public var devices: [Device]
  /// Carbon intensities, in the file's order.
  public var carbon: [CarbonSource] = []
  /// Where webhooks may post to.
  var webhooks = WebhookAllowList()
  /// The profiles that its devices were bound to.
  var profiles = ProfileLibrary(directories: [])
  /// Of the texts of all profiles that there were.
  var profileDigest = ""
  /// Lines of the file, by the ids of its links; those of the API have none.
  var linkLines: [String: Int] = [:]
  /// Lines of the file, by the ids of its devices; those of the API have none.
  var deviceLines: [String: Int] = [:]
  /// How much is kept, for how long, and how often it is written.
  public var storage = StorageSettings()

  /// More links than this are refused.
  public static let maxLinks = 1024
  /// Serial lines and brokers have a thread each; more of them need more threads than a small box has.
  public static let maxThreads = 64
  /// More devices than this are refused.
  public static let maxDevices = 2000
  /// More writes a day than this are no budget.
  public static let maxWriteBudget = 10_000
}

extension Collection<LinkConfiguration> {
  /// Why there are too many, in words; `nil` where there are not.
  var excess: String? {
    let threads = count { $0.transport.hasOwnThread }
    if count > GatewayConfiguration.maxLinks {
      return "\(count) links are more than the \(GatewayConfiguration.maxLinks) that are allowed"
    }
    guard threads > GatewayConfiguration.maxThreads else { return nil }
    return "\(threads) serial lines and brokers are more than the \(GatewayConfiguration.maxThreads) that are allowed"
  }
}

/// Where the daemon finds and keeps things unless the configuration or an option says otherwise.
public struct GatewayPaths: Sendable {
  /// The configuration file.
  public var configuration = "/etc/heddle/heddle.yaml"
  /// Where profiles are read; a later directory overrides an earlier one by id.
  public var profileDirectories = ["/usr/share/heddle/device-profiles", "/etc/heddle/device-profiles"]
  /// The database.
  public var store = "/var/lib/heddle/heddle.db"
  /// The Unix socket for the CLI.
  public var socket = "/run/heddle/heddle.sock"

  /// The paths of an installation from the Debian package.
  public init() {}
}

/// A host and a port, written `host:port` or `[v6]:port`.
public struct HostAndPort: Sendable, Hashable, CustomStringConvertible {
  /// A name or an address; IPv6 without brackets.
  public var host: String
  /// 0 lets the kernel choose when listening.
  public var port: Int

  /// Takes both as they are, without a check.
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

  /// The text that `init(_:defaultPort:)` reads, with brackets around IPv6.
  public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
