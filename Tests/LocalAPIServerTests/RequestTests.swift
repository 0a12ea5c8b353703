import EnergyModel
import LocalAPISchema
import LocalAPITestSupport
import Testing
import TestSupport

@testable import LocalAPIServer

@Suite struct RequestTests {
  @Test("Unknown fields are refused with a pointer, and nothing is done")
  func unknownFields() async throws {
    try await RunningGateway.with { server in
      let reply = try await server.send(
        "POST", "/v1/devices/battery-1/commands", body: "{\"command\":\"charge\",\"powr\":1,\"a/b\":2}")
      #expect(reply.status == 422)
      #expect(reply["error"] == .text("UNKNOWN_FIELD"))
      #expect(reply["errors", "0", "pointer"] == .text("/a~1b"))
      #expect(reply["errors", "1", "pointer"] == .text("/powr"))
      #expect(reply["instance"] == .text("/v1/devices/battery-1/commands"))
      #expect(reply["requestId"] == reply.headers["x-request-id"].map { .text($0) })
      #expect(await server.gateway.calls.isEmpty)
    }
  }

  @Test("What is not JSON is refused with its place")
  func malformed() async throws {
    try await RunningGateway.with { server in
      let expected = [
        "{\n \"name\" 1}": "the body is not JSON: line 2, column 9",
        "{\"name\":": "the body is not JSON: it ends too early", "": "the body is not JSON: it is empty",
        "[1]": "the body must be a JSON object",
      ]
      for (body, message) in expected {
        let reply = try await server.send("POST", "/v1/customers", body: body)
        #expect(reply.status == 400)
        #expect(reply["message"] == .text(message))
      }
    }
  }

  @Test("Bad input is never the server's failure")
  func neverInternal() async throws {
    try await RunningGateway.with { server in
      let bodies = [
        "null", "{\"name\":null}", "{\"name\":1}", "{\"name\":{}}", "{\"name\":1e999}", "{\"name\":\"\"}", "\u{FEFF}{}",
        String(repeating: "[", count: 5000),
        "{\"name\":" + String(repeating: "[", count: 400) + String(repeating: "]", count: 400) + "}",
        "{\"name\":\"\\ud800\"}", "{\"name\":\"x\",\"name\":\"y\"}",
        "{\"name\":\"\(String(repeating: "x", count: 300))\"}",
      ]
      for body in bodies {
        let status = try await server.send("POST", "/v1/customers", body: body).status
        #expect((400...499).contains(status) || status == 201, "\(body.prefix(40)) gave \(status)")
      }
      let commands = [
        "{}", "{\"command\":5}", "{\"command\":\"\"}", "{\"command\":\"charge\",\"input\":[]}",
        "{\"command\":\"charge\",\"input\":{\"powerW\":{}}}", "{\"command\":\"charge\",\"durationSeconds\":-1}",
        "{\"command\":\"charge\",\"durationSeconds\":\"30m\"}", "{\"command\":\"thermostat:auto\"}",
        "{\"command\":\"charge\",\"onConflict\":\"fight\"}", "{\"command\":\"charge\",\"idempotencyKey\":\"\"}",
      ]
      for body in commands {
        let reply = try await server.send("POST", "/v1/devices/battery-1/commands", body: body)
        #expect(reply.status == 422, "\(body) gave \(reply.status)")
      }
      for path in [
        "/v1/devices?page=0", "/v1/devices?page=x", "/v1/devices?perPage=501", "/v1/devices?typ=battery",
        "/v1/devices?type=fridge", "/v1/events?after=-1", "/v1/events?limit=99999999999999999999",
        "/v1/stream?topics=all", "/v1/customers/demo/usage?range=decade", "/v1/customers/demo/usage?from=x",
        "/v1/customers/demo/usage?from=2026-05-02&to=2026-05-01", "/v1/customers/demo/usage?timezone=Mars/Base",
        "/v1/customers/demo/usage?by=15m&from=1990-01-01", "/v1/customers/demo/usage?to=2026-05-01",
      ] {
        #expect(try await server.get(path).status == 422, "\(path)")
      }
      #expect(try await server.get("/v1/devices/%2e%2e%2f%00").status == 404)
      #expect(try await server.get("/v1/devices/%zz").status == 404)
      #expect(await server.gateway.calls.isEmpty)
    }
  }

