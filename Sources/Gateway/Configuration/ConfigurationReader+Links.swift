import Foundation
import LocatedYAML
import ModbusWire

extension ConfigurationReader {
  func readLinks(_ node: YAMLNode?) -> [LinkConfiguration] {
    let links = elements(of: node).compactMap { readLink($0) }
    if let excess = links.excess { node?.report(120, excess) }
    return links
  }

  func readLink(_ entry: YAMLNode) -> LinkConfiguration? {
    guard entry.expectMapping(keys: ["id", "modbus", "mqtt", "http"]), let id = readID(entry) else { return nil }
    let kinds = ["modbus", "mqtt", "http"].filter { entry[$0] != nil }
    guard kinds.count == 1, let kind = kinds.first, let settings = entry[kind] else {
      entry.report(
        121, "the link '\(id)' needs exactly one of modbus, mqtt, http",
        hint: "for example modbus: {tcp: 192.168.1.20:502}")
      return nil
    }
    let transport: LinkConfiguration.Transport? =
      switch kind {
      case "modbus": readModbus(settings)
      case "mqtt": readBroker(settings)
      default: readHTTP(settings)
      }
    return transport.map { LinkConfiguration(id: id, transport: $0) }
  }

  private func readModbus(_ node: YAMLNode) -> LinkConfiguration.Transport? {
    let kinds = ModbusLinkKind.allCases
    let lineKeys = ["baud", "parity", "dataBits", "stopBits"]
    guard node.expectMapping(keys: kinds.map(\.rawValue) + ["serial"] + lineKeys) else { return nil }
    let sockets = kinds.compactMap { kind in node[kind.rawValue].map { (kind: kind, place: $0) } }
    switch (sockets.count, node["serial"]) {
    case (1, nil):
      for key in lineKeys { node[key]?.report(123, "'\(key)' belongs to serial lines only") }
      let (kind, place) = sockets[0]
      return address(place, defaultPort: Int(kind.defaultPort)).map { .modbusSocket(kind, $0) }
    case (0, let serial?):
      guard let path = serial.textValue() else { return nil }
      let parity = node["parity"]?.wordValue(among: LinkConfiguration.SerialLine.Parity.allCases.map(\.rawValue))
      return .modbusSerial(
        .init(
          path: path, baud: node["baud"]?.integerValue(in: 300...921_600) ?? 9600,
          parity: parity.flatMap(LinkConfiguration.SerialLine.Parity.init) ?? .none,
          dataBits: node["dataBits"]?.integerValue(in: 7...8) ?? 8,
          stopBits: node["stopBits"]?.integerValue(in: 1...2) ?? 1))
    default:
      node.report(
        122, "modbus needs exactly one of \((kinds.map(\.rawValue) + ["serial"]).joined(separator: ", "))",
        hint: "tcp: host:502, or serial: /dev/ttyUSB0")
      return nil
    }
  }

  private func readBroker(_ node: YAMLNode) -> LinkConfiguration.Transport? {
    guard node.expectMapping(keys: ["broker", "version", "clientId", "user", "password", "tls", "keepAlive"]),
      let broker = node.require("broker")
    else { return nil }
    var tls: LinkConfiguration.Broker.TLS?
    if let settings = node["tls"] {
      if settings.flag != nil {
        tls = settings.flag == true ? .init() : nil
      } else if settings.expectMapping(keys: ["ca", "certificate", "key"]) {
        tls = .init(
          authority: file(settings["ca"]), certificate: file(settings["certificate"]), key: file(settings["key"]))
      }
    }
    guard let address = address(broker, defaultPort: tls == nil ? 1883 : 8883) else { return nil }
    let version = node["version"]?.wordValue(among: LinkConfiguration.Broker.Version.allCases.map(\.rawValue))
    let seconds = node["keepAlive"]?.durationValue()?.components.seconds ?? 30
    return .mqtt(
      .init(
        address: address, version: version.flatMap(LinkConfiguration.Broker.Version.init) ?? .v311,
        clientID: node["clientId"]?.textValue(), user: node["user"]?.textValue(), password: secret(node["password"]),
        tls: tls, keepAliveSeconds: min(max(5, Int(seconds)), 3600)))
  }

  private func readHTTP(_ node: YAMLNode) -> LinkConfiguration.Transport? {
    guard node.expectMapping(keys: ["url", "ca", "fingerprint"]), let urlNode = node.require("url"),
      let text = urlNode.textValue()
    else { return nil }
    guard let url = URLComponents(string: text), url.scheme == "http" || url.scheme == "https",
      let host = url.host, !host.isEmpty, url.user == nil, url.password == nil, url.query == nil
    else {
      urlNode.report(
        124, "'\(text)' is not the address of an HTTP server", hint: "write http://host or https://host:port")
      return nil
    }
    let fingerprint = node["fingerprint"]?.textValue()?.filter { $0 != ":" && $0 != " " }.lowercased()
    if let fingerprint, fingerprint.count != 64 || !fingerprint.allSatisfy(\.isHexDigit) {
      node["fingerprint"]?.report(
        125, "the fingerprint must be the SHA-256 of the certificate, 64 hexadecimal digits",
        hint: "openssl x509 -noout -fingerprint -sha256 -in device.crt")
    }
    return .http(.init(url: text, authority: file(node["ca"]), fingerprint: fingerprint))
  }

  private func address(_ node: YAMLNode, defaultPort: Int) -> HostAndPort? {
    guard let text = node.textValue() else { return nil }
    guard let address = HostAndPort(text, defaultPort: defaultPort), address.port > 0 else {
      node.report(126, "'\(text)' is not an address", hint: "write host:\(defaultPort)")
      return nil
    }
    return address
  }

  /// The path of a file that must be there.
  private func file(_ node: YAMLNode?) -> String? {
    guard let node, let path = node.textValue() else { return nil }
    if !FileManager.default.isReadableFile(atPath: path) { node.report(127, "the file \(path) cannot be read") }
    return path
  }
}
