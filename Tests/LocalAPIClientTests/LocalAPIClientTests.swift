import EnergyModel
import LocalAPIClient
import LocalAPISchema
import LocalAPIServer
import LocalAPITestSupport
import Testing

@Suite struct LocalAPIClientTests {
  private func withClient(
    _ address: GatewayAddress, _ body: (LocalAPIClient) async throws -> Void
  ) async throws {
    let client = LocalAPIClient(address)
    do { try await body(client) } catch {
      await client.shutdown()
      throw error
    }
    await client.shutdown()
  }

  @Test("The Unix socket and a key over TCP give the same answers")
  func bothWays() async throws {
    try await RunningGateway.with { server in
      let key = try await server.key("devices:read")
      for address in [GatewayAddress.socket(path: server.socketPath), .url(server.url + "/", key: key)] {
        try await withClient(address) { client in
          let reply = try await client.device("battery-1")
          #expect(reply.value == InMemoryGateway.battery)
          #expect(reply.status == 200)
          #expect(try await client.devices(type: "thermostat").value.data.map(\.id) == ["thermostat-1"])
        }
      }
    }
  }

  @Test("A problem arrives with its words and its hint")
  func problems() async throws {
    try await RunningGateway.with { server in
      try await withClient(.url(server.url, key: nil)) { client in
        let error = await #expect(throws: APIClientError.self) { try await client.status() }
        #expect(error?.message == "this needs an API key")
        #expect(error?.hint?.contains("heddle key create") == true)
      }
      try await withClient(.socket(path: server.socketPath)) { client in
        let error = await #expect(throws: APIClientError.self) { try await client.device("a/../b c") }
        #expect(error?.message == "there is no device 'a/../b c'")
      }
    }
  }

  @Test("A gateway that is not there is said at once, with what to do")
  func unreachable() async throws {
    for address in [GatewayAddress.socket(path: "/tmp/no-such-heddle.sock"), .url("http://127.0.0.1:1", key: nil)] {
      try await withClient(address) { client in
        let error = await #expect(throws: APIClientError.self) { try await client.status() }
        guard case .unreachable(let message, let hint)? = error else {
          Issue.record("\(String(describing: error))")
          return
        }
        #expect(message.contains(address.description))
        #expect(hint.contains("systemctl start heddled"))
      }
    }
  }

  @Test("Commands wait for their confirmation and say when they are a repetition")
  func commands() async throws {
    let gateway = InMemoryGateway()
    await gateway.set(outcome: [.accepted, .dispatched, .acknowledged, .confirmed])
    try await RunningGateway.with(gateway) { server in
      try await withClient(.socket(path: server.socketPath)) { client in
        let submission = CommandSubmission(
          command: "charge", input: ["powerW": .number(2500)], durationSeconds: 60, idempotencyKey: "k")
        let first = try await client.submit(submission, to: "battery-1")
        #expect(first.value.status == .confirmed)
        #expect(!first.isReplay)
        #expect(try await client.submit(submission, to: "battery-1").isReplay)
        #expect(try await client.preview(submission, to: "battery-1").value.operations.count == 2)
        #expect(try await client.command("cmd_1").value.leaseExpiresAt != nil)
      }
    }
  }

  @Test("The stream gives what was missed and what comes, and ends with the gateway")
  func stream() async throws {
    let gateway = InMemoryGateway()
    await gateway.add(InMemoryGateway.event(1))
    try await RunningGateway.with(gateway) { server in
      try await withClient(.socket(path: server.socketPath)) { client in
        let stream = try await client.stream(topics: ["events", "states"], after: 0)
        var messages: [StreamMessage] = []
        for try await message in stream {
          messages.append(message)
          if messages.count == 1 { server.hub.publish(.state(InMemoryGateway.battery.state, customerId: "demo")) }
          if messages.count == 2 { await server.stop() }
        }
        #expect(messages == [.event(InMemoryGateway.event(1)), .state(InMemoryGateway.battery.state)])
      }
    }
  }
}
