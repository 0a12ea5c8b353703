/// One Modbus bus, broker session or HTTP host, as the configuration says it.
public struct LinkConfiguration: Sendable, Equatable {
  /// How the link is made.
  public enum Transport: Sendable, Equatable {
    case modbusTCP(HostAndPort)
    case modbusSerial(SerialLine)
    case mqtt(Broker)
    case http(HTTPHost)
  }

  /// A serial line.
  public struct SerialLine: Sendable, Equatable {
    public enum Parity: String, CaseIterable, Sendable { case none, even, odd }
    public var path: String
    public var baud: Int
    public var parity: Parity
    public var dataBits: Int
    public var stopBits: Int
  }

  /// A session with an MQTT broker.
  public struct Broker: Sendable, Equatable {
    public enum Version: String, CaseIterable, Sendable {
      case v311 = "3.1.1"
      case v5 = "5"
    }
    public struct TLS: Sendable, Equatable {
      public var authority: String?
      public var certificate: String?
      public var key: String?
    }
    public var address: HostAndPort
    public var version: Version
    public var clientID: String?
    public var user: String?
    public var password: Secret?
    /// `nil` = no TLS.
    public var tls: TLS?
    public var keepAliveSeconds: Int
  }

  /// A vendor's HTTP server.
  public struct HTTPHost: Sendable, Equatable {
    public var url: String
    /// A file with the certificate authority that signed the device's certificate.
    public var authority: String?
    /// SHA-256 of the device's own certificate, hexadecimal, for self-signed ones.
    public var fingerprint: String?
  }

  public var id: String
  public var transport: Transport

  /// `modbus`, `mqtt` or `http`, as in profiles.
  public var transportName: String {
    switch transport {
    case .modbusTCP, .modbusSerial: "modbus"
    case .mqtt: "mqtt"
    case .http: "http"
    }
  }

  /// The address for people, without secrets.
  public var address: String {
    switch transport {
    case .modbusTCP(let address): "tcp \(address)"
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
  public init(_ value: String) { self.value = value }
  public var description: String { "•••" }
  public var debugDescription: String { "•••" }
}
