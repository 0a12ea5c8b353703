import DeviceProfiles
import DeviceSimulator
import EnergyModel
import TestSupport
import Testing

@Suite("A simulated device understands the commands of its own profile")
struct CommandRecognitionTests {
  @Test("Charge, discharge, idle and auto", arguments: ["huawei-sun2000", "sunspec-storage"])
  func battery(id: String) throws {
    var bench = try Bench(id)
    try bench.command("charge", ["powerW": .number(2000)])
    bench.clock.advance(by: .seconds(2))
    #expect(abs(bench.simulation.home.battery.powerW + 2000) < 10)
    try bench.command("discharge", ["powerW": .number(1500)])
    bench.clock.advance(by: .seconds(2))
    #expect(abs(bench.simulation.home.battery.powerW - 1500) < 10)
    try bench.command("idle")
    bench.clock.advance(by: .seconds(2))
    #expect(abs(bench.simulation.home.battery.powerW) < 1)
    try bench.command("charge", ["powerW": .number(5000)])
    bench.clock.advance(by: .seconds(2))
    #expect(abs(bench.simulation.home.battery.powerW + 5000) < 10)
    try bench.command("auto")
    #expect(bench.simulation.home.battery.goal == .selfConsumption)
    #expect(bench.simulation.home.battery.maxChargePowerW == 5000)
  }

  @Test(
    "Every command of a battery meets its own confirmation",
    arguments: ["huawei-sun2000", "sunspec-storage", "sonnen-sonnenbatterie"])
  func confirmations(id: String) throws {
    for (verb, input) in [
      ("charge", ["powerW": ScalarValue.number(2500)]), ("discharge", ["powerW": .number(800)]), ("idle", [:]),
      ("set-reserve", ["reservePercent": .number(25)]), ("auto", [:]),
    ] {
      var bench = try Bench(id)
      try bench.command(verb, input)
      bench.clock.advance(by: .seconds(3))
      bench.read()
      let confirm = try #require(bench.bound.profile.parts[0].command(verb)?.confirm)
      let holds = bench.decoder.snapshot().evaluate(confirm.expect, part: 0, input: input)
      #expect(holds == .flag(true), "\(id) \(verb): \(confirm.expect.text)")
    }
  }

  @Test("Operating mode and reserve are kept and read back")
  func batterySettings() throws {
    var bench = try Bench("huawei-sun2000")
    try bench.command("set-operating-mode", ["mode": .text("timeOfUse")])
    try bench.command("set-reserve", ["reservePercent": .number(30)])
    bench.read()
    #expect(bench.readings["battery.operatingMode"] == .label("timeOfUse"))
    #expect(bench.readings["battery.reservePercent"]?.number == 30)
    #expect(bench.simulation.home.battery.operatingMode == "timeOfUse")
    #expect(bench.simulation.home.battery.reservePercent == 30)
  }

  @Test("An object that was read and sent back changed is understood")
  func modification() throws {
    var bench = try Bench("enphase-iq-battery")
    try bench.command("set-reserve", ["reservePercent": .number(35)])
    try bench.command("set-operating-mode", ["mode": .text("backup")])
    bench.read()
    #expect(bench.simulation.home.battery.reservePercent == 35)
    #expect(bench.simulation.home.battery.operatingMode == "backup")
    #expect(bench.readings["battery.operatingMode"] == .label("backup"))
  }

  @Test("A limit that is JSON inside of a form field")
  func limitInForm() throws {
    var bench = try Bench("opendtu-http")
    try bench.command("set-power-limit", ["percent": .number(40)])
    #expect(abs(bench.simulation.home.plant.limitPercent - 40) < 0.1)
    bench.read()
    #expect(abs((bench.readings["inverter.powerLimitPercent"]?.number ?? 0) - 40) < 0.1)
    try bench.command("auto")
    #expect(bench.simulation.home.plant.limitPercent == 100)
  }

  @Test("A limit in percent or watts, its revert, and the connection of a SunSpec inverter")
  func inverter() throws {
    var bench = try Bench("sunspec-inverter")
    try bench.command("set-power-limit", ["percent": .number(25)])
    #expect(abs(bench.simulation.home.plant.limitPercent - 25) < 0.1)
    let command = try #require(bench.bound.profile.parts[0].command("set-power-limit"))
    let revert = try #require(bench.bound.profile.parts[0].revert(of: command))
    try bench.send(revert.steps, part: 0, input: [:], before: [:])
    #expect(bench.simulation.home.plant.limitPercent == 100)
    try bench.command("set-power-limit", ["watts": .number(2000)])
    bench.clock.advance(by: .seconds(5))
    #expect(abs(bench.simulation.home.plant.powerW - 2000) < 30)
    try bench.command("disconnect")
    bench.clock.advance(by: .seconds(5))
    #expect(bench.simulation.home.plant.powerW == 0)
    try bench.command("auto")
    bench.clock.advance(by: .seconds(5))
    #expect(bench.simulation.home.plant.powerW > 4000)
  }

