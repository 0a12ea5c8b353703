import DeviceProfiles
import EnergyModel
import Foundation
import Testing

@Suite(
  "Shipped profiles against further captures",
  .enabled(if: ProjectFiles.hasFixtures, "the captures of real devices are not beside the project"))
struct CapturedOtherTests {
  @Test("Every captured Thermia reads as its owner's decoder reads it", arguments: 1...4)
  func thermia(number: Int) throws {
    let capture = try ProjectFiles.json("modbus-devices/thermia_genesis_10_12_13_0\(number).json")
    var image: RegisterImage = [:]
    for (name, table) in [
      ("coil", RegisterTable.coil), ("discrete", .discrete), ("input", .input), ("holding", .holding),
    ] {
      image[table] = CapturedImages.registers(capture["input"][name])
    }
    var device = try CapturedDevice("thermia/genesis.yaml")
    device.read(image)
    let sensors = capture["expected"]["Sensors"]
    func parsed(_ json: JSON) -> ScalarValue { json.text.flatMap { Double($0) }.map { .number($0) } ?? .null }
    try device.expect(
      "thermostat",
      [
        "ambientTemperatureC": parsed(sensors["Room Temperature"]),
        "outdoorTemperatureC": parsed(sensors["Outdoor Temperature"]),
        "heatSetpointC": parsed(capture["expected"]["Settings"]["Comfort Wheel Setting"]),
        "hvacMode": .text("auto"),
        "hvacAction": .text(sensors["Currently Running 1st Demand"].text == "Passive Cooling" ? "cooling" : "idle"),
      ])
    // None of them has a meter: its 0 is no power.
    try device.expect("meter", ["powerW": .null, "energyImportedTotalWh": .null])
  }

  @Test("The whole scan of a Growatt MIN TL-XH reads as the list of registers says")
  func growatt() throws {
    let capture = try ProjectFiles.json("growatt/min_6000xh_tl.json")
    // The scan leaves registers out that are 0.
    func filled(_ table: String) -> [UInt16: UInt16] {
      var memory = CapturedImages.registers(capture[table])
      for address in Array(UInt16(0)..<375) + Array(3000..<3375) where memory[address] == nil { memory[address] = 0 }
      return memory
    }
    let input = filled("input")
    func word(_ address: UInt16) -> Double { Double(input[address] ?? 0) }
    func double(_ address: UInt16) -> Double { word(address) * 65536 + word(address + 1) }
    var device = try CapturedDevice("growatt/tl-xh.yaml", ["ratedPowerW": .number(6000)])
    device.read([.input: input, .holding: filled("holding")])
    #expect(device.problems.isEmpty, "\(device.problems)")
    let expected: [(part: String, field: String, value: Double)] = [
      ("battery", "socPercent", word(3171)), ("battery", "voltageV", word(3169) / 100),
      ("battery", "powerW", (double(3178) - double(3180)) / 10),
      ("battery", "energyDischargedTotalWh", double(3127) * 100), ("inverter", "pvPowerW", double(3001) / 10),
      ("inverter", "acPowerW", double(3023) / 10), ("inverter", "frequencyHz", word(3025) / 100),
      ("inverter", "phases.l1.voltageV", word(3026) / 10), ("inverter", "phases.l1.currentA", word(3027) / 10),
      ("inverter", "energyPvTotalWh", double(3053) * 100), ("inverter", "dcInputs.1.voltageV", word(3003) / 10),
      ("inverter", "dcInputs.2.powerW", double(3009) / 10), ("meter", "powerW", (double(3041) - double(3043)) / 10),
      ("meter", "energyImportedTotalWh", double(3069) * 100), ("load", "powerW", double(3045) / 10),
    ]
    for row in expected { try device.expect(row.part, [row.field: .number(row.value)]) }
    var plain = try CapturedDevice("growatt/tl-x.yaml")
    plain.read([.input: input])
    for row in expected where row.part == "inverter" || row.part == "meter" {
      try plain.expect(row.part, [row.field: .number(row.value)])
    }
  }

