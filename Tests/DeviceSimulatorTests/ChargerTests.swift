import DeviceProfiles
import DeviceSimulator
import EnergyModel
import TestSupport
import Testing
import TimeSource

@Suite("A simulated charging station with a car")
struct ChargerTests {
  static let ids = [
    "go-e-charger-mqtt", "go-e-charger-modbus", "keba-p30", "keba-p40", "alfen-eve", "heidelberg-energy-control",
    "openwb-series2-modbus", "openwb-pro-http", "openwb-series1-mqtt", "victron-ev-charging-station",
    "evcc-loadpoint-mqtt", "go-e-charger-http", "evcc-loadpoint-rest",
  ]

  private static func charger(_ bench: Bench) throws -> SimulatedCharger {
    try #require(bench.simulation.home.chargers.first)
  }

  @Test("The car charges until it has enough, within the limit, and the house pays for it")
  func physics() {
    var home = SimulatedHome(HomeConfiguration())
    let index = home.addCharger()
    let role = SimulatedRole.charger(index, pausesByCurrent: false)
    let before = home.loadW
    home.advance(by: 5)
    #expect(abs(home.chargers[index].powerW - 16 * 3 * 230) < 1)
    #expect(home.chargers[index].state == "charging")
    #expect(home.loadW - before > 10_000)
    #expect(abs(home.loadW - home.plant.powerW - home.battery.powerW - home.gridW) < 1e-6)
    home.perform("set-current-limit", ["maxCurrentA": .number(8)], as: role)
    home.advance(by: 5)
    #expect(abs(home.chargers[index].powerW - 8 * 3 * 230) < 1)
    home.perform("set-current-limit", ["maxCurrentA": .number(5)], as: role)
    home.advance(by: 5)
    #expect(home.chargers[index].powerW == 0)
    #expect(home.chargers[index].state == "readyWaiting")
    home.perform("auto", [:], as: role)
    let energy = home.chargers[index].energyTotalWh
    home.advance(by: 4 * 3600)
    #expect(home.chargers[index].state == "pluggedIn")
    // From 40 to 80 % of 60 kWh at 90 %.
    #expect(abs(home.chargers[index].energyTotalWh - energy - 26_667) < 50)
    home.chargers[index].isPluggedIn = false
    #expect(home.chargers[index].state == "notPluggedIn")
    home.chargers[index].isPluggedIn = true
    #expect(home.chargers[index].sessionEnergyWh == 0)
  }

  @Test("A station that follows the sun takes the surplus and no more")
  func sun() {
    var configuration = HomeConfiguration()
    configuration.socPercent = 100
    var home = SimulatedHome(configuration)
    let index = home.addCharger()
    let role = SimulatedRole.charger(index, pausesByCurrent: false)
    home.perform("set-operating-mode", ["mode": .text("solar")], as: role)
    home.advance(by: 10)
    let power = home.chargers[index].powerW
    #expect(power > 4000 && power < home.plant.powerW)
    home.perform("set-operating-mode", ["mode": .text("solar-minimum")], as: role)
    home.plant.isConnected = false
    home.advance(by: 10)
    #expect(abs(home.chargers[index].powerW - 6 * 3 * 230) < 1)
  }

  @Test("What a station says is what its physics means", arguments: ids)
  func fields(id: String) throws {
    var bench = try Bench(id)
    bench.clock.advance(by: .seconds(5))
    bench.read()
    #expect(bench.problems.isEmpty, "\(bench.problems)")
    #expect(abs((bench.readings["charger.powerW"]?.number ?? 0) - 11_040) < 150)
    #expect(bench.readings["charger.state"] == .label("charging"))
    #expect(bench.readings["charger.isPluggedIn"] == .flag(true))
    #expect(bench.readings["charger.chargingMode"] != .null)
    if let limit = bench.readings["charger.maxCurrentA"]?.number { #expect(abs(limit - 16) < 0.1) }
  }

  @Test("Every command of a station is understood and meets its own confirmation", arguments: ids)
  func commands(id: String) throws {
    var bench = try Bench(id)
    bench.clock.advance(by: .seconds(5))
    let part = bench.bound.profile.parts[0]
    func confirm(_ verb: String, _ input: [String: ScalarValue]) throws {
      try bench.command(verb, input)
      bench.clock.advance(by: .seconds(4))
      bench.read()
      let confirm = try #require(part.command(verb)?.confirm)
      let holds = bench.decoder.snapshot().evaluate(confirm.expect, part: 0, input: input)
      #expect(holds == .flag(true), "\(id) \(verb) \(input): \(confirm.expect.text)")
    }
    try confirm("set-current-limit", ["maxCurrentA": .number(10)])
    #expect(abs(try Self.charger(bench).powerW - 10 * 3 * 230) < 10)
    try confirm("set-operating-mode", ["mode": .text("stop-charging")])
    #expect(try Self.charger(bench).powerW == 0)
    #expect(bench.readings["charger.powerW"]?.number == 0)
    #expect(bench.readings["charger.state"] != .label("charging"))
    try confirm("set-operating-mode", ["mode": .text("start-charging")])
    #expect(try Self.charger(bench).powerW > 4000)
    guard part.command("auto") != nil else { return }
    try confirm("auto", [:])
    #expect(try Self.charger(bench).powerW > 4000)
  }

  @Test("A limit that is not renewed ends by itself, and the station does what its profile calls normal")
  func keepAlive() throws {
    var bench = try Bench("heidelberg-energy-control", parameters: ["ratedCurrentA": .number(12)])
    try bench.command("set-current-limit", ["maxCurrentA": .number(8)])
    let command = try #require(bench.bound.profile.parts[0].command("set-current-limit"))
    for _ in 0..<4 {
      bench.clock.advance(by: .seconds(10))
      try bench.send(command.keepAlive?.steps ?? [], part: 0, input: ["maxCurrentA": .number(8)], before: [:])
    }
    #expect(abs(try Self.charger(bench).powerW - 8 * 3 * 230) < 1)
    bench.clock.advance(by: .seconds(16))
    #expect(bench.send(.read(.init(table: .holding, address: 261, count: 1))) == .registers([120]))
    bench.clock.advance(by: .seconds(4))
    #expect(try Self.charger(bench).maxCurrentA == 12)
    #expect(abs(try Self.charger(bench).powerW - 12 * 3 * 230) < 1)
  }

  @Test("A pause that is not renewed ends by itself")
  func pause() throws {
    var bench = try Bench("alfen-eve")
    try bench.command("set-operating-mode", ["mode": .text("stop-charging")])
    bench.clock.advance(by: .seconds(50))
    #expect(try Self.charger(bench).powerW == 0)
    bench.clock.advance(by: .seconds(15))
    bench.read()
    bench.clock.advance(by: .seconds(4))
    bench.read()
    #expect(bench.readings["charger.chargingMode"] == .label("start-charging"))
    #expect(try Self.charger(bench).powerW > 4000)
  }
}
