import EnergyModel
import LocalAPISchema
import LocalAPITestSupport
import Testing
import TimeSource

@testable import LocalAPIServer

@Suite struct AuditRouteTests {
  private func row(_ sequence: Int64, _ actor: String) -> AuditResource {
    AuditResource(
      sequence: sequence, timestamp: InMemoryGateway.now, actor: actor, action: "command.accepted",
      subject: "battery-1", commandId: "cmd_1", after: .object(["status": .text("accepted")]), hash: "ab")
  }

  @Test("The audit is listed newest first, filtered, and verified")
  func list() async throws {
    let gateway = InMemoryGateway()
    await gateway.add(row(1, "ada"))
    await gateway.add(row(2, "bob"))
    try await RunningGateway.with(gateway) { (server) async throws in
      #expect(try await server.send("GET", "/v1/audit")["totalItems"] == .number(2))
      #expect(try await server.send("GET", "/v1/audit?actor=ada")["totalItems"] == .number(1))
      #expect(try await server.send("GET", "/v1/audit?from=2030-01-01T00:00:00Z")["totalItems"] == .number(0))
      #expect(try await server.send("GET", "/v1/audit?from=tomorrow").status == 422)
      #expect(try await server.send("GET", "/v1/audit?who=ada").status == 422)
      #expect(try await server.send("DELETE", "/v1/audit").status == 405)
      #expect(try await server.send("GET", "/v1/audit/verification")["isSound"] == .flag(true))
    }
    await gateway.set(auditFindings: [.init(sequence: 2, message: "it is not as it was written")])
    try await RunningGateway.with(gateway) { (server) async throws in
      #expect(try await server.send("GET", "/v1/audit/verification")["isSound"] == .flag(false))
    }
  }

  @Test("Only an unrestricted key with the scope admin may read it")
  func access() {
    let routes = GatewayRoutes(
      service: InMemoryGateway(), hub: StreamHub(), time: .system, random: .system, version: "1",
      listeners: Listeners()
    ).auditRoutes
    #expect(routes.count == 2)
    #expect(routes.allSatisfy { $0.access == .unrestricted(.admin) })
  }
}
