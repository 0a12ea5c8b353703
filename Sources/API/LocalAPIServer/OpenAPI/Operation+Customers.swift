extension Operation {
  static let listCustomers = Operation(
    "listCustomers", "Customers", tag: "customers", parameters: [.query("referenceId", .text)] + .paging,
    answers: [.page("Customer")])

  static let createCustomer = Operation(
    "createCustomer", "Make a customer", tag: "customers", body: .ref("CustomerDraft"),
    answers: [.made(.ref("Customer"))])

  static let getCustomer = Operation(
    "getCustomer", "One customer", tag: "customers", answers: [.ok(.ref("Customer"))])

  static let updateCustomer = Operation(
    "updateCustomer", "Change a customer; null clears a member", tag: "customers", body: .ref("CustomerPatch"),
    answers: [.ok(.ref("Customer"))])

  static let deleteCustomer = Operation(
    "deleteCustomer", "Delete a customer", tag: "customers", answers: [.deleted])

  static let listCustomerDevices = Operation(
    "listCustomerDevices", "Devices of a customer", tag: "customers",
    parameters: [
      .query("type", .ref("DeviceType")), .query("siteId", .text), .query("tag", .text),
      .query("status", .ref("ConnectivityState")),
    ] + .paging, answers: [.page("Device")])

  static let listCustomerSites = Operation(
    "listCustomerSites", "Sites of a customer", tag: "customers", parameters: .paging, answers: [.page("Site")])
}
