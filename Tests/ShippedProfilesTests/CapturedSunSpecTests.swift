import DeviceProfiles
import EnergyModel
import Foundation
import Testing

/// Device descriptions of the SunSpec Alliance and of an integration, laid out by the official model definitions.
@Suite(
  "SunSpec profiles against device descriptions",
  .enabled(if: ProjectFiles.hasFixtures, "the captures of real devices are not beside the project"))
struct CapturedSunSpecTests {
  @Test("An IEEE 1547 device reads as its description says", arguments: [0, 40000, 50000])
  func ieee1547(base: Int) throws {
    let models = try ProjectFiles.json("sunspec/pysunspec2_device_1547.json")["models"].array
    var device = try CapturedDevice("sunspec/der-inverter.yaml")
    device.read(try SunSpecImage.make(models, base: base))
    #expect(device.problems.isEmpty, "\(device.problems)")
    try expectAC(device, models)
    try device.expect(
      "inverter",
      [
        "manufacturer": .text("SunSpecTest"), "model": .text("Test-1547-1"), "firmwareVersion": .text("1.2.3"),
        "serialNumber": .text("sn-123456789"), "ratedPowerW": .number(10000), "faults": .text(""),
        // The description names neither a state nor the third voltage in the words of the standard.
        "status": .null, "phases.l3.voltageV": .null, "pvPowerW": .null, "dcPowerW": .null, "powerLimitPercent": .null,
      ])
  }

  @Test("Of two models 701 the first is read, and models that nobody knows are passed over by their length")
  func repeatedModels() throws {
    let models = try ProjectFiles.json("sunspec/ha_sunspec2_inverter.json")["models"].array
    var device = try CapturedDevice("sunspec/der-inverter.yaml")
    device.read(try SunSpecImage.make(models, base: 40000))
    #expect(device.problems.isEmpty, "\(device.problems)")
    #expect(device.decoder.sunSpecModels.count == models.count - 1)
    try expectAC(device, models)
  }

  @Test("Values whose scale factor is not implemented are absent, those without a scale factor are not")
  func withoutScaleFactors() throws {
    let models = try ProjectFiles.json("sunspec/ha_sunspec2_inverter.json")["models"].array
    var device = try CapturedDevice("sunspec/inverter.yaml")
    device.read(try SunSpecImage.make(models, base: 40000))
    #expect(device.problems.isEmpty, "\(device.problems)")
    try device.expect(
      "inverter",
      [
        "acPowerW": .null, "phases.l1.voltageV": .null, "frequencyHz": .null, "energyGeneratedTotalWh": .null,
        "dcInputs.1.powerW": .null, "dcInputs.2.energyTotalWh": .null, "status": .text("running"),
        "vendorStatus": .text("4"), "faults": .text("groundFault,dcOverVoltage"), "ratedPowerW": .null,
        "manufacturer": .text("SunSpecTest"),
      ])
  }

  @Test("A device with curves alone has a name and no numbers")
  func curvesAlone() throws {
    let models = try ProjectFiles.json("sunspec/pysunspec2_inverter_123.json")["models"].array
    for path in ["sunspec/inverter.yaml", "sunspec/der-inverter.yaml"] {
      var device = try CapturedDevice(path)
      device.read(try SunSpecImage.make(models, base: 40000))
      try device.expect(
        "inverter",
        ["manufacturer": .text("Device Manufacturer"), "model": .text("Inverter 123"), "acPowerW": .null])
    }
    var meter = try CapturedDevice("sunspec/meter.yaml")
    meter.read(try SunSpecImage.make(models, base: 40000))
    try meter.expect("meter", ["serialNumber": .text("9999abcd"), "powerW": .null])
  }

  /// Model 701 as the description has it.
  private func expectAC(_ device: CapturedDevice, _ models: [JSON]) throws {
    let model = try #require(models.first { $0["ID"].integer == 701 })
    let fields = [
      ("acPowerW", "W", "W_SF"), ("apparentPowerVA", "VA", "VA_SF"), ("reactivePowerVar", "Var", "Var_SF"),
      ("powerFactor", "PF", "PF_SF"), ("frequencyHz", "Hz", "Hz_SF"),
      ("energyGeneratedTotalWh", "TotWhInj", "TotWh_SF"),
      ("energyAbsorbedTotalWh", "TotWhAbs", "TotWh_SF"), ("temperatureC", "TmpCab", "Tmp_SF"),
      ("phases.l1.powerW", "WL1", "W_SF"), ("phases.l2.powerW", "WL2", "W_SF"), ("phases.l3.powerW", "WL3", "W_SF"),
      ("phases.l1.currentA", "AL1", "A_SF"), ("phases.l2.currentA", "AL2", "A_SF"),
      ("phases.l3.currentA", "AL3", "A_SF"),
      ("phases.l1.voltageV", "VL1", "V_SF"), ("phases.l2.voltageV", "VL2", "V_SF"),
    ]
    for (field, point, scaleFactor) in fields {
      let raw = try #require(model[point].number)
      let exponent = try #require(model[scaleFactor].number)
      try device.expect("inverter", [field: .number(raw * pow(10, exponent))])
    }
  }
}

/// Lays out a device description in registers, by the official definitions beside the captures.
enum SunSpecImage {
  /// What a model of which only the length matters has.
  private static let unknownLength = 20

  static func make(_ models: [JSON], base: Int) throws -> RegisterImage {
    var words: [UInt16] = [0x5375, 0x6E53]
    for model in models {
      let id = try #require(model["ID"].integer.flatMap { UInt16(exactly: $0) })
      if id == 0xFFFF { break }
      var content = [UInt16](repeating: 0, count: unknownLength)
      if SunSpecModels.knownModels.contains(id) {
        content = Array(group(try ProjectFiles.json("sunspec-models/model_\(id).json")["group"], model).dropFirst(2))
      }
      words += [id, UInt16(content.count)] + content
    }
    words += [0xFFFF, 0]
    let pairs = words.enumerated().map { (UInt16(base + $0.offset), $0.element) }
    return [.holding: Dictionary(uniqueKeysWithValues: pairs)]
  }

  private static func group(_ definition: JSON, _ values: JSON) -> [UInt16] {
    var words = definition["points"].array.flatMap { point($0, values[$0["name"].text ?? ""]) }
    for inner in definition["groups"].array {
      let found = values[inner["name"].text ?? ""]
      let isRepeated = inner["count"].value != nil && inner["count"].integer != 1
      for element in isRepeated ? found.array : [found] { words += group(inner, element) }
    }
    return words
  }

  private static func point(_ definition: JSON, _ value: JSON) -> [UInt16] {
    let size = definition["size"].integer ?? 1
    let type = definition["type"].text ?? ""
    if type == "string" {
      var bytes = Array((value.text ?? "").utf8.prefix(2 * size))
      bytes += [UInt8](repeating: 0, count: 2 * size - bytes.count)
      return (0..<size).map { UInt16(bytes[2 * $0]) << 8 | UInt16(bytes[2 * $0 + 1]) }
    }
    guard let number = value.integer else {
      return switch type {
      case "int16", "sunssf", "pad": [0x8000]
      case "int32": [0x8000, 0]
      case "float32": [0x7FC0, 0]
      case "acc32", "acc64", "eui48": [UInt16](repeating: 0, count: size)
      default: [UInt16](repeating: 0xFFFF, count: size)
      }
    }
    return (0..<size).map { UInt16(truncatingIfNeeded: number >> (16 * (size - 1 - $0))) }
  }
}
