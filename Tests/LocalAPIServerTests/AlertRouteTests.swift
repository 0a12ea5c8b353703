import EnergyModel
import LocalAPISchema
import LocalAPITestSupport
import Testing

@testable import LocalAPIServer

@Suite struct AlertRouteTests {
  private func alert(_ id: String, _ device: String) -> AlertRecord {
    AlertRecord(
      id: id, kind: .revertFailed, deviceID: device, commandID: "cmd_1",
      message: "\(device) did not go back to normal", raisedAt: InMemoryGateway.now)
  }

  @Test("Alerts are listed, read and acknowledged; what is over is shown when it is asked for")
  func list() async throws {
    let gateway = InMemoryGateway()
    await gateway.add(alert("alt_1", "battery-1"))
    var over = alert("alt_0", "battery-1")
    over.resolvedAt = InMemoryGateway.now
    await gateway.add(over)
    try await RunningGateway.with(gateway) { server in
      #expect(try await server.send("GET", "/v1/alerts")["totalItems"] == .number(1))
      #expect(try await server.send("GET", "/v1/alerts?resolved=true")["totalItems"] == .number(2))
      #expect(try await server.send("GET", "/v1/alerts?resolved=perhaps").status == 422)
      #expect(try await server.send("GET", "/v1/alerts/alt_1")["kind"] == .text("revert-failed"))
      let known = try await server.send("POST", "/v1/alerts/alt_1/acknowledge")
      #expect(known.status == 200)
      guard case .text(let person)? = known["acknowledgedBy"] else { throw Missing() }
      #expect(person.hasPrefix("local:"))
      #expect(try await server.send("GET", "/v1/alerts/alt_9").status == 404)
    }
  }

  private struct Missing: Error {}
}
