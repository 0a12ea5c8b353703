import DeviceProfiles
import EnergyModel
import Foundation
import Testing

@Suite(
  "Shipped Modbus profiles against captures",
  .enabled(if: ProjectFiles.hasFixtures, "the captures of real devices are not beside the project"))
struct CapturedModbusTests {
  @Test("An SMA inverter's SunSpec map reads as another decoder reads it, and what is not implemented is absent")
  func smaSunnyBoy() throws {
    let name = "sunspec/sma_sunnyboy_3.6_2023-08-10"
    let capture = try ProjectFiles.json("\(name).registers.json")
    let start = try #require(capture["start"].integer)
    var memory: [UInt16: UInt16] = [:]
    for (offset, word) in capture["registers"].array.enumerated() {
      memory[UInt16(start + offset)] = UInt16(try #require(word.integer))
    }
    var device = try CapturedDevice("sunspec/inverter.yaml", ["unit": .number(126)])
    device.read(.holding, memory)
    #expect(device.problems.isEmpty, "\(device.problems)")
    #expect(device.decoder.setupProblem == nil)
    #expect(device.decoder.bound.modbusUnit == 126)
    #expect(device.decoder.readPlan.allSatisfy { $0.range.count <= 64 })

    let models = try ProjectFiles.json("\(name).expected.json")["models"].array
    func points(_ id: Int) throws -> JSON { try #require(models.first { $0["id"].integer == id })["points"] }
    let common = try points(1)
    let inverter = try points(101)
    let inputs = try points(160)["module"].array
    let fields: [(field: String, from: JSON)] = [
      ("manufacturer", common["Mn"]), ("model", common["Md"]), ("firmwareVersion", common["Vr"]),
      ("serialNumber", common["SN"]), ("ratedPowerW", try points(120)["WRtg"]), ("acPowerW", inverter["W"]),
      ("apparentPowerVA", inverter["VA"]), ("reactivePowerVar", inverter["VAr"]), ("powerFactor", inverter["PF"]),
      ("frequencyHz", inverter["Hz"]), ("phases.l1.voltageV", inverter["PhVphA"]),
      ("phases.l2.voltageV", inverter["PhVphB"]), ("phases.l3.voltageV", inverter["PhVphC"]),
      ("phases.l1.currentA", inverter["AphA"]), ("phases.l2.currentA", inverter["AphB"]),
      ("phases.l3.currentA", inverter["AphC"]), ("energyGeneratedTotalWh", inverter["WH"]),
      ("temperatureC", inverter["TmpCab"]), ("vendorStatus", inverter["StVnd"]),
      ("dcInputs.1.voltageV", inputs[0]["DCV"]), ("dcInputs.1.currentA", inputs[0]["DCA"]),
      ("dcInputs.1.powerW", inputs[0]["DCW"]), ("dcInputs.1.energyTotalWh", inputs[0]["DCWH"]),
      ("dcInputs.2.voltageV", inputs[1]["DCV"]), ("dcInputs.2.currentA", inputs[1]["DCA"]),
      ("dcInputs.2.powerW", inputs[1]["DCW"]), ("dcInputs.2.energyTotalWh", inputs[1]["DCWH"]),
    ]
    for (field, from) in fields { try device.expect("inverter", [field: from.scalar]) }
    // Model 101 does not give it, the inputs of model 160 do.
    #expect(inverter["DCW"].scalar == .null)
    let sum = inputs.compactMap { $0["DCW"].number }.reduce(0, +)
    try device.expect("inverter", ["dcPowerW": .number(sum)])
    // 4 is MPPT; no bit of Evt1; bit 0 of PVConn; a limit of 0 % that 1080 W contradict.
    try device.expect(
      "inverter",
      ["status": .text("running"), "faults": .text(""), "gridConnection": .text("onGrid"), "powerLimitPercent": .null])
  }

  @Test("The same SMA map has model 124 but no battery: the storage profile shows nothing")
  func smaStorage() throws {
    let capture = try ProjectFiles.json("sunspec/sma_sunnyboy_3.6_2023-08-10.registers.json")
    var memory: [UInt16: UInt16] = [:]
    for (offset, word) in capture["registers"].array.enumerated() {
      memory[UInt16(40000 + offset)] = UInt16(try #require(word.integer))
    }
    var device = try CapturedDevice("sunspec/storage.yaml", ["unit": .number(126)])
    device.read(.holding, memory)
    #expect(device.problems.isEmpty, "\(device.problems)")
    try device.expect(
      "battery",
      [
        "socPercent": .null, "powerW": .null, "maxChargePowerW": .null, "chargingState": .null, "reservePercent": .null,
        "voltageV": .null, "energyCapacityWh": .null,
      ])
  }

  @Test("An SDM630's registers read as its owner's decoder reads them")
  func sdm630() throws {
    let capture = try ProjectFiles.json("modbus-devices/eastron_sdm630_01.json")
    var memory: [UInt16: UInt16] = [:]
    for (address, word) in capture["input"]["input"].object {
      memory[try #require(UInt16(address))] = UInt16(try #require(word.integer))
    }
    var device = try CapturedDevice("eastron/sdm630.yaml")
    device.read(.input, memory)
    #expect(device.problems.isEmpty, "\(device.problems)")

    let expected = capture["expected"]["measurements"]
    let fields: [(field: String, name: String, factor: Double)] = [
      ("phases.l1.voltageV", "Phase 1 Line To Neutral Volts", 1),
      ("phases.l2.voltageV", "Phase 2 Line To Neutral Volts", 1),
      ("phases.l3.voltageV", "Phase 3 Line To Neutral Volts", 1),
      ("phases.l1.currentA", "Phase 1 Current", 1), ("phases.l2.currentA", "Phase 2 Current", 1),
      ("phases.l3.currentA", "Phase 3 Current", 1), ("phases.l1.powerW", "Phase 1 Power", 1),
      ("phases.l2.powerW", "Phase 2 Power", 1), ("phases.l3.powerW", "Phase 3 Power", 1),
      ("voltageV", "Average Line To Neutral Volts", 1), ("powerW", "Total System Power", 1),
      ("apparentPowerVA", "Total System Volt Amps", 1), ("reactivePowerVar", "Total System VAr", 1),
      ("powerFactor", "Total System Power Factor", 1), ("frequencyHz", "Frequency Of Supply Voltages", 1),
      ("energyImportedTotalWh", "Total Import KWh", 1000), ("energyExportedTotalWh", "Total Export KWh", 1000),
    ]
    for (field, name, factor) in fields {
      let wanted = try #require(expected[name].number) * factor
      let got = try #require(try device.value(field, part: "meter").double, "\(field)")
      // The expected numbers were rounded to three decimals.
      #expect(abs(got - wanted) <= 0.00051 * factor, "\(field)")
    }
  }
}
