import DeviceSimulator
import EnergyModel
import Testing

@Suite("The physics of a home")
struct SimulatedHomeTests {
  private func home(_ change: (inout HomeConfiguration) -> Void = { _ in }) -> SimulatedHome {
    var configuration = HomeConfiguration()
    change(&configuration)
    return SimulatedHome(configuration)
  }

  @Test("Charging raises the state of charge and shows in the power within two seconds")
  func charging() {
    var home = home()
    let before = home.battery.socPercent
    home.perform("charge", ["powerW": .number(2500)], as: .battery)
    home.advance(by: 2)
    #expect(abs(home.battery.powerW + 2500) < 5)
    #expect(home.battery.chargingState == "charging")
    home.advance(by: 3600)
    // 2.5 kWh into 10 kWh with 97 %.
    #expect(abs(home.battery.socPercent - before - 24.25) < 0.1)
  }

  @Test("Discharging empties the battery down to its limit and no further")
  func discharging() {
    var home = home { $0.socPercent = 10 }
    home.perform("discharge", ["powerW": .number(5000)], as: .battery)
    home.advance(by: 2)
    #expect(home.battery.chargingState == "discharging")
    home.advance(by: 3600)
    #expect(abs(home.battery.socPercent - 5) < 0.2)
    #expect(abs(home.battery.powerW) < 30)
    #expect(home.battery.chargingState == "empty")
  }

  @Test("Charging ends at the target that was given")
  func target() {
    var home = home()
    home.perform("charge", ["powerW": .number(5000), "targetSocPercent": .number(60)], as: .battery)
    home.advance(by: 7200)
    #expect(abs(home.battery.socPercent - 60) < 0.3)
  }

  @Test("Self-consumption balances the grid to zero, and the reserve ends it")
  func selfConsumption() {
    var home = home { $0.secondsOfDay = 0 }
    home.advance(by: 10)
    #expect(home.battery.powerW > 200)
    #expect(abs(home.gridW) < 60)
    home.perform("set-reserve", ["reservePercent": .number(90)], as: .battery)
    home.advance(by: 10)
    #expect(abs(home.battery.powerW) < 1)
    #expect(home.gridW > 200)
  }

  @Test("The balance closes at every moment, also between the phases", arguments: [1, 17, 4711])
  func balance(seed: UInt64) {
    var home = home { $0.seed = seed }
    for step in 0..<500 {
      if step == 100 { home.perform("charge", ["powerW": .number(3000)], as: .battery) }
      if step == 200 { home.perform("auto", [:], as: .battery) }
      home.advance(by: 37)
      #expect(abs(home.loadW - home.plant.powerW - home.battery.powerW - home.gridW) < 1e-6)
      let phases = (0..<3).reduce(0.0) { $0 + home.gridW(phase: $1) }
      #expect(abs(phases - home.gridW) < 1e-6)
    }
  }

  @Test("Counters never go back and agree with the power over a day")
  func counters() {
    var home = home { $0.secondsOfDay = 0 }
    var last = counters(of: home)
    let start = last
    var importedWh = 0.0
    for _ in 0..<8640 {
      home.advance(by: 10)
      importedWh += max(0, home.gridW) * 10 / 3600
      let now = counters(of: home)
      #expect(zip(now, last).allSatisfy { $0 >= $1 })
      last = now
    }
    #expect(last[0] - start[0] > 10_000, "a sunny day gives more than 10 kWh")
    #expect(abs((last[3] - start[3]) - importedWh) < 0.1 * importedWh + 50)
  }

  private func counters(of home: SimulatedHome) -> [Double] {
    [
      home.plant.energyTotalWh, home.battery.chargedTotalWh, home.battery.dischargedTotalWh, home.importedTotalWh,
      home.exportedTotalWh, home.loadTotalWh,
    ]
  }

  @Test("The sun shines by day and the inverter sleeps at night")
  func sun() {
    #expect(home { $0.secondsOfDay = 12 * 3600 }.plant.powerW > 4000)
    var night = home { $0.secondsOfDay = 2 * 3600 }
    night.advance(by: 10)
    #expect(night.plant.powerW == 0)
    #expect(night.plant.status == "sleeping")
  }

  @Test("A power limit throttles the plant, and lifting it brings the power back")
  func powerLimit() {
    var home = home()
    let role = SimulatedRole.inverter(carriesPlant: true, carriesBattery: false, directCurrentInputs: 2)
    home.perform("set-power-limit", ["percent": .number(20)], as: role)
    home.advance(by: 5)
    #expect(abs(home.plant.powerW - 1600) < 5)
    #expect(home.plant.status == "throttled")
    home.undo("set-power-limit", as: role)
    home.advance(by: 5)
    #expect(home.plant.powerW > 4000)
  }

  @Test("A higher setpoint starts the heating at once, and the room gets warmer until it is reached")
  func heating() {
    var home = home()
    let role = SimulatedRole.thermostat(room: home.addRoom())
    #expect(home.rooms[0].action == "idle")
    home.perform("set-setpoints", ["heatSetpointC": .number(21.5)], as: role)
    #expect(home.rooms[0].action == "heating")
    home.advance(by: 3600)
    #expect(abs(home.rooms[0].temperatureC - 21.5) < 0.5)
    home.perform("set-operating-mode", ["mode": .text("off")], as: role)
    #expect(home.rooms[0].action == "off")
    home.advance(by: 7200)
    #expect(home.rooms[0].temperatureC < 20)
  }

  @Test("A plug that is switched off draws nothing")
  func plug() {
    var home = home()
    let role = SimulatedRole.plug(home.addPlug())
    home.advance(by: 1)
    #expect(home.plugs[0].powerW > 50)
    home.perform("switch", ["on": .flag(false)], as: role)
    home.advance(by: 1)
    #expect(home.plugs[0].powerW == 0)
  }

  @Test("The same seed gives the same home")
  func repeatable() {
    var one = home { $0.seed = 9 }
    var two = home { $0.seed = 9 }
    one.advance(by: 1234)
    two.advance(by: 1234)
    #expect(one.gridW == two.gridW)
    #expect(one.battery == two.battery)
  }

  @Test("Times that are no times change nothing", arguments: [Double.nan, -5, -Double.infinity, 0])
  func oddTimes(seconds: Double) {
    var home = home()
    let clock = home.clock
    home.advance(by: seconds)
    #expect(home.clock == clock)
  }
}