  @Test(
    "Mode and setpoint of a thermostat, and back",
    arguments: ["zigbee2mqtt-radiator-thermostat", "shelly-st1820", "venstar-colortouch", "bsb-lan-heating"])
  func thermostat(id: String) throws {
    var bench = try Bench(id)
    bench.read()
    let before = bench.decoder.snapshot().values(part: 0)
    try bench.command("set-setpoints", ["heatSetpointC": .number(23)])
    #expect(abs(bench.simulation.home.rooms[0].heatSetpointC - 23) < 0.3)
    #expect(bench.simulation.home.rooms[0].action == "heating")
    #expect(bench.simulation.home.rooms[0].mode == "heat")
    bench.read()
    #expect(abs((bench.readings["thermostat.heatSetpointC"]?.number ?? 0) - 23) < 0.29)
    let command = try #require(bench.bound.profile.parts[0].command("set-setpoints"))
    let revert = try #require(bench.bound.profile.parts[0].revert(of: command))
    try bench.send(revert.steps, part: 0, input: [:], before: before)
    #expect(abs(bench.simulation.home.rooms[0].heatSetpointC - 20) < 0.01)
    try bench.command("set-operating-mode", ["mode": .text("off")])
    #expect(bench.simulation.home.rooms[0].mode == "off")
    #expect(abs(bench.simulation.home.rooms[0].heatSetpointC - 20) < 0.01)
    try bench.command("set-operating-mode", ["mode": .text("heat")])
    #expect(bench.simulation.home.rooms[0].mode == "heat")
  }

  @Test("A setpoint that no command could have sent is written back by a revert")
  func oddSetpoint() throws {
    var bench = try Bench("zigbee2mqtt-radiator-thermostat")
    let command = try #require(bench.bound.profile.parts[0].command("set-setpoints"))
    let revert = try #require(bench.bound.profile.parts[0].revert(of: command))
    bench.read()
    try bench.send(revert.steps, part: 0, input: [:], before: ["heatSetpointC": .number(18.3)])
    #expect(bench.simulation.home.rooms[0].heatSetpointC == 18.3)
  }

  @Test("Fan and schedule of a Venstar")
  func venstar() throws {
    var bench = try Bench("venstar-colortouch")
    try bench.command("set-fan-mode", ["mode": .text("on")])
    #expect(bench.simulation.home.rooms[0].fanMode == "on")
    try bench.command("resume-schedule")
    bench.read()
    #expect(bench.readings["thermostat.setpointSource"] == .label("schedule"))
    try bench.command("set-setpoints", ["coolSetpointC": .number(28)])
    #expect(abs(bench.simulation.home.rooms[0].coolSetpointC - 28) < 0.3)
    #expect(abs(bench.simulation.home.rooms[0].heatSetpointC - 20) < 0.01)
  }

  @Test("A plug is switched")
  func plug() throws {
    var bench = try Bench("tasmota-energy-plug")
    try bench.command("switch", ["on": .flag(false)])
    bench.clock.advance(by: .seconds(1))
    bench.read()
    #expect(bench.readings["meter.switchOn"] == .flag(false))
    #expect(bench.readings["meter.powerW"]?.number == 0)
    try bench.command("switch", ["on": .flag(true)])
    #expect(bench.simulation.home.plugs[0].isOn)
  }

  @Test("A command that is not renewed ends by itself, and the registers show it")
  func keepAlive() throws {
    var bench = try Bench("huawei-sun2000")
    try bench.command("charge", ["powerW": .number(2000)])
    bench.clock.advance(by: .seconds(100))
    // Feeding the timer as the profile says.
    let command = try #require(bench.bound.profile.parts[0].command("charge"))
    try bench.send(command.keepAlive?.steps ?? [], part: 0, input: ["powerW": .number(2000)], before: [:])
    bench.clock.advance(by: .seconds(100))
    #expect(bench.send(.read(.init(table: .holding, address: 47100, count: 1))) == .registers([1]))
    #expect(abs(bench.simulation.home.battery.powerW + 2000) < 10)
    bench.clock.advance(by: .seconds(21))
    #expect(bench.send(.read(.init(table: .holding, address: 47100, count: 1))) == .registers([0]))
    #expect(bench.send(.read(.init(table: .holding, address: 47075, count: 2))) == .registers([0, 5000]))
    #expect(bench.simulation.home.battery.goal == .selfConsumption)
  }

  @Test("Stopping by hand ends a command although it has no name")
  func contradiction() throws {
    var bench = try Bench("huawei-sun2000")
    try bench.command("charge", ["powerW": .number(2000)])
    #expect(bench.send(.writeRegisters(address: 47100, values: [0], function: .single)) == .written)
    #expect(bench.simulation.home.battery.goal == .selfConsumption)
  }

  @Test("Only controls can be written, whole, in their range, and by their function")
  func refusals() throws {
    let bench = try Bench("huawei-sun2000")
    #expect(bench.send(.writeRegisters(address: 37760, values: [1], function: .single)) == .exception(2))
    #expect(bench.send(.writeRegisters(address: 47075, values: [1], function: .single)) == .exception(2))
    #expect(bench.send(.writeRegisters(address: 47100, values: [7], function: .single)) == .exception(3))
    #expect(bench.send(.writeRegisters(address: 47075, values: [9, 0], function: .multiple)) == .exception(3))
    #expect(bench.send(.writeRegisters(address: 47100, values: [1], function: .multiple)) == .exception(2))
    #expect(bench.send(.read(.init(table: .holding, address: 10, count: 2))) == .exception(2))
    #expect(bench.send(.read(.init(table: .holding, address: 37760, count: 0))) == .exception(3))
    #expect(bench.send(.unsupported) == .exception(1))
  }
}
