import LocalAPIClient
import LocalAPISchema
import LocalAPITestSupport
import Testing

@testable import GatewayCommands

extension CommandLineTests {
  @Test("Finds are shown with what to add, and as one JSON object per line")
  func discover() async throws {
    try await RunningGateway.with { server in
      let address = GatewayAddress.socket(path: server.socketPath)
      let ender = Task {
        while await server.gateway.discoveryRequests.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        await server.gateway.endDiscoveries()
      }
      let shown = try await run(
        "discover", "10.0.0.0/24", "--port", "1502", "--unit", "1-3", "--unit", "7", "--mqtt", "hub", "--for", "2s",
        at: address)
      try await ender.value
      #expect(shown.status == .fine, "\(shown.errors)")
      #expect(
        shown.output == """
          10.0.0.1:502 unit 1  Huawei SUN2000 (huawei-sun2000)
            identified: holding 30000–30014 says 'SUN2000-8KTL-M1'
            Huawei
            for the configuration file:
              links:
                - {id: modbus-10-0-0-1, modbus: {tcp: "10.0.0.1:502"}}
              devices:
                - {id: sun}
            or:
              heddle link add modbus-10-0-0-1

          1 device found

          """)
      let request = try #require(await server.gateway.discoveryRequests.first)
      #expect(request.modbus == .init(hosts: ["10.0.0.0/24"], ports: [1502], units: [1, 2, 3, 7]))
      #expect(request.mqtt == .init(broker: "hub", seconds: 2))
      #expect(request.http == nil)
      let again = Task {
        while await server.gateway.discoveryRequests.count < 2 { try await Task.sleep(for: .milliseconds(5)) }
        await server.gateway.endDiscoveries()
      }
      let json = try await run("discover", "--http", "10.0.0.9", "--json", at: address)
      try await again.value
      #expect(json.output.split(separator: "\n").count == 1)
      #expect(json.output.hasPrefix(#"{"add":{"commands":["heddle link add"#))
      #expect(try await run("discover", "--cancel", "dsc_1", at: address).output == "dsc_1 is ended\n")
      #expect(try await run("discover", at: address).status == .usage)
      #expect(try await run("discover", "10.0.0.1", "--unit", "9-3", at: address).status == .usage)
    }
  }
}
