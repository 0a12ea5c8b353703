import EnergyModel
import LocalAPIClient
import LocalAPIServer
import LocalAPITestSupport
import Testing

@testable import GatewayCommands

extension CommandLineTests {
  @Test("A batch is sent in SI units, followed, and ends with 0 only where all confirmed")
  func batch() async throws {
    try await RunningGateway.with { server in
      let address = GatewayAddress.socket(path: server.socketPath)
      let sent = try await run(
        "batch", "send", "--tag", "north", "battery", "charge", "--power", "2kW", "--for", "1h", "--stagger", "0s",
        at: address)
      #expect(sent.status == .fine, "\(sent.errors)")
      #expect(sent.output.contains("bat_1  battery:charge powerW=2000 for"))
      #expect(sent.output.contains("1 of 1 confirmed, 1 skipped"))
      #expect(sent.output.contains("it is a thermostat (UNSUPPORTED_COMMAND)"))
      let call = try #require(await server.gateway.batchCalls.first)
      #expect(call.target == .tag("north"))
      #expect(call.name == CommandName(kind: .battery, verb: "charge"))
      #expect(call.input == ["powerW": .number(2000)])
      #expect(call.durationSeconds == 3600)
      #expect(call.staggerSeconds == 0)
      let unproven = try await run(
        "batch", "send", "--device", "battery-1", "thermostat", "set-setpoints", "heatSetpointC=21C", at: address)
      #expect(unproven.status == .notConfirmed)
      #expect(try await run("batch", "show", "bat_2", at: address).status == .notConfirmed)
      #expect(try await run("batch", "list", at: address).output.contains("bat_1"))
      let dry = try await run(
        "batch", "send", "--site", "home", "battery:charge", "powerW=1kW", "--dry-run", at: address)
      #expect(dry.status == .fine)
      #expect(dry.output.contains("1 of 1 would be accepted"))
      #expect(dry.output.contains("FC6 holding 47100 = [1]"))
      #expect(await server.gateway.batchCalls.count == 2)
      let settled = try await run("batch", "cancel", "bat_1", at: address)
      #expect(settled.status == .failed && settled.errors.contains("nothing of batch bat_1 waits"))
    }
  }

  @Test("Schedules are made from days and times as people write them, listed and removed")
  func schedules() async throws {
    try await RunningGateway.with { server in
      let address = GatewayAddress.socket(path: server.socketPath)
      let weekly = try await run(
        "schedule", "weekly", "--device", "cellar BATTERY", "--days", "fri-mon", "--from", "01:00", "--to", "05:00",
        "battery", "charge", "--power", "2kW", "--otherwise", "battery:auto", at: address)
      #expect(weekly.status == .fine, "\(weekly.errors)")
      #expect(weekly.output.contains("sun mon fri sat 01:00–05:00  battery:charge powerW=2000"))
      #expect(weekly.output.contains("otherwise  battery:auto"))
      let once = try await run(
        "schedule", "once", "--tag", "north", "--at", "2036-05-01T18:00+02:00", "battery", "discharge", "--for", "30m",
        at: address)
      #expect(once.output.contains("2036-05-01T16:00:00.000Z  battery:discharge for 30 min"), "\(once.errors)")
      #expect(try await run("schedule", at: address).output.contains("tag north"))
      #expect(try await run("schedule", "remove", "sch_1", at: address).output == "sch_1 has ended\n")
      let bad = try await run(
        "schedule", "weekly", "--device", "battery-1", "--from", "1:00", "--to", "05:00", "battery", "auto", at: address
      )
      #expect(bad.status == .failed)
      #expect(bad.errors.contains("/rules/0/startTime: '1:00' is not a time of day"))
      #expect(bad.errors.contains("HH:MM"))
    }
  }

  @Test("Tags are set, listed and lead to their devices")
  func tags() async throws {
    try await RunningGateway.with { server in
      let address = GatewayAddress.socket(path: server.socketPath)
      let set = try await run("tag", "set", "battery-1", "north", "pilot", at: address)
      #expect(set.output.contains("pilot"))
      #expect(try await run("tag", "list", "battery-1", at: address).output.contains("api"))
      #expect(try await run("tag", at: address).output.contains("north"))
      #expect(try await run("tag", "devices", "north", at: address).output.contains("battery-1"))
      #expect(try await run("device", "list", "--tag", "south", at: address).output.contains("no devices"))
      #expect(try await run("tag", "devices", "south", at: address).status == .failed)
    }
  }

  @Test("What cannot be meant is a usage error")
  func schedulingUsage() {
    #expect(exitCode("batch", "send", "battery", "charge") == 64)
    #expect(exitCode("batch", "send", "--tag", "a", "--site", "b", "battery", "charge") == 64)
    #expect(exitCode("batch", "send", "--tag", "a", "charge") == 64)
    #expect(
      exitCode("schedule", "weekly", "--tag", "a", "--days", "someday", "--from", "1", "--to", "2", "battery:idle")
        == 64)
    #expect(exitCode("schedule", "once", "--at", "x", "battery:idle") == 64)
    #expect(exitCode("batch", "send", "--tag", "a", "battery", "charge", "--power", "2kW") == nil)
  }
}
