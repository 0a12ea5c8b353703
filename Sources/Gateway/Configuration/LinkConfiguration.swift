public import ModbusWire

/// One Modbus bus, broker session or HTTP host, as the configuration says it.
public struct LinkConfiguration: Sendable, Equatable {
  /// How the link is made.
  public enum Transport: Sendable, Equatable {
    /// Over the network, in one of several framings.
    case modbusSocket(ModbusLinkKind, HostAndPort)
    case modbusSerial(SerialLine)
    case mqtt(Broker)
    case http(HTTPHost)

    /// Whether it blocks a thread of its own, instead of living on threads that many share.
    var hasOwnThread: Bool {
      switch self {
      case .modbusSerial, .mqtt: true
      case .modbusSocket, .http: false
      }
    }
  }

  /// A serial line.
  public struct SerialLine: Sendable, Equatable {
    /// The parity bit; both ends must agree.
    public enum Parity: String, CaseIterable, Sendable { case none, even, odd }
    /// The device file, such as `/dev/ttyUSB0`.
    public var path: String
    /// Bits per second.
    public var baud: Int
    /// The parity bit of each character.
    public var parity: Parity
    /// Data bits of a character, 7 or 8; RTU needs 8.
    public var dataBits: Int
    /// Stop bits of a character, 1 or 2.
    public var stopBits: Int
  }

  /// A session with an MQTT broker.
  public struct Broker: Sendable, Equatable {
    /// The protocol versions that the client speaks.
    public enum Version: String, CaseIterable, Sendable {
      case v311 = "3.1.1"
      case v5 = "5"
    }
    /// Files for an encrypted session, PEM.
    public struct TLS: Sendable, Equatable {
      /// The authority that signed the broker's certificate; `nil` = those of the machine.
      public var authority: String?
      /// The gateway's own certificate, for brokers that ask for one.
      public var certificate: String?
      /// The private key of `certificate`.
      public var key: String?
    }
    /// Where the broker listens.
    public var address: HostAndPort
    /// The protocol version of the session.
    public var version: Version
    /// The name of the session at the broker; `nil` = one made of the gateway's name and the link's id.
    public var clientID: String?
    /// For brokers that ask who connects.
    public var user: String?
    /// Goes with `user`.
    public var password: Secret?
    /// `nil` = no TLS.
    public var tls: TLS?
    /// Seconds of silence after which the broker is asked whether it is still there.
    public var keepAliveSeconds: Int
  }

  /// A vendor's HTTP server.
  public struct HTTPHost: Sendable, Equatable {
    /// `http` or `https`, host, and if need be port and path prefix; without credentials.
    public var url: String
    /// A file with the certificate authority that signed the device's certificate.
    public var authority: String?
    /// SHA-256 of the device's own certificate, hexadecimal, for self-signed ones.
    public var fingerprint: String?
  }

  /// The key in the configuration, by which devices refer to the link.
  public var id: String
  /// The protocol with its settings.
  public var transport: Transport

  /// `modbus`, `mqtt` or `http`, as in profiles.
  public var transportName: String {
    switch transport {
    case .modbusSocket, .modbusSerial: "modbus"
    case .mqtt: "mqtt"
    case .http: "http"
    }
  }

  /// The framings of Modbus that the link carries; empty for other protocols.
  public var framings: [ModbusFraming] {
    switch transport {
    case .modbusSocket(let kind, _): kind.carried
    case .modbusSerial: [.rtu]
    case .mqtt, .http: []
    }
  }

  /// The address for people, without secrets.
  public var address: String {
    switch transport {
    case .modbusSocket(let kind, let address): "\(kind.rawValue) \(address)"
    case .modbusSerial(let line): "serial \(line.path) \(line.baud)"
    case .mqtt(let broker): "mqtt \(broker.address)"
    case .http(let host): host.url
    }
  }
}

/// A value that is never printed.
public struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible {
  /// The value itself, for the wire only.
  public let value: String
  /// Takes the value out of sight.
  public init(_ value: String) { self.value = value }
  /// Dots, whatever the value is.
  public var description: String { "•••" }
  /// Dots, whatever the value is.
  public var debugDescription: String { "•••" }
}
