import ArgumentParser
import LocalAPIClient
import LocalAPISchema

/// The members of a record that a command line gives: what is set, and what is cleared.
struct RecordFields {
  private(set) var members: [String: JSONValue] = [:]

  /// - Parameters:
  ///   - values: members with their options; what was not given stays as it is.
  ///   - cleared: members that shall have no value any more.
  init(_ values: [(String, String?)], clearing cleared: [String] = [], among clearable: [String] = []) throws {
    for (name, value) in values { members[name] = value.map { .text($0) } }
    for name in cleared {
      guard clearable.contains(name) else {
        throw CommandFailure(
          message: "'\(name)' cannot be cleared", hint: "possible are \(clearable.joined(separator: ", "))",
          status: .usage)
      }
      members[name] = .null
    }
  }

  mutating func set(_ name: String, _ value: JSONValue?) {
    if let value { members[name] = value }
  }

  func needSomething() throws {
    guard members.isEmpty else { return }
    throw CommandFailure(message: "there is nothing to change", hint: "give a field, or --clear FIELD", status: .usage)
  }
}

/// The members of customers.
struct CustomerOptions: ParsableArguments {
  @Option(help: "What people call it; first and last name without it.")
  var name: String?
  @Option(help: "Of a person.")
  var firstName: String?
  @Option(help: "Of a person.")
  var lastName: String?
  @Option(help: "Your own id for it.")
  var reference: String?
  @Option(help: "Contact.")
  var email: String?
  @Option(help: "Contact.")
  var phone: String?
  @Option(help: "Postal address in one line.")
  var address: String?
  @Option(help: "Address of invoices in one line.")
  var billingAddress: String?
  @Option(help: "Service territory of the utility.")
  var territory: String?
  @Option(help: "Operator of the transmission grid, such as CAISO.")
  var iso: String?
  @Option(help: "Wholesale market.")
  var market: String?

  static let clearable = [
    "name", "firstName", "lastName", "referenceId", "email", "phone", "address", "billingAddress", "utility",
  ]

  func fields(clearing cleared: [String] = []) throws -> RecordFields {
    var fields = try RecordFields(
      [
        ("name", name), ("firstName", firstName), ("lastName", lastName), ("referenceId", reference), ("email", email),
        ("phone", phone), ("address", address), ("billingAddress", billingAddress),
      ], clearing: cleared, among: Self.clearable)
    let utility = try RecordFields([("territory", territory), ("iso", iso), ("wholesaleMarket", market)]).members
    if !utility.isEmpty { fields.set("utility", .object(utility)) }
    return fields
  }
}

/// The members of sites.
struct SiteOptions: ParsableArguments {
  @Option(help: "What people call it.")
  var name: String?
  @Option(help: "Your own id for it.")
  var reference: String?
  @Option(help: "Id or name of its customer.")
  var customer: String?
  @Option(name: .customLong("timezone"), help: "IANA time zone, such as Europe/Berlin.")
  var zone: String?
  @Option(help: "Postal address in one line.")
  var address: String?
  @Option(help: "Degrees, north positive.")
  var latitude: Double?
  @Option(help: "Degrees, east positive.")
  var longitude: Double?

  static let clearable = ["referenceId", "customerId", "address", "latitude", "longitude"]

  func fields(in session: Session, clearing cleared: [String] = []) async throws -> RecordFields {
    let customerID = try await session.customerID(customer)
    var fields = try RecordFields(
      [
        ("name", name), ("referenceId", reference), ("customerId", customerID), ("timezone", zone),
        ("address", address),
      ], clearing: cleared, among: Self.clearable)
    fields.set("latitude", latitude.map { .number($0) })
    fields.set("longitude", longitude.map { .number($0) })
    return fields
  }
}
