import LocalAPISchema
import LocalAPITestSupport
import Testing

@testable import LocalAPIServer

@Suite struct DiscoveryRouteTests {
  private let path = "/v1/discovery"
  private let body = """
    {"modbus": {"hosts": ["10.0.0.0/24"], "ports": [502, 1502], "units": [1]},
     "serial": {"device": "/dev/ttyUSB0", "baudRates": [9600], "parities": ["even"]},
     "mqtt": {"broker": "hub:1883", "seconds": 2.5, "user": "u", "password": "p"}, "http": {"hosts": ["10.0.0.9"]},
     "timeoutSeconds": 2, "allowPublic": true, "askConfigured": false}
    """

  @Test("A look around is begun, read and ended, one at a time")
  func life() async throws {
    try await RunningGateway.with { server in
      let begun = try await server.send("POST", path, body: body)
      #expect(begun.status == 202)
      #expect(begun.headers["location"] == "/v1/discovery/dsc_1")
      #expect(begun["status"] == .text("running"))
      #expect(begun["progress", "total"] == .number(3))
      #expect(!begun.text.contains("\"p\""), "the password is not given back")
      #expect(
        await server.gateway.discoveryRequests
          == [
            DiscoveryRequest(
              modbus: .init(hosts: ["10.0.0.0/24"], ports: [502, 1502], units: [1]),
              serial: .init(device: "/dev/ttyUSB0", baudRates: [9600], parities: ["even"]),
              mqtt: .init(broker: "hub:1883", seconds: 2.5, user: "u", password: "p"),
              http: .init(hosts: ["10.0.0.9"]), timeoutSeconds: 2, allowPublic: true, askConfigured: false)
          ])
      let second = try await server.send("POST", path, body: body)
      #expect(second.status == 409)
      #expect(second["error"] == .text("DISCOVERY_RUNNING"))
      let read = try await server.get("\(path)/dsc_1")
      #expect(read["finds", "0", "profile"] == .text("huawei-sun2000"))
      #expect(read["finds", "0", "add", "commands", "0"] == .text("heddle link add modbus-10-0-0-1"))
      #expect(try await server.send("DELETE", "\(path)/dsc_1").status == 204)
      #expect(try await server.get("\(path)/dsc_1")["status"] == .text("cancelled"))
      #expect(try await server.get("\(path)/dsc_9").status == 404)
      #expect(try await server.send("DELETE", "\(path)/dsc_9").status == 404)
    }
  }

  @Test("Every mistake in the body is named with its place")
  func mistakes() async throws {
    try await RunningGateway.with { server in
      let reply = try await server.send(
        "POST", path,
        body: """
          {"modbus": {"hosts": [7], "units": [1.5], "port": 1}, "serial": {}, "mqtt": 3, "timeoutSeconds": "x",
           "allowPublic": 1, "network": {}}
          """)
      #expect(reply.status == 422)
      guard case .array(let errors)? = reply["errors"] else { return #expect(Bool(false), "\(reply.text)") }
      let places = errors.compactMap { error -> String? in
        guard case .object(let object) = error, case .text(let text)? = object["pointer"] else { return nil }
        return text
      }
      #expect(
        places.sorted()
          == [
            "/allowPublic", "/modbus/hosts/0", "/modbus/port", "/modbus/units/0", "/mqtt", "/network",
            "/serial/device", "/timeoutSeconds",
          ])
    }
  }

  @Test("Only keys for all customers that may change devices look around")
  func access() async throws {
    try await RunningGateway.with { server in
      let reader = try await server.key("devices:read")
      let customer = try await server.key("devices:read", "devices:write", customer: "demo")
      let writer = try await server.key("devices:read", "devices:write")
      #expect(try await server.send("POST", path, key: reader, body: body).status == 403)
      #expect(try await server.send("POST", path, key: customer, body: body).status == 403)
      #expect(try await server.send("POST", path, key: writer, body: body).status == 202)
      #expect(try await server.get("\(path)/dsc_1", key: customer).status == 403)
      #expect(try await server.get("\(path)/dsc_1", key: reader).status == 200)
    }
  }
}
