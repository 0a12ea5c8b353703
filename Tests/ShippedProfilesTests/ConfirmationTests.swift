import DeviceProfiles
import EnergyModel
import Foundation
import Testing

/// The first test of a battery profile is the device as it normally is; these change registers of it.
@Suite("Confirmation of shipped battery commands")
struct ConfirmationTests {
  private let powerW: Double = 2000

  private func device(_ path: String, test: Int = 0, changes: [UInt16: UInt16]) throws -> CapturedDevice {
    var device = try CapturedDevice(path)
    var memory = try #require(device.decoder.bound.profile.tests[test].registers[RegisterSpace(table: .holding)])
    memory.merge(changes) { $1 }
    // What lies between known registers reads as 0.
    for address in (memory.keys.min() ?? 0)...(memory.keys.max() ?? 0) where memory[address] == nil {
      memory[address] = 0
    }
    device.read(.holding, memory)
    #expect(device.problems.isEmpty, "\(device.problems)")
    return device
  }

  private func holds(_ device: CapturedDevice, _ verb: String) throws -> Bool {
    let (holds, seenAt) = try device.confirmation(verb, part: "battery", input: ["powerW": .number(powerW)])
    #expect(seenAt == device.now, "\(verb) waits for something that is never read")
    return holds
  }

  /// Signed 32 bits in two registers.
  private func pair(_ address: UInt16, _ value: Int32) -> [UInt16: UInt16] {
    let pattern = UInt32(bitPattern: value)
    return [address: UInt16(pattern >> 16), address + 1: UInt16(truncatingIfNeeded: pattern)]
  }

  @Test(
    "Huawei's charge and discharge are confirmed by register, sign and size together",
    arguments: [
      // Register 47100, battery power as the device counts it (charging positive), charge holds, discharge holds.
      (1, 2000, true, false), (1, 1960, true, false), (1, 2300, true, false), (1, 1000, false, false),
      (1, 0, false, false), (1, -2000, false, false), (1, 4000, false, false), (0, 2000, false, false),
      (2, -2000, false, true), (2, -1960, false, true), (2, 2000, false, false), (2, 0, false, false),
      (0, -2000, false, false),
    ])
  func huawei(mode: UInt16, measured: Int32, charges: Bool, discharges: Bool) throws {
    let changes = pair(37765, measured).merging([47100: mode]) { $1 }
    let device = try device("huawei/sun2000-luna2000.yaml", changes: changes)
    #expect(try holds(device, "charge") == charges)
    #expect(try holds(device, "discharge") == discharges)
  }

  @Test("Huawei's charge of a full battery, and the discharge of an empty one, stay confirmed without power")
  func huaweiAtTheEnd() throws {
    let path = "huawei/sun2000-luna2000.yaml"
    let full = try device(path, changes: pair(37765, 0).merging([47100: 1, 37760: 1000]) { $1 })
    #expect(try holds(full, "charge"))
    let empty = try device(path, changes: pair(37765, 0).merging([47100: 2, 37760: 50]) { $1 })
    #expect(try holds(empty, "discharge"))
  }

  @Test("Huawei's idle is confirmed when both limits are 0 and the power is gone")
  func huaweiIdle() throws {
    let path = "huawei/sun2000-luna2000.yaml"
    let limits: [UInt16: UInt16] = [47075: 0, 47076: 0, 47077: 0, 47078: 0, 47100: 0]
    #expect(try holds(device(path, changes: limits.merging(pair(37765, 12)) { $1 }), "idle"))
    #expect(try !holds(device(path, changes: limits.merging(pair(37765, 900)) { $1 }), "idle"))
    #expect(try !holds(device(path, changes: pair(37765, 0)), "idle"))
  }

  @Test("SunSpec storage with model 802 is confirmed by its measured power")
  func sunSpecWithPower() throws {
    // Model 124 at 40098: StorCtl_Mod +5, OutWRte +12, InWRte +13; model 802 at 40124: W +47 in 10 W.
    func state(_ mode: UInt16, _ out: Int16, _ into: Int16, _ tens: Int16) throws -> CapturedDevice {
      try device(
        "sunspec/storage.yaml",
        changes: [
          40103: mode, 40110: UInt16(bitPattern: out), 40111: UInt16(bitPattern: into), 40171: UInt16(bitPattern: tens),
        ])
    }
    #expect(try holds(state(3, -4000, 4000, -198), "charge"))
    #expect(try !holds(state(3, -4000, 4000, 0), "charge"))
    #expect(try !holds(state(3, -4000, 4000, 198), "charge"))
    #expect(try !holds(state(0, -4000, 4000, -198), "charge"))
    #expect(try !holds(state(3, -2000, 2000, -198), "charge"), "the device clamped the rates")
    #expect(try holds(state(3, 4000, -4000, 198), "discharge"))
    #expect(try !holds(state(3, 4000, -4000, -198), "discharge"))
    #expect(try holds(state(3, 0, 0, 1), "idle"))
    #expect(try !holds(state(3, 0, 0, -125), "idle"))
  }

  @Test("SunSpec storage without model 802 is confirmed by its charge status")
  func sunSpecWithoutPower() throws {
    // Model 124 at 40070, rates in whole percent of 3300 W, ChaSt +11.
    func state(_ out: Int16, _ into: Int16, _ status: UInt16) throws -> CapturedDevice {
      try device(
        "sunspec/storage.yaml", test: 1,
        changes: [
          40075: 3, 40082: UInt16(bitPattern: out), 40083: UInt16(bitPattern: into), 40081: status,
        ])
    }
    #expect(try holds(state(-61, 61, 4), "charge"))
    #expect(try !holds(state(-61, 61, 6), "charge"))
    #expect(try holds(state(61, -61, 3), "discharge"))
    #expect(try !holds(state(61, -61, 4), "discharge"))
    #expect(try holds(state(0, 0, 6), "idle"))
    #expect(try !holds(state(0, 0, 4), "idle"))
  }

  @Test("A value that comes by two ways is as old as the one that is used")
  func ageOfTwoWays() throws {
    var plug = try CapturedDevice("tasmota/energy-plug.yaml", ["topic": .text("plug")])
    try plug.message("tele/plug/SENSOR", JSON(value: ["ENERGY": ["Power": 5, "Total": 1.0]]))
    plug.now = plug.now.advanced(byMilliseconds: 250_000)
    try plug.message("stat/plug/STATUS8", JSON(value: ["StatusSNS": ["ENERGY": ["Power": 7, "Total": 1.1]]]))
    let power = plug.decoder.snapshot().value("powerW", part: 0)
    #expect(power?.value == .number(7))
    #expect(power?.observedAt == plug.now)
  }
}
