import Foundation
import Testing

/// A full SunSpec map of an SMA Sunny Boy 3.6, without the ends of its file names.
private let sunnyBoy = Programs.captures.appendingPathComponent("sunspec/sma_sunnyboy_3.6_2023-08-10").path

/// A foreign Modbus server with the registers of a real inverter.
@Suite(
  "A SunSpec inverter behind pymodbus", .enabled(if: Programs.hasOwn, "the programs are not built"),
  .enabled(if: Programs.peerPython != nil, "make peers was not run"),
  .enabled(if: Programs.hasFile(sunnyBoy + ".registers.json"), "the captures are not there"))
struct SunSpecCaptureTests {
  @Test("Values are what pysunspec2 computes, and what is not implemented is null, not zero")
  func values() async throws {
    let gateway = try await TestGateway(profiles: "sunspec")
    defer { gateway.clear() }
    let (_, port) = try await gateway.script(
      try #require(Programs.peerPython), "sunspec_server.py", [sunnyBoy + ".registers.json", "126"])
    try gateway.configure(
      """
      links:
        - {id: roof, modbus: {tcp: "127.0.0.1:\(port)"}}
      devices:
        - {id: inverter-1, profile: sunspec-inverter, link: roof, parameters: {unit: 126}}
      """)
    try await gateway.start()
    #expect(await gateway.reaches("inverter-1", "online"), "\(gateway.log)")
    _ = await eventually(within: 20) { (try? await gateway.fields("inverter-1"))?["gridConnection"] is String }
    let device = try await gateway.json("device", "show", "inverter-1")
    let fields = try await gateway.fields("inverter-1")
    let model = try points(of: 101)
    for (field, point) in Self.numbers {
      let expected = try #require(model[point], "\(point) is not in the capture")
      if let number = expected as? Double {
        let seen = try #require(fields[field] as? Double, "\(field) is \(fields[field] ?? "absent")")
        #expect(abs(seen - number) < 1e-9 * max(1, abs(number)), "\(field)")
      } else {
        #expect(fields[field] is NSNull, "\(field) is not implemented, and is \(fields[field] ?? "absent")")
      }
    }
    #expect(fields["status"] as? String == "running")
    #expect(fields["faults"] as? String == "", "\(fields)")
    #expect(fields["gridConnection"] as? String == "onGrid")
    let common = try points(of: 1)
    #expect(device["manufacturer"] as? String == common["Mn"] as? String)
    #expect(device["model"] as? String == common["Md"] as? String)
    #expect(device["serialNumber"] as? String == common["SN"] as? String)
    #expect(device["firmwareVersion"] as? String == common["Vr"] as? String)
  }

  /// Fields and the points of model 101 behind them.
  private static let numbers = [
    "acPowerW": "W", "apparentPowerVA": "VA", "reactivePowerVar": "VAr", "powerFactor": "PF", "frequencyHz": "Hz",
    "phases.l1.voltageV": "PhVphA", "phases.l2.voltageV": "PhVphB", "phases.l3.voltageV": "PhVphC",
    "phases.l1.currentA": "AphA", "phases.l2.currentA": "AphB", "phases.l3.currentA": "AphC",
    "energyGeneratedTotalWh": "WH", "temperatureC": "TmpCab", "vendorStatus": "StVnd",
  ]

  private func points(of model: Int) throws -> [String: Any] {
    let data = try Data(contentsOf: URL(fileURLWithPath: sunnyBoy + ".expected.json"))
    let file = try JSONSerialization.jsonObject(with: data) as? [String: Any]
    let models = try #require(file?["models"] as? [[String: Any]])
    return try #require(models.first { $0["id"] as? Int == model }?["points"] as? [String: Any])
  }
}
