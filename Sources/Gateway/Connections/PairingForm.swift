import DeviceProfiles
import EnergyModel
import LocalAPISchema
import LocalAPIServer
import ModbusWire

/// What a product wants to know on the page of a pairing session, and what that means in a configuration file.
struct PairingForm {
  let profile: DeviceProfile

  /// Names of fields; those of parameters follow `parameter.`.
  enum Name {
    static let kind = "link.kind"
    static let address = "link.address"
    static let fingerprint = "link.fingerprint"
    static let user = "link.user"
    static let password = "link.password"
    static let role = "role"
    static let title = "name"
    static func parameter(_ name: String) -> String { "parameter.\(name)" }
  }

  /// The longest value of a field.
  static let maxLength = 2000

  var product: Pairing.Product {
    Pairing.Product(
      profile: profile.id, name: profile.name, manufacturer: profile.manufacturer, models: profile.products)
  }

  // MARK: Fields

  /// All fields, empty or with their defaults.
  var fields: [Pairing.Field] {
    addressFields + profile.parameters.map(Self.field) + roleFields + [
      .init(
        name: Name.title, label: "Name", help: "What you call the device, such as Cellar battery.", isOptional: true)
    ]
  }

  private var addressFields: [Pairing.Field] {
    switch profile.transport {
    case .modbus:
      let kinds = linkKinds
      let port = kinds.first.map { Int($0.defaultPort) } ?? 502
      var fields: [Pairing.Field] = []
      if kinds.count > 1 {
        fields.append(
          .init(
            name: Name.kind, label: "How it speaks", help: "tcp unless the manual says otherwise.",
            kind: .choice(kinds.map(\.rawValue)), value: kinds[0].rawValue))
      }
      return fields + [
        .init(
          name: Name.address, label: "Address in your network",
          help: "IP address or name of the device, with another port than \(port) as 192.168.1.20:1502.")
      ]
    case .mqtt:
      return [
        .init(
          name: Name.address, label: "Address of the MQTT broker", help: "IP address or name, such as 192.168.1.5."),
        .init(name: Name.user, label: "User at the broker", isOptional: true),
        .init(name: Name.password, label: "Password at the broker", kind: .secret, isOptional: true),
      ]
    case .http:
      return [
        .init(
          name: Name.address, label: "Address in your network",
          help: "IP address or name of the device, such as 192.168.1.30 or https://192.168.1.30."),
        .init(
          name: Name.fingerprint, label: "Fingerprint of its certificate",
          help: "SHA-256, only for https with a certificate that the device made itself.", isOptional: true),
      ]
    }
  }

  /// The ways over a network to the product.
  private var linkKinds: [ModbusLinkKind] {
    guard case .modbus(let settings) = profile.transport else { return [] }
    return ModbusLinkKind.allCases.filter { kind in settings.framings.contains { kind.carried.contains($0) } }
  }

  /// Whether it can be reached over a network at all.
  var isReachable: Bool {
    if case .modbus = profile.transport { return !linkKinds.isEmpty }
    return true
  }

  private static func field(_ parameter: ProfileParameter) -> Pairing.Field {
    let kind: Pairing.Field.Kind =
      switch parameter.kind {
      case _ where parameter.isSecret: .secret
      case .integer, .number: .number
      case .text: .text
      case .flag: .flag
      case .choice(let words): .choice(words)
      }
    return Pairing.Field(
      name: Name.parameter(parameter.name), label: parameter.name, help: parameter.help, kind: kind,
      value: parameter.isSecret ? "" : parameter.defaultValue.map { $0 == .null ? "" : $0.description } ?? "",
      isOptional: parameter.defaultValue != nil || parameter.read != nil)
  }

  /// Meters say what they measure.
  private var roleFields: [Pairing.Field] {
    guard profile.parts.count == 1, let part = profile.parts.first, part.kind == .meter else { return [] }
    return [
      .init(
        name: Name.role, label: "What it measures",
        help: "grid: at the connection of the house; load: a consumer; pv: generation; sub: a part of the house.",
        kind: .choice(MeterRole.allCases.map(\.rawValue)), value: (part.meterRole ?? .sub).rawValue)
    ]
  }

  // MARK: What it means

  /// The link as a configuration file has it.
  func link(_ values: [String: String]) -> [String: JSONValue] {
    let address = values[Name.address] ?? ""
    switch profile.transport {
    case .modbus:
      let kind = linkKinds.first { $0.rawValue == values[Name.kind] } ?? linkKinds.first ?? .tcp
      return ["modbus": .object([kind.rawValue: .text(address)])]
    case .mqtt:
      var settings: [String: JSONValue] = ["broker": .text(address)]
      settings["user"] = Self.text(values[Name.user])
      settings["password"] = Self.text(values[Name.password])
      return ["mqtt": .object(settings)]
    case .http:
      var settings: [String: JSONValue] = ["url": .text(address.contains("://") ? address : "http://\(address)")]
      settings["fingerprint"] = Self.text(values[Name.fingerprint])
      return ["http": .object(settings)]
    }
  }

  private static func text(_ value: String?) -> JSONValue? {
    value.flatMap { $0.isEmpty ? nil : .text($0) }
  }

  /// The profile's parameters; what is empty is left out.
  func parameters(_ values: [String: String]) -> [String: JSONValue] {
    var parameters: [String: JSONValue] = [:]
    for parameter in profile.parameters {
      guard let text = values[Name.parameter(parameter.name)], !text.isEmpty else { continue }
      parameters[parameter.name] =
        switch parameter.kind {
        case .integer, .number: Self.number(text)
        case .flag: .flag(text == "true")
        case .text, .choice: .text(text)
        }
    }
    return parameters
  }

  /// What is no number stays a text, which the profile then refuses in its own words.
  private static func number(_ text: String) -> JSONValue {
    guard let number = Double(text), number.isFinite else { return .text(text) }
    return .number(number)
  }

  /// The field of a mistake.
  func field(of pointer: String) -> String {
    let path = pointer.split(separator: "/").map(String.init)
    let names = Set(fields.map(\.name))
    for name in [
      path.firstIndex(of: "parameters").flatMap { path.indices.contains($0 + 1) ? Name.parameter(path[$0 + 1]) : nil },
      path.last.map { "link.\($0)" }, path.contains("link") ? Name.address : nil,
    ] {
      if let name, names.contains(name) { return name }
    }
    return ""
  }
}
