extension Operation {
  static let listCustomers = Operation(
    "listCustomers", "Customers", tag: "customers",
    parameters: [
      .query("referenceId", .text), .query("externalId", .text), .query("external_id", .text),
      .query("email", .text),
      .query("q", .text, "Text in id, name, reference, e-mail, phone or address, in any case of letters."),
    ] + .cursorPaging, answers: [.page("Customer")])

  static let createCustomer = Operation(
    "createCustomer", "Make a customer", tag: "customers", body: .ref("CustomerDraft"),
    answers: [.madeRecord(.ref("Customer"))])

  static let getCustomer = Operation(
    "getCustomer", "One customer", tag: "customers",
    parameters: [.query("include", .text, "sites, devices, or both with a comma; devices need devices:read.")],
    answers: [.record(.ref("Customer"))])

  static let updateCustomer = Operation(
    "updateCustomer", "Change a customer; null clears a member, objects are merged", tag: "customers",
    parameters: .ifMatch, body: .ref("CustomerPatch"), answers: [.record(.ref("Customer"))])

  static let deleteCustomer = Operation(
    "deleteCustomer", "Delete a customer; its sites and devices belong to nobody then", tag: "customers",
    parameters: .ifMatch + [
      .query(
        "mode", .words(["anonymize", "purge"]),
        "anonymize (default): what is personal goes, energy stays under the id. purge: energy goes, too.")
    ], answers: [.ok(.ref("DeletedCustomer"))])

  static let listCustomerDevices = Operation(
    "listCustomerDevices", "Devices of a customer", tag: "customers",
    parameters: [.query("siteId", .text), .query("tag", .text)] + .deviceFilters, answers: [.devices])

  static let listCustomerSites = Operation(
    "listCustomerSites", "Sites of a customer", tag: "customers", parameters: .siteFilters, answers: [.page("Site")])

  static let getCustomerActivity = Operation(
    "getCustomerActivity", "What happened to a customer's things, newest first", tag: "customers",
    parameters: [
      .query("perPage", .json(#"{"type": "integer", "minimum": 1, "maximum": 500, "default": 50}"#)),
      .query("cursor", .text, "The nextCursor of the page before: older events."),
    ], answers: [.ok(.ref("Activity"))])
}
