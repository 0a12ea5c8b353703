/// The ways over a network to a Modbus device, by the words of the configuration.
public enum ModbusLinkKind: String, CaseIterable, Sendable, Hashable {
  case tcp
  /// RTU frames on a TCP connection: bridges without protocol conversion, BYD's batteries.
  case rtuOverTcp
  /// RTU frames in datagrams, also with GoodWe's mark before the answer.
  case rtuOverUdp
  case givenergy
  case aa55

  /// What a client writes and looks for.
  public var framing: ModbusFraming {
    switch self {
    case .tcp: .tcp
    case .rtuOverTcp: .rtu
    case .rtuOverUdp: .goodwe
    case .givenergy: .givenergy
    case .aa55: .aa55
    }
  }

  /// What a product must speak to be behind such a link.
  public var carried: [ModbusFraming] { self == .rtuOverUdp ? [.rtu, .goodwe] : [framing] }

  /// Whether each request and each answer is a datagram of its own.
  public var isDatagram: Bool { self == .rtuOverUdp || self == .aa55 }

  /// Where such products listen.
  public var defaultPort: UInt16 {
    switch self {
    case .tcp, .rtuOverTcp: 502
    case .rtuOverUdp, .givenergy, .aa55: 8899
    }
  }

  /// The link by which a product of a framing is reached that has no standard Modbus.
  public static func usual(for framing: ModbusFraming) -> ModbusLinkKind {
    switch framing {
    case .tcp: .tcp
    case .rtu: .rtuOverTcp
    case .goodwe: .rtuOverUdp
    case .givenergy: .givenergy
    case .aa55: .aa55
    }
  }
}
