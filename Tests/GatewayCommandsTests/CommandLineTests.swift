import ArgumentParser
import EnergyModel
import Foundation
import LocalAPIClient
import LocalAPISchema
import LocalAPIServer
import LocalAPITestSupport
import Synchronization
import Testing

@testable import GatewayCommands

@Suite struct CommandLineTests {
  /// What a run wrote and how it ended.
  struct Run {
    var status: GatewayCommands.ExitStatus
    var output: String
    var errors: String
  }

  private final class Capture: Sendable {
    let text = Mutex("")
    let errors = Mutex("")
    func output(isTerminal: Bool) -> Output {
      Output(
        isTerminal: isTerminal, color: false, write: { text in self.text.withLock { $0 += text } },
        writeError: { text in self.errors.withLock { $0 += text } })
    }
  }

  func run(
    _ arguments: String..., at address: GatewayAddress, isTerminal: Bool = false
  ) async throws -> Run {
    let command = try #require(try HeddleCommand.parseAsRoot(arguments) as? any GatewayCommand)
    let capture = Capture()
    let session = Session(
      client: LocalAPIClient(address), output: capture.output(isTerminal: isTerminal), json: command.connection.json,
      sleep: { _ in try Task.checkCancellation() })
    let status = await command.perform(in: session)
    await session.client.shutdown()
    return Run(status: status, output: capture.text.withLock { $0 }, errors: capture.errors.withLock { $0 })
  }

  func exitCode(_ arguments: String...) -> Int32? {
    do {
      _ = try HeddleCommand.parseAsRoot(arguments)
      return nil
    } catch { return HeddleCommand.exitCode(for: error).rawValue }
  }

  @Test("A charge is sent with SI values, followed, proven, and ends with 0")
  func charge() async throws {
    let gateway = InMemoryGateway()
    await gateway.set(outcome: [.accepted, .dispatched, .acknowledged, .confirmed])
    try await RunningGateway.with(gateway) { server in
      let result = try await run(
        "battery", "charge", "cellar BATTERY", "--power", "2.5kW", "--for", "30m", "--target-soc", "80%",
        at: .socket(path: server.socketPath))
      #expect(result.status == .fine)
      #expect(result.output.hasPrefix("confirmed: battery-1 does it\n"))
      #expect(result.output.contains("powerW  0 W → -2480 W"))
      let call = try #require(await gateway.calls.first)
      #expect(call.input == ["powerW": .number(2500), "targetSocPercent": .number(80)])
      #expect(call.durationSeconds == 1800)
    }
  }

  @Test("What the device does not show ends with 3, what it refuses with 1")
  func outcomes() async throws {
    let gateway = InMemoryGateway()
    try await RunningGateway.with(gateway) { server in
      let address = GatewayAddress.socket(path: server.socketPath)
      await gateway.set(outcome: [.accepted, .dispatched, .unconfirmed])
      #expect(try await run("battery", "idle", "battery-1", at: address).status == .notConfirmed)
      await gateway.set(outcome: [.accepted, .dispatched, .failed])
      #expect(try await run("battery", "auto", "battery-1", at: address).status == .failed)
      await gateway.set(outcome: [.accepted])
      let unwaited = try await run("battery", "auto", "battery-1", "--no-wait", at: address)
      #expect(unwaited.status == .fine)
      #expect(unwaited.output.contains("heddle command show cmd_3"))
      await gateway.set(
        refusal: APIError(status: 422, code: "OUT_OF_RANGE", message: "9000 W is above 5000 W", hint: "give less"))
      let refused = try await run("battery", "charge", "battery-1", "--power", "9kW", at: address)
      #expect(refused.status == .failed)
      #expect(refused.errors == "error: 9000 W is above 5000 W\nhint: give less\n")
      #expect(refused.output.isEmpty)
      let json = try await run("battery", "charge", "battery-1", "--json", at: address)
      #expect(json.output.contains("\"error\" : \"OUT_OF_RANGE\""))
    }
  }

