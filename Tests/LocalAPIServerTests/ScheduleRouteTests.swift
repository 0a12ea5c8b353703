import EnergyModel
import LocalAPISchema
import LocalAPITestSupport
import TestSupport
import Testing

@testable import LocalAPIServer

/// It is 2026-05-01T10:00:00Z in these tests.
@Suite struct ScheduleRouteTests {
  private let path = "/v1/devices/battery-1/schedules"
  private let rule = "{\"daysOfWeek\":[1,5],\"startTime\":\"01:00\",\"endTime\":\"05:00\""

  private func with(_ body: @Sendable @escaping (RunningGateway) async throws -> Void) async throws {
    try await RunningGateway.with(time: TestClock().source, body)
  }

  @Test("A weekly schedule of a device is made, listed, shown and removed")
  func weekly() async throws {
    try await with { server in
      let reply = try await server.send(
        "POST", path,
        body: "{\"timezone\":\"Europe/Berlin\",\"rules\":[\(rule),\"command\":\"charge\",\"input\":{\"powerW\":2000}}],"
          + "\"default\":{\"command\":\"battery:auto\"}}")
      #expect(reply.status == 201, "\(reply.text)")
      #expect(reply.headers["location"] == "\(path)/sch_1")
      #expect(reply["rules", "0", "command", "slug"] == .text("battery:charge"))
      #expect(reply["defaultCommand", "slug"] == .text("battery:auto"))
      #expect(try await server.get(path)["totalItems"] == .number(1))
      for place in [path, "/v1/devices/battery-1/schedule", "/v1/schedules"] {
        #expect(try await server.get("\(place)/sch_1")["id"] == .text("sch_1"))
      }
      #expect(try await server.get("/v1/devices/thermostat-1/schedules/sch_1").status == 404)
      #expect(try await server.send("DELETE", "/v1/devices/battery-1/schedule/sch_1").status == 204)
      #expect(await server.gateway.scheduleList.first?.status == .deleted)
    }
  }

  @Test("The compatible form turns modes into commands")
  func compatible() async throws {
    let gateway = InMemoryGateway()
    var battery = InMemoryGateway.battery
    battery.availableCommands[0].input.required = []
    battery.availableCommands.append(
      AvailableCommandResource(
        slug: "battery:set-operating-mode", description: "",
        input: InputSchema(
          properties: ["mode": .init(type: "string", enum: ["selfConsumption", "backup"])], required: ["mode"]),
        acceptsDuration: false))
    await gateway.set(devices: [battery])
    try await RunningGateway.with(gateway) { server in
      let reply = try await server.send(
        "POST", "/v1/devices/battery-1/schedule",
        body:
          "{\"schedule\":{\"deviceTimezone\":\"America/New_York\",\"defaultDeviceOperatingMode\":\"self_consumption\"},"
          + "\"rules\":[\(rule),\"deviceOperatingMode\":\"charge\"}]}")
      #expect(reply.status == 201, "\(reply.text)")
      #expect(reply["rules", "0", "deviceOperatingMode"] == .text("charge"))
      let call = try #require(await server.gateway.scheduleCalls.first)
      #expect(call.timezone == "America/New_York")
      guard case .weekly(let rules, let standard, let mode) = call.plan else { return #expect(Bool(false)) }
      #expect(rules.first?.command == CommandOrder(slug: "battery:charge"))
      #expect(
        standard == CommandOrder(slug: "battery:set-operating-mode", input: ["mode": .text("selfConsumption")]))
      #expect(mode == "self_consumption")
      let bad = try await server.send(
        "POST", "/v1/devices/battery-1/schedule",
        body: "{\"schedule\":{},\"rules\":[\(rule),\"deviceOperatingMode\":\"fly\"}]}")
      #expect(bad["errors", "0", "pointer"] == .text("/rules/0/deviceOperatingMode"))
      #expect(bad["hint"] == .text("possible are backup, charge, reset, selfConsumption, self_consumption"))
    }
  }

