import EnergyModel
import HTTPTypes
import Hummingbird
import LocalAPISchema

extension GatewayRoutes {
  var connectionRoutes: [Route] {
    [
      route(.get, "/v1/connections", .scope(.customersRead), .listConnections) { request in
        let query = request.query
        let asked = query.text("customerId")
        let isHidden = asked != nil && !request.caller.sees(customer: asked)
        return try await listConnections(
          request, customerId: asked ?? request.caller.customerId, isHidden: isHidden)
      },
      route(.post, "/v1/connections", .unrestricted(.devicesWrite), .createConnection) { request in
        try await createConnection(request)
      },
      route(.get, "/v1/connections/{id}", .scope(.customersRead), .getConnection) { request in
        try JSONText.response(try await connection(request))
      },
      route(.delete, "/v1/connections/{id}", .unrestricted(.devicesWrite), .deleteConnection) { request in
        try await service.deleteConnection(try await connection(request).id)
        return Response(status: .noContent)
      },
      route(.get, "/v1/customers/{id}/connections", .scope(.customersRead), .listCustomerConnections) { request in
        try await listConnections(request, customerId: try await customer(request).id, isHidden: false)
      },
    ] + connectionPageRoutes
  }

  private func listConnections(
    _ request: APIRequest, customerId: String?, isHidden: Bool
  ) async throws -> Response {
    let (page, slice) = try request.query.cursorSlice()
    let query = ConnectionQuery(
      customerId: customerId, referenceId: request.query.text("referenceId"),
      status: try request.query.word("status", ConnectionResource.Status.self), slice: slice)
    let list = isHidden ? ListSlice(totalItems: 0) : try await service.connections(query)
    return try JSONText.response(Page(list, page: page, perPage: slice.limit))
  }

  /// A session of the caller's; somebody else's does not exist.
  private func connection(_ request: APIRequest) async throws -> ConnectionResource {
    let connection = try await service.connection(request.parameter("id"))
    guard request.caller.sees(customer: connection.customerId) else {
      throw APIError.notFound("connection", request.parameter("id"))
    }
    return connection
  }

  private func createConnection(_ request: APIRequest) async throws -> Response {
    let draft = try Self.connectionDraft(try await RequestBodyReader.object(request.request))
    try await checkCustomer(draft.customerId)
    let made = try await service.createConnection(draft, actor: request.caller.actor)
    var connection = made.connection
    let host = request.context.isLocalSocket ? listeners.addresses.tcp : request.request.head.authority
    let scheme = listeners.isSecured ? "https" : "http"
    connection.url = host.map { "\(scheme)://\($0)/connect/\(made.token)" } ?? "/connect/\(made.token)"
    return try JSONText.response(
      connection, status: .created, headers: [.location: "/v1/connections/\(connection.id)"])
  }

  private static func connectionDraft(_ object: [String: JSONValue]) throws(APIError) -> ConnectionDraft {
    var problems = BodyProblems()
    let body = BodyObject(
      object,
      allowed: [
        "referenceId", "redirectUrl", "clientName", "tags", "customerId", "customerInfo", "manufacturerFilters",
      ], &problems)
    let redirect = body.text("redirectUrl", isRequired: true, &problems) ?? ""
    if body.has("redirectUrl"), RedirectTarget(redirect) == nil {
      problems.add(
        "/redirectUrl",
        "it must be an http or https address without user and password, of at most \(RedirectTarget.maxLength) characters",
        hint: "https://app.example.com/devices")
    }
    let tags = body.has("tags") ? Self.tags(body, &problems) : []
    let draft = ConnectionDraft(
      referenceId: shortText("referenceId", body, &problems), redirectUrl: redirect,
      clientName: shortText("clientName", body, &problems), tags: tags,
      customerId: shortText("customerId", body, &problems), customerInfo: customerInfo(body, &problems),
      manufacturerFilters: filters(body, &problems))
    try problems.check()
    return draft
  }

  private static func shortText(_ name: String, _ body: BodyObject, _ problems: inout BodyProblems) -> String? {
    guard let text = body.text(name, &problems) else { return nil }
    let isPlain = !text.unicodeScalars.contains { $0.properties.generalCategory == .control }
    guard (1...RecordReader.maxTextLength).contains(text.count), isPlain else {
      problems.add(
        body.place(name), "it must have 1 to \(RecordReader.maxTextLength) characters and no control characters",
        code: "OUT_OF_RANGE")
      return nil
    }
    return text
  }

  /// As in a customer, with the address as `location`.
  private static func customerInfo(
    _ body: BodyObject, _ problems: inout BodyProblems
  ) -> CustomerDraft? {
    guard case .object(var members)? = body.members["customerInfo"] else {
      if body.has("customerInfo") { problems.add("/customerInfo", "it must be an object", code: "INVALID_TYPE") }
      return nil
    }
    if let location = members.removeValue(forKey: "location") {
      members["address"] = location.members["address"] ?? location
    }
    do {
      return try RecordReader.customer(members)
    } catch {
      for problem in error.errors {
        problems.add("/customerInfo\(problem.pointer)", problem.detail, code: problem.code, hint: error.hint)
      }
      return nil
    }
  }

  private static func filters(_ body: BodyObject, _ problems: inout BodyProblems) -> ManufacturerFilters? {
    let names = ["manufacturers", "deviceTypes"]
    guard let object = body.object("manufacturerFilters", allowed: names, &problems) else { return nil }
    func words(_ name: String) -> [String] {
      (object.list(name, &problems) ?? []).enumerated().compactMap { index, value in
        if case .text(let text) = value { return text }
        problems.add("\(object.place(name))/\(index)", "it must be a text", code: "INVALID_TYPE")
        return nil
      }
    }
    let makers = words("manufacturers")
    let types = words("deviceTypes").enumerated().compactMap { index, word -> DeviceKind? in
      if let kind = DeviceKind(rawValue: word.lowercased()) { return kind }
      problems.add(
        "/manufacturerFilters/deviceTypes/\(index)", "it cannot be '\(word)'",
        hint: "one of \(DeviceKind.allCases.map(\.rawValue).joined(separator: ", "))")
      return nil
    }
    return ManufacturerFilters(manufacturers: makers, deviceTypes: types)
  }
}
