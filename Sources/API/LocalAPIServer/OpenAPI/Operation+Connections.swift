extension Operation {
  private static let filters: [Parameter] =
    [
      .query("referenceId", .text),
      .query("status", .words(["open", "completed", "expired", "cancelled"])),
    ] + .cursorPaging

  static let listConnections = Operation(
    "listConnections", "Pairing sessions", tag: "connections", parameters: [.query("customerId", .text)] + filters,
    answers: [.page("Connection")])

  static let createConnection = Operation(
    "createConnection", "Make a page on which somebody connects a device; its address is in this answer only",
    tag: "connections", body: .ref("ConnectionDraft"),
    answers: [.init(201, "Made", .ref("Connection"), headers: ["Location"])])

  static let getConnection = Operation(
    "getConnection", "One pairing session", tag: "connections", answers: [.ok(.ref("Connection"))])

  static let deleteConnection = Operation(
    "deleteConnection", "End a pairing session and forget it; devices stay", tag: "connections", answers: [.deleted])

  static let listCustomerConnections = Operation(
    "listCustomerConnections", "Pairing sessions of a customer", tag: "connections", parameters: filters,
    answers: [.page("Connection")])

  // MARK: The page

  static let showConnectionPage = Operation(
    "showConnectionPage", "The page of a pairing session", tag: "connection page",
    parameters: [.query("q", .text, "Only products with these words.")], answers: [html(200), html(410)] + errors)

  static let chooseConnectionProduct = step(
    "chooseConnectionProduct", "Go on with the product of the form's field profile, or back to all of them")
  static let tryConnection = step("tryConnection", "Fill in the form and read the device")
  static let confirmConnection = step("confirmConnection", "Make the device that was read")
  static let cancelConnection = step("cancelConnection", "End without a device")

  private static func step(_ id: String, _ summary: String) -> Operation {
    Operation(
      id, summary, tag: "connection page",
      answers: [.init(303, "The next page", nil, headers: ["Location"])] + errors)
  }

  private static let errors = [403, 404, 409, 413, 422, 429, 503].map(html)

  private static func html(_ status: Int) -> Answer { Answer(status, "A page", .text, type: "text/html") }
}
