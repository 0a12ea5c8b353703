import DeviceProfiles
import DeviceSimulator
import EnergyModel
import TestSupport
import Testing

@Suite("What a simulated device says is what its physics means")
struct RoundTripTests {
  @Test("Every field of every shipped profile comes back", arguments: ShippedProfiles.ids)
  func fields(id: String) throws {
    var bench = try Bench(id)
    compare(&bench)
  }

  @Test(
    "A profile with variants is played in each of its forms",
    arguments: [
      ("generic-fan-coil-thermostat", "version", ScalarValue.text("current"), nil),
      ("generic-fan-coil-thermostat", "version", .text("older"), "older"),
      ("foxess-h1", "interface", .text("LAN"), nil), ("foxess-h1", "interface", .text("RS485"), "rs485"),
      ("deye-hybrid-three-phase", "deviceType", .number(5), nil),
      ("deye-hybrid-three-phase", "deviceType", .number(6), "high-voltage"),
    ] as [(String, String, ScalarValue, String?)])
  func variants(id: String, parameter: String, value: ScalarValue, variant: String?) throws {
    let known = try #require(ShippedProfiles.library.profile(id)).parameters.map(\.name)
    let parameters = [parameter: value, "maxCurrentA": .number(100)].filter { known.contains($0.key) }
    var bench = try Bench(id, parameters: parameters)
    #expect(bench.bound.variant == variant)
    if bench.bound.profile.parts[0].kind == .thermostat {
      try bench.command("set-operating-mode", ["mode": .text("heat")])
      try bench.command("set-setpoints", ["heatSetpointC": .number(21.5)])
    }
    // The power follows from the current that the installation gives; a thermostat with controls shows those.
    compare(&bench, besides: ["maxChargePowerW", "maxDischargePowerW", "heatSetpointC", "coolSetpointC"])
    guard bench.bound.profile.parts[0].kind == .thermostat else { return }
    #expect(bench.readings["thermostat.heatSetpointC"] == .number(21.5))
    #expect(bench.readings["thermostat.hvacMode"] == .label("heat"))
  }

  @Test("What a device says in another format than JSON comes back too")
  func formats() throws {
    for id in ["dsmr-p1-http", "enphase-iq-gateway", "enphase-ct-meters"] {
      var bench = try Bench(id)
      bench.read()
      #expect(bench.problems.filter { !$0.contains("no value at") }.isEmpty, "\(id): \(bench.problems)")
      let part = bench.bound.profile.parts[0].name
      #expect(bench.readings["\(part).serialNumber"] != nil, "\(id)")
      #expect(bench.readings["\(part).serialNumber"] != .null, "\(id)")
    }
  }

  /// Reads everything and compares it with what the simulated device means.
  private func compare(_ bench: inout Bench, besides others: Set<String> = []) {
    bench.read()
    #expect(bench.problems.isEmpty)
    #expect(bench.decoder.setupProblem == nil)
    let wanted = bench.simulation.fieldValues(at: bench.index)
    var compared = 0
    for (part, fields) in zip(bench.bound.profile.parts, wanted) {
      for (name, value) in fields where !others.contains(name) {
        guard let reading = bench.readings["\(part.name).\(name)"] else {
          Issue.record("\(part.name).\(name) was not read")
          continue
        }
        compared += 1
        #expect(agree(value, reading, name), "\(part.name).\(name): meant \(value), read \(reading)")
      }
    }
    #expect(compared > 2)
  }

  /// Fields that a product computes from settings or shows in words of its own, so that physics has no say.
  private static let ownWords: Set<String> = [
    "vendorStatus", "faults", "operatingMode", "energyPvTotalWh", "phases.l1.voltageV", "phases.l1.currentA",
    "gridConnection", "manufacturer", "model", "controlSource",
  ]

  private func agree(_ wanted: ScalarValue, _ reading: ReadingValue, _ name: String) -> Bool {
    switch (wanted, reading) {
    case (_, .null) where Self.ownWords.contains(name): true
    case (.null, .null): true
    // A name that the installation gives.
    case (.text, .text("test-device")): true
    case (.number(let a), .number(let b)): abs(a - b) <= 0.2 + 0.002 * abs(a)
    case (.text(let a), .label(let b)), (.text(let a), .text(let b)):
      a == b || Self.ownWords.contains(name) || Self.near[a]?.contains(b) == true
    case (.flag(let a), .flag(let b)): a == b
    case (.text(""), .null), (.text, .null): false
    default: false
    }
  }

  /// Words that stand for others where a product has fewer of them.
  private static let near: [String: [String]] = [
    "idle": ["standby", "holding"], "none": ["home"], "offGrid": ["unknown"], "manual": ["unknown"],
  ]

  @Test("The battery's power and state follow physics on the Huawei wire")
  func huaweiFollows() throws {
    var bench = try Bench("huawei-sun2000")
    try bench.command("charge", ["powerW": .number(2500)])
    bench.clock.advance(by: .seconds(3))
    bench.read()
    #expect(abs((bench.readings["battery.powerW"]?.number ?? 0) + 2500) < 10)
    #expect(bench.readings["battery.chargingState"] == .label("charging"))
    let before = try #require(bench.readings["battery.socPercent"]?.number)
    bench.clock.advance(by: .seconds(100))
    bench.read()
    #expect(try #require(bench.readings["battery.socPercent"]?.number) > before)
  }

  @Test("A battery that belongs to another device is not there twice")
  func oneBattery() throws {
    let clock = TestClock()
    let simulation = Simulation(home: HomeConfiguration(), time: clock.source)
    let indices = try simulation.add([
      (try ShippedProfiles.bound("huawei-sun2000"), DeviceOptions(name: "battery")),
      (try ShippedProfiles.bound("fronius-solar-api-v1"), DeviceOptions(name: "roof")),
      (try ShippedProfiles.bound("eastron-sdm630"), DeviceOptions(name: "grid", meterRole: .grid)),
    ])
    clock.advance(by: .seconds(5))
    let huawei = simulation.fieldValues(at: indices[0])
    let fronius = simulation.fieldValues(at: indices[1])
    let grid = simulation.fieldValues(at: indices[2])
    #expect(huawei[1]["pvPowerW"] == .number(0))
    #expect(fronius[2]["powerW"] == .null)
    guard case .number(let sun)? = fronius[0]["acPowerW"], case .number(let battery)? = huawei[0]["powerW"],
      case .number(let net)? = grid[0]["powerW"]
    else {
      Issue.record("a power is missing")
      return
    }
    #expect(sun > 3000)
    #expect(abs(simulation.home.loadW - sun - battery - net) <= 3)
  }
}
