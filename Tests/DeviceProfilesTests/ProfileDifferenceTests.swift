import DeviceProfiles
import Testing

@Suite("Differences between profiles")
struct ProfileDifferenceTests {
  private static let text = """
    schema: heddle.profile/1
    id: acme
    name: Acme
    manufacturer: Acme
    products: [A]
    maturity: documentation
    source: {document: "a document"}
    parameters:
      unit: {type: integer, range: 1..247, default: 1}
    transport: {modbus: {unit: $unit, maxRegisters: 64}}
    devices:
      battery:
        type: battery
        points:
          powerW: {holding: 10, type: i16, poll: fast}
          socPercent: {holding: 11, type: u16, scale: 0.1, invalid: 0xFFFF, valid: 0..100}
          energyChargedTotalWh: {holding: 12, type: u32, unit: kWh}
          energyDischargedTotalWh: {holding: 14, type: u32, unit: kWh}
          energyStoredWh: {holding: 16, type: u32, unit: kWh}
          chargingState: {holding: 18, type: u16, enum: {1: charging, 2: standby}}
        controls:
          mode: {holding: 47100, type: u16, range: 0..2}
          power: {holding: 47247, type: u16, range: 0..5000}
        commands:
          charge:
            input: {powerW: {max: 5000}}
            steps:
              - write: {mode: 1}
              - write: {power: input.powerW}
              - wait: 2 s
            confirm: {expect: "powerW < 0", within: 30 s}
            revert: default
        default:
          steps: [{write: {mode: 0}}]
    tests: []
    """

  private func sentences(_ changes: (String, String)...) throws -> [String] {
    var text = Self.text
    for (old, new) in changes {
      try #require(text.contains(old), "\(old)")
      text = text.replacing(old, with: new)
    }
    return try difference(text).sentences
  }

  private func difference(_ text: String) throws -> ProfileDifference {
    let (new, findings) = ProfileReader.read(text: text, file: "b.yaml")
    let old = try #require(ProfileReader.read(text: Self.text, file: "a.yaml").profile)
    return ProfileDifference(from: old, to: try #require(new, "\(findings)"))
  }

  @Test("Other words for the same meaning are no difference")
  func same() throws {
    #expect(
      try sentences(
        ("name: Acme", "name: Something else"), ("id: acme", "id: acme-2"), ("holding: 10,", "holding: 0x0A,"),
        ("scale: 0.1,", "scale: 1e-1, poll: normal,"), ("{max: 5000}", "{max: '5000'}"), ("unit: kWh}", "unit: kWh }")
      ).isEmpty)
    #expect(try difference(Self.text).isSame)
  }

  @Test("A sign is told first of all in its own sentence")
  func sign() throws {
    #expect(try sentences(("type: i16,", "type: i16, negate: true,")) == ["battery.powerW changes sign"])
  }

  @Test("Units that change together share a sentence")
  func units() throws {
    #expect(
      try sentences(("unit: kWh", "unit: Wh")) == [
        "3 points change unit: battery.energyChargedTotalWh, battery.energyDischargedTotalWh, battery.energyStoredWh"
      ])
    #expect(
      try sentences(("{holding: 16, type: u32, unit: kWh}", "{holding: 16, type: u32}")) == [
        "battery.energyStoredWh changes unit: the model's instead of kWh"
      ])
  }

  @Test("What a point reads, means and allows")
  func points() throws {
    #expect(
      try sentences(("{holding: 10, type: i16", "{input: 20, type: i32")) == [
        "battery.powerW comes from input 20 i32 ABCD instead of holding 10 i16 ABCD"
      ])
    #expect(
      try sentences(("2: standby", "2: idle"), ("scale: 0.1", "scale: 0.01"), ("0..100", "0..101")) == [
        "battery.socPercent changes scale: 0.01 instead of 0.1",
        "battery.socPercent: plausible values 0..101 instead of 0..100",
        "battery.chargingState: 2 means idle instead of standby",
      ])
    #expect(
      try sentences(("      energyStoredWh: {holding: 16, type: u32, unit: kWh}\n", "")) == [
        "battery.energyStoredWh is gone, it was from holding 16 u32 ABCD"
      ])
  }

  @Test("The order of writes, what is written, and what may be written")
  func commands() throws {
    #expect(
      try sentences(
        ("- write: {mode: 1}\n", "- write: {power: input.powerW}\n"),
        ("- write: {power: input.powerW}\n          - wait", "- write: {mode: 1}\n          - wait")
      ) == ["battery charge writes 47247 before 47100"])
    #expect(
      try sentences(("{mode: 1}", "{mode: 2}"), ("wait: 2 s", "wait: 3 s"), ("range: 0..2", "range: 0..3")) == [
        "battery.mode: range 0..3 instead of 0..2",
        "battery charge writes 2 to 47100 instead of 1",
        "battery charge waits 3 s instead of 2 s",
      ])
    #expect(
      try sentences(("          - write: {power: input.powerW}\n", "")) == ["battery charge no longer writes 47247"])
    #expect(
      try sentences(("within: 30 s", "within: 1 min")) == ["battery charge: confirm within 1 min instead of 30 s"])
  }

  @Test("Parameters and transport")
  func installation() throws {
    #expect(
      try sentences(
        ("range: 1..247, default: 1}", "range: 1..247}\n  pin: {type: text}"), ("maxRegisters: 64", "maxRegisters: 32")
      ) == [
        "parameter unit: default value 1 is gone", "the new parameter pin is required",
        "transport: modbus max registers 32 instead of 64",
      ])
  }

  @Test("A new or lost device is one sentence")
  func devices() throws {
    let more = Self.text.replacing(
      "tests: []", with: "  meter:\n    type: meter\n    points: {powerW: {holding: 50, type: i16}}\ntests: []")
    #expect(try difference(more).sentences == ["the device meter is new"])
  }
}
