import EnergyModel
import LocalAPISchema
import LocalAPITestSupport
import Testing
import TestSupport

@testable import LocalAPIServer

@Suite struct CommandRouteTests {
  private let path = "/v1/devices/battery-1/commands"

  @Test("The seed's form sends the same command, with the device in the body and Texture's words understood")
  func seedForm() async throws {
    try await RunningGateway.with { server in
      func post(_ path: String, _ body: String) async throws -> RunningGateway.Reply {
        try await server.send("POST", "/v1/commands/\(path)", body: body)
      }
      let reserve = try await post("battery/set-reserve", #"{"deviceId":"battery-1","input":{"chargePercentage":30}}"#)
      #expect(reserve.status == 202)
      #expect(reserve.headers["location"] == "/v1/commands/cmd_1")
      let mode = #"{"operatingMode":"charge","maximumBatteryReserve":90}"#
      #expect(
        try await post("battery/set-operating-mode", "{\"deviceId\":\"battery-1\",\"input\":\(mode)}").status == 202)
      let warm = #"{"deviceId":"thermostat-1","input":{"heatTarget":68}}"#
      #expect(try await post("thermostat/set-setpoints", warm).status == 202)
      let calls = await server.gateway.calls
      #expect(calls.map(\.name.description) == ["battery:set-reserve", "battery:charge", "thermostat:set-setpoints"])
      #expect(
        calls.map(\.input) == [
          ["reservePercent": .number(30)], ["targetSocPercent": .number(90)], ["heatSetpointC": .number(20)],
        ])
      let other = try await post("battery/charge", #"{"deviceId":"thermostat-1"}"#)
      #expect(other.status == 422)
      #expect(other["errors", "0", "pointer"] == .text("/deviceId"))
      #expect(try await post("battery/charge", "{}").status == 422)
      #expect(try await post("battery/charge", #"{"deviceId":"battery-1","command":"x"}"#).status == 422)
      #expect(try await post("battery/charge", #"{"deviceId":"nothing"}"#).status == 404)
      #expect(try await server.send("POST", "/v1/commands/cmd_1/cancel").status == 200)
      let key = try await server.key("commands:write", customer: "other")
      let foreign = try await server.send(
        "POST", "/v1/commands/battery/charge", key: key, body: #"{"deviceId":"battery-1"}"#)
      #expect(foreign.status == 404)
    }
  }

  @Test("A command is accepted with its place, and its sender is the user on the socket")
  func accepted() async throws {
    try await RunningGateway.with { server in
      let reply = try await server.send(
        "POST", path, body: "{\"command\":\"battery:charge\",\"input\":{\"powerW\":2500},\"durationSeconds\":60}")
      #expect(reply.status == 202)
      #expect(reply.headers["location"] == "/v1/commands/cmd_1")
      let call = try #require(await server.gateway.calls.first)
      #expect(call.name == CommandName(kind: .battery, verb: "charge"))
      #expect(call.input == ["powerW": .number(2500)])
      #expect(call.actor.hasPrefix("local:"))
      #expect(call.digest.count == 64)
    }
  }

  @Test("A command may say until when it is to hold; a repetition is the same although less time is left")
  func until() async throws {
    let clock = TestClock()
    try await RunningGateway.with(time: clock.source) { server in
      func send(_ members: String, key: String? = nil) async throws -> RunningGateway.Reply {
        let headers = key.map { [("Idempotency-Key", $0)] } ?? []
        return try await server.send("POST", path, headers: headers, body: "{\"verb\":\"charge\",\(members)}")
      }
      let end = clock.now.advanced(byMilliseconds: 90_000).rfc3339
      #expect(try await send("\"until\":\"\(end)\"", key: "k1").status == 202)
      clock.advance(by: .seconds(100))
      let again = try await send("\"until\":\"\(end)\"", key: "k1")
      #expect(again.headers["idempotent-replayed"] == "true")
      #expect(await server.gateway.calls.map(\.durationSeconds) == [90, -10])
      let later = clock.now.advanced(byMilliseconds: 60_000).rfc3339
      let both = try await send("\"until\":\"\(later)\",\"durationSeconds\":60")
      #expect(both.status == 422)
      #expect(both["errors", "0", "pointer"] == .text("/until"))
      await server.gateway.set(
        refusal: .invalid("/durationSeconds", "the duration must be between 1 s and 86400 s"))
      #expect(try await send("\"until\":\"\(end)\"")["errors", "0", "pointer"] == .text("/until"))
    }
  }

  @Test("A preference to wait gives the confirmation, or 202 when the time is over")
  func waiting() async throws {
    let clock = TestClock()
    let gateway = InMemoryGateway()
    try await RunningGateway.with(gateway, time: clock.source) { server in
      async let waiting = server.send(
        "POST", path, headers: [("Prefer", "respond-async, wait=5")], body: "{\"verb\":\"charge\"}")
      await clock.untilSleeping(1)
      await gateway.move("cmd_1", to: .confirmed)
      clock.advance(by: .milliseconds(100))
      let reply = try await waiting
      #expect(reply.status == 200)
      #expect(reply["status"] == .text("confirmed"))
      #expect(reply["evidence", "latencyMs"] == .number(1600))
      #expect(reply.headers["preference-applied"] == "wait=5")
      async let tooLong = server.send("POST", path, headers: [("Prefer", "wait=1")], body: "{\"verb\":\"charge\"}")
      await clock.untilSleeping(1)
      clock.advance(by: .seconds(1))
      #expect(try await tooLong.status == 202)
      await server.stop()
    }
  }

  @Test("Whoever waits is told 502 where the device refuses, 504 where it is silent, 409 where it is gone")
  func deviceFailures() async throws {
    for (status, code, expected) in [
      (CommandStatus.failed, CommandErrorCode.protocolTimeout, 504), (.failed, .vendorRejected, 502),
      (.failed, .protocolError, 502), (.unconfirmed, .readbackTimeout, 504), (.unconfirmed, .readbackMismatch, 502),
      (.failed, .deviceOffline, 409), (.failed, .interlock, 200), (.expired, .expired, 200),
      (.cancelled, .cancelled, 200),
    ] {
      let clock = TestClock()
      let gateway = InMemoryGateway()
      try await RunningGateway.with(gateway, time: clock.source) { server in
        async let waiting = server.send("POST", path, headers: [("Prefer", "wait=5")], body: "{\"verb\":\"charge\"}")
        await clock.untilSleeping(1)
        await gateway.move("cmd_1", to: status, because: code)
        clock.advance(by: .milliseconds(100))
        let reply = try await waiting
        #expect(reply.status == expected, "\(code)")
        if expected == 200 {
          #expect(reply["error", "code"] == .text(code.rawValue))
        } else {
          #expect(reply["error"] == .text(code.rawValue) && reply["details", "commandId"] == .text("cmd_1"))
          #expect(reply["details", "status"] == .text(status.rawValue))
        }
        // Who did not wait, or asks again, sees the command as it is.
        #expect(try await server.get("/v1/commands/cmd_1").status == 200)
        await server.stop()
      }
    }
  }

  @Test("The same key and body give the first answer, another body is refused")
  func idempotency() async throws {
    try await RunningGateway.with { server in
      func send(_ body: String) async throws -> RunningGateway.Reply {
        try await server.send("POST", path, headers: [("Idempotency-Key", "k1")], body: body)
      }
      #expect(
        try await send("{\"command\":\"charge\",\"input\":{\"powerW\":1000}}").headers["idempotent-replayed"] == nil)
      let again = try await send("{ \"input\": {\"powerW\": 1000.0}, \"command\": \"battery:charge\" }")
      #expect(again.status == 202)
      #expect(again.headers["idempotent-replayed"] == "true")
      #expect(again["id"] == .text("cmd_1"))
      #expect(try await send("{\"command\":\"charge\",\"input\":{\"powerW\":2000}}").status == 422)
      #expect(try await send("{\"command\":\"charge\",\"idempotencyKey\":\"k2\"}").status == 422)
    }
  }

