import HTTPTypes
import Hummingbird
import LocalAPISchema
import TimeSource

extension GatewayRoutes {
  var historyRoutes: [Route] {
    [
      route(.get, "/v1/devices/{id}/history", .scope(.devicesRead), .getDeviceHistory) { request in
        let device = try await device(request)
        var zone = request.query.text("timezone")
        if zone == nil, let site = device.siteId { zone = try? await service.site(site).timezone }
        let query = try HistoryQuery(
          request.query, accept: request.request.headers[.accept],
          fields: try await service.historyFields(device.id), calendar: try calendar(zone ?? "UTC"), now: time.wall())
        return HistoryStream(service: service, deviceId: device.id, query: query).response()
      }
    ]
  }
}
