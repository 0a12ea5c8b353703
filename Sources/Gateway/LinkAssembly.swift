import AdapterKit
import DeviceProfiles
import EnergyModel
import HTTPAdapter
import Logging
import MQTTAdapter
import ModbusAdapter
import TimeSource

/// Makes the adapter of a link from its configuration.
struct LinkAssembly {
  let time: TimeSource
  let random: RandomSource
  let logger: Logger
  /// A name that distinguishes this gateway from others at the same broker.
  let gatewayName: String
  /// What logins to devices leave for the next run.
  let logins: any LoginStore
  /// Whether devices are only given back to themselves and nothing is kept: messages are then left for the next run.
  var isFailSafe = false
  /// Where links over Modbus sockets run; ends with the last of them.
  let loops = SocketLoops()

  /// Why a link cannot be made, in words.
  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  func adapter(
    for link: LinkConfiguration, endpoints: [EndpointSpecification], sink: any AdapterSink
  ) throws -> any Adapter {
    var logger = logger
    logger[metadataKey: "link"] = .string(link.id)
    switch link.transport {
    case .modbusSocket(let kind, let address):
      return try ModbusLink(
        configuration: ModbusLinkConfiguration(
          name: link.id, medium: .socket(kind, host: address.host, port: UInt16(clamping: address.port))),
        endpoints: endpoints, loops: loops, sink: sink, time: time, random: random, logger: logger)
    case .modbusSerial(let line):
      return try ModbusLink(
        configuration: ModbusLinkConfiguration(name: link.id, medium: .rtu(Self.serial(line))),
        endpoints: endpoints, loops: loops, sink: sink, time: time, random: random, logger: logger)
    case .mqtt(let broker):
      return try MQTTLink(
        configuration: session(broker, of: link), endpoints: endpoints, sink: sink, time: time, random: random,
        logger: logger)
    case .http(let host):
      return HTTPLink(
        configuration: try HTTPLinkConfiguration(url: host.url, trust: Self.trust(host)), endpoints: endpoints,
        sink: sink, store: logins, time: time, random: random, logger: logger)
    }
  }

  private func session(_ broker: LinkConfiguration.Broker, of link: LinkConfiguration) -> MQTTLinkConfiguration {
    let tls = broker.tls.map { tls in
      MQTTLinkConfiguration.TLS(
        authorityFile: tls.authority,
        clientCertificate: tls.certificate.flatMap { certificate in
          tls.key.map { .init(certificateFile: certificate, keyFile: $0) }
        })
    }
    let ownID = "heddle-\(gatewayName)-\(link.id)"
    // An id that was chosen may be the only one that the broker lets in; then its messages are taken and gone.
    let leavesMessages = isFailSafe && broker.clientID == nil
    var configuration = MQTTLinkConfiguration(
      name: link.id, host: broker.address.host, port: broker.address.port,
      clientID: broker.clientID ?? (leavesMessages ? "\(ownID)-failsafe" : ownID),
      protocolVersion: broker.version == .v5 ? .v5 : .v3_1_1, keepAlive: .seconds(broker.keepAliveSeconds),
      user: broker.user, password: broker.password?.value, tls: tls)
    if leavesMessages { configuration.session = .clean }
    return configuration
  }

  private static func serial(_ line: LinkConfiguration.SerialLine) -> ModbusLinkConfiguration.SerialLine {
    let parity: ModbusLinkConfiguration.SerialLine.Parity =
      switch line.parity {
      case .none: .none
      case .even: .even
      case .odd: .odd
      }
    return .init(
      device: line.path, baud: line.baud, parity: parity, dataBits: line.dataBits, stopBits: line.stopBits)
  }

  private static func trust(_ host: LinkConfiguration.HTTPHost) -> HTTPTrust {
    if let fingerprint = host.fingerprint { return .pinned(sha256: fingerprint) }
    return host.authority.map { .authorities(file: $0) } ?? .system
  }
}
