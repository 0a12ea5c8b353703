public import DeviceProfiles
import EnergyModel
import Foundation
import GatewayStore
public import LocatedYAML

/// Reads and checks a configuration file completely, without touching network or devices.
public struct ConfigurationReader {
  let profiles: ProfileLibrary
  let credentials: CredentialDirectory
  let paths: GatewayPaths

  /// A reader that resolves profiles, secrets and default paths from these.
  public init(profiles: ProfileLibrary, credentials: CredentialDirectory, paths: GatewayPaths) {
    self.profiles = profiles
    self.credentials = credentials
    self.paths = paths
  }

  /// The configuration, or `nil` when any finding is an error. All findings of the file come at once.
  public func read(text: String, file: String) -> (configuration: GatewayConfiguration?, diagnostics: [Diagnostic]) {
    let document = YAMLDocument(text: text, file: file, codePrefix: "C")
    guard let root = document.root,
      root.expectMapping(keys: [
        "api", "store", "retention", "links", "customers", "sites", "devices", "carbonIntensity", "webhooks",
      ])
    else { return (nil, document.diagnostics) }
    let links = readLinks(root["links"])
    let customers = readCustomers(root["customers"])
    let sites = readSites(root["sites"], customers: customers)
    let devices = DeviceReader(reader: self, links: links, customers: customers, sites: sites)
    var configuration = GatewayConfiguration(
      file: file, digest: ConfigurationOrigin.digest(of: text), api: readAPI(root["api"], file: file),
      storePath: readStore(root["store"]), links: links,
      customers: customers, sites: sites, devices: devices.read(root["devices"]))
    configuration.carbon = readCarbon(root["carbonIntensity"], file: file, sites: sites)
    configuration.webhooks = readWebhooks(root["webhooks"])
    configuration.profiles = profiles
    configuration.profileDigest = paths.profileDigest
    configuration.linkLines = lines(of: root["links"])
    configuration.deviceLines = lines(of: root["devices"])
    configuration.storage = readStorage(root["store"], root["retention"])
    reportDuplicates(root)
    return (document.hasErrors ? nil : configuration, document.diagnostics)
  }

  // MARK: Store

  private func readStore(_ node: YAMLNode?) -> String {
    guard let node, node.expectMapping(keys: ["path", "flushInterval", "maxBytes", "minFreeBytes"]) else {
      return paths.store
    }
    return node["path"]?.textValue() ?? paths.store
  }

  // MARK: Customers and sites

  private func readCustomers(_ node: YAMLNode?) -> [GatewayConfiguration.Customer] {
    elements(of: node).compactMap { entry in
      guard entry.expectMapping(keys: ["id", "name", "referenceId", "email", "phone", "address"]),
        let id = readID(entry)
      else {
        return nil
      }
      return .init(
        id: id, name: entry["name"]?.textValue() ?? id, referenceID: entry["referenceId"]?.textValue(),
        email: entry["email"]?.textValue(), phone: entry["phone"]?.textValue(), address: address(entry))
    }
  }

  private func readSites(
    _ node: YAMLNode?, customers: [GatewayConfiguration.Customer]
  ) -> [GatewayConfiguration.Site] {
    elements(of: node).compactMap { entry in
      let keys = [
        "id", "name", "referenceId", "customer", "timezone", "address", "latitude", "longitude", "interlocks",
      ]
      guard entry.expectMapping(keys: keys), let id = readID(entry)
      else { return nil }
      let zone = entry["timezone"]?.textValue() ?? "UTC"
      if TimeZone(identifier: zone) == nil {
        entry["timezone"]?.report(
          110, "unknown time zone '\(zone)'",
          hint: Suggestion.hint(for: zone, among: TimeZone.knownTimeZoneIdentifiers)
            ?? "write an IANA name such as Europe/Berlin")
      }
      return .init(
        id: id, name: entry["name"]?.textValue() ?? id,
        customerID: reference(entry["customer"], to: customers.map(\.id), what: "customer"), timezone: zone,
        latitude: coordinate(entry["latitude"], limit: 90), longitude: coordinate(entry["longitude"], limit: 180),
        interlocks: InterlockReader().read(entry["interlocks"]), referenceID: entry["referenceId"]?.textValue(),
        address: address(entry))
    }
  }

