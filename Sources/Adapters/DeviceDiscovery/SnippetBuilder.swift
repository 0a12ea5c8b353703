import DeviceProfiles
import EnergyModel
import LocalAPISchema

/// Writes what has to be added for a find.
struct SnippetBuilder {
  /// The longest id of a link or device.
  static let maxID = 64

  let profile: DeviceProfile
  let parts: [ProfilePart]
  let parameters: [String: ScalarValue]
  let missing: [String]
  /// A link of the configuration that leads there already; else what a new one says beside its id.
  let link: Link

  enum Link {
    case existing(String)
    case new(name: String, settings: JSONValue)
  }

  var snippet: DiscoverySnippet {
    var lines: [String] = []
    var body: JSONValue?
    if case .new(let id, .object(var members)) = link {
      members["id"] = .text(id)
      body = .object(members)
      lines += ["links:", "  - \(FlowYAML.text(.object(members)))"]
    }
    let devices = parts.map(device)
    lines += ["devices:"] + devices.map { "  - \(FlowYAML.text($0))" }
    return DiscoverySnippet(
      yaml: lines.joined(separator: "\n") + "\n", commands: commands(body, devices), link: body, devices: devices,
      missing: missing)
  }

  private var linkID: String {
    switch link {
    case .existing(let id), .new(let id, _): id
    }
  }

  private func device(_ part: ProfilePart) -> JSONValue {
    let address = linkID.split(separator: "-").dropFirst().joined(separator: "-")
    var words = [profile.id, address.isEmpty ? linkID : address]
    if let unit = parameters["unit"], unit != .number(Double(profile.usualUnit)) { words.append("u\(unit)") }
    words += profile.messageTopics.isEmpty ? [] : parameters.keys.sorted().compactMap { parameters[$0]?.description }
    if parts.count > 1 { words.append(part.name) }
    var members: [String: JSONValue] = [
      "id": .text(Self.id(words)), "profile": .text(profile.id), "link": .text(linkID),
    ]
    if profile.parts.count > 1 { members["part"] = .text(part.name) }
    if !parameters.isEmpty { members["parameters"] = .object(parameters.mapValues(Self.json)) }
    return .object(members)
  }

  /// Letters, digits and hyphens; what is too long loses its beginning, because the end tells devices apart.
  static func id(_ words: [String]) -> String {
    let text = words.joined(separator: "-").lowercased()
    let plain = String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" })
    let joined = plain.split(separator: "-").joined(separator: "-")
    return joined.isEmpty ? "device" : String(joined.suffix(maxID))
  }

  private static func json(_ value: ScalarValue) -> JSONValue {
    switch value {
    case .number(let number): .number(number)
    case .text(let text): .text(text)
    case .flag(let flag): .flag(flag)
    case .null: .null
    }
  }

  // MARK: For a shell

  private func commands(_ body: JSONValue?, _ devices: [JSONValue]) -> [String] {
    var commands: [String] = []
    if case .object(let members)? = body { commands.append(linkCommand(members)) }
    return commands + devices.map(deviceCommand)
  }

  private func linkCommand(_ members: [String: JSONValue]) -> String {
    var words = ["heddle", "link", "add"]
    for (name, settings) in members where name != "id" {
      guard case .object(let settings) = settings else { continue }
      words.append(name)
      for (key, value) in settings.sorted(by: { $0.key < $1.key }) {
        // A password is asked for and stands in no command line.
        words.append("\(key)=\(key == "password" ? "-" : FlowYAML.plain(value))")
      }
    }
    return (words + ["--id", linkID]).map(Self.shell).joined(separator: " ")
  }

  private func deviceCommand(_ device: JSONValue) -> String {
    guard case .object(let members) = device else { return "" }
    func text(_ name: String) -> String? { members[name].map(FlowYAML.plain) }
    var words = ["heddle", "device", "add", "--id", text("id") ?? "", "--link", linkID, "--profile", profile.id]
    if let part = text("part") { words += ["--part", part] }
    if case .object(let values)? = members["parameters"] {
      for (name, value) in values.sorted(by: { $0.key < $1.key }) {
        words += ["--parameter", "\(name)=\(FlowYAML.plain(value))"]
      }
    }
    return words.map(Self.shell).joined(separator: " ")
  }

  private static func shell(_ word: String) -> String {
    let isPlain =
      !word.isEmpty && word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_./:=@%+,".contains($0)) }
    return isPlain ? word : "'" + word.replacing("'", with: "'\\''") + "'"
  }
}

/// JSON values as YAML in one line, as people write it.
enum FlowYAML {
  /// Ids first, then where and what it is.
  private static let order = ["id", "profile", "part", "link", "modbus", "mqtt", "http", "parameters"]

  static func text(_ value: JSONValue) -> String {
    switch value {
    case .null, .flag, .number: plain(value)
    case .text(let text): isPlain(text) ? text : quoted(text)
    case .array(let values): "[" + values.map(text).joined(separator: ", ") + "]"
    case .object(let members):
      "{"
        + members.sorted { Self.rank($0.key) < Self.rank($1.key) }.map { "\($0.key): \(text($0.value))" }
        .joined(separator: ", ") + "}"
    }
  }

  /// A single value without quotes.
  static func plain(_ value: JSONValue) -> String {
    switch value {
    case .null: "null"
    case .flag(let flag): flag ? "true" : "false"
    case .number(let number): ScalarValue.number(number).description
    case .text(let text): text
    case .array, .object: text(value)
    }
  }

  private static func rank(_ key: String) -> (Int, String) { (order.firstIndex(of: key) ?? order.count, key) }

  private static func isPlain(_ text: String) -> Bool {
    guard let first = text.first, first.isASCII, first.isLetter, Double(text) == nil else { return false }
    guard !["true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"].contains(text.lowercased())
    else { return false }
    return text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_./".contains($0)) }
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case _ where scalar.value < 0x20 || scalar.value == 0x7F:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