  @Test(
    "The exit code is 0 only for what was waited for, and 3 while that is not so",
    arguments: [
      ([CommandStatus.accepted, .dispatched, .acknowledged], "acknowledged", ExitStatus.fine),
      ([.accepted, .dispatched, .acknowledged, .confirmed], "acknowledged", .fine),
      ([.accepted, .dispatched, .acknowledged, .unconfirmed], "acknowledged", .notConfirmed),
      ([.accepted, .dispatched, .failed], "acknowledged", .failed),
      ([.accepted, .dispatched, .acknowledged, .confirmed], "confirmed", .fine),
      ([.accepted, .dispatched, .acknowledged, .unconfirmed], "confirmed", .notConfirmed),
      ([.accepted, .dispatched, .acknowledged, .confirmed, .drifted], "confirmed", .notConfirmed),
      ([.accepted], "none", .fine), ([.accepted, .dispatched], "none", .fine),
      ([.accepted, .dispatched, .failed], "none", .failed),
    ] as [([CommandStatus], String, GatewayCommands.ExitStatus)])
  func waiting(outcome: [CommandStatus], wait: String, expected: GatewayCommands.ExitStatus) async throws {
    let gateway = InMemoryGateway()
    await gateway.set(outcome: outcome)
    try await RunningGateway.with(gateway) { server in
      let result = try await run(
        "battery", "auto", "battery-1", "--wait", wait, "--json", at: .socket(path: server.socketPath))
      #expect(result.status == expected)
      #expect(result.output.split(separator: "\n").count == 1)
    }
    #expect(exitCode("battery", "auto", "battery-1", "--no-wait", "--wait", "confirmed") == 64)
    #expect(exitCode("battery", "auto", "battery-1", "--wait", "forever") == 64)
  }

  @Test("A terminal shows each step as it comes, a pipe only the result")
  func progress() async throws {
    let gateway = InMemoryGateway()
    await gateway.set(outcome: [.accepted, .dispatched])
    try await RunningGateway.with(gateway) { server in
      let address = GatewayAddress.socket(path: server.socketPath)
      // The program has to see the first step before the second one comes: its first look ends after ten reads.
      await gateway.move(toConfirmedAfterReads: 12)
      let shown = try await run("battery", "auto", "battery-1", at: address, isTerminal: true)
      #expect(shown.output.contains("\r\u{1B}[Kaccepted → dispatched"))
      #expect(shown.output.contains("confirmed: battery-1 is back to normal"))
    }
  }

  @Test("A command for later says when, and the program does not wait for it")
  func later() async throws {
    let gateway = InMemoryGateway()
    await gateway.set(outcome: [.accepted, .scheduled])
    try await RunningGateway.with(gateway) { server in
      let result = try await run(
        "command", "send", "battery-1", "charge", "--at", "2026-05-02T22:00:00Z", "--ttl", "10m", "--on-conflict",
        "queueAfter", "--priority", "manual", at: .socket(path: server.socketPath))
      #expect(result.status == .fine)
      #expect(result.output.hasPrefix("scheduled for 2026-05-02T22:00:00.000Z\n"))
      #expect(result.output.contains("priority manual"))
      let call = try #require(await gateway.calls.first)
      #expect(call.onConflict == .queueAfter)
      #expect(call.ttlSeconds == 600)
    }
    #expect(exitCode("battery", "idle", "battery-1", "--replace", "--on-conflict", "reject") == 64)
  }

  @Test("stop --all ends with 0 only when every device showed that it is back to normal")
  func stop() async throws {
    let gateway = InMemoryGateway()
    try await RunningGateway.with(gateway) { server in
      let address = GatewayAddress.socket(path: server.socketPath)
      await gateway.set(outcome: [.accepted, .dispatched, .acknowledged, .confirmed])
      let fine = try await run("stop", "--all", at: address)
      #expect(fine.status == .fine)
      #expect(fine.output.contains("battery-1     back to normal"))
      await gateway.set(outcome: [.accepted, .dispatched, .unconfirmed])
      let open = try await run("stop", "battery-1", at: address)
      #expect(open.status == .notConfirmed)
      #expect(open.output.contains("NOT CONFIRMED"))
      #expect(!open.output.contains("thermostat-1"))
    }
    #expect(exitCode("stop") == 64)
    #expect(exitCode("stop", "--all", "battery-1") == 64)
  }

  @Test("Mode and temperature are two commands, in this order; a dry run sends none")
  func thermostat() async throws {
    let gateway = InMemoryGateway()
    await gateway.set(outcome: [.accepted, .confirmed])
    try await RunningGateway.with(gateway) { server in
      let address = GatewayAddress.socket(path: server.socketPath)
      let dry = try await run("thermostat", "set", "thermostat-1", "--heat", "70F", "--dry-run", at: address)
      #expect(dry.status == .fine)
      #expect(dry.output.contains("  FC6 holding 47100 = [1]\n"))
      #expect(await gateway.calls.isEmpty)
      let result = try await run(
        "thermostat", "set", "thermostat-1", "--mode", "heat", "--heat", "21.5C", "--idempotency-key", "k", "--json",
        at: address)
      #expect(result.status == .fine)
      #expect(await gateway.calls.map(\.name.verb) == ["set-operating-mode", "set-setpoints"])
      #expect(await gateway.calls.map(\.idempotencyKey) == ["k/set-operating-mode", "k/set-setpoints"])
      let lines = result.output.split(separator: "\n")
      let commands = try lines.map { try JSONDecoder().decode(CommandResource.self, from: Data($0.utf8)) }
      #expect(commands.map(\.command) == ["thermostat:set-operating-mode", "thermostat:set-setpoints"])
    }
  }

