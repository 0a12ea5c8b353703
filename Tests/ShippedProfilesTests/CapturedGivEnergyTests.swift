import DeviceProfiles
import EnergyModel
import Foundation
import Testing

/// Every value of the profiles against the decoder that came with the captures.
@Suite(
  "GivEnergy against captures",
  .enabled(if: ProjectFiles.hasFixtures, "the captures of real devices are not beside the project"))
struct CapturedGivEnergyTests {
  static let battery = [
    OracleRow("socPercent", "battery_soc"), OracleRow("powerW", "p_battery"), OracleRow("voltageV", "v_battery"),
    OracleRow("currentA", "i_battery"), OracleRow("temperatureC", "t_battery"),
  ]
  static let inverter = [
    OracleRow("serialNumber", "serial_number"), OracleRow("acPowerW", "p_grid_out_ph1"),
    OracleRow("phases.l1.powerW", "p_grid_out_ph1"), OracleRow("phases.l1.currentA", "i_ac1"),
    OracleRow("phases.l1.voltageV", "v_ac1"), OracleRow("frequencyHz", "f_ac1"),
    OracleRow("temperatureC", "t_inverter_heatsink"), OracleRow("apparentPowerVA", "p_grid_apparent"),
    OracleRow("energyPvTotalWh", "e_pv_total", 1000, rounding: 0.01),
    OracleRow("energyAbsorbedTotalWh", "e_inverter_in_total", 1000, rounding: 0.01),
    OracleRow("dcInputs.1.powerW", "p_pv1"), OracleRow("dcInputs.2.powerW", "p_pv2"),
  ]
  static let module = [
    OracleRow("serialNumber", "serial_number"), OracleRow("socPercent", "soc"), OracleRow("voltageV", "v_out"),
    OracleRow("temperatureC", "t_max"), OracleRow("cycleCount", "num_cycles"),
    OracleRow("energyStoredWh", "remaining_energy_nominal_wh", rounding: 1),
  ]
  static let meter = [
    OracleRow("powerW", "p_grid_out", -1),
    OracleRow("energyExportedTotalWh", "e_grid_out_total", 1000, rounding: 0.01),
    OracleRow("energyImportedTotalWh", "e_grid_in_total", 1000, rounding: 0.01),
  ]

  @Test(
    "Every captured single-phase inverter reads as another decoder reads it",
    arguments: [
      ("hybrid_2_bat_a/hybrid_gen1_arm449_0x11_poll_10min", "0x11"),
      ("hybrid_gen2_1_bat_a/hybrid_gen2_arm920_60s", "0x11"), ("aio_a/aio_arm612_5min", "0x11"),
      ("ems_2_inv_3_bat_a/ac_arm282_1x_givbat512gen3_30min", "0x11"),
    ])
  func singlePhase(name: String, unit: String) throws {
    let json = try ProjectFiles.json("givenergy/\(name).registers.json")
    let expected = try ProjectFiles.json("givenergy/\(name).expected.json")
    var device = try CapturedDevice("givenergy/inverter.yaml", ["batteryPowerW": .number(3000)])
    device.read(CapturedImages.unit(unit, of: json))
    #expect(device.problems.isEmpty, "\(device.problems)")
    let oracle = expected["inverter"]
    try device.expect("battery", Self.battery, oracle: oracle)
    try device.expect("inverter", Self.inverter, oracle: oracle)
    try device.expect("meter", Self.meter, oracle: oracle)
    try device.expect("load", [OracleRow("powerW", "p_load_demand")], oracle: oracle)
    for number in 1...2 where oracle["v_pv\(number)"].number != nil {
      try device.expect(
        "inverter",
        [
          OracleRow("dcInputs.\(number).voltageV", "v_pv\(number)"),
          OracleRow("dcInputs.\(number).currentA", "i_pv\(number)"),
        ], oracle: oracle)
    }
    if oracle["battery_soc_reserve"].number != nil {
      try device.expect("battery", [OracleRow("reservePercent", "battery_soc_reserve")], oracle: oracle)
    }
    // Zero is what models without these totals say.
    let totals = [
      ("energyChargedTotalWh", "e_battery_charge_total"), ("energyDischargedTotalWh", "e_battery_discharge_total"),
    ]
    for (field, key) in totals where oracle[key].number != nil {
      try device.expect("battery", [OracleRow(field, key, 1000, rounding: 0.01)], oracle: oracle)
    }
    try device.expect("inverter", ["status": .text("running"), "vendorStatus": .text("normal")])
  }

