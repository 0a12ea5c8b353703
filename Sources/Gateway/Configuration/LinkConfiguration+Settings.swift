import LocalAPISchema
import ModbusWire

extension LinkConfiguration {
  /// What a configuration file says of it beside its id, without secrets.
  var settings: [String: JSONValue] {
    switch transport {
    case .modbusSocket(let kind, let address):
      ["modbus": .object([kind.rawValue: .text(address.description)])]
    case .modbusSerial(let line):
      [
        "modbus": .object([
          "serial": .text(line.path), "baud": .number(Double(line.baud)), "parity": .text(line.parity.rawValue),
          "dataBits": .number(Double(line.dataBits)), "stopBits": .number(Double(line.stopBits)),
        ])
      ]
    case .mqtt(let broker): ["mqtt": .object(Self.settings(of: broker))]
    case .http(let host): ["http": .object(Self.settings(of: host))]
    }
  }

  private static func settings(of broker: Broker) -> [String: JSONValue] {
    var settings: [String: JSONValue] = [
      "broker": .text(broker.address.description), "version": .text(broker.version.rawValue),
      "keepAlive": .text("\(broker.keepAliveSeconds) s"),
    ]
    settings["clientId"] = broker.clientID.map { .text($0) }
    settings["user"] = broker.user.map { .text($0) }
    if let tls = broker.tls {
      var files: [String: JSONValue] = [:]
      files["ca"] = tls.authority.map { .text($0) }
      files["certificate"] = tls.certificate.map { .text($0) }
      files["key"] = tls.key.map { .text($0) }
      settings["tls"] = files.isEmpty ? .flag(true) : .object(files)
    }
    return settings
  }

  private static func settings(of host: HTTPHost) -> [String: JSONValue] {
    var settings: [String: JSONValue] = ["url": .text(host.url)]
    settings["ca"] = host.authority.map { .text($0) }
    settings["fingerprint"] = host.fingerprint.map { .text($0) }
    return settings
  }
}