  @Test("A charger is started, stopped, limited in amperes, put into a mode and let go")
  func charger() async throws {
    let gateway = InMemoryGateway()
    await gateway.set(outcome: [.accepted, .confirmed])
    await gateway.set(devices: [
      InMemoryGateway.device("car", .charger, "Carport", customer: "demo", site: "home", fields: [:])
    ])
    try await RunningGateway.with(gateway) { server in
      let address = GatewayAddress.socket(path: server.socketPath)
      let lines = [
        ["charger", "start", "car"], ["charger", "stop", "carport", "--for", "2h"],
        ["charger", "limit", "car", "10.5A"],
        ["charger", "mode", "car", "solar"], ["charger", "auto", "car"],
      ]
      for line in lines {
        let command = try #require(try HeddleCommand.parseAsRoot(line) as? any GatewayCommand)
        let session = Session(
          client: LocalAPIClient(address), output: Capture().output(isTerminal: false), json: false,
          sleep: { _ in try Task.checkCancellation() })
        #expect(await command.perform(in: session) == .fine, "\(line)")
        await session.client.shutdown()
      }
      let calls = await gateway.calls
      #expect(
        calls.map(\.name.description) == [
          "charger:set-operating-mode", "charger:set-operating-mode", "charger:set-current-limit",
          "charger:set-operating-mode", "charger:auto",
        ])
      #expect(
        calls.map(\.input) == [
          ["mode": .text("start-charging")], ["mode": .text("stop-charging")], ["maxCurrentA": .number(10.5)],
          ["mode": .text("solar")], [:],
        ])
      #expect(calls.map(\.durationSeconds) == [nil, 7200, nil, nil, nil])
    }
  }

  @Test("Every look at the gateway answers in words and as JSON")
  func looks() async throws {
    let gateway = InMemoryGateway()
    await gateway.add(InMemoryGateway.event(1))
    try await RunningGateway.with(gateway) { server in
      let address = GatewayAddress.socket(path: server.socketPath)
      let lines: [[String]] = [
        ["status"], ["device", "list"], ["device", "show", "battery-1"], ["watch", "battery-1", "--once"],
        ["command", "list"], ["customer", "list"], ["customer", "show", "demo"],
        ["customer", "usage", "demo", "--range", "today", "--by", "hour"], ["site", "list"], ["site", "usage", "home"],
        ["events"], ["key", "list"], ["version"],
      ]
      for line in lines {
        let command = try #require(try HeddleCommand.parseAsRoot(line) as? any GatewayCommand)
        for json in [false, true] {
          let capture = Capture()
          let session = Session(
            client: LocalAPIClient(address), output: capture.output(isTerminal: false), json: json,
            sleep: { _ in throw CancellationError() })
          #expect(await command.perform(in: session) == .fine, "\(line)")
          await session.client.shutdown()
          let output = capture.text.withLock { $0 }
          let isJSON = (try? JSONSerialization.jsonObject(with: Data(output.utf8))) != nil
          #expect(isJSON == json, "\(line) gave \(output)")
        }
      }
      let watched = try await run("watch", "battery-1", "--once", at: address)
      #expect(watched.output == "2026-05-01T09:59:56.000Z  battery-1  online  87 %, charging 2.1 kW\n")
    }
  }

  @Test("A key is the only thing on standard output")
  func keys() async throws {
    try await RunningGateway.with { server in
      let address = GatewayAddress.socket(path: server.socketPath)
      let made = try await run(
        "key", "create", "--scope", "admin", "--label", "laptop", "--expires", "2999-12-31T00:00:00Z", at: address)
      #expect(made.output.hasPrefix("hdl_"))
      let key = made.output.trimmingCharacters(in: .newlines)
      #expect(try await run("key", "list", at: .url(server.url, key: key)).output.contains("laptop"))
      #expect(try await run("key", "list", at: address).output.contains("2999-12-31T00:00:00.000Z"))
      let id = try #require(await server.gateway.keys.first?.id)
      #expect(try await run("key", "revoke", id, at: address).status == .fine)
      #expect(try await run("key", "list", at: .url(server.url, key: key)).status == .failed)
    }
  }

  @Test("A gateway that is not there ends with 69 and says what to do")
  func unreachable() async throws {
    let result = try await run("status", at: .socket(path: "/tmp/no-such-heddle.sock"))
    #expect(result.status == .unreachable)
    #expect(result.errors.hasPrefix("error: there is no gateway at /tmp/no-such-heddle.sock\nhint: start it with"))
    let options = try ConnectionOptions.parse([])
    let failure = #expect(throws: CommandFailure.self) {
      try options.address(environment: [:], userID: 7, exists: { _ in false })
    }
    #expect(failure?.status == .unreachable)
    #expect(failure?.message.contains("/run/heddle/heddle.sock, /tmp/heddle-demo-7/heddle.sock") == true)
  }

  @Test("The gateway is found by options, then the environment, then the sockets that exist")
  func addresses() throws {
    let none = try ConnectionOptions.parse([])
    let found = try none.address(environment: [:], userID: 7, exists: { $0.hasPrefix("/tmp") })
    #expect(found == .socket(path: "/tmp/heddle-demo-7/heddle.sock"))
    let url = try ConnectionOptions.parse(["--url", "http://h:8480"])
    #expect(
      try url.address(environment: ["HEDDLE_KEY": "k"], userID: 7, exists: { _ in false })
        == .url("http://h:8480", key: "k"))
    let long = try ConnectionOptions.parse(["--socket", "/" + String(repeating: "x", count: 120)])
    let failure = #expect(throws: CommandFailure.self) {
      try long.address(environment: [:], userID: 7, exists: { _ in true })
    }
    #expect(failure?.status == .configuration)
  }

  @Test("A name that several devices have is not guessed")
  func ambiguousNames() async throws {
    let gateway = InMemoryGateway()
    var twin = InMemoryGateway.battery
    twin.id = "battery-2"
    await gateway.set(devices: [InMemoryGateway.battery, twin])
    try await RunningGateway.with(gateway) { server in
      let address = GatewayAddress.socket(path: server.socketPath)
      let result = try await run("device", "show", "Cellar battery", at: address)
      #expect(result.status == .failed)
      #expect(result.errors.contains("use an id: battery-1, battery-2"))
      let unknown = try await run("battery", "idle", "batery-1", at: address)
      #expect(unknown.errors.contains("there are battery-1, battery-2"))
    }
  }

  @Test("Wrong usage ends with 64")
  func usageErrors() {
    #expect(exitCode("battery", "charge", "b", "--power", "2500") == 64)
    #expect(exitCode("thermostat", "set", "t") == 64)
    #expect(exitCode("inverter", "limit", "i", "--percent", "70", "--watts", "3kW") == 64)
    #expect(exitCode("command", "send", "b", "charge", "powerW") == 64)
    #expect(exitCode("charger", "limit", "c", "16") == 64)
    #expect(exitCode("status", "--url", "heddle") == 64)
    #expect(exitCode("status", "--url", "http://h", "--socket", "/s") == 64)
    #expect(exitCode("key", "create") == 64)
    #expect(exitCode("key", "create", "--scope", "admin", "--expires", "soon") == 64)
    #expect(exitCode("status", "--url", "http://h:1", "--ca", "ca.pem") == 64)
    #expect(exitCode("nonsense") == 64)
    #expect(exitCode("status", "--json") == nil)
  }

  @Test("A wrong quantity is explained with an example")
  func quantityMessage() {
    do {
      _ = try HeddleCommand.parseAsRoot(["battery", "charge", "b", "--power", "2500"])
      Issue.record("it was taken")
    } catch {
      #expect(HeddleCommand.message(for: error).contains("'2500' has no unit; write 2500W or 2.5kW"))
    }
  }

  @Test("On a terminal a watch redraws its lines, in a pipe it adds one")
  func watch() async throws {
    try await RunningGateway.with { server in
      let command = try #require(try HeddleCommand.parseAsRoot(["watch", "battery-1"]) as? any GatewayCommand)
      for isTerminal in [true, false] {
        let capture = Capture()
        let looks = Mutex(0)
        let session = Session(
          client: LocalAPIClient(.socket(path: server.socketPath)), output: capture.output(isTerminal: isTerminal),
          json: false,
          sleep: { _ in
            if looks.withLock({
              $0 += 1; return $0 > 1
            }) {
              throw CancellationError()
            }
          })
        _ = await command.perform(in: session)
        await session.client.shutdown()
        let output = capture.text.withLock { $0 }
        let lines = DeviceView.lines(InMemoryGateway.battery, color: false).count
        #expect(output.contains("\u{1B}[\(lines)A\u{1B}[J") == isTerminal)
        if !isTerminal { #expect(output.split(separator: "\n").count == 2) }
      }
    }
  }
}
