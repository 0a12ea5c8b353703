import EnergyModel
import Foundation
import LocalAPISchema

/// Reads the bodies of customers, sites and devices: all mistakes at once, each with its place.
struct RecordReader {
  /// The longest name of a customer, site or device.
  static let maxNameLength = 200
  /// The longest reference, phone number or part of an address.
  static let maxTextLength = 200
  /// The longest address of RFC 5321.
  static let maxEmailLength = 254

  private static let customerFields = [
    "name", "firstName", "lastName", "email", "phone", "referenceId", "address", "billingAddress", "utility",
  ]
  private static let siteFields = [
    "name", "referenceId", "customerId", "timezone", "address", "latitude", "longitude",
  ]
  private static let deviceFields = ["name", "referenceId", "customerId", "siteId"]

  private var problems = BodyProblems()

  // MARK: Customers

  /// - Parameter present: what the body changes; `nil` for a new one.
  static func customer(
    _ object: [String: JSONValue], over present: CustomerDraft? = nil, requiring required: [String] = []
  ) throws(APIError) -> CustomerDraft {
    var reader = RecordReader()
    let body = FieldSpellings.customer.canonical(object, &reader.problems)
    var base = members(of: present)
    // A name that was only put together follows its parts.
    if let present, present.name == CustomerDraft.fullName(present.firstName, present.lastName) { base["name"] = nil }
    let merged = JSONValue.object(base).merging(.object(body.members)).members
    let draft = reader.customer(merged, required)
    try reader.check(body.places)
    return draft
  }

  private mutating func customer(_ members: [String: JSONValue], _ required: [String]) -> CustomerDraft {
    let body = BodyObject(members, allowed: Self.customerFields, &problems)
    let firstName = text(body, "firstName")
    let lastName = text(body, "lastName")
    let name = text(body, "name", limit: Self.maxNameLength) ?? CustomerDraft.fullName(firstName, lastName)
    if name == nil, problems.errors.isEmpty { problems.missing("/name") }
    for field in required where !body.has(field) && field != "name" { problems.missing("/\(field)") }
    return CustomerDraft(
      name: name ?? "", firstName: firstName, lastName: lastName, referenceId: text(body, "referenceId"),
      email: email(body), phone: text(body, "phone"), address: address(body, "address"),
      billingAddress: address(body, "billingAddress"), utility: utility(body))
  }

  private mutating func email(_ body: BodyObject) -> String? {
    guard let email = text(body, "email", limit: Self.maxEmailLength) else { return nil }
    let parts = email.split(separator: "@", omittingEmptySubsequences: false)
    let isPlausible = parts.count == 2 && parts.allSatisfy { !$0.isEmpty } && !email.contains(where: \.isWhitespace)
    if !isPlausible { problems.add("/email", "'\(email)' is not an e-mail address", code: "INVALID_EMAIL") }
    return email
  }

  private mutating func address(_ body: BodyObject, _ name: String) -> PostalAddress? {
    guard let object = body.object(name, allowed: FieldSpellings.addressMembers, &problems) else { return nil }
    let address = PostalAddress(
      line1: text(object, "line1"), line2: text(object, "line2"), city: text(object, "city"),
      state: text(object, "state"), postalCode: text(object, "postalCode"), country: text(object, "country"))
    return address.isEmpty ? nil : address
  }

  private mutating func utility(_ body: BodyObject) -> UtilityArea? {
    let names = ["territory", "iso", "wholesaleMarket"]
    guard let object = body.object("utility", allowed: names, &problems) else { return nil }
    let utility = UtilityArea(
      territory: text(object, "territory"), iso: text(object, "iso"),
      wholesaleMarket: text(object, "wholesaleMarket"))
    return utility == UtilityArea() ? nil : utility
  }

  // MARK: Sites

  static func site(_ object: [String: JSONValue], over present: SiteDraft? = nil) throws(APIError) -> SiteDraft {
    var reader = RecordReader()
    let body = FieldSpellings.site.canonical(object, &reader.problems)
    let merged = JSONValue.object(members(of: present)).merging(.object(body.members)).members
    let draft = reader.site(merged)
    try reader.check(body.places)
    return draft
  }

