import Foundation
import LocalAPIServer
import LocatedYAML

extension ConfigurationReader {
  private static let apiKeys = ["listen", "socket", "group", "hosts", "tls", "allowUnencrypted", "rateLimit"]

  /// Reads `api:` with the files that it names.
  func readAPI(_ node: YAMLNode?, file: String) -> GatewayConfiguration.API {
    var api = GatewayConfiguration.API(
      listen: HostAndPort(host: "127.0.0.1", port: 8480), socket: paths.socket, group: nil, hosts: [])
    guard let node, node.expectMapping(keys: Self.apiKeys) else { return api }
    api.tls = readIdentity(node["tls"], besides: file)
    let isProtected = node["tls"] != nil || node["allowUnencrypted"]?.flagValue() ?? false
    if let listen = node["listen"] { api.listen = readAddress(listen, isProtected: isProtected) }
    if let socket = node["socket"]?.textValue() { api.socket = socket }
    api.group = node["group"]?.textValue()
    api.hosts = node["hosts"]?.textListValue() ?? []
    if let limit = node["rateLimit"] { api.rateLimit = readRateLimit(limit) }
    return api
  }

  /// Keys and what they open would be there for everybody on the network to read.
  private func readAddress(_ node: YAMLNode, isProtected: Bool) -> HostAndPort? {
    guard let text = node.textValue(), text != "none" else { return nil }
    guard let address = HostAndPort(text) else {
      node.report(102, "'\(text)' is not an address", hint: "write 127.0.0.1:8480 or none")
      return nil
    }
    if !address.isLoopback, !isProtected {
      node.report(
        101, "the API would be reachable from the network at \(address) without TLS",
        hint: "add tls: {certificate: FILE, key: FILE}, or allowUnencrypted: true where a proxy does TLS")
    }
    return address
  }

  /// Paths that are not absolute are meant from the configuration's directory on.
  private func readIdentity(_ node: YAMLNode?, besides file: String) -> TLSIdentity? {
    guard let node, node.expectMapping(keys: ["certificate", "key"]), let certificate = node.require("certificate"),
      let key = node.require("key"), let certificatePath = certificate.textValue(), let keyPath = key.textValue()
    else { return nil }
    let folder = URL(fileURLWithPath: file).deletingLastPathComponent()
    do {
      return try TLSIdentity(
        certificateFile: URL(fileURLWithPath: certificatePath, relativeTo: folder).path,
        keyFile: URL(fileURLWithPath: keyPath, relativeTo: folder).path)
    } catch {
      (error.place == .certificate ? certificate : key).report(142, error.message, hint: error.hint)
      return nil
    }
  }

  private func readRateLimit(_ node: YAMLNode) -> RateLimit? {
    if node.scalarText == "none" { return nil }
    var limit = RateLimit.standard
    guard node.expectMapping(keys: ["requestsPerSecond", "burst"]) else { return limit }
    if let rate = node["requestsPerSecond"], let value = rate.numberValue() {
      if !RateLimit.rates.contains(value) {
        let range = RateLimit.rates
        rate.report(143, "\(rate.subject) must be between \(range.lowerBound) and \(Int(range.upperBound))")
      }
      limit.requestsPerSecond = value
    }
    if let burst = node["burst"]?.integerValue(in: RateLimit.bursts) { limit.burst = burst }
    return limit
  }
}
