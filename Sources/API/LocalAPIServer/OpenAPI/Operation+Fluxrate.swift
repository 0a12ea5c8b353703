extension Operation {
  static let listFluxrateCustomers = Operation(
    "listFluxrateCustomers", "Customers in the Fluxrate spelling", tag: "fluxrate",
    parameters: [.query("external_id", .text), .query("email", .text), .query("q", .text)] + .fluxratePaging,
    answers: [.ok(.ref("FluxrateCustomerPage"))])

  static let createFluxrateCustomer = Operation(
    "createFluxrateCustomer", "Make a customer", tag: "fluxrate", body: .ref("FluxrateCustomerDraft"),
    answers: [.madeRecord(.ref("FluxrateCustomer"))])

  static let getFluxrateCustomer = Operation(
    "getFluxrateCustomer", "One customer", tag: "fluxrate", answers: [.record(.ref("FluxrateCustomer"))])

  static let listFluxrateSubscriptions = Operation(
    "listFluxrateSubscriptions", "Always an empty list", tag: "fluxrate", parameters: .fluxratePaging,
    answers: [.ok(.ref("FluxrateEmptyPage"))])

  static let listFluxrateInvoices = Operation(
    "listFluxrateInvoices", "Always an empty list", tag: "fluxrate", parameters: .fluxratePaging,
    answers: [.ok(.ref("FluxrateEmptyPage"))])
}

extension [Operation.Parameter] {
  /// Of lists in the Fluxrate spelling.
  static let fluxratePaging: Self = [
    .query("page", .json(#"{"type": "integer", "minimum": 1, "maximum": 1000000, "default": 1}"#)),
    .query("page_size", .json(#"{"type": "integer", "minimum": 1, "maximum": 500, "default": 20}"#)),
  ]
}
