public import ModbusWire

/// Where a Modbus bus is and how it is reached.
public struct ModbusLinkConfiguration: Sendable, Hashable {
  /// The wire.
  public enum Medium: Sendable, Hashable {
    /// Over the network. The host is a name or a numeric IPv4 or IPv6 address.
    case socket(ModbusLinkKind, host: String, port: UInt16)
    /// Modbus RTU on a serial line.
    case rtu(SerialLine)

    /// Modbus TCP.
    public static func tcp(host: String, port: UInt16) -> Medium { .socket(.tcp, host: host, port: port) }
  }

  /// Whether an answer that comes late can be taken for the next one: nothing in it says what was asked, and it comes over
  /// the same wire. Then nobody is given up before the time is over that the device may need.
  var mistakesLateAnswers: Bool {
    switch medium {
    case .socket(let kind, _, _): kind.framing.isAnonymous && !kind.isDatagram
    case .rtu: true
    }
  }

  /// The settings of a serial line.
  public struct SerialLine: Sendable, Hashable {
    /// The parity bit.
    public enum Parity: String, CaseIterable, Sendable, Hashable { case none, even, odd }

    /// The rates that are accepted; libmodbus would silently use 9600 for any other.
    public static let baudRates = [
      110, 300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115_200, 230_400, 460_800, 921_600,
    ]

    /// The device file, such as `/dev/ttyUSB0` or a stable name below `/dev/serial/by-id`.
    public var device: String
    /// Bits per second; one of `baudRates`.
    public var baud: Int
    /// The parity bit.
    public var parity: Parity
    /// 7 or 8; RTU needs 8.
    public var dataBits: Int
    /// 1 or 2.
    public var stopBits: Int

    /// A line with the settings that most meters have from the factory.
    public init(device: String, baud: Int = 9600, parity: Parity = .none, dataBits: Int = 8, stopBits: Int = 1) {
      self.device = device
      self.baud = baud
      self.parity = parity
      self.dataBits = dataBits
      self.stopBits = stopBits
    }

    /// What is wrong with the settings, in words; `nil` if nothing is.
    public var problem: String? {
      if !SerialLine.baudRates.contains(baud) {
        return "baud rate \(baud) is not one of \(SerialLine.baudRates.map(String.init).joined(separator: ", "))"
      }
      if !(7...8).contains(dataBits) { return "\(dataBits) data bits: only 7 or 8 are possible" }
      if !(1...2).contains(stopBits) { return "\(stopBits) stop bits: only 1 or 2 are possible" }
      return nil
    }
  }

  /// The time that a connection may take where nothing else is said.
  public static let defaultConnectTimeout = Duration.seconds(3)

  /// The link's name in the configuration, for logs.
  public var name: String
  /// The wire.
  public var medium: Medium
  /// The time that a TCP connection may take.
  public var connectTimeout: Duration

  /// A link by its name and its wire.
  public init(
    name: String, medium: Medium, connectTimeout: Duration = ModbusLinkConfiguration.defaultConnectTimeout
  ) {
    self.name = name
    self.medium = medium
    self.connectTimeout = connectTimeout
  }

  /// The place for people: `192.0.2.7:502` or `/dev/ttyUSB0`.
  public var place: String {
    switch medium {
    case .socket(_, let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    case .rtu(let line): line.device
    }
  }
}
