import EnergyModel
import LocalAPISchema
import LocalAPITestSupport
import Testing

@testable import LocalAPIServer

@Suite struct BatchRouteTests {
  @Test(
    "Both names and both forms of the command mean the same batch", arguments: ["commands/batch", "batch-commands"])
  func forms(_ name: String) async throws {
    try await RunningGateway.with { server in
      for command in [
        "\"command\":\"battery:charge\",\"input\":{\"powerW\":2000},\"durationSeconds\":600",
        "\"command\":{\"slug\":\"battery:charge\",\"input\":{\"powerW\":2000},\"durationSeconds\":600}",
      ] {
        let reply = try await server.send("POST", "/v1/\(name)", body: "{\"tag\":\"north\",\(command)}")
        #expect(reply.status == 202, "\(reply.text)")
        #expect(reply["results", "1", "problem", "message"] == .text("it is a thermostat"))
        let id = try #require(reply["id"])
        guard case .text(let text) = id else { return }
        #expect(reply.headers["location"] == "/v1/commands/batch/\(text)")
        #expect(try await server.get("/v1/\(name)/\(text)")["id"] == id)
      }
      #expect(try await server.get("/v1/\(name)")["totalItems"] == .number(2))
      let calls = await server.gateway.batchCalls
      #expect(calls.map(\.target) == [.tag("north"), .tag("north")])
      #expect(calls.map(\.input) == Array(repeating: ["powerW": .number(2000)], count: 2))
      #expect(calls.map(\.durationSeconds) == [600, 600])
      #expect(calls.map(\.staggerSeconds) == [2, 2])
      #expect(calls.map(\.jitterSeconds) == [1, 1])
      // The route of single commands is not in the way, nor it in theirs.
      #expect(try await server.get("/v1/commands/cmd_9").status == 404)
    }
  }

  @Test("A dry run says what would be written")
  func dryRun() async throws {
    try await RunningGateway.with { server in
      let reply = try await server.send(
        "POST", "/v1/commands/batch",
        body: "{\"deviceIds\":[\"battery-1\"],\"command\":\"battery:charge\",\"dryRun\":true}")
      #expect(reply.status == 200)
      #expect(reply["id"] == nil && reply["dryRun"] == .flag(true))
      #expect(reply["results", "0", "operations", "0"] == .text("FC6 holding 47100 = [1]"))
      #expect(await server.gateway.batchCalls.isEmpty)
    }
  }

  @Test(
    "What is wrong with a batch is said with place and code",
    arguments: [
      ("{\"command\":\"battery:charge\"}", "/tag", "MISSING_FIELD"),
      ("{\"tag\":\"a\",\"siteId\":\"b\",\"command\":\"battery:charge\"}", "/tag", "INVALID_VALUE"),
      ("{\"tag\":\"a\"}", "/command", "MISSING_FIELD"),
      ("{\"tag\":\"a\",\"command\":\"charge\"}", "/command", "UNSUPPORTED_COMMAND"),
      ("{\"tag\":\"a\",\"command\":\"battery:fly\"}", "/command", "UNSUPPORTED_COMMAND"),
      ("{\"tag\":\"a\",\"command\":{\"slug\":\"battery:idle\",\"inputs\":{}}}", "/command/inputs", "UNKNOWN_FIELD"),
      ("{\"tag\":\"a\",\"command\":\"battery:idle\",\"staggerSeconds\":-1}", "/staggerSeconds", "OUT_OF_RANGE"),
      ("{\"tag\":\"a\",\"command\":\"battery:idle\",\"input\":{\"a\":[1]}}", "/input/a", "INVALID_TYPE"),
      ("{\"tag\":\"a\",\"command\":\"battery:idle\",\"onConflict\":\"win\"}", "/onConflict", "INVALID_VALUE"),
      ("{\"tag\":\"a\",\"command\":\"battery:idle\",\"priority\":\"mine\"}", "/priority", "INVALID_VALUE"),
      ("{\"tag\":\"a\",\"command\":\"battery:idle\",\"notBefore\":\"noon\"}", "/notBefore", "INVALID_VALUE"),
      ("{\"deviceIds\":[\"x\",\"x\"],\"command\":\"battery:idle\"}", "/deviceIds/1", "INVALID_VALUE"),
      ("{\"deviceIds\":[],\"command\":\"battery:idle\"}", "/deviceIds", "OUT_OF_RANGE"),
      ("{\"tag\":\"a\",\"command\":\"battery:idle\",\"foo\":1}", "/foo", "UNKNOWN_FIELD"),
    ])
  func bad(_ body: String, _ pointer: String, _ code: String) async throws {
    try await RunningGateway.with { server in
      let reply = try await server.send("POST", "/v1/commands/batch", body: body)
      #expect(reply.status == 422)
      #expect(reply["errors", "0", "pointer"] == .text(pointer), "\(reply.text)")
      #expect(reply["errors", "0", "code"] == .text(code), "\(reply.text)")
    }
  }

  @Test("A batch is cancelled under both names, once, with the scope for commands")
  func cancel() async throws {
    try await RunningGateway.with { server in
      for path in ["commands/batch", "batch-commands"] {
        await server.gateway.set(
          batch: BatchResource(
            id: "bat_1", command: CommandOrder(slug: "battery:charge", input: [:]), staggerSeconds: 2, jitterSeconds: 1,
            origin: .init(actor: "ada"), createdAt: InMemoryGateway.now,
            results: [.init(deviceId: "battery-1", status: BatchResource.Result.waiting)]))
        let place = "/v1/\(path)/bat_1/cancel"
        let reader = try await server.key("devices:read")
        #expect(try await server.send("POST", place, key: reader).status == 403)
        let writer = try await server.key("commands:write")
        let reply = try await server.send("POST", place, key: writer)
        #expect(reply.status == 200)
        #expect(reply["results", "0", "status"] == .text("cancelled"))
        #expect(try await server.send("POST", place, key: writer).status == 409)
        #expect(try await server.send("POST", "/v1/\(path)/bat_9/cancel", key: writer).status == 404)
      }
    }
  }

  @Test("Batches need the scope for commands, and carry the customer of a restricted key")
  func access() async throws {
    try await RunningGateway.with { server in
      let body = "{\"tag\":\"north\",\"command\":\"battery:charge\"}"
      let reader = try await server.key("devices:read", "devices:write")
      #expect(try await server.send("POST", "/v1/batch-commands", key: reader, body: body).status == 403)
      let high = "{\"tag\":\"north\",\"command\":\"battery:charge\",\"priority\":\"grid-program\"}"
      let own = try await server.key("commands:write", customer: "demo")
      #expect(try await server.send("POST", "/v1/batch-commands", key: own, body: high).status == 403)
      #expect(try await server.send("POST", "/v1/batch-commands", key: own, body: body).status == 202)
      #expect(await server.gateway.batchCalls.first?.restrictedTo == "demo")
    }
  }
}
