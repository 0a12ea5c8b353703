import DeviceProfiles
import EnergyModel
import Foundation
import Testing

@Suite(
  "Shipped HTTP profiles against captures",
  .enabled(if: ProjectFiles.hasFixtures, "the captures of real devices are not beside the project"))
struct CapturedResponseTests {
  private let symo = "home-assistant/fronius/symo"
  private let pyfronius = "fronius-solarapi/v1/solar_api/v1"

  @Test("A Fronius Symo by day")
  func froniusDay() throws {
    var device = try CapturedDevice("fronius/solar-api-v1.yaml")
    try device.answer("powerflow", try ProjectFiles.json("\(symo)/GetPowerFlowRealtimeData.json"))
    #expect(device.problems.isEmpty, "\(device.problems)")
    try device.expect(
      "inverter",
      [
        "pvPowerW": .number(1111), "acPowerW": .number(1111), "energyGeneratedTotalWh": .number(44_188_000),
        "energyPvTotalWh": .number(44_188_000),
      ])
    try device.expect("meter", ["powerW": .number(1703.74)])
    try device.expect("battery", ["powerW": .null, "socPercent": .null])
  }

  @Test("A Fronius Symo by night produces 0 W; what it does not give is absent, not 0")
  func froniusNight() throws {
    var device = try CapturedDevice("fronius/solar-api-v1.yaml", ["singlePhase": .flag(true)])
    try device.answer("powerflow", try ProjectFiles.json("\(symo)/GetPowerFlowRealtimeData_night.json"))
    try device.answer("inverter", try ProjectFiles.json("\(symo)/GetInverterRealtimeData_Device_1_night.json"))
    #expect(device.problems.isEmpty, "\(device.problems)")
    try device.expect(
      "inverter",
      [
        "pvPowerW": .number(0), "acPowerW": .number(0), "energyGeneratedTotalWh": .number(44_186_900),
        "energyTodayWh": .number(10828), "frequencyHz": .null, "phases.l1.voltageV": .null, "phases.l1.currentA": .null,
        "dcInputs.1.voltageV": .number(16), "dcInputs.1.currentA": .number(0), "status": .text("unknown"),
        "vendorStatus": .text("3"),
      ])
    try device.expect("meter", ["powerW": .number(975.31)])
  }

  @Test("An older Datamanager by night leaves more out, and that is no error")
  func olderFroniusNight() throws {
    var device = try CapturedDevice("fronius/solar-api-v1.yaml")
    try device.answer("powerflow", try ProjectFiles.json("\(pyfronius)/GetPowerFlowRealtimeData.json"))
    let inverter = "GetInverterRealtimeData__Scope-Device_DeviceId-1_DataCollection-CommonInverterData.json"
    try device.answer("inverter", try ProjectFiles.json("\(pyfronius)/\(inverter)"))
    #expect(device.problems.isEmpty, "\(device.problems)")
    try device.expect(
      "inverter",
      [
        "pvPowerW": .number(0), "acPowerW": .null, "energyGeneratedTotalWh": .number(26_213_502),
        "energyTodayWh": .number(0), "dcInputs.1.voltageV": .null, "dcInputs.1.currentA": .null,
      ])
    try device.expect("meter", ["powerW": .number(367.722145)])
  }

  @Test("A Venstar ColorTouch in °F")
  func venstar() throws {
    var device = try CapturedDevice("venstar/colortouch.yaml")
    for name in ["root", "info", "sensors"] {
      try device.answer(name, try ProjectFiles.json("home-assistant/venstar/colortouch_\(name).json"))
    }
    #expect(device.problems.isEmpty, "\(device.problems)")
    func celsius(_ fahrenheit: Double) -> ScalarValue { .number((fahrenheit - 32) * 5 / 9) }
    try device.expect(
      "thermostat",
      [
        "model": .text("COLORTOUCH"), "firmwareVersion": .text("5.1"), "ambientTemperatureC": celsius(71),
        "heatSetpointC": celsius(69), "coolSetpointC": celsius(74), "minHeatSetpointC": celsius(35),
        "maxHeatSetpointC": celsius(99), "minCoolSetpointC": celsius(35), "maxCoolSetpointC": celsius(99),
        "deadbandC": .number(2 * 5.0 / 9), "humidityPercent": .number(41), "hvacMode": .text("heat"),
        "hvacAction": .text("idle"), "fanMode": .text("auto"), "fanRunning": .flag(false), "preset": .text("home"),
        "setpointSource": .text("manual"),
      ])
  }
}
