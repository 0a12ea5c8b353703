import EnergyModel
import LocalAPISchema
import LocatedYAML

/// What a file wants: customers, sites and devices by the operator's own references.
struct ApplyFile {
  struct Entry: Equatable {
    /// By which it is found: `referenceId`, or the id of a device.
    var key: String
    /// Members as the API has them, without the ones that name others.
    var members: [String: JSONValue]
    /// Reference or id of the customer; absent = not said.
    var customer: String?
    /// Reference or id of the site; absent = not said.
    var site: String?
  }

  private(set) var customers: [Entry] = []
  private(set) var sites: [Entry] = []
  private(set) var devices: [Entry] = []

  private static let address = ["line1", "line2", "city", "state", "postalCode", "country"]
  private static let customerKeys = [
    "referenceId", "name", "firstName", "lastName", "email", "phone", "address", "billingAddress", "utility",
  ]
  private static let siteKeys = ["referenceId", "name", "customer", "timezone", "address", "latitude", "longitude"]
  private static let deviceKeys = ["id", "referenceId", "name", "customer", "site"]

  /// All mistakes of the file come at once, with their places.
  static func read(text: String, file: String) -> (contents: ApplyFile?, diagnostics: [Diagnostic]) {
    let document = YAMLDocument(text: text, file: file, codePrefix: "A")
    guard let root = document.root, root.expectMapping(keys: ["customers", "sites", "devices"]) else {
      return (nil, document.diagnostics)
    }
    var contents = ApplyFile()
    contents.customers = entries(root["customers"], keys: customerKeys, named: "referenceId")
    contents.sites = entries(root["sites"], keys: siteKeys, named: "referenceId")
    contents.devices = entries(root["devices"], keys: deviceKeys, named: "id")
    return (document.hasErrors ? nil : contents, document.diagnostics)
  }

  private static func entries(_ list: YAMLNode?, keys: [String], named key: String) -> [Entry] {
    guard let list, !list.isNull else { return [] }
    guard list.isSequence else {
      list.report(1, "\(list.subject) must be a list", hint: "start each entry with '- \(key): …'")
      return []
    }
    var seen: [String: Int] = [:]
    return list.elements.compactMap { node in
      guard node.expectMapping(keys: keys), let name = node.require(key), let text = name.scalarText else { return nil }
      if let line = seen[text] {
        name.report(2, "'\(text)' is there twice", hint: "the first one is in line \(line)")
        return nil
      }
      seen[text] = name.line
      var entry = Entry(
        key: text, members: [:], customer: node["customer"]?.scalarText, site: node["site"]?.scalarText)
      for (name, value) in node.entries {
        guard let name = name.scalarText, !["customer", "site", "id"].contains(name) else { continue }
        entry.members[name] = json(value, isNumber: ["latitude", "longitude"].contains(name))
      }
      return entry
    }
  }

  /// Telephone numbers and postal codes look like numbers and are texts.
  private static func json(_ node: YAMLNode, isNumber: Bool) -> JSONValue {
    if node.isMapping {
      let members = node.entries.compactMap { key, value in
        key.scalarText.map { ($0, json(value, isNumber: false)) }
      }
      return .object(Dictionary(members) { first, _ in first })
    }
    if node.isSequence { return .array(node.elements.map { json($0, isNumber: false) }) }
    if node.isNull { return .null }
    if isNumber, let number = node.number { return .number(number) }
    return .text(node.scalarText ?? "")
  }
}
