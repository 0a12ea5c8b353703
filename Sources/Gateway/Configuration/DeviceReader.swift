import CommandDispatch
import DeviceProfiles
import EnergyModel
import LocatedYAML
import ModbusWire

/// Reads the devices of a configuration and binds each to its profile.
struct DeviceReader {
  let reader: ConfigurationReader
  let links: [LinkConfiguration]
  let customers: [GatewayConfiguration.Customer]
  let sites: [GatewayConfiguration.Site]

  private static let keys = [
    "id", "name", "referenceId", "profile", "part", "link", "parameters", "site", "customer", "role", "tags",
    "writeBudget", "interlocks",
  ]

  func read(_ node: YAMLNode?) -> [GatewayConfiguration.Device] {
    let entries = reader.elements(of: node)
    if entries.count > GatewayConfiguration.maxDevices {
      node?.report(
        130, "\(entries.count) devices are more than the \(GatewayConfiguration.maxDevices) that are allowed")
    }
    let devices = entries.compactMap { read(entry: $0) }
    reportSharedParts(devices, entries)
    return Self.named(devices)
  }

  func read(entry: YAMLNode) -> GatewayConfiguration.Device? {
    guard entry.expectMapping(keys: Self.keys), let id = reader.readID(entry) else { return nil }
    // Everything is looked at before anything gives up, so that all mistakes are reported at once.
    let linkID = entry.require("link").flatMap { reader.reference($0, to: links.map(\.id), what: "link") }
    let siteID = reader.reference(entry["site"], to: sites.map(\.id), what: "site")
    let customerID = reader.reference(entry["customer"], to: customers.map(\.id), what: "customer")
    guard let profile = profile(entry), let part = part(entry, of: profile) else { return nil }
    let bound = bind(profile, entry)
    let role = role(entry, profile.parts[part])
    guard let linkID, let bound, checkTransport(entry, profile, linkID) else { return nil }
    let siteCustomer = sites.first { $0.id == siteID }?.customerID
    return .init(
      id: id, name: entry["name"]?.textValue() ?? id, profile: bound, part: part, linkID: linkID, siteID: siteID,
      customerID: customerID ?? siteCustomer, role: role, tags: entry["tags"]?.textListValue() ?? [],
      writeBudget: entry["writeBudget"]?.integerValue(in: 1...GatewayConfiguration.maxWriteBudget),
      interlocks: interlocks(entry, siteID), referenceID: entry["referenceId"]?.textValue(), endpointName: id)
  }

  private func interlocks(_ entry: YAMLNode, _ siteID: String?) -> Interlocks {
    let site = sites.first { $0.id == siteID }?.interlocks ?? Interlocks()
    return InterlockReader().read(entry["interlocks"], over: site)
  }

  private func profile(_ entry: YAMLNode) -> DeviceProfile? {
    guard let node = entry.require("profile"), let id = node.textValue() else { return nil }
    if let profile = reader.profiles.profile(id) { return profile }
    let broken =
      reader.profiles.broken[id]
      ?? reader.profiles.diagnostics.first { $0.severity == .error && $0.file.contains(id) }
    node.report(
      131, "there is no profile '\(id)'",
      hint: broken.map { "it has errors: \($0.oneLine)" }
        ?? Suggestion.hint(for: id, among: reader.profiles.profiles.keys)
        ?? "put it into \(reader.paths.profileDirectories.last ?? "a profile directory")")
    return nil
  }

  private func part(_ entry: YAMLNode, of profile: DeviceProfile) -> Int? {
    let names = profile.parts.map(\.name)
    guard let node = entry["part"] else {
      if names.count == 1 { return 0 }
      entry.report(
        132, "the profile \(profile.id) presents several devices", hint: "say part: \(names.joined(separator: " | "))")
      return nil
    }
    guard let name = node.wordValue(among: names) else { return nil }
    return names.firstIndex(of: name)
  }

