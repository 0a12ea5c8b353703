import ArgumentParser
import EnergyModel
import Testing

@testable import GatewayCommands

/// `heddle profile list`, `show`, `plan` and `new`.
@Suite struct ProfileViewTests {
  private let desk: ProfileDesk

  init() throws { desk = try ProfileDesk() }

  @Test("The list of profiles: later directories override, broken files are left out and named")
  func list() throws {
    try desk.write("a/meter.yaml", ProfileDesk.meter)
    try desk.write("b/meter.yaml", ProfileDesk.meter.replacing("name: Acme meter", with: "name: Own meter"))
    try desk.write("b/broken.yaml", "schema: heddle.profile/1\n")
    let result = try desk.run("list", "--profiles", "DIR/a", "--profiles", "DIR/b")
    #expect(result.status == .fine)
    #expect(
      result.output == """
        ID          NAME       DEVICES  TRANSPORT  MATURITY       FILE
        acme-meter  Own meter  meter    modbus     documentation  DIR/b/meter.yaml

        """)
    #expect(
      result.errors
        == "warning: DIR/b/broken.yaml is left out, it has errors; see 'heddle profile lint DIR/b/broken.yaml'\n")
    #expect(try desk.run("list", "--profiles", "DIR/a", "--json").output.contains(#""id" : "acme-meter""#))
  }

  @Test("Profiles are looked for where they are installed, else here, and nowhere else when they are named")
  func directories() throws {
    let installed = ProfileOptions.installed
    var options = try ProfileOptions.parse([])
    #expect(options.directories { _ in true } == installed)
    #expect(options.directories { $0 == installed[1] || $0 == "device-profiles" } == [installed[1]])
    #expect(options.directories { $0 == "device-profiles" } == ["device-profiles"])
    #expect(options.directories { _ in false } == [])
    options = try ProfileOptions.parse(["--profiles", "x", "--profiles", "y"])
    #expect(options.directories { _ in true } == ["x", "y"])
    #expect(try desk.run("list", "--profiles", "DIR/absent").status == .configuration)
  }

  @Test("A profile that is not there is answered with the nearest one")
  func unknown() throws {
    try desk.write("meter.yaml", ProfileDesk.meter)
    let result = try desk.run("show", "acme-metr", "--profiles", "DIR")
    #expect(result.status == .failed)
    #expect(result.errors == "error: there is no profile 'acme-metr' in DIR\nhint: did you mean 'acme-meter'?\n")
  }

  @Test("One profile: what it reads, what it can do, and everything that it may write")
  func show() throws {
    _ = try desk.run("new", "--transport", "modbus", "--type", "battery", "--output", "DIR/battery.yaml")
    let result = try desk.run("show", "DIR/battery.yaml")
    #expect(
      result.output == """
        my-battery  My battery, Example
          products  Example*
          devices   battery (battery) over modbus
          maturity  documentation
          document  the document that it is written from, with its revision
          file      DIR/battery.yaml

        CAVEATS
          - An example: no product has these places.

        PARAMETER  TAKES                        MEANING
        unit       integer 1 to 247, default 1  unit identifier set at the device

        BATTERY POINT         SOURCE           CONVERSION      UNIT  SIGN    POLL
        socPercent            holding 100 u16  × 0.1           %             fast
        powerW                holding 101 i32                  W     turned  fast
        energyChargedTotalWh  holding 103 u32  × 0.1 kWh → Wh  Wh            normal

        battery:charge  Charge at a power
          input     powerW: 100 to 5000 W
          proof     powerW < -0.8 * input.powerW, within 30 s
          revert    gives control back (auto)

        battery:auto  End every override and give control back to the device.
          proof     powerW >= -50, within 30 s

        MAY WRITE
          holding 200 u32  chargeW, 0 to 5000
          holding 202 u16  forced, 0 to 1, FC6

        """)
    #expect(try desk.run("show", "DIR/battery.yaml", "--json").output.contains(#""isNegated" : true"#))
  }

  @Test("What a profile may write over MQTT and HTTP are its topics and requests")
  func writablePlaces() throws {
    _ = try desk.run("new", "--transport", "mqtt", "--type", "thermostat", "--output", "DIR/m.yaml")
    #expect(try desk.run("show", "DIR/m.yaml").output.hasSuffix("MAY WRITE\n  publish $topic/set\n"))
    _ = try desk.run("new", "--transport", "http", "--type", "battery", "--output", "DIR/h.yaml")
    #expect(try desk.run("show", "DIR/h.yaml").output.hasSuffix("MAY WRITE\n  POST /api/control\n"))
    _ = try desk.run("new", "--transport", "http", "--type", "meter", "--output", "DIR/n.yaml")
    #expect(try desk.run("show", "DIR/n.yaml").output.hasSuffix("MAY WRITE\n  nothing\n"))
  }

  // MARK: Plan

  @Test("The plan of a Modbus profile shows its requests beside the fewest possible, and their rate")
  func plan() throws {
    try desk.write("meter.yaml", ProfileDesk.meter)
    #expect(
      try desk.run("plan", "DIR/meter.yaml").output == """
        acme-meter over modbus

        CLASS   EVERY       REQUESTS  FEWEST  REGISTERS  USED
        fast    2 s                2       1          3     3
        normal  10 s               3       2          5     5
        once    at connect         1       1          1     1

        fast, every 2 s
          holding 100–101  2
          holding 110      1
        normal, every 10 s
          holding 104–105  2
          holding 118–119  2
          input 5          1, may be missing
        once, at connect
          input 6  1

        together 1.3 requests/s, 2 registers/s
        the pause of 50 ms allows 20 requests/s at most

        """)
  }

  @Test("Where unused registers may be read along, the plan needs no more than the fewest requests")
  func widerGap() throws {
    try desk.write("meter.yaml", ProfileDesk.meter.replacing("maxGap: 4", with: "maxGap: 16"))
    let output = try desk.run("plan", "DIR/meter.yaml").output
    #expect(output.contains("\nfast    2 s                1       1         11     5\n"))
    #expect(output.contains("\n  holding 100–110  11, 6 of them unused\n"))
  }

  @Test("No shipped profile is planned with fewer requests than the lower bound")
  func lowerBound() throws {
    let list = try desk.run("list", "--profiles", ProfileDesk.shippedProfiles).output.split(separator: "\n").dropFirst()
    for row in list where row.contains("  modbus  ") {
      // By the file, because an id reads all files again.
      let id = try #require(row.split(separator: " ").last.map(String.init))
      let plan = try desk.run("plan", id)
      guard plan.status == .fine else {
        #expect(plan.errors.contains("--parameter"), "\(id): \(plan.errors)")
        continue
      }
      for line in plan.output.split(separator: "\n\n")[1].split(separator: "\n").dropFirst() {
        let numbers = line.split(separator: " ").compactMap { Int($0) }.suffix(4)
        try #require(numbers.count == 4, "\(id): \(line)")
        #expect(numbers[numbers.startIndex] >= numbers[numbers.startIndex + 1], "\(id): \(line)")
      }
    }
  }

  @Test("SunSpec addresses come from the device, so the plan takes those of the profile's first test")
  func sunSpecPlan() throws {
    let plan = try desk.run("plan", "sunspec-inverter", "--profiles", ProfileDesk.shippedProfiles)
    #expect(plan.status == .fine, "\(plan.errors)")
    #expect(plan.output.contains("\nthe SunSpec models are those of the test '"))
  }

  @Test("The plan of an MQTT profile shows its subscriptions and what it asks for")
  func mqttPlan() throws {
    let missing = try desk.run("plan", "tasmota-energy-plug", "--profiles", ProfileDesk.shippedProfiles)
    #expect(missing.status == .usage)
    #expect(
      missing.errors == """
        error: the profile tasmota-energy-plug needs 1 parameter without a default
        hint: add --parameter topic=… (the plug's topic, %topic% in Tasmota)

        """)
    let plan = try desk.run(
      "plan", "tasmota-energy-plug", "--parameter", "topic=plug", "--profiles", ProfileDesk.shippedProfiles)
    #expect(plan.output.hasPrefix("tasmota-energy-plug over mqtt, with topic=plug\n\nsubscribes to\n  "))
    #expect(plan.output.contains("\n  tele/plug/SENSOR\n"))
    #expect(plan.output.contains("\n  publish cmnd/plug/Status 8\n"))
  }

  @Test("The plan of an HTTP profile shows its requests and their rate")
  func httpPlan() throws {
    _ = try desk.run("new", "--transport", "http", "--type", "battery", "--output", "DIR/battery.yaml")
    #expect(
      try desk.run("plan", "DIR/battery.yaml").output == """
        my-battery over http

        fast, every 5 s
          status: GET /api/status

        together 0.2 requests/s

        """)
  }

  @Test("Parameters that do not fit are refused in the profile's words")
  func parameters() throws {
    _ = try desk.run("new", "--transport", "modbus", "--type", "meter", "--output", "DIR/meter.yaml")
    let range = try desk.run("plan", "DIR/meter.yaml", "--parameter", "unit=300")
    #expect(range.status == .usage)
    #expect(range.errors.contains("the parameter 'unit' must be a whole number from 1 to 247, it is '300'"))
    #expect(try desk.run("plan", "DIR/meter.yaml", "--parameter", "units=3").errors.contains("did you mean 'unit'?"))
    #expect(try desk.run("plan", "DIR/meter.yaml", "--parameter", "unit").errors.contains("'unit' is not NAME=VALUE"))
  }

  // MARK: New

  @Test("A profile to start from passes lint and test as it is", arguments: ["modbus", "mqtt", "http"])
  func starters(transport: String) throws {
    for type in DeviceKind.allCases.map(\.rawValue) {
      let id = "acme-\(type)"
      let made = try desk.run("new", "--transport", transport, "--type", type, "--id", id, "-o", "DIR/\(id).yaml")
      #expect(made.output == "DIR/\(id).yaml is written; now 'heddle profile test DIR/\(id).yaml'\n")
    }
    let lint = try desk.run("lint", "DIR")
    #expect(lint.output == "5 files, no findings\n")
    let test = try desk.run("test", "DIR")
    #expect(test.status == .fine, "\(test.output)")
    #expect(test.output.contains("DIR/acme-battery.yaml: 4 tests passed\n"))
  }

  @Test("A profile to start from explains itself, and is never written over another file")
  func starterText() throws {
    let printed = try desk.run("new", "--transport", "modbus", "--type", "meter")
    #expect(printed.output.contains("      # Positive when importing.\n"))
    #expect(printed.output.contains("40101 in a manual is holding: 100"))
    try desk.write("mine.yaml", "mine")
    let refused = try desk.run("new", "--transport", "modbus", "--type", "meter", "--output", "DIR/mine.yaml")
    #expect(refused.status == .failed)
    #expect(refused.errors.hasPrefix("error: DIR/mine.yaml is there already\n"))
    #expect(try desk.run("new", "--transport", "http", "--type", "meter", "--id", "My Meter").status == .usage)
  }
}