  @Test("A dry run says the writes and sends nothing")
  func dryRun() async throws {
    try await RunningGateway.with { server in
      let reply = try await server.send("POST", path, body: "{\"command\":\"charge\",\"dryRun\":true}")
      #expect(reply.status == 200)
      #expect(reply["operations", "1"] == .text("FC6 holding 47100 = [1]"))
      #expect(await server.gateway.calls.isEmpty)
    }
  }

  @Test("A refusal keeps its status, code, limit and hint")
  func refusal() async throws {
    let gateway = InMemoryGateway()
    await gateway.set(
      refusal: APIError(
        status: 409, code: "DEVICE_OFFLINE", message: "battery-1 is offline", hint: "see heddle status",
        details: ["commandId": .text("cmd_9")]))
    try await RunningGateway.with(gateway) { server in
      let reply = try await server.send("POST", path, body: "{\"command\":\"charge\"}")
      #expect(reply.status == 409)
      #expect(reply["error"] == .text("DEVICE_OFFLINE"))
      #expect(reply["type"] == .text("urn:heddle:problem:device-offline"))
      #expect(reply["title"] == .text("Device offline"))
      #expect(reply["hint"] == .text("see heddle status"))
      #expect(reply["details", "commandId"] == .text("cmd_9"))
    }
  }

  @Test("Commands are listed, shown and cancelled")
  func lists() async throws {
    try await RunningGateway.with { server in
      for _ in 0..<2 { _ = try await server.send("POST", path, body: "{\"command\":\"charge\"}") }
      #expect(try await server.get("/v1/commands?perPage=1")["data", "0", "id"] == .text("cmd_2"))
      #expect(try await server.get(path)["totalItems"] == .number(2))
      #expect(try await server.get("/v1/commands?status=confirmed")["totalItems"] == .number(0))
      #expect(try await server.send("POST", "/v1/commands/cmd_1/cancel")["status"] == .text("cancelled"))
      #expect(try await server.send("POST", "/v1/commands/cmd_1/cancel").status == 409)
      #expect(try await server.get("/v1/commands/cmd_7").status == 404)
    }
  }
}
