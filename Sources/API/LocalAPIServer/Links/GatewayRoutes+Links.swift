import EnergyModel
import Hummingbird
import LocalAPISchema

extension GatewayRoutes {
  var linkRoutes: [Route] {
    [
      route(.get, "/v1/links", .unrestricted(.devicesRead), .listLinks) { request in
        let (page, slice) = try request.query.cursorSlice()
        return try JSONText.response(Page(try await service.links(slice), page: page, perPage: slice.limit))
      },
      route(.post, "/v1/links", .unrestricted(.devicesWrite), .createLink) { request in
        let link = try await service.createLink(
          try await RequestBodyReader.object(request.request), actor: request.caller.actor)
        return try tagged(link, link.draft, status: .created, location: "/v1/links/\(link.id)")
      },
      route(.post, "/v1/links/test", .unrestricted(.devicesWrite), .testNewLink) { request in
        try await test(request, link: nil)
      },
      route(.get, "/v1/links/{id}", .unrestricted(.devicesRead), .getLink) { request in
        let link = try await service.link(request.parameter("id"))
        return try tagged(link, link.draft)
      },
      route(.patch, "/v1/links/{id}", .unrestricted(.devicesWrite), .updateLink) { request in
        let draft = try await service.link(request.parameter("id")).draft
        let isTagged = try EntityTag(draft).check(request.request)
        let link = try await service.updateLink(
          request.parameter("id"), try await RequestBodyReader.object(request.request),
          expected: isTagged ? draft : nil, actor: request.caller.actor)
        return try tagged(link, link.draft)
      },
      route(.delete, "/v1/links/{id}", .unrestricted(.devicesWrite), .deleteLink) { request in
        let id = request.parameter("id")
        if request.request.headers[.ifMatch] != nil {
          try EntityTag(try await service.link(id).draft).check(request.request)
        }
        try await service.deleteLink(id, actor: request.caller.actor)
        return Response(status: .noContent)
      },
      route(.post, "/v1/links/{id}/test", .unrestricted(.devicesWrite), .testLink) { request in
        try await test(request, link: request.parameter("id"))
      },
      route(.post, "/v1/devices", .unrestricted(.devicesWrite), .createDevice) { try await createDevice($0) },
      route(.delete, "/v1/devices/{id}", .unrestricted(.devicesWrite), .deleteDevice) { request in
        let id = request.parameter("id")
        if request.request.headers[.ifMatch] != nil {
          try EntityTag(try await device(request).draft).check(request.request)
        }
        try await service.deleteDevice(id, actor: request.caller.actor)
        return Response(status: .noContent)
      },
    ]
  }

  private func test(_ request: APIRequest, link id: String?) async throws -> Response {
    let object = try await RequestBodyReader.object(request.request)
    var problems = BodyProblems()
    let body = BodyObject(object, allowed: ["profile", "parameters"] + (id == nil ? ["link"] : []), &problems)
    let profile = body.text("profile", isRequired: true, &problems)
    let parameters = body.scalars("parameters", &problems)
    var link = id.map { LinkTestCall.Link.id($0) }
    if id == nil {
      switch object["link"] {
      case .text(let text)?: link = .id(text)
      case .object(let members)?: link = .entry(members)
      case nil, .null?: problems.missing("/link")
      default: problems.add("/link", "it must be the id of a link or an object", code: "INVALID_TYPE")
      }
    }
    try problems.check()
    guard let profile, let link else { throw APIError.invalid("", "the body cannot be read") }
    let members = parameters.mapValues(JSONValue.init)
    return try JSONText.response(
      try await service.testLink(LinkTestCall(link: link, profile: profile, parameters: members)))
  }

  private func createDevice(_ request: APIRequest) async throws -> Response {
    let object = try await RequestBodyReader.object(request.request)
    let registration = try RecordReader.registration(object)
    try await checkCustomer(registration.changes.customerId?.text)
    try await checkSite(registration.changes.siteId?.text)
    let device = try await service.createDevice(registration, actor: request.caller.actor)
    return try tagged(device, device.draft, status: .created, location: "/v1/devices/\(device.id)")
  }
}

extension JSONValue {
  init(_ scalar: ScalarValue) {
    self =
      switch scalar {
      case .number(let number): .number(number)
      case .text(let text): .text(text)
      case .flag(let flag): .flag(flag)
      case .null: .null
      }
  }
}
