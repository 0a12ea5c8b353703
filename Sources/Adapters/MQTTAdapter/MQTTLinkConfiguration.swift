/// Where a broker is and how to log in: everything about a broker session that is not about devices.
public struct MQTTLinkConfiguration: Sendable {
  /// The versions of MQTT that a link can speak.
  public enum ProtocolVersion: String, CaseIterable, Sendable, Hashable {
    case v3_1_1 = "3.1.1"
    case v5 = "5"
  }

  /// What the broker keeps while the gateway is away.
  public enum Session: Sendable, Hashable {
    /// Nothing: messages of that time are lost.
    case clean
    /// Subscriptions and QoS 1 messages, on MQTT 5 for this long; on 3.1.1 the broker decides how long.
    case persistent(expiry: Duration)
  }

  /// Encrypted transport. Certificate and server name are always checked; there is no way to turn that off.
  public struct TLS: Sendable, Hashable {
    /// A PEM file with the authorities that are trusted; `nil` trusts those of the system.
    public var authorityFile: String?
    /// The gateway's own certificate with its key, PEM without a passphrase, where the broker asks for one.
    public var clientCertificate: ClientCertificate?

    /// Trusts the system's authorities and has no certificate of its own, unless something else is said.
    public init(authorityFile: String? = nil, clientCertificate: ClientCertificate? = nil) {
      self.authorityFile = authorityFile
      self.clientCertificate = clientCertificate
    }
  }

  /// The two PEM files by which the gateway identifies itself.
  public struct ClientCertificate: Sendable, Hashable {
    /// The certificate, with its chain.
    public var certificateFile: String
    /// The private key, without a passphrase.
    public var keyFile: String

    /// Both are paths.
    public init(certificateFile: String, keyFile: String) {
      self.certificateFile = certificateFile
      self.keyFile = keyFile
    }
  }

  /// The link's name in the gateway's configuration; it stands in every message about the link.
  public var name: String
  /// Host name or address of the broker.
  public var host: String
  /// TCP port, usually 1883, with TLS 8883.
  public var port: Int
  /// Must be unique on the broker: two clients with the same id throw each other out.
  public var clientID: String
  /// The broker must speak it.
  public var protocolVersion: ProtocolVersion
  /// Silence after which the connection is tested; whole seconds, 5 s at least.
  public var keepAlive: Duration
  /// Where the broker asks for a login.
  public var user: String?
  /// Never part of a description, a log line or an error.
  public var password: String?
  /// `nil`: everything travels in the clear.
  public var tls: TLS?
  /// Persistent unless something else is said.
  public var session: Session
  /// From the start of a connection attempt until the broker accepted it.
  public var connectTimeout: Duration
  /// From the publication of a command until the broker's acknowledgement.
  public var acknowledgementTimeout: Duration

  /// Everything that is not said has the usual value of MQTT.
  public init(
    name: String, host: String, port: Int = 1883, clientID: String, protocolVersion: ProtocolVersion = .v3_1_1,
    keepAlive: Duration = .seconds(30), user: String? = nil, password: String? = nil, tls: TLS? = nil,
    session: Session = .persistent(expiry: .seconds(86_400)), connectTimeout: Duration = .seconds(10),
    acknowledgementTimeout: Duration = .seconds(5)
  ) {
    self.name = name
    self.host = host
    self.port = port
    self.clientID = clientID
    self.protocolVersion = protocolVersion
    self.keepAlive = keepAlive
    self.user = user
    self.password = password
    self.tls = tls
    self.session = session
    self.connectTimeout = connectTimeout
    self.acknowledgementTimeout = acknowledgementTimeout
  }
}

extension MQTTLinkConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// `link home, broker mqtt.local:1883`; never user or password.
  public var description: String { "link \(name), broker \(host):\(port)" }
  /// The same as `description`: a dump must not show the password either.
  public var debugDescription: String { description }
  /// No children, so that `dump` and failing test expectations do not show the password.
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension MQTTLinkConfiguration {
  /// Whole seconds within what MQTT and the library allow.
  var keepAliveSeconds: Int32 { Int32(min(max(keepAlive.components.seconds, 5), 65_535)) }

  /// Whole seconds within what MQTT 5 can say.
  static func seconds(_ duration: Duration) -> UInt32 {
    UInt32(min(max(duration.components.seconds, 0), Int64(UInt32.max)))
  }
}
