import EnergyModel
import Hummingbird
import LocalAPISchema

extension GatewayRoutes {
  var auditRoutes: [Route] {
    [
      route(.get, "/v1/audit", .unrestricted(.admin), .listAudit) { request in
        let query = request.query
        let (page, slice) = try query.slice()
        let list = try await service.audit(
          AuditQuery(
            actor: query.text("actor"), action: query.text("action"), subject: query.text("subject"),
            commandId: query.text("commandId"), from: try query.time("from"), to: try query.time("to"), slice: slice))
        return try JSONText.response(Page(list, page: page, perPage: slice.limit))
      },
      route(.get, "/v1/audit/verification", .unrestricted(.admin), .verifyAudit) { _ in
        try JSONText.response(try await service.verifyAudit())
      },
    ]
  }
}
