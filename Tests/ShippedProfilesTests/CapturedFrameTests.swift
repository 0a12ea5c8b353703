import DeviceProfiles
import EnergyModel
import Foundation
import ModbusWire
import Testing

/// Raw frames of real devices through the framing and the profile, against what others decoded from them.
@Suite(
  "Shipped profiles against captured frames",
  .enabled(if: ProjectFiles.hasFixtures, "the captures of real devices are not beside the project"))
struct CapturedFrameTests {
  /// A field, what the other decoder calls it, and the factor between both.
  typealias Field = (field: String, name: String, factor: Double)

  private static func bytes(_ text: some StringProtocol) -> [UInt8] {
    let digits = text.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
  }

  /// The registers of all answers that a decoded capture of GoodWe names.
  private func goodwe(_ folder: String, _ capture: JSON) throws -> [UInt16: UInt16] {
    var memory: [UInt16: UInt16] = [:]
    for (file, info) in capture["files"].object {
      let answer = Self.bytes(try ProjectFiles.text(ProjectFiles.fixtures.appending(path: "goodwe/\(folder)/\(file)")))
      let request = Self.bytes(try #require(info["request_hex"].text))
      if folder == "es" {
        memory.merge(try page(request, answer)) { $1 }
        continue
      }
      let isTCP = request.starts(with: [0, 1, 0, 0])
      let framing: ModbusFraming = isTCP ? .tcp : .goodwe
      var requests = RequestReader(framing)
      requests.append(request)
      guard case .request(let asked) = requests.next() else {
        Issue.record("\(file): no request")
        continue
      }
      var reader = AnswerReader(framing)
      let transaction = UInt16(answer[0]) << 8 | UInt16(answer[1])
      reader.begin(
        try FramedRequest(framing, unit: asked.unit, pdu: asked.pdu, transaction: isTCP ? transaction : 0))
      reader.append(answer)
      guard case .answer(let pdu) = reader.next() else {
        Issue.record("\(file): no answer, \(reader.problem ?? "")")
        continue
      }
      let first = UInt16(asked.pdu[1]) << 8 | UInt16(asked.pdu[2])
      for (offset, index) in stride(from: 2, to: pdu.count - 1, by: 2).enumerated() {
        memory[first + UInt16(offset)] = UInt16(pdu[index]) << 8 | UInt16(pdu[index + 1])
      }
    }
    return memory
  }

  /// Each register of a page, in both views.
  private func page(_ request: [UInt8], _ answer: [UInt8]) throws -> [UInt16: UInt16] {
    var memory: [UInt16: UInt16] = [:]
    for index in 0...255 as ClosedRange<UInt16> {
      let asked = try FramedRequest(.aa55, unit: 127, pdu: [3, 0x80 | request[5], UInt8(index), 0, 1])
      #expect(asked.bytes == request)
      var reader = AnswerReader(.aa55)
      reader.begin(asked)
      reader.append(answer)
      let event = reader.next()
      guard case .answer(let pdu) = event else {
        Issue.record("no answer: \(event)")
        return memory
      }
      guard pdu[0] == 3 else { continue }
      memory[0x8000 | UInt16(request[5]) << 8 | index] = UInt16(pdu[2]) << 8 | UInt16(pdu[3])
    }
    return memory
  }

  private func compare(
    _ device: CapturedDevice, _ part: String, _ fields: [Field], _ expected: JSON, within: Double = 1e-6
  ) throws {
    for (field, name, factor) in fields {
      guard let number = expected[name].number else { continue }
      let wanted = number * factor
      let got = try #require(try device.value(field, part: part).double, "\(part).\(field)")
      #expect(abs(got - wanted) <= max(within, abs(wanted) * 1e-6), "\(part).\(field): \(got), not \(wanted)")
    }
  }

  private static let phases: [Field] = [
    ("phases.l1.voltageV", "vgrid", 1), ("phases.l2.voltageV", "vgrid2", 1), ("phases.l3.voltageV", "vgrid3", 1),
    ("phases.l1.currentA", "igrid", 1), ("phases.l2.currentA", "igrid2", 1), ("phases.l3.currentA", "igrid3", 1),
    ("phases.l1.powerW", "pgrid", 1), ("phases.l2.powerW", "pgrid2", 1), ("phases.l3.powerW", "pgrid3", 1),
  ]
  private static let inputs: [Field] = [
    ("dcInputs.1.voltageV", "vpv1", 1), ("dcInputs.1.currentA", "ipv1", 1), ("dcInputs.1.powerW", "ppv1", 1),
    ("dcInputs.2.voltageV", "vpv2", 1), ("dcInputs.2.currentA", "ipv2", 1), ("dcInputs.2.powerW", "ppv2", 1),
    ("pvPowerW", "ppv", 1), ("frequencyHz", "fgrid", 1), ("temperatureC", "temperature", 1),
    ("energyPvTotalWh", "e_total", 1000),
  ]

  @Test(
    "GoodWe DT and MS over UDP and Modbus TCP",
    arguments: ["GW8K_DT", "GW17K_DT", "GW20KAU_DT", "GW10K_MS_30", "GW10K_MS_TCP"])
  func goodweDT(_ name: String) throws {
    let capture = try ProjectFiles.json("goodwe/dt/\(name).expected.json")
    var device = try CapturedDevice("goodwe/dt.yaml")
    device.read(.holding, try goodwe("dt", capture))
    #expect(device.problems.isEmpty, "\(device.problems)")
    let expected = capture["runtime"]
    let renamed: [Field] = [
      ("phases.l1.voltageV", "vgrid1", 1), ("phases.l1.currentA", "igrid1", 1), ("phases.l1.powerW", "pgrid1", 1),
      ("frequencyHz", "fgrid1", 1), ("acPowerW", "total_inverter_power", 1), ("apparentPowerVA", "apparent_power", 1),
      ("reactivePowerVar", "reactive_power", 1),
    ]
    // The others round each product; the marks of absent phases they print as 0.
    let present = Self.phases.filter { expected[$0.name].number ?? 0 != 0 }
    try compare(device, "inverter", present + Self.inputs + renamed, expected, within: 1.01)
    if let model = capture["device_info"]["model_name"].text, !model.isEmpty {
      try device.expect("inverter", ["model": .text(model)])
    }
    if let serial = capture["device_info"]["serial_number"].text, !serial.isEmpty {
      try device.expect("inverter", ["serialNumber": .text(serial)])
    }
  }

  @Test("GoodWe ES and EM in the AA55 protocol", arguments: ["GW5048D_ES", "GW5048_EM", "GW5048_EM_No_Batt"])
  func goodweES(_ name: String) throws {
    let capture = try ProjectFiles.json("goodwe/es/\(name).expected.json")
    var device = try CapturedDevice("goodwe/es.yaml")
    device.read(.holding, try goodwe("es", capture))
    #expect(device.problems.isEmpty, "\(device.problems)")
    let expected = capture["runtime"]
    let own: [Field] = [("acPowerW", "total_power", 1), ("phases.l1.voltageV", "vgrid", 1)]
    try compare(device, "inverter", Self.inputs + own, expected, within: 1.01)
    try compare(device, "meter", [("powerW", "pgrid", -1)], expected)
    if name == "GW5048_EM_No_Batt" {
      try device.expect("battery", ["socPercent": .null, "powerW": .null, "chargingState": .null])
    } else {
      try compare(
        device, "battery",
        [
          ("powerW", "pbattery1", 1), ("voltageV", "vbattery1", 1), ("currentA", "ibattery1", 1),
          ("socPercent", "battery_soc", 1), ("temperatureC", "battery_temperature", 1),
        ], expected, within: 0.51)
      try device.expect("inverter", ["model": .text(try #require(capture["device_info"]["model_name"].text))])
      try device.expect("inverter", ["serialNumber": .text(try #require(capture["device_info"]["serial_number"].text))])
    }
  }

  // MARK: GivEnergy

  /// What a register image has for a unit.
  private func image(_ path: String, unit: String, _ table: String) throws -> [UInt16: UInt16] {
    let image = try ProjectFiles.json("givenergy/\(path).registers.json")["units"][unit][table].object
    return try Dictionary(
      uniqueKeysWithValues: image.map { (try #require(UInt16($0)), UInt16(truncatingIfNeeded: $1.integer ?? 0)) })
  }

  @Test("The meters behind a GivEnergy EMS", arguments: ["1", "3"])
  func givenergyMeters(_ unit: String) throws {
    let path = "ems_2_inv_3_bat_a/ems_arm1036_60s"
    let expected = try ProjectFiles.json("givenergy/\(path).expected.json")["meters"][unit]
    var meter = try CapturedDevice("givenergy/meter.yaml", ["unit": .number(Double(unit) ?? 1)])
    meter.read(.input, try image(path, unit: "0x0\(unit)", "input"))
    #expect(meter.problems.isEmpty, "\(meter.problems)")
    try compare(
      meter, "meter",
      [
        ("powerW", "p_active_total", 1), ("phases.l1.voltageV", "v_phase_1", 1), ("currentA", "i_total", 1),
        ("frequencyHz", "frequency", 1), ("energyImportedTotalWh", "e_import_active", 1000),
        ("energyExportedTotalWh", "e_export_active", 1000), ("reactivePowerVar", "p_reactive_total", 1),
      ], expected)
  }

  @Test("The frames of a GivEnergy dongle, as they came and however they are cut, give what the register image has")
  func givenergyFrames() throws {
    let path = "hybrid_2_bat_a/hybrid_gen1_arm449_0x11_poll_10min"
    let log = try ProjectFiles.text(ProjectFiles.fixtures.appending(path: "givenergy/\(path).log"))
    var requests = RequestReader(.givenergy)
    var reader = AnswerReader(.givenergy)
    var last: [UInt16: UInt16] = [:]
    var answered = 0
    for line in log.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count >= 3 else { continue }
      let frame = Self.bytes(words[2])
      if words[1] == "tx" {
        requests.append(frame)
        while case .request(let asked) = requests.next() {
          reader.begin(try FramedRequest(.givenergy, unit: asked.unit, pdu: asked.pdu))
          last[0xFFFF] = UInt16(asked.unit) << 8 | UInt16(asked.pdu[0])
          last[0xFFFE] = UInt16(asked.pdu[1]) << 8 | UInt16(asked.pdu[2])
        }
        continue
      }
      for byte in frame {
        reader.append([byte])
        guard case .answer(let pdu) = reader.next() else { continue }
        answered += 1
        guard last[0xFFFF] == 0x1104, let base = last[0xFFFE] else { continue }
        for (offset, index) in stride(from: 2, to: pdu.count - 1, by: 2).enumerated() {
          last[base + UInt16(offset)] = UInt16(pdu[index]) << 8 | UInt16(pdu[index + 1])
        }
      }
    }
    #expect(answered > 150, "\(answered)")
    #expect(reader.skippedBytes == 0)
    // The image has the last value of each register, of answers to others too: the constants are the same.
    let image = try image(path, unit: "0x11", "input")
    for address in [21, 22, 32] as [UInt16] { #expect(last[address] == image[address]) }
  }
}
