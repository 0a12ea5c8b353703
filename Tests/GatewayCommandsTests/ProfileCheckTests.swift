import Foundation
import Testing

@testable import GatewayCommands

/// `heddle profile lint` and `test`.
@Suite struct ProfileCheckTests {
  private let desk: ProfileDesk

  init() throws { desk = try ProfileDesk() }

  /// An unknown key, a unit that does not fit, and no tests.
  private static let wrong = """
    schema: heddle.profile/1
    id: acme-meter
    name: Acme meter
    manufacturer: Acme
    products: [Acme*]
    maturity: documentation
    source: {document: "Acme registers, revision 3"}
    transport:
      modbus: {unit: 1, maxRegister: 64}
    devices:
      meter:
        type: meter
        points:
          powerW: {holding: 100, type: i32, unit: kWh}

    """

  @Test("Lint shows every finding with a caret, names a file that is not there, and ends with 1")
  func lint() throws {
    try desk.write("wrong.yaml", Self.wrong)
    let result = try desk.run("lint", "DIR/wrong.yaml", "DIR/nothing.yaml")
    #expect(result.status == .failed)
    #expect(
      result.output == """
        DIR/wrong.yaml:1:1: warning[P122]: the profile has no tests, so that nothing shows that it is right
         1 | schema: heddle.profile/1
           | ^

        DIR/wrong.yaml:9:21: error[P011]: unknown key 'maxRegister' in transport.modbus
         9 |   modbus: {unit: 1, maxRegister: 64}
           |                     ^ did you mean 'maxRegisters'?

        DIR/wrong.yaml:14:47: error[P110]: 'kWh' cannot be the unit of powerW, which is in W
         14 |       powerW: {holding: 100, type: i32, unit: kWh}
            |                                               ^ units that fit: MW, W, kW, mW

        DIR/nothing.yaml:0:0: error[P001]: there is no such file

        2 files, 3 errors, 1 warning

        """)
  }

  @Test("Lint writes annotations for GitHub, with line ends and colons escaped")
  func github() throws {
    try desk.write("a,b.yaml", Self.wrong)
    let result = try desk.run("lint", "--format", "github", "DIR/a,b.yaml")
    #expect(result.status == .failed)
    #expect(
      result.output == """
        ::warning file=DIR/a%2Cb.yaml,line=1,col=1,title=P122::the profile has no tests, so that nothing shows that it is right
        ::error file=DIR/a%2Cb.yaml,line=9,col=21,title=P011::unknown key 'maxRegister' in transport.modbus; did you mean 'maxRegisters'?
        ::error file=DIR/a%2Cb.yaml,line=14,col=47,title=P110::'kWh' cannot be the unit of powerW, which is in W; units that fit: MW, W, kW, mW

        """)
  }

  @Test("Lint gives JSON with --format json and with --json")
  func json() throws {
    try desk.write("wrong.yaml", Self.wrong)
    let result = try desk.run("lint", "DIR/wrong.yaml", "--json")
    #expect(result.output == (try desk.run("lint", "DIR/wrong.yaml", "--format", "json")).output)
    #expect(result.output.contains(#""code" : "P110""#))
    #expect(result.output.contains(#""errors" : 2"#))
  }

  @Test("A warning alone is no failure, and two files with one id are")
  func warningsAndTwins() throws {
    let plain = Self.wrong.replacing(", maxRegister: 64", with: "").replacing(", unit: kWh", with: "")
    try desk.write("one.yaml", plain)
    let single = try desk.run("lint", "DIR/one.yaml")
    #expect(single.status == .fine)
    #expect(single.output.hasSuffix("1 file, 1 warning\n"))
    try desk.write("below/two.yaml", plain)
    let both = try desk.run("lint", "DIR")
    #expect(both.status == .failed)
    #expect(both.output.contains("DIR/one.yaml:0:0: error[P124]: the id 'acme-meter' is taken by DIR/below/two.yaml"))
  }

  @Test("What is no text, and what is too large, is a finding")
  func unreadable() throws {
    let file = try desk.write("large.yaml", String(repeating: "#", count: 1 << 21))
    let result = try desk.run("lint", file, "--profiles", "DIR")
    #expect(result.status == .failed)
    #expect(result.output.contains("DIR/large.yaml:0:0: error[P001]: the file is larger than 1048576 bytes"))
  }

  @Test("Tests inside profiles: what fails and what nothing covers is shown with its line")
  func failures() throws {
    try desk.write("meter.yaml", ProfileDesk.meter)
    try desk.write("wrong.yaml", Self.wrong)
    let result = try desk.run("test", "DIR/meter.yaml", "DIR/wrong.yaml")
    #expect(result.status == .failed)
    #expect(
      result.output == """
        DIR/meter.yaml:22: the test 'noon' failed
          meter.voltageV: expected 230, got 230.1
        DIR/meter.yaml:17: meter.energyImportedTotalWh: no test expects it
        DIR/meter.yaml: 0 tests passed, 1 failed, 1 not covered
        DIR/wrong.yaml:9:21: error[P011]: unknown key 'maxRegister' in transport.modbus; did you mean 'maxRegisters'?
        DIR/wrong.yaml:14:47: error[P110]: 'kWh' cannot be the unit of powerW, which is in W; units that fit: MW, W, kW, mW
        DIR/wrong.yaml: not tested, the file has errors

        """)
  }

  @Test("A profile is complete when every field has a value in a test and every command its exact writes")
  func coverage() throws {
    let starter = StarterProfile(id: "acme-battery", transport: .modbus, device: .battery).text
    try desk.write("battery.yaml", starter)
    #expect(try desk.run("test", "DIR").output == "DIR/battery.yaml: 4 tests passed\n")
    // Without its last two tests, nothing shows what the commands write; an absent value shows no field.
    let cut = try #require(starter.range(of: "  - name: charge with the exact writes"))
    let rest = String(starter[..<cut.lowerBound])
    try desk.write("battery.yaml", rest.replacing("        socPercent: 87.3\n", with: ""))
    let result = try desk.run("test", "DIR")
    #expect(result.status == .failed)
    #expect(
      result.output == """
        DIR/battery.yaml:30: battery.socPercent: no test expects it to have a value
        DIR/battery.yaml:41: battery:charge: no test has this command with its exact writes
        DIR/battery.yaml: battery:auto: no test has this command with its exact writes
        DIR/battery.yaml: 2 tests passed, 3 not covered

        """)
  }

  @Test("A profile is also tested by its id, and JSON says the same")
  func byID() throws {
    try desk.write("meter.yaml", ProfileDesk.meter)
    let result = try desk.run("test", "acme-meter", "--profiles", "DIR", "--json")
    #expect(result.status == .failed)
    #expect(result.output.contains(#""subject" : "meter.energyImportedTotalWh""#))
    #expect(result.output.contains(#""isPassed" : false"#))
  }

  @Test("A directory without profiles does not pass as tested")
  func nothingToTest() throws {
    let result = try desk.run("test", "DIR")
    #expect(result.status == .failed)
    #expect(result.errors == "error: there is no profile in DIR\n")
  }

  @Test("All shipped profiles pass lint and test")
  func shipped() throws {
    let lint = try desk.run("lint", ProfileDesk.shippedProfiles)
    #expect(lint.status == .fine, "\(lint.output)")
    #expect(lint.output.hasSuffix("no findings\n"))
    let test = try desk.run("test", ProfileDesk.shippedProfiles)
    #expect(test.status == .fine, "\(test.output)")
  }
}
