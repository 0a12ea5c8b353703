import Hummingbird
import LocalAPISchema

extension GatewayRoutes {
  var discoveryRoutes: [Route] {
    [
      route(.post, "/v1/discovery", .unrestricted(.devicesWrite), .startDiscovery) { request in
        let wanted = try DiscoveryReader.request(try await RequestBodyReader.object(request.request))
        let discovery = try await service.startDiscovery(wanted, actor: request.caller.actor)
        return try JSONText.response(
          discovery, status: .accepted, headers: [.location: "/v1/discovery/\(discovery.id)"])
      },
      route(.get, "/v1/discovery/{id}", .unrestricted(.devicesRead), .getDiscovery) { request in
        try JSONText.response(try await service.discovery(request.parameter("id")))
      },
      route(.delete, "/v1/discovery/{id}", .unrestricted(.devicesWrite), .cancelDiscovery) { request in
        try await service.cancelDiscovery(request.parameter("id"))
        return Response(status: .noContent)
      },
    ]
  }
}

/// Reads the body of `POST /v1/discovery`. What the values mean is checked by the gateway.
enum DiscoveryReader {
  static func request(_ object: [String: JSONValue]) throws(APIError) -> DiscoveryRequest {
    var problems = BodyProblems()
    let body = BodyObject(
      object,
      allowed: ["modbus", "serial", "mqtt", "http", "timeoutSeconds", "allowPublic", "askConfigured"], &problems)
    var request = DiscoveryRequest()
    if let modbus = body.object("modbus", allowed: ["hosts", "ports", "units"], &problems) {
      request.modbus = .init(
        hosts: texts(modbus, "hosts", &problems) ?? [], ports: numbers(modbus, "ports", &problems),
        units: numbers(modbus, "units", &problems))
    }
    if let line = body.object("serial", allowed: ["device", "baudRates", "parities", "units"], &problems) {
      request.serial = .init(
        device: line.text("device", isRequired: true, &problems) ?? "",
        baudRates: numbers(line, "baudRates", &problems), parities: texts(line, "parities", &problems),
        units: numbers(line, "units", &problems))
    }
    if let mqtt = body.object("mqtt", allowed: ["broker", "seconds", "user", "password", "tls", "ca"], &problems) {
      request.mqtt = .init(
        broker: mqtt.text("broker", isRequired: true, &problems) ?? "",
        seconds: mqtt.number("seconds", in: 0...86_400, &problems), user: mqtt.text("user", &problems),
        password: mqtt.text("password", &problems), tls: mqtt.flag("tls", &problems), ca: mqtt.text("ca", &problems))
    }
    if let http = body.object("http", allowed: ["hosts", "ports"], &problems) {
      request.http = .init(hosts: texts(http, "hosts", &problems) ?? [], ports: numbers(http, "ports", &problems))
    }
    request.timeoutSeconds = body.number("timeoutSeconds", in: 0...86_400, &problems)
    request.allowPublic = body.flag("allowPublic", &problems)
    request.askConfigured = body.flag("askConfigured", &problems)
    try problems.check()
    return request
  }

  private static func texts(_ body: BodyObject, _ name: String, _ problems: inout BodyProblems) -> [String]? {
    body.list(name, &problems)?.enumerated().compactMap { index, value in
      if case .text(let text) = value { return text }
      problems.add("\(body.place(name))/\(index)", "it must be a text", code: "INVALID_TYPE")
      return nil
    }
  }

  private static func numbers(_ body: BodyObject, _ name: String, _ problems: inout BodyProblems) -> [Int]? {
    body.list(name, &problems)?.enumerated().compactMap { index, value in
      if case .number(let number) = value, let whole = Int(exactly: number) { return whole }
      problems.add("\(body.place(name))/\(index)", "it must be a whole number", code: "INVALID_TYPE")
      return nil
    }
  }
}