  @Test("A body over the limit is refused, also when its length is not announced")
  func tooLarge() async throws {
    try await RunningGateway.with { server in
      let body = "{\"name\":\"\(String(repeating: "x", count: LocalAPIConfiguration.maxBodyBytes))\"}"
      let reply = try await server.send("POST", "/v1/customers", body: body)
      #expect(reply.status == 413)
      #expect(try await server.get("/health").status == 200)
    }
  }

  @Test("A known path with another method says which methods it has")
  func wrongMethod() async throws {
    try await RunningGateway.with { server in
      let reply = try await server.send("PUT", "/v1/devices/battery-1")
      #expect(reply.status == 405)
      #expect(reply.headers["allow"] == "GET, PATCH, DELETE")
      #expect(try await server.get("/v1/nothing").status == 404)
      #expect(try await server.get("/v1/nothing")["error"] == .text("NO_SUCH_ROUTE"))
      #expect(try await server.get("/v1/devices/nobody")["message"] == .text("there is no device 'nobody'"))
    }
  }

  @Test("Pages have their numbers")
  func pages() async throws {
    try await RunningGateway.with { server in
      let page = try await server.get("/v1/devices?page=2&perPage=1")
      #expect(page["data", "0", "id"] == .text("thermostat-1"))
      #expect(page["totalItems"] == .number(2))
      #expect(page["totalPages"] == .number(2))
      #expect(try await server.get("/v1/devices?status=offline")["data", "0", "id"] == .text("thermostat-1"))
      #expect(try await server.get("/v1/devices/battery-1/state")["fields", "temperatureC"] == .null)
    }
  }

  @Test("A change leaves what it does not name, and null clears")
  func patches() async throws {
    try await RunningGateway.with { server in
      let made = try await server.send("POST", "/v1/customers", body: "{\"name\":\"New\",\"referenceId\":\"r1\"}")
      #expect(made.status == 201)
      #expect(made.headers["location"] == "/v1/customers/cus_1")
      let changed = try await server.send(
        "PATCH", "/v1/customers/cus_1", body: "{\"email\":\"a@b.c\",\"referenceId\":null}")
      #expect(changed["name"] == .text("New"))
      #expect(changed["email"] == .text("a@b.c"))
      #expect(changed["referenceId"] == nil)
      #expect(try await server.send("PATCH", "/v1/customers/demo", body: "{\"name\":\"x\"}").status == 409)
      #expect(try await server.send("PATCH", "/v1/customers/cus_1", body: "{\"name\":null}").status == 422)
      #expect(try await server.send("DELETE", "/v1/customers/cus_1").status == 200)
      #expect(try await server.send("POST", "/v1/sites", body: "{\"name\":\"S\",\"timezone\":\"Mars\"}").status == 422)
      #expect(try await server.send("POST", "/v1/sites", body: "{\"name\":\"S\"}")["timezone"] == .text("UTC"))
    }
  }

  @Test("Readiness, version, status and metrics say what they should")
  func system() async throws {
    try await RunningGateway.with { server in
      #expect(try await server.get("/ready").status == 200)
      #expect(try await server.get("/v1/version")["version"] == .text("1.2.3"))
      let status = try await server.get("/v1/status")
      #expect(status["api", "socket"] == .text(server.socketPath))
      #expect(status["api", "tcp"] == .text(server.addresses.tcp ?? ""))
      let metrics = try await server.get("/metrics").text
      #expect(metrics.contains("heddle_link_errors_total{link=\"house\",transport=\"modbus\",kind=\"timeout\"} 2\n"))
      #expect(
        metrics.contains(
          "heddle_device_connectivity{device=\"thermostat-1\",type=\"thermostat\",state=\"offline\"} 1\n"))
      #expect(metrics.contains("heddle_dropped_total{cause=\"ringFull\"} 3\n"))
      #expect(try await server.get("/openapi.json")["openapi"] == .text("3.1.0"))
    }
  }
}
