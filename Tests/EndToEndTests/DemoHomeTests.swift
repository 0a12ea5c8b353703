import Foundation
import Testing

/// The README's first minute, with the real programs over the real protocols.
@Suite(
  "The demo home", .serialized,
  .enabled(if: Programs.hasOwn, "the programs are not built"),
  .enabled(if: Programs.system("mosquitto") != nil, "mosquitto is not installed"))
struct DemoHomeTests {
  /// One demo for the whole story; starting it takes longer than all steps together.
  @Test("What the demo prints works as it stands")
  func story() async throws {
    await Seats.take()
    defer { Seats.give() }
    let folder = URL(fileURLWithPath: "/tmp/heddle-e2e-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let environment = ["XDG_RUNTIME_DIR": folder.path, "HEDDLE_SOCKET": "", "NO_COLOR": "1"]
    let heddle = Programs.own("heddle")
    let demo = try RunningProgram(heddle, ["demo", "--profiles", Programs.profiles], environment: environment)
    defer { demo.send(SIGKILL) }
    let isUp = await eventually(within: 30) { demo.said.contains("Ctrl-C stops everything") || !demo.isRunning }
    try #require(isUp && demo.isRunning, "\(demo.said)")

    func cli(_ arguments: String...) async throws -> ProgramResult {
      try await run(heddle, arguments, environment: environment)
    }
    try await reading(cli)
    try await thermostat(cli)
    try await charging(cli, folder)
    try await refusals(cli)
    try await usage(cli)

    demo.send(SIGINT)
    #expect(await demo.end(within: 15) == 0)
    let log = try String(contentsOf: folder.appendingPathComponent("heddle-demo/heddled.log"), encoding: .utf8)
    #expect(log.contains("heddled stopped"), "\(log)")
  }

  private func reading(_ cli: (String...) async throws -> ProgramResult) async throws {
    let status = try await cli("status")
    #expect(status.status == 0)
    for name in ["battery-1", "meter-1", "thermostat-1", "inverter-1", "cellar", "zigbee", "roof"] {
      #expect(status.output.contains(name), "\(status.output)")
    }
    let list = try await cli("device", "list")
    #expect(list.status == 0 && list.output.contains("battery-1"))
    let show = try await cli("device", "show", "battery-1")
    #expect(show.output.contains("socPercent"), "\(show.output)")
    let json = try await cli("device", "show", "inverter-1", "--json")
    let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
    let state = object?["state"] as? [String: Any]
    let fields = state?["fields"] as? [String: Any]
    #expect((fields?["pvPowerW"] as? Double ?? 0) > 100, "the sun shines at noon: \(json.output)")
    let watch = try await cli("watch", "battery-1", "--once")
    #expect(watch.status == 0, "\(watch.errors)")
  }

  private func charging(_ cli: (String...) async throws -> ProgramResult, _ folder: URL) async throws {
    let charge = try await cli("battery", "charge", "battery-1", "--power", "2.5kW", "--for", "30m")
    #expect(charge.status == 0, "\(charge.output)\(charge.errors)")
    #expect(charge.output.contains("confirmed"), "\(charge.output)")
    #expect(charge.output.contains("powerW"), "the evidence is shown: \(charge.output)")
    try await foreignClientSeesTheWrite(folder)
    let auto = try await cli("battery", "auto", "battery-1")
    #expect(auto.status == 0, "\(auto.output)\(auto.errors)")
    let idle = try await cli("battery", "idle", "battery-1", "--for", "5m", "--dry-run")
    #expect(idle.status == 0 && idle.output.contains("FC"), "\(idle.output)\(idle.errors)")
  }

  /// mbpoll, which knows nothing of Heddle, reads 47100 (forced mode) and 47247 (its power) from the battery.
  private func foreignClientSeesTheWrite(_ folder: URL) async throws {
    guard let mbpoll = Programs.system("mbpoll") else { return }
    let text = try Data(contentsOf: folder.appendingPathComponent("heddle-demo/ports.json"))
    let port = (try JSONSerialization.jsonObject(with: text) as? [String: Any])?["modbusPort"] as? Int
    let arguments = ["-m", "tcp", "-p", "\(try #require(port))", "-a", "1", "-0", "-t", "4", "-1"]
    let mode = try await run(mbpoll, arguments + ["-r", "47100", "-c", "1", "127.0.0.1"])
    #expect(mode.output.contains("[47100]: \t1"), "\(mode.output)\(mode.errors)")
    let power = try await run(mbpoll, arguments + ["-r", "47248", "-c", "1", "127.0.0.1"])
    #expect(power.output.contains("[47248]: \t2500"), "\(power.output)\(power.errors)")
  }

  private func thermostat(_ cli: (String...) async throws -> ProgramResult) async throws {
    let set = try await cli("thermostat", "set", "thermostat-1", "--mode", "heat", "--heat", "24.5C")
    #expect(set.status == 0, "\(set.output)\(set.errors)")
    let heats = await eventually(within: 10) {
      (try? await cli("device", "show", "thermostat-1"))?.output.contains("heating") ?? false
    }
    #expect(heats)
  }

  private func refusals(_ cli: (String...) async throws -> ProgramResult) async throws {
    let tooMuch = try await cli("battery", "charge", "battery-1", "--power", "50kW")
    #expect(tooMuch.status == 1)
    #expect(tooMuch.errors.contains("5000 W"), "the limit is in the message: \(tooMuch.errors)")
    let unknown = try await cli("device", "show", "battery-9")
    #expect(unknown.status == 1 && unknown.errors.contains("battery-1"), "\(unknown.errors)")
    let usage = try await cli("battery", "charge")
    #expect(usage.status == 64)
    let nobody = try await run(
      Programs.own("heddle"), ["status"], environment: ["HEDDLE_SOCKET": "/tmp/heddle-nobody.sock"])
    #expect(nobody.status == 69)
  }

  private func usage(_ cli: (String...) async throws -> ProgramResult) async throws {
    func metrics() async throws -> [String: [String: Any]]? {
      let usage = try await cli("customer", "usage", "demo", "--range", "today", "--json")
      #expect(usage.status == 0, "\(usage.errors)")
      let report = try JSONSerialization.jsonObject(with: Data(usage.output.utf8)) as? [String: Any]
      return report?["metrics"] as? [String: [String: Any]]
    }
    let isBooked = await eventually(within: 30) {
      (((try? await metrics())??["generation"]?["total"] as? Double) ?? 0) > 0
    }
    #expect(isBooked, "the sun's energy is booked")
    let consumption = try #require(try await metrics()?["consumption"])
    // The counters move in steps, so in the first seconds the balance is known but rough.
    #expect(abs(try #require(consumption["total"] as? Double)) < 100)
    #expect(consumption["method"] as? String == "balance")
  }
}