  @Test(
    "Every captured HomeWizard meter reads as it says itself",
    arguments: [
      "HWE-P1/data", "HWE-P1/data_minimal", "HWE-P1/data_no_gas", "HWE-P1/data_single_phase", "HWE-KWH1/data",
      "SDM630-wifi/data",
    ])
  func homeWizard(name: String) throws {
    let data = try ProjectFiles.json("homewizard/v1/\(name).json")
    var device = try CapturedDevice("homewizard/meter-v1.yaml")
    try device.answer("data", data)
    #expect(device.problems.isEmpty, "\(device.problems)")
    func energy(_ direction: String) -> ScalarValue {
      let tariffs = (1...2).compactMap { data["total_power_\(direction)_t\($0)_kwh"].number }
      let total = data["total_power_\(direction)_kwh"].number ?? (tariffs.isEmpty ? nil : tariffs.reduce(0, +))
      return total.map { .number($0 * 1000) } ?? .null
    }
    try device.expect(
      "meter",
      [
        "powerW": data["active_power_w"].scalar, "phases.l1.powerW": data["active_power_l1_w"].scalar,
        "phases.l2.powerW": data["active_power_l2_w"].scalar, "phases.l3.powerW": data["active_power_l3_w"].scalar,
        "phases.l1.voltageV": data["active_voltage_l1_v"].scalar, "frequencyHz": data["active_frequency_hz"].scalar,
        "reactivePowerVar": data["active_reactive_power_var"].scalar,
        "energyImportedTotalWh": energy("import"), "energyExportedTotalWh": energy("export"),
      ])
  }

  @Test("A HomeWizard meter with API v2 and its Plug-In Batteries")
  func homeWizardBatteries() throws {
    var device = try CapturedDevice("homewizard/meter-v2.yaml", ["token": .text("x")])
    let measurement = try ProjectFiles.json("homewizard/v2/HWE-KWH1/measurement.json")
    try device.answer("measurement", measurement)
    try device.answer("batteries", try ProjectFiles.json("homewizard/v2/HWE-KWH1/batteries.json"))
    #expect(device.problems.isEmpty, "\(device.problems)")
    try device.expect(
      "meter",
      [
        "powerW": .number(123), "voltageV": .number(230), "currentA": .number(1.5),
        "energyImportedTotalWh": .number(123_456),
      ])
    try device.expect(
      "battery",
      [
        "powerW": .number(404), "operatingMode": .text("selfConsumption"), "maxChargePowerW": .number(1600),
        "maxDischargePowerW": .number(800),
      ])
  }

  @Test("A HomeWizard socket, of which the first tariff is all there is")
  func homeWizardSocket() throws {
    var device = try CapturedDevice("homewizard/energy-socket.yaml")
    try device.answer("data", try ProjectFiles.json("homewizard/v1/HWE-SKT/data.json"))
    try device.answer("state", try ProjectFiles.json("homewizard/v1/HWE-SKT/state_all.json"))
    #expect(device.problems.isEmpty, "\(device.problems)")
    try device.expect("meter", ["powerW": .number(123), "energyImportedTotalWh": .number(10_830_511)])
  }

  @Test("Shelly devices of the first generation: a meter, none, and one with two channels")
  func firstShellys() throws {
    var meter = try CapturedDevice("shelly/gen1-plug-http.yaml")
    try meter.answer("status", try ProjectFiles.json("evcc-tests/shelly_gen1_01.json"))
    try meter.expect(
      "meter",
      ["powerW": .number(4711.12), "energyImportedTotalWh": .number(6_472_513.0 / 60), "switchOn": .flag(false)])
    var none = try CapturedDevice("shelly/gen1-plug-http.yaml")
    try none.answer("status", try ProjectFiles.json("evcc-tests/shelly_gen1_02.json"))
    try none.expect("meter", ["powerW": .null, "energyImportedTotalWh": .null, "switchOn": .flag(false)])
    var two = try CapturedDevice("shelly/gen1-em-http.yaml")
    try two.answer("status", try ProjectFiles.json("evcc-tests/shelly_gen1_03.json"))
    try two.expect(
      "channel1",
      [
        "powerW": .number(-620.34), "voltageV": .number(235.68), "powerFactor": .number(-0.66),
        "energyImportedTotalWh": .number(401_472.9), "energyExportedTotalWh": .number(653_673.7),
      ])
    try two.expect("channel2", ["powerW": .number(0), "energyImportedTotalWh": .number(173_411.3)])
  }

  @Test("A reading head behind Tasmota")
  func tasmotaReadingHead() throws {
    var device = try CapturedDevice("tasmota/sml-meter.yaml", ["topic": .text("meter")])
    try device.message("stat/meter/STATUS8", try ProjectFiles.json("evcc-tests/tasmota_statussns_03.json"))
    #expect(device.problems.isEmpty, "\(device.problems)")
    try device.expect(
      "meter",
      [
        "powerW": .number(-894), "energyImportedTotalWh": .number(34_507_476.1),
        "energyExportedTotalWh": .number(14_737_142.2), "serialNumber": .text("0901454d48000000000"),
      ])
  }
}