  private mutating func site(_ members: [String: JSONValue]) -> SiteDraft {
    let body = BodyObject(members, allowed: Self.siteFields, &problems)
    let name = text(body, "name", limit: Self.maxNameLength)
    if name == nil, problems.errors.isEmpty { problems.missing("/name") }
    let timezone = text(body, "timezone") ?? "UTC"
    if TimeZone(identifier: timezone) == nil || timezone.hasPrefix("GMT") && timezone != "GMT" {
      problems.add(
        "/timezone", "there is no time zone '\(timezone)'", code: "INVALID_TIMEZONE",
        hint: "an IANA name such as Europe/Berlin")
    }
    let latitude = body.number("latitude", in: -90...90, &problems)
    let longitude = body.number("longitude", in: -180...180, &problems)
    if body.has("latitude") != body.has("longitude") {
      let missing = body.has("latitude") ? "/longitude" : "/latitude"
      problems.add(missing, "latitude and longitude come together", code: "MISSING_FIELD")
    }
    return SiteDraft(
      name: name ?? "", referenceId: text(body, "referenceId"), customerId: text(body, "customerId"),
      timezone: timezone, address: address(body, "address"), latitude: latitude, longitude: longitude)
  }

  // MARK: Devices

  static func device(_ object: [String: JSONValue]) throws(APIError) -> DeviceChanges {
    var reader = RecordReader()
    let body = FieldSpellings.device.canonical(object, &reader.problems)
    let changes = reader.changes(BodyObject(body.members, allowed: deviceFields, &reader.problems))
    try reader.check(body.places)
    return changes
  }

  private mutating func changes(_ body: BodyObject) -> DeviceChanges {
    var changes = DeviceChanges()
    for (name, member) in [
      ("name", \DeviceChanges.name), ("referenceId", \.referenceId), ("customerId", \.customerId), ("siteId", \.siteId),
    ] where body.members[name] != nil {
      let limit = name == "name" ? Self.maxNameLength : Self.maxTextLength
      changes[keyPath: member] = text(body, name, limit: limit).map { .value($0) } ?? .cleared
    }
    return changes
  }

  /// What a configuration file calls differently: `link` or `linkId`.
  private static let entryFields = ["id", "profile", "link", "part", "parameters", "role", "writeBudget", "interlocks"]

  /// A device to be made. What only a configuration's reader understands is passed on as it is.
  static func registration(_ object: [String: JSONValue]) throws(APIError) -> DeviceRegistration {
    var reader = RecordReader()
    var named = object
    if let link = named.removeValue(forKey: "linkId") ?? named.removeValue(forKey: "link_id") {
      if let other = object["link"], other != link {
        reader.problems.add(
          "/link", "it is the same field as linkId and says something else", code: "CONFLICTING_FIELDS")
      }
      named["link"] = link
    }
    let entry = named.filter { entryFields.contains($0.key) && $0.value != .null }
    for name in ["profile", "link"] where entry[name] == nil { reader.problems.missing("/\(name)") }
    let rest = named.filter { !entryFields.contains($0.key) && $0.key != "tags" }
    let body = FieldSpellings.device.canonical(rest, &reader.problems)
    let allowed = deviceFields + entryFields + ["linkId", "tags"]
    let changes = reader.changes(BodyObject(body.members, allowed: allowed, &reader.problems))
    var tags: [String] = []
    if let value = object["tags"], value != .null {
      tags = GatewayRoutes.tags(BodyObject(["tags": value], allowed: ["tags"], &reader.problems), &reader.problems)
    }
    try reader.check(body.places)
    return DeviceRegistration(entry: entry, changes: changes, tags: tags)
  }

  // MARK: Shared

  private mutating func text(_ body: BodyObject, _ name: String, limit: Int = maxTextLength) -> String? {
    guard let text = body.text(name, &problems) else { return nil }
    let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
    guard (1...limit).contains(trimmed.count) else {
      problems.add(body.place(name), "it must have 1 to \(limit) characters", code: "OUT_OF_RANGE")
      return nil
    }
    guard !trimmed.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
      problems.add(body.place(name), "it must not have control characters")
      return nil
    }
    return trimmed
  }

  private func check(_ places: [String: String]) throws(APIError) {
    do { try problems.check() } catch { throw error.placed(by: places) }
  }

  private static func members(of draft: (some Encodable)?) -> [String: JSONValue] {
    guard let draft, let data = try? JSONEncoder().encode(draft) else { return [:] }
    return ((try? JSONDecoder().decode(JSONValue.self, from: data)) ?? .null).members
  }
}