  @Test(
    "Every captured battery module reads as another decoder reads it, and an empty slot has no values",
    arguments: [
      ("hybrid_2_bat_a/hybrid_gen1_arm449_0x11_poll_10min", 2), ("hybrid_gen2_1_bat_a/hybrid_gen2_arm920_60s", 1),
      ("ems_2_inv_3_bat_a/ac_arm282_1x_givbat512gen3_30min", 1),
    ])
  func modules(name: String, count: Int) throws {
    let json = try ProjectFiles.json("givenergy/\(name).registers.json")
    let expected = try ProjectFiles.json("givenergy/\(name).expected.json")["batteries"]
    for index in 0..<6 {
      let image = CapturedImages.unit("0x" + String(0x32 + index, radix: 16), of: json)
      guard image[.input]?.isEmpty == false else { continue }
      var device = try CapturedDevice("givenergy/battery.yaml")
      device.read(image)
      #expect(device.problems.isEmpty, "\(device.problems)")
      guard index < count else {
        for field in ["serialNumber", "socPercent", "voltageV", "cycleCount"] {
          #expect(try device.value(field, part: "battery") == .null, "\(field) of slot \(index)")
        }
        continue
      }
      let oracle = expected[index]
      try device.expect("battery", Self.module, oracle: oracle)
      for (field, key) in [
        ("energyChargedTotalWh", "e_battery_charge_total"), ("energyDischargedTotalWh", "e_battery_discharge_total"),
      ] where oracle[key].number != 0 {
        try device.expect("battery", [OracleRow(field, key, 1000, rounding: 0.01)], oracle: oracle)
      }
    }
  }

  @Test("The captured EMS reads as another decoder reads it")
  func ems() throws {
    let name = "givenergy/ems_2_inv_3_bat_a/ems_arm1036_60s"
    let expected = try ProjectFiles.json("\(name).expected.json")
    var device = try CapturedDevice("givenergy/ems.yaml")
    device.read(CapturedImages.unit("0x11", of: try ProjectFiles.json("\(name).registers.json")))
    #expect(device.problems.isEmpty, "\(device.problems)")
    let oracle = expected["ems"]
    try device.expect(
      "battery", [OracleRow("powerW", "total_battery_power"), OracleRow("energyStoredWh", "remaining_battery_wh")],
      oracle: oracle)
    try device.expect("battery", [OracleRow("socPercent", "battery_soc")], oracle: expected["inverter"])
    try device.expect("battery", ["vendorStatus": .text("normal")])
    try device.expect("meter", [OracleRow("powerW", "grid_meter_power")], oracle: oracle)
    try device.expect("load", [OracleRow("powerW", "calc_load_power")], oracle: oracle)
    try device.expect("meter", Array(Self.meter.dropFirst()), oracle: expected["inverter"])
  }

  @Test("The captured three-phase inverter is consistent with its own meters and its battery")
  func threePhase() throws {
    let json = try ProjectFiles.json("givenergy/three_phase_hv_a/giv3hy11_hass174_180s.registers.json")
    var device = try CapturedDevice("givenergy/three-phase.yaml")
    device.read(CapturedImages.unit("0x11", of: json))
    #expect(device.problems.isEmpty, "\(device.problems)")
    func number(_ field: String, _ part: String) throws -> Double {
      try #require(try device.value(field, part: part).double, "\(part).\(field)")
    }
    #expect(try number("socPercent", "battery") == 71)
    #expect((49.5...50.5).contains(try number("frequencyHz", "inverter")))
    for phase in 1...3 { #expect((220...250).contains(try number("phases.l\(phase).voltageV", "inverter"))) }
    let power = try number("voltageV", "battery") * number("currentA", "battery")
    #expect(abs(abs(power) - abs(try number("powerW", "battery"))) <= max(0.15 * abs(power), 60))
    #expect(try number("energyImportedTotalWh", "meter") == 17_430_700)
  }
}