  private func bind(_ profile: DeviceProfile, _ entry: YAMLNode) -> BoundProfile? {
    var values: [String: ScalarValue] = [:]
    if let node = entry["parameters"], node.expectMapping(keys: profile.parameters.map(\.name)) {
      for (key, value) in node.entries {
        guard let name = key.scalarText, let parameter = profile.parameters.first(where: { $0.name == name })
        else { continue }
        if parameter.isSecret {
          values[name] = reader.secret(value).map { .text($0.value) }
        } else if let scalar = scalar(value) {
          values[name] = scalar
        }
      }
    }
    do {
      return try BoundProfile(profile: profile, parameters: values)
    } catch {
      let place = entry["parameters"]?[error.parameter] ?? entry["parameters"] ?? entry
      place.report(133, error.message, hint: error.hint)
      return nil
    }
  }

  private func scalar(_ node: YAMLNode) -> ScalarValue? {
    if let number = node.number { return .number(number) }
    if let flag = node.flag { return .flag(flag) }
    return node.textValue().map { .text($0) }
  }

  private func role(_ entry: YAMLNode, _ part: ProfilePart) -> MeterRole? {
    guard part.kind == .meter else {
      entry["role"]?.report(134, "only meters have a role, this is a \(part.kind.rawValue)", hint: "leave it out")
      return nil
    }
    guard let node = entry["role"] else { return part.meterRole ?? .sub }
    return node.wordValue(among: MeterRole.allCases.map(\.rawValue)).flatMap(MeterRole.init)
  }

  private func checkTransport(_ entry: YAMLNode, _ profile: DeviceProfile, _ linkID: String) -> Bool {
    let needed =
      switch profile.transport {
      case .modbus: "modbus"
      case .mqtt: "mqtt"
      case .http: "http"
      }
    guard let link = links.first(where: { $0.id == linkID }) else { return true }
    if link.transportName == needed { return checkFraming(entry, profile, link) }
    let fitting = links.filter { $0.transportName == needed }.map(\.id)
    entry["link"]?.report(
      135, "the profile \(profile.id) speaks \(needed), the link '\(linkID)' is \(link.transportName)",
      hint: fitting.isEmpty ? "define a \(needed) link" : "use \(fitting.joined(separator: " or "))")
    return false
  }

  /// A link that carries nothing of what the product speaks would be silent for ever.
  private func checkFraming(_ entry: YAMLNode, _ profile: DeviceProfile, _ link: LinkConfiguration) -> Bool {
    guard case .modbus(let settings) = profile.transport,
      !settings.framings.contains(where: { link.framings.contains($0) })
    else { return true }
    let kinds = ModbusLinkKind.allCases.filter { kind in settings.framings.contains { kind.carried.contains($0) } }
    let forms =
      kinds.map { "{\($0.rawValue): host:\($0.defaultPort)}" }
      + (settings.framings.contains(.rtu) ? ["{serial: /dev/ttyUSB0}"] : [])
    entry["link"]?.report(
      137,
      "the profile \(profile.id) does not speak what the link '\(link.id)' carries (\(link.address))",
      hint: "write modbus: \(forms.joined(separator: " or "))")
    return false
  }

  private func reportSharedParts(_ devices: [GatewayConfiguration.Device], _ entries: [YAMLNode]) {
    var seen: [String: String] = [:]
    for device in devices {
      let key = "\(device.endpointKey)/\(device.part)"
      if let other = seen[key] {
        entries.first { $0["id"]?.scalarText == device.id }?.report(
          136, "'\(device.id)' is the same device as '\(other)'",
          hint: "same link, profile, parameters and part; give it another unit or name")
      }
      seen[key] = device.id
    }
  }
}

extension DeviceReader {
  /// What is behind one link with one set of parameters is one endpoint, named after the devices that it presents:
  /// that name is what people find in the log.
  static func named(_ devices: [GatewayConfiguration.Device]) -> [GatewayConfiguration.Device] {
    let names = Dictionary(grouping: devices, by: \.endpointKey).mapValues { $0.map(\.id).joined(separator: "+") }
    return devices.map { device in
      var device = device
      device.endpointName = names[device.endpointKey] ?? device.id
      return device
    }
  }
}

extension GatewayConfiguration.Device {
  /// The same for all devices that are reached in the same way.
  var endpointKey: String {
    let parameters = profile.parameters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    return ([linkID, profile.profile.id] + parameters).joined(separator: "\n")
  }
}
