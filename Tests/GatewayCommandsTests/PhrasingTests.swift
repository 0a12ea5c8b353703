import EnergyModel
import LocalAPITestSupport
import Testing

@testable import GatewayCommands

@Suite struct PhrasingTests {
  @Test("Watts below 1000, kilowatts above, and always the word for the direction")
  func power() {
    #expect(Phrasing.batteryPower(-2130) == "charging 2.1 kW")
    #expect(Phrasing.batteryPower(850) == "discharging 850 W")
    #expect(Phrasing.batteryPower(0) == "idle")
    #expect(Phrasing.batteryPower(12, state: "idle") == "idle (12 W)")
    #expect(Phrasing.batteryPower(nil) == "–")
    #expect(Phrasing.meterPower(300, role: .grid) == "importing 300 W")
    #expect(Phrasing.meterPower(-1234, role: .grid) == "exporting 1.2 kW")
    #expect(Phrasing.meterPower(300, role: .load) == "consuming 300 W")
    #expect(Phrasing.inverterPower(999.6) == "producing 1.0 kW")
    #expect(Phrasing.inverterPower(-4) == "drawing 4 W")
    #expect(Phrasing.inverterPower(.nan) == "–")
    #expect(Phrasing.power(1_500_000) == "1.5 MW")
    #expect(Phrasing.energy(12_449) == "12.4 kWh")
  }

  @Test("Ages and durations are short words")
  func times() {
    #expect(
      [0.4, 4, 59.9, 60, 7260, 200_000].map { Phrasing.age($0) } == [
        "now", "4 s ago", "59 s ago", "1 min ago", "2 h ago", "2 d ago",
      ])
    #expect(Phrasing.age(nil) == "–")
    #expect(Phrasing.age(.infinity) == "–")
    #expect(Phrasing.duration(5400) == "1 h 30 min")
    #expect(Phrasing.duration(1e300) == "–")
  }

  @Test("A share is 100 % only when it is whole")
  func shares() {
    #expect([0, 0.001, 0.5, 0.999, 1].map { Phrasing.share($0) } == ["0 %", "<1 %", "50 %", "99 %", "100 %"])
  }

  @Test("Numbers are as short as their field allows")
  func values() {
    #expect(Phrasing.value(.number(-0.04), of: "ambientTemperatureC") == "0")
    #expect(Phrasing.valueAndUnit(.number(21.54), of: "ambientTemperatureC") == "21.5 °C")
    #expect(Phrasing.value(.number(49.987), of: "frequencyHz") == "49.99")
    #expect(Phrasing.value(.null, of: "powerW") == "–")
    #expect(Phrasing.value(.flag(true), of: "switchOn") == "yes")
    #expect(Phrasing.value(.text(""), of: "faults") == "none")
    #expect(Phrasing.value(.number(1e300), of: "nothing") == "1e+300")
  }

  @Test("The values that matter of each kind of device, stale ones marked")
  func summaries() {
    #expect(DevicePhrases.summary(of: InMemoryGateway.battery) == "87 %, charging 2.1 kW")
    #expect(DevicePhrases.summary(of: InMemoryGateway.thermostat) == "19.5 °C, heating to 21.5 °C (stale)")
    let inverter = InMemoryGateway.device(
      "pv", .inverter, "Roof", customer: "demo", site: "home",
      fields: ["acPowerW": .number(3210), "status": .text("running"), "powerLimitPercent": .number(70)])
    #expect(DevicePhrases.summary(of: inverter) == "producing 3.2 kW, limited to 70 %")
    func charger(_ fields: [String: ScalarValue]) -> String {
      DevicePhrases.summary(
        of: InMemoryGateway.device("car", .charger, "Car", customer: "demo", site: "home", fields: fields))
    }
    #expect(
      charger(["state": .text("charging"), "powerW": .number(7360), "maxCurrentA": .number(10.5)])
        == "charging 7.4 kW, limit 10.5 A")
    #expect(charger(["state": .text("readyWaiting"), "powerW": .number(0)]) == "car waits")
    #expect(charger(["powerW": .number(-2000)]) == "feeding back 2.0 kW")
    #expect(charger(["powerW": .number(0)]) == "not charging")
    #expect(charger([:]) == "–")
    let unknown = InMemoryGateway.device("x", .meter, "X", customer: "demo", site: "home", role: .grid, fields: [:])
    #expect(DevicePhrases.summary(of: unknown) == "–")
  }
}
