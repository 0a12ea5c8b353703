import LocalAPISchema

/// Reads a body in the spellings of other systems as if it were in ours.
///
/// The leaves of the body are moved to their places; `places` remembers where each one stood, so that a mistake is
/// shown where the client wrote it.
struct FieldSpellings {
  /// Beginnings of paths, and what they are here; the first that fits counts.
  let paths: [(from: String, to: String)]

  static let customer = FieldSpellings(paths: [
    ("/external_id", "/referenceId"), ("/externalId", "/referenceId"), ("/reference_id", "/referenceId"),
    ("/first_name", "/firstName"), ("/last_name", "/lastName"), ("/billing_address_", "/billingAddress/"),
    ("/billing_address", "/billingAddress"), ("/location/address", "/address"),
    ("/utility/wholesale_market", "/utility/wholesaleMarket"),
  ])

  static let site = FieldSpellings(paths: [
    ("/external_id", "/referenceId"), ("/externalId", "/referenceId"), ("/reference_id", "/referenceId"),
    ("/customer_id", "/customerId"), ("/location/address", "/address"),
    ("/location/coordinates/", "/"), ("/coordinates/", "/"), ("/timeZone", "/timezone"),
  ])

  static let device = FieldSpellings(paths: [
    ("/external_id", "/referenceId"), ("/externalId", "/referenceId"), ("/reference_id", "/referenceId"),
    ("/customer_id", "/customerId"), ("/site_id", "/siteId"),
  ])

  /// Members of addresses; every system has its own words for the street.
  private static let addressWords = [
    "streetOne": "line1", "streetAddress1": "line1", "address1": "line1", "streetTwo": "line2",
    "streetAddress2": "line2", "address2": "line2", "postal_code": "postalCode", "zip": "postalCode",
  ]

  static let addressMembers = ["line1", "line2", "city", "state", "postalCode", "country"]

  /// A body in our spelling.
  struct Canonical {
    var members: [String: JSONValue] = [:]
    /// Our JSON pointer → the client's.
    var places: [String: String] = [:]
  }

  func canonical(_ object: [String: JSONValue], _ problems: inout BodyProblems) -> Canonical {
    var result = Canonical()
    for (path, value) in Self.leaves(of: object, at: "").sorted(by: { $0.path < $1.path }) {
      let own = canonical(path)
      if let earlier = result.places[own], earlier != path, Self.value(at: own, in: result.members) != value {
        problems.add(path, "it is the same field as \(earlier) and says something else", code: "CONFLICTING_FIELDS")
        continue
      }
      result.places[own] = path
      if Self.isAddress(own), case .text = value {
        // A line replaces the whole address, not only its street.
        let members = Self.addressMembers.map { ($0, $0 == "line1" ? value : JSONValue.null) }
        result.members[String(own.dropFirst())] = .object(Dictionary(members) { first, _ in first })
        result.places[own + "/line1"] = path
      } else {
        Self.set(value, at: own.split(separator: "/").map(String.init), in: &result.members)
      }
    }
    return result
  }

  private func canonical(_ path: String) -> String {
    var own = path
    if let rule = paths.first(where: { own == $0.from || own.hasPrefix(Self.beginning($0.from)) }) {
      own = rule.to + own.dropFirst(rule.from.count)
    }
    guard let slash = own.lastIndex(of: "/"), Self.isAddress(String(own[..<slash])) else { return own }
    let word = String(own[own.index(after: slash)...])
    return own[...slash] + (Self.addressWords[word] ?? word)
  }

  private static func beginning(_ text: String) -> String {
    text.hasSuffix("/") || text.hasSuffix("_") ? text : text + "/"
  }

  private static func isAddress(_ path: String) -> Bool { path == "/address" || path == "/billingAddress" }

  private static func leaves(of object: [String: JSONValue], at pointer: String) -> [(path: String, value: JSONValue)] {
    object.flatMap { name, value in
      let path = "\(pointer)/\(RequestBodyReader.pointerToken(name))"
      if case .object(let members) = value, !members.isEmpty { return leaves(of: members, at: path) }
      return [(path, value)]
    }
  }

  private static func set(_ value: JSONValue, at path: [String], in members: inout [String: JSONValue]) {
    guard let first = path.first else { return }
    let name = first.replacing("~1", with: "/").replacing("~0", with: "~")
    guard path.count > 1 else {
      members[name] = value
      return
    }
    var inner = (members[name] ?? .null).members
    set(value, at: Array(path.dropFirst()), in: &inner)
    members[name] = .object(inner)
  }

  private static func value(at path: String, in members: [String: JSONValue]) -> JSONValue? {
    var value: JSONValue? = .object(members)
    for name in path.split(separator: "/") {
      guard case .object(let inner)? = value else { return nil }
      value = inner[String(name)]
    }
    return value
  }
}

extension APIError {
  /// The same with the places as the client wrote them.
  func placed(by places: [String: String]) -> APIError {
    var error = self
    error.errors = errors.map { problem in
      var problem = problem
      problem.pointer = places[problem.pointer] ?? problem.pointer
      return problem
    }
    if let first = errors.first, let place = places[first.pointer], message.hasPrefix(first.pointer) {
      error.message = place + message.dropFirst(first.pointer.count)
    }
    return error
  }
}
