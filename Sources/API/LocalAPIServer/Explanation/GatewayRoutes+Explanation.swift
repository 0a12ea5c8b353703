import Hummingbird
import LocalAPISchema

extension GatewayRoutes {
  var explanationRoutes: [Route] {
    [
      route(.get, "/v1/devices/{id}/explain", .scope(.devicesRead), .explainDevice) { request in
        let device = try await device(request)
        let names = Set(request.query.texts("fields"))
        let explanation = try await service.explanation(device.id, fields: names)
        if let unknown = names.subtracting(explanation.points.map(\.name)).min() {
          throw APIError.invalid("?fields", "the profile \(explanation.profile) has no point '\(unknown)' here")
        }
        return try JSONText.response(explanation)
      }
    ]
  }
}
