import DeviceProfiles
import EnergyModel

/// Writes documents in the formats that devices speak: the inverse of `DocumentFormat`, for what plays a device.
enum DocumentWriter {
  static func bytes(_ tree: JSONTree, as format: DocumentFormat) -> [UInt8] {
    switch format {
    case .json: Array(tree.text.utf8)
    case .keyvalue: Array(members(tree).map { "\($0.key)=\(scalar($0.value))" }.joined(separator: ",").utf8)
    case .xml: Array(members(tree).map { element($0.key, $0.value) }.joined().utf8)
    case .dsmr: telegram(tree)
    case .sparkplug: SparkplugPayload(metrics: members(tree).map { metric($0.key, $0.value) }).encoded
    }
  }

  private static func members(_ tree: JSONTree) -> [JSONTree.Member] {
    if case .object(let members) = tree { members } else { [] }
  }

  private static func scalar(_ tree: JSONTree) -> String {
    if case .scalar(let value) = tree, value != .null { JSONTree.plain(value) } else { "" }
  }

  private static func element(_ name: String, _ tree: JSONTree) -> String {
    switch tree {
    case .array(let elements): return elements.map { element(name, $0) }.joined()
    case .scalar: return "<\(name)>\(escaped(scalar(tree)))</\(name)>"
    case .object(let members):
      let attributes = members.filter { $0.key.hasPrefix("@") }
        .map { " \($0.key.dropFirst())=\"\(escaped(scalar($0.value)))\"" }
      let children = members.filter { !$0.key.hasPrefix("@") }
        .map { $0.key == "#text" ? escaped(scalar($0.value)) : element($0.key, $0.value) }
      return "<\(name)\(attributes.joined())>\(children.joined())</\(name)>"
    }
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing("\"", with: "&quot;")
  }

  private static func telegram(_ tree: JSONTree) -> [UInt8] {
    let members = members(tree)
    let name = members.first { $0.key == "identification" }.map { scalar($0.value) } ?? "SIM5"
    var text = "/\(name)\r\n\r\n"
    for member in members where member.key != "identification" {
      let values = if case .array(let elements) = member.value { elements } else { [member.value] }
      text += "\(member.key)\(values.map { "(\(group($0)))" }.joined())\r\n"
    }
    let body = Array((text + "!").utf8)
    let digits = String(MeterTelegram.checkSum(of: body), radix: 16, uppercase: true)
    return body + Array((String(repeating: "0", count: 4 - digits.count) + digits + "\r\n").utf8)
  }

  /// Numbers stand before their unit, which the reader does not look at.
  private static func group(_ tree: JSONTree) -> String {
    if case .scalar(.number) = tree { "\(scalar(tree))*U" } else { scalar(tree) }
  }

  private static func metric(_ name: String, _ tree: JSONTree) -> SparkplugMetric {
    guard case .scalar(let value) = tree else { return SparkplugMetric(name: name, dataType: .string, value: .null) }
    let type: SparkplugMetric.DataType =
      switch value {
      case .flag: .boolean
      case .text: .string
      case .number, .null: .double
      }
    return SparkplugMetric(name: name, dataType: type, value: value)
  }
}