  @Test("A tag takes an ISO time and recurrences, and refuses cron with a hint")
  func tags() async throws {
    try await with { server in
      let tag = "/v1/schedules/tags/north"
      let command = "\"command\":{\"slug\":\"battery:charge\",\"input\":{\"powerW\":1000}}"
      let iso = try await server.send(
        "POST", tag,
        body:
          "{\(command),\"schedule\":{\"type\":\"iso\",\"value\":\"2026-05-02T18:00\",\"timezone\":\"Europe/Berlin\"}}")
      #expect(iso.status == 201, "\(iso.text)")
      #expect(iso["at"] == .text("2026-05-02T16:00:00.000Z"))
      let weekly = try await server.send(
        "POST", tag, body: "{\(command),\"schedule\":{\"type\":\"recurrence\",\"value\":[\(rule)}]}}")
      #expect(weekly.status == 201, "\(weekly.text)")
      #expect(try await server.get(tag)["totalItems"] == .number(2))
      #expect(try await server.get("\(tag)/sch_2")["tag"] == .text("north"))
      #expect(try await server.get("/v1/schedules/tags/south/sch_2").status == 404)
      let cron = try await server.send(
        "POST", tag, body: "{\(command),\"schedule\":{\"type\":\"cron\",\"value\":\"0 1 * * *\"}}")
      #expect(cron.status == 422)
      #expect(cron["error"] == .text("CRON_NOT_SUPPORTED"))
      #expect(cron["errors", "0", "pointer"] == .text("/schedule/type"))
      #expect(cron["hint"] == .text(BodyObject.insteadOfCron))
      #expect(
        try await server.send("POST", path, body: "{\"cron\":\"* * * * *\"}")["error"] == .text("CRON_NOT_SUPPORTED"))
      #expect(try await server.send("DELETE", "\(tag)/sch_1").status == 204)
    }
  }

  @Test(
    "What is wrong with a schedule is said with place and code",
    arguments: [
      ("{}", "/rules", "MISSING_FIELD"),
      ("{\"rules\":[]}", "/rules", "OUT_OF_RANGE"),
      ("{\"rules\":[{\"foo\":1}]}", "/rules/0/foo", "UNKNOWN_FIELD"),
      (
        "{\"rules\":[R,\"command\":\"charge\",\"input\":{\"powerW\":1}},R,\"command\":\"auto\"}]}", "/rules/1",
        "RULES_OVERLAP"
      ),
      ("{\"rules\":[R,\"command\":\"charge\"}]}", "/rules/0/input/powerW", "MISSING_PARAMETER"),
      ("{\"rules\":[R,\"command\":\"auto\",\"input\":{\"a/b\":1}}]}", "/rules/0/input/a~1b", "UNSUPPORTED_PARAMETER"),
      ("{\"rules\":[R,\"command\":\"discharge\"}]}", "/rules/0/command", "UNSUPPORTED_COMMAND"),
      ("{\"rules\":[R,\"command\":\"thermostat:auto\"}]}", "/rules/0/command", "UNSUPPORTED_COMMAND"),
      (
        "{\"rules\":[{\"daysOfWeek\":[7],\"startTime\":\"25:00\",\"endTime\":\"01:00\",\"command\":\"auto\"}]}",
        "/rules/0/daysOfWeek/0", "OUT_OF_RANGE"
      ),
      ("{\"timezone\":\"Mars/Base\",\"rules\":[R,\"command\":\"auto\"}]}", "/timezone", "INVALID_VALUE"),
      ("{\"at\":\"2026-05-01T09:59:00Z\",\"command\":\"auto\"}", "/at", "OUT_OF_RANGE"),
      ("{\"at\":\"tomorrow\",\"command\":\"auto\"}", "/at", "INVALID_VALUE"),
      ("{\"at\":\"2026-05-02T10:00:00Z\",\"command\":\"auto\",\"rules\":[]}", "/rules", "INVALID_VALUE"),
    ])
  func bad(_ body: String, _ pointer: String, _ code: String) async throws {
    try await with { server in
      let reply = try await server.send("POST", path, body: body.replacing("R,", with: rule + ","))
      #expect(reply.status == 422)
      #expect(reply["errors", "0", "pointer"] == .text(pointer), "\(reply.text)")
      #expect(reply["errors", "0", "code"] == .text(code), "\(reply.text)")
      #expect(await server.gateway.scheduleCalls.isEmpty)
    }
  }

  @Test("A local time without a zone is the site's of the device, and refused for a tag")
  func zones() async throws {
    try await with { server in
      let body = "{\"at\":\"2026-05-02T18:00\",\"command\":\"battery:auto\"}"
      #expect(try await server.send("POST", path, body: body)["at"] == .text("2026-05-02T16:00:00.000Z"))
      let tagged = try await server.send("POST", "/v1/schedules/tags/north", body: body)
      #expect(tagged.status == 422)
      #expect(tagged["message"] == .text("/at: '2026-05-02T18:00' says no zone"))
    }
  }

  @Test("Schedules of another customer are not there, and a restricted key's tag is for its own devices")
  func access() async throws {
    try await with { server in
      let body = "{\"rules\":[\(rule),\"command\":\"battery:auto\"}]}"
      #expect(try await server.send("POST", path, body: body).status == 201)
      #expect(try await server.send("POST", "/v1/schedules/tags/north", body: body).status == 201)
      let other = try await server.key("admin", customer: "other")
      for place in [path, "\(path)/sch_1", "/v1/schedules/sch_1", "/v1/schedules/sch_2"] {
        #expect(try await server.get(place, key: other).status == 404, "\(place)")
      }
      #expect(try await server.send("POST", path, key: other, body: body).status == 404)
      #expect(try await server.send("DELETE", "/v1/schedules/sch_2", key: other).status == 404)
      #expect(try await server.send("POST", "/v1/schedules/tags/north", key: other, body: body).status == 201)
      #expect(await server.gateway.scheduleCalls.last?.target == .tag("north", customerId: "other"))
      let reader = try await server.key("devices:read")
      #expect(try await server.send("POST", path, key: reader, body: body).status == 403)
    }
  }
}
