import LocalAPISchema
import LocalAPITestSupport
import Testing
import TestSupport

@testable import LocalAPIServer

@Suite struct ExplanationRouteTests {
  @Test("A device explains itself to its customer, not to others; a point that is not there is named")
  func route() async throws {
    try await RunningGateway.with(time: TestClock().source) { server in
      let path = "/v1/devices/battery-1/explain"
      let key = try await server.key("devices:read", customer: "demo")
      let reply = try await server.get(path, key: key)
      #expect(reply.status == 200)
      #expect(reply["points", "0", "steps", "0", "what"] == .text("as i32"))
      #expect(try await server.get("\(path)?fields=powerW", key: key).status == 200)
      let wrong = try await server.get("\(path)?fields=powerW,nothing", key: key)
      #expect(wrong.status == 422 && wrong.text.contains("nothing"))
      #expect(try await server.get("/v1/devices/thermostat-1/explain", key: key).status == 404)
      #expect(try await server.get("/v1/devices/nobody/explain", key: key).status == 404)
      await server.stop()
    }
  }
}
