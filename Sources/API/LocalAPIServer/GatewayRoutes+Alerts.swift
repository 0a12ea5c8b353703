import Hummingbird
import LocalAPISchema

extension GatewayRoutes {
  var alertRoutes: [Route] {
    [
      route(.get, "/v1/alerts", .scope(.devicesRead), .listAlerts) { request in
        let query = request.query
        let (page, slice) = try query.slice()
        let list = try await service.alerts(
          AlertQuery(
            deviceId: query.text("deviceId"), customerId: request.caller.customerId,
            includesResolved: try query.flag("resolved") ?? false, slice: slice))
        return try JSONText.response(Page(list, page: page, perPage: slice.limit))
      },
      route(.get, "/v1/alerts/{id}", .scope(.devicesRead), .getAlert) { request in
        try JSONText.response(try await alert(request.parameter("id"), for: request.caller))
      },
      route(.post, "/v1/alerts/{id}/acknowledge", .scope(.commandsWrite), .acknowledgeAlert) { request in
        let alert = try await alert(request.parameter("id"), for: request.caller)
        return try JSONText.response(try await service.acknowledgeAlert(alert.id, actor: request.caller.actor))
      },
    ]
  }

  /// An alert of the caller's devices; somebody else's does not exist.
  private func alert(_ id: String, for caller: Caller) async throws -> AlertResource {
    let alert = try await service.alert(id)
    guard caller.customerId != nil else { return alert }
    guard let deviceId = alert.deviceId, let device = try? await service.device(deviceId),
      caller.sees(customer: device.customerId)
    else { throw APIError.notFound("alert", id) }
    return alert
  }
}