  /// An address in one line.
  private func address(_ entry: YAMLNode) -> PostalAddress? {
    entry["address"]?.textValue().map { PostalAddress(line1: $0) }
  }

  private func coordinate(_ node: YAMLNode?, limit: Double) -> Double? {
    guard let node, let value = node.numberValue() else { return nil }
    guard abs(value) <= limit else {
      node.report(111, "\(node.subject) must be between -\(Int(limit)) and \(Int(limit))")
      return nil
    }
    return value
  }

  // MARK: Shared by all lists

  /// The elements of an optional list; reports anything else.
  func elements(of node: YAMLNode?) -> [YAMLNode] {
    guard let node, !node.isNull else { return [] }
    guard node.isSequence else {
      node.report(103, "\(node.subject) must be a list", hint: "start each entry with '- id: …'")
      return []
    }
    return node.elements
  }

  /// An id that can stand in a URL path and in a file name.
  func readID(_ entry: YAMLNode) -> String? {
    guard let node = entry.require("id"), let id = node.textValue() else { return nil }
    let isValid =
      !id.isEmpty && id.count <= 64
      && id.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
    guard isValid else {
      node.report(104, "'\(id)' is not an id", hint: "letters, digits, - _ . and at most 64 of them")
      return nil
    }
    return id
  }

  /// A reference to something defined in the same file.
  func reference(_ node: YAMLNode?, to known: [String], what: String) -> String? {
    guard let node, let id = node.textValue() else { return nil }
    guard known.contains(id) else {
      node.report(
        105, "there is no \(what) '\(id)'", hint: Suggestion.hint(for: id, among: known) ?? "define it under \(what)s:")
      return nil
    }
    return id
  }

  private func lines(of list: YAMLNode?) -> [String: Int] {
    let places = (list?.elements ?? []).compactMap { entry in entry["id"]?.scalarText.map { ($0, entry.line) } }
    return Dictionary(places) { first, _ in first }
  }

  private func reportDuplicates(_ root: YAMLNode) {
    for list in ["links", "customers", "sites", "devices"] {
      var seen: [String: Int] = [:]
      for entry in root[list]?.elements ?? [] {
        guard let node = entry["id"], let id = node.scalarText else { continue }
        if let line = seen[id] {
          node.report(106, "the id '\(id)' is used twice in \(list)", hint: "the first one is in line \(line)")
        }
        seen[id] = node.line
      }
    }
  }

  /// A text with every `${credential:name}` in it replaced; reports a credential that cannot be had.
  func withCredentials(_ node: YAMLNode, _ text: String) -> Secret? {
    var result = ""
    var rest = text[...]
    while let start = rest.range(of: "${credential:"), let end = rest[start.upperBound...].firstIndex(of: "}") {
      result += rest[..<start.lowerBound]
      do {
        result += try credentials.read(String(rest[start.upperBound..<end])).value
      } catch {
        node.report(108, error.message, hint: error.hint)
        return nil
      }
      rest = rest[rest.index(after: end)...]
    }
    return Secret(result + rest)
  }

  /// The text of a scalar with `${credential:name}` replaced; reports a credential that cannot be had.
  func secret(_ node: YAMLNode?) -> Secret? {
    guard let node, let text = node.textValue() else { return nil }
    guard text.hasPrefix("${credential:"), text.hasSuffix("}") else {
      node.report(
        107, "\(node.subject) is a secret and must not stand in this file", hint: "write ${credential:name}")
      return nil
    }
    do {
      return try credentials.read(String(text.dropFirst("${credential:".count).dropLast()))
    } catch {
      node.report(108, error.message, hint: error.hint)
      return nil
    }
  }
}
