import Foundation
import LocalAPISchema

/// What has to be done so that the gateway is as a file wants it. Nothing is done for what is so already, and nothing
/// is removed that the file does not name.
struct ApplyPlan {
  enum Kind: String, Sendable { case customer, site, device }

  /// One record that is made or changed.
  struct Step: Equatable {
    var kind: Kind
    /// Reference, or id of a device.
    var key: String
    /// `nil` for a new one.
    var id: String?
    /// Only what differs; `null` clears.
    var changes: [String: JSONValue]
    /// What is there now, for the members that change.
    var present: [String: JSONValue]
    /// Reference of a customer that is made before.
    var customerToCome: String?
    /// Reference of a site that is made before.
    var siteToCome: String?
  }

  /// What the gateway has now.
  struct Present {
    var customers: [CustomerResource] = []
    var sites: [SiteResource] = []
    var devices: [DeviceResource] = []
  }

  private(set) var steps: [Step] = []
  private(set) var unchanged = 0

  init(_ file: ApplyFile, over present: Present) throws(CommandFailure) {
    let customerIDs = Self.ids(present.customers.map { ($0.referenceId, $0.id) })
    let siteIDs = Self.ids(present.sites.map { ($0.referenceId, $0.id) })
    for entry in file.customers {
      let found = present.customers.first { $0.id == customerIDs[entry.key] }
      add(.customer, entry, id: found?.id, now: Self.members(found?.draft))
    }
    let newCustomers = Set(file.customers.map(\.key))
    let newSites = Set(file.sites.map(\.key))
    for entry in file.sites {
      let found = present.sites.first { $0.id == siteIDs[entry.key] }
      let customer = try Self.link(entry.customer, "customer", customerIDs, newCustomers, of: "site \(entry.key)")
      add(.site, entry, id: found?.id, now: Self.members(found?.draft), customer: customer)
    }
    for entry in file.devices {
      guard let found = present.devices.first(where: { $0.id == entry.key }) else {
        throw CommandFailure(
          message: "there is no device '\(entry.key)'", hint: "devices come from the configuration file of the gateway")
      }
      let customer = try Self.link(entry.customer, "customer", customerIDs, newCustomers, of: "device \(entry.key)")
      let site = try Self.link(entry.site, "site", siteIDs, newSites, of: "device \(entry.key)")
      add(.device, entry, id: found.id, now: Self.members(found.draft), customer: customer, site: site)
    }
  }

  private mutating func add(
    _ kind: Kind, _ entry: ApplyFile.Entry, id: String?, now: [String: JSONValue], customer: Link? = nil,
    site: Link? = nil
  ) {
    var wanted = entry.members
    if case .known(let id)? = customer { wanted["customerId"] = .text(id) }
    if case .known(let id)? = site { wanted["siteId"] = .text(id) }
    var step = Step(kind: kind, key: entry.key, id: id, changes: [:], present: [:])
    for (name, value) in wanted where !Self.isSame(value, now[name]) {
      step.changes[name] = value
      step.present[name] = now[name]
    }
    if case .toCome(let reference)? = customer { step.customerToCome = reference }
    if case .toCome(let reference)? = site { step.siteToCome = reference }
    if id != nil, step.changes.isEmpty, step.customerToCome == nil, step.siteToCome == nil {
      unchanged += 1
    } else {
      steps.append(step)
    }
  }

  // MARK: References to others

  private enum Link {
    case known(String)
    case toCome(String)
  }

  private static func link(
    _ text: String?, _ what: String, _ ids: [String: String], _ new: Set<String>, of record: String
  ) throws(CommandFailure) -> Link? {
    guard let text else { return nil }
    if let id = ids[text] { return .known(id) }
    if new.contains(text) { return .toCome(text) }
    throw CommandFailure(
      message: "\(record): there is no \(what) with the reference or id '\(text)'", hint: "name it in the file as well")
  }

  /// By reference, and by the id itself.
  private static func ids(_ records: [(reference: String?, id: String)]) -> [String: String] {
    var ids = Dictionary(records.map { ($0.id, $0.id) }) { first, _ in first }
    for (reference, id) in records { if let reference { ids[reference] = id } }
    return ids
  }

  // MARK: Comparing

  private static func members(_ draft: (some Encodable)?) -> [String: JSONValue] {
    guard let draft, let data = try? JSONEncoder().encode(draft),
      case .object(let members)? = try? JSONDecoder().decode(JSONValue.self, from: data)
    else { return [:] }
    return members
  }

  /// Whether a change would change nothing: an address in one line is that of `line1` alone, objects are merged.
  private static func isSame(_ wanted: JSONValue, _ now: JSONValue?) -> Bool {
    switch (wanted, now) {
    case (.null, nil): return true
    case (.object(let members), .object(let own)?): return members.allSatisfy { isSame($0.value, own[$0.key]) }
    case (.text(let line), .object(let own)?): return own == ["line1": .text(line)]
    default: return wanted == now
    }
  }

  // MARK: Words

  /// The difference, one record after the other: `+` is made, `~` is changed.
  var lines: [String] {
    steps.flatMap { step in
      ["\(step.id == nil ? "+" : "~") \(step.kind.rawValue) \(step.key)"]
        + step.changes.sorted { $0.key < $1.key }.map { name, value in
          let before = step.present[name].map { Session.text($0, pretty: false) + " → " } ?? ""
          return "    \(name): \(before)\(Session.text(value, pretty: false))"
        }
        + [step.customerToCome.map { "    customer: \($0)" }, step.siteToCome.map { "    site: \($0)" }]
        .compactMap(\.self)
    }
  }
}
