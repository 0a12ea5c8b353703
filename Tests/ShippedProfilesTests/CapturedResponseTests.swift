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

  @Test("A Tesla gateway with two batteries at work")
  func powerwall() throws {
    var device = try CapturedDevice("tesla/powerwall.yaml", ["password": .text("abcde")])
    for (request, file) in [
      ("meters", "meters_aggregates"), ("grid", "grid_status"), ("system", "system_status"),
      ("operation", "operation"), ("status", "status"),
    ] {
      try device.answer(request, try ProjectFiles.json("powerwall/\(file).json"))
    }
    #expect(device.problems.isEmpty, "\(device.problems)")
    try device.expect(
      "battery",
      [
        "powerW": .number(-10), "energyChargedTotalWh": .number(5_265_110),
        "energyDischargedTotalWh": .number(4_379_890), "energyStoredWh": .number(14807),
        "energyCapacityWh": .number(28078), "maxChargePowerW": .number(9200),
        "operatingMode": .text("selfConsumption"), "gridConnection": .text("onGrid"),
        "firmwareVersion": .text("1.50.1 c58c2df3"),
      ])
    try device.expect(
      "grid", ["powerW": .number(-5347.455078125), "energyImportedTotalWh": .number(9_852_397.795532543)])
    try device.expect("load", ["powerW": .number(734.1549565813606)])
    try device.expect("inverter", ["acPowerW": .number(6099.032958984375)])
  }

  @Test("An AhoyDTU with an MI-1500")
  func ahoy() throws {
    var device = try CapturedDevice("ahoydtu/http.yaml")
    try device.answer("live", try ProjectFiles.json("opendtu/ahoy_0.5.93_live.json"))
    try device.answer("inverter", try ProjectFiles.json("opendtu/ahoy_0.5.93_inverter-id-0.json"))
    #expect(device.problems.isEmpty, "\(device.problems)")
    try device.expect(
      "inverter",
      [
        "acPowerW": .number(223.7), "energyGeneratedTotalWh": .number(422_603), "energyTodayWh": .number(2223),
        "powerLimitPercent": .null, "dcInputs.4.powerW": .number(58.7),
      ])
  }

  @Test(
    "The tariffs of Enphase gateways show mode and reserve, and can be sent back with another reserve",
    arguments: ["7.6.175_with_cts", "7.6.185_with_cts_and_battery_3t", "8.2.4382_ACB"])
  func enphaseTariff(folder: String) throws {
    var device = try CapturedDevice("enphase/iq-battery.yaml", ["token": .text("abc")])
    let tariff = try ProjectFiles.json("enphase/\(folder)/admin_lib_tariff")
    try device.answer("tariff", tariff)
    #expect(device.problems.isEmpty, "\(device.problems)")
    try device.expect("battery", ["operatingMode": .text("selfConsumption")])
    let (index, part) = try device.device("battery")
    let operations = try device.decoder.snapshot().operations(
      for: try #require(part.command("set-reserve")).steps, part: index, input: ["reservePercent": .number(42)],
      before: [:])
    guard case .modify(let modification)? = operations.first else {
      Issue.record("\(operations)")
      return
    }
    let text = try ProjectFiles.text(ProjectFiles.fixtures.appending(path: "enphase/\(folder)/admin_lib_tariff"))
    let body = try #require(try modification.request(from: Array(text.utf8)).body)
    let document = try JSONDocument(parsing: Array(body.utf8))
    #expect(document.value(at: try #require(DocumentPath("/tariff/storage_settings/reserved_soc"))) == .number(42))
    let sent = try #require(try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: [String: Any]])
    let read = try #require(tariff.value as? [String: Any])["tariff"] as? [String: Any]
    #expect(Array(sent.keys) == ["tariff"])
    func rest(_ object: [String: Any]?) -> NSDictionary? {
      object.map { NSDictionary(dictionary: $0.filter { $0.key != "storage_settings" }) }
    }
    #expect(rest(sent["tariff"]) == rest(read))
  }

  @Test("An OpenDTU with an HM-600 that it does not reach just now")
  func openDTU() throws {
    var device = try CapturedDevice("opendtu/http.yaml", ["serial": .text("114182000000")])
    try device.answer("status", try ProjectFiles.json("opendtu/opendtu_v24.2.12_inverter.json"))
    #expect(device.problems.isEmpty, "\(device.problems)")
    try device.expect(
      "inverter",
      [
        "acPowerW": .number(12.10000038), "frequencyHz": .number(49.97999954), "temperatureC": .number(18.5),
        "dcInputs.1.powerW": .number(12.60000038), "dcInputs.2.voltageV": .number(0.5), "energyTodayWh": .number(4),
        "powerLimitPercent": .number(100), "powerLimitW": .number(600), "status": .text("unknown"),
      ])
  }

  @Test("The overview of an OpenDTU: the inverter that was never heard has no limit")
  func openDTUOverview() throws {
    var device = try CapturedDevice("opendtu/http.yaml", ["serial": .text("114182000001")])
    try device.answer("status", try ProjectFiles.json("opendtu/opendtu_v24.2.12_livedata_status.json"))
    try device.expect(
      "inverter", ["powerLimitPercent": .null, "powerLimitW": .null, "acPowerW": .null, "status": .text("unknown")])
  }

  @Test("A heating controller behind BSB-LAN, and what is sent to it")
  func bsbLAN() throws {
    var device = try CapturedDevice("bsb-lan/heating.yaml")
    try device.answer("device", try ProjectFiles.json("bsblan/device.json"))
    try device.answer("state", try ProjectFiles.json("bsblan/state.json"))
    #expect(device.problems.isEmpty, "\(device.problems)")
    try device.expect(
      "thermostat",
      [
        "firmwareVersion": .text("1.0.38-20200730234859"), "ambientTemperatureC": .number(19.3),
        "outdoorTemperatureC": .null, "heatSetpointC": .number(18), "hvacMode": .text("heat"),
        "hvacAction": .text("idle"), "vendorStatus": .text("Room temperature limitation"),
      ])
    let (index, part) = try device.device("thermostat")
    for (verb, input, file) in [
      ("set-setpoints", ["heatSetpointC": ScalarValue.number(19)], "thermostat_temp"),
      ("set-operating-mode", ["mode": .text("heat")], "thermostat_hvac"),
    ] {
      let operations = try device.decoder.snapshot().operations(
        for: try #require(part.command(verb)).steps, part: index, input: input, before: [:])
      guard case .request(let request)? = operations.first, let body = request.body else {
        Issue.record("\(operations)")
        continue
      }
      let sent = try JSONDocument(parsing: Array(body.utf8))
      let captured = try JSONDocument(parsing: try ProjectFiles.json("bsblan/\(file).json").bytes())
      for name in ["Parameter", "Value", "Type"] {
        let path = try #require(DocumentPath("/\(name)"))
        #expect(sent.value(at: path) == captured.value(at: path), "\(verb): \(name)")
      }
    }
  }

  @Test(
    "The XML in which every Enphase gateway says its serial number and firmware is read",
    arguments: [
      ("3.7.0", "D3.7.0"), ("5.0.49", "D5.0.62"), ("7.3.466_with_cts_3phase", "D7.3.466"),
      ("7.6.175_standard", "D7.6.175"), ("8.2.4382_ACB", "D8.2.4382"),
      ("8.3.5169_with_generator", "D8.3.5169"),
    ])
  func enphaseInformation(folder: String, firmware: String) throws {
    var device = try CapturedDevice("enphase/iq-gateway.yaml", ["token": .text("abc")])
    let text = try ProjectFiles.text(ProjectFiles.fixtures.appending(path: "enphase/\(folder)/info"))
    device.take(.response(request: "info", body: Array(text.utf8)))
    #expect(device.problems.isEmpty, "\(device.problems)")
    try device.expect("inverter", ["firmwareVersion": .text(firmware)])
    #expect(try device.value("serialNumber", part: "inverter") != .null)
  }

  @Test("Enphase gateways with active CTs")
  func enphaseMetered() throws {
    var device = try CapturedDevice("enphase/iq-gateway.yaml", ["token": .text("abc")])
    try device.answer("production", try ProjectFiles.json("enphase/7.3.517/production.json"))
    #expect(device.problems.isEmpty, "\(device.problems)")
    try device.expect(
      "inverter",
      [
        "acPowerW": .number(4556.139), "energyGeneratedTotalWh": .number(19_230_313.461),
        "energyTodayWh": .number(18_633.461), "reactivePowerVar": .number(407.762),
        "apparentPowerVA": .number(4646.052),
      ])
    try device.expect("grid", ["powerW": .number(-765.064)])
    try device.expect("load", ["powerW": .number(3791.075), "energyImportedTotalWh": .number(27_629_799.104)])
  }

  @Test(
    "Enphase gateways without CTs count their micro-inverters",
    arguments: [("5.0.62", 7904.0, 133_798_554.0), ("7.6.175_standard", 5739, 174_174)])
  func enphaseCounted(folder: String, power: Double, energy: Double) throws {
    var device = try CapturedDevice("enphase/iq-gateway.yaml", ["token": .text("abc")])
    try device.answer("production", try ProjectFiles.json("enphase/\(folder)/production.json"))
    #expect(device.problems.isEmpty, "\(device.problems)")
    try device.expect(
      "inverter",
      ["acPowerW": .number(power), "energyGeneratedTotalWh": .number(energy), "energyTodayWh": .null])
    try device.expect("grid", ["powerW": .null])
    try device.expect("load", ["powerW": .null])
  }

  @Test(
    "The CT meters of Enphase gateways are told apart by their kind, joined by their id",
    arguments: [
      ("7.3.466_with_cts_3phase", "D7.3.466", 3), ("7.6.175_with_cts", "D7.6.175", 1),
      ("7.6.185_with_cts_and_battery_3t", "D7.6.185", 1), ("8.2.4345_with_device_data", "D8.2.4345", 1),
      ("8.2.4382_ACB", "D8.2.4382", 1), ("8.3.5169_with_generator", "D8.3.5169", 2),
    ])
  func enphaseMeters(folder: String, firmware: String, phases: Int) throws {
    var device = try CapturedDevice("enphase/ct-meters.yaml", ["token": .text("abc")])
    let info = try ProjectFiles.text(ProjectFiles.fixtures.appending(path: "enphase/\(folder)/info"))
    device.take(.response(request: "info", body: Array(info.utf8)))
    let readings = try ProjectFiles.json("enphase/\(folder)/ivp_meters_readings")
    try device.answer("meters", try ProjectFiles.json("enphase/\(folder)/ivp_meters"))
    try device.answer("readings", readings)
    #expect(device.problems.isEmpty, "\(device.problems)")
    for (index, part) in ["pv", "grid"].enumerated() {
      let reading = readings[index]
      let power = try #require(reading["activePower"].number)
      let first = try #require(reading["channels"][0]["activePower"].number)
      try device.expect(
        part,
        [
          "powerW": .number(power), "firmwareVersion": .text(firmware),
          "energyImportedTotalWh": .number(try #require(reading["actEnergyDlvd"].number)),
          "energyExportedTotalWh": .number(try #require(reading["actEnergyRcvd"].number)),
          "phases.l1.powerW": phases > 1 ? .number(first) : .null,
        ])
      let isThreePhase = try device.value("phases.l3.powerW", part: part) != .null
      #expect(isThreePhase == (phases == 3))
    }
  }
}
