import Foundation
import Testing

@testable import GatewayCommands

/// `heddle profile decode`.
@Suite struct ProfileDecodeTests {
  private let desk: ProfileDesk

  init() throws {
    desk = try ProfileDesk()
    try desk.write("meter.yaml", ProfileDesk.meter)
  }

  @Test("A run of registers: what was understood, what is implausible, and what is missing")
  func run() throws {
    try desk.write("run.json", #"{"start": 100, "registers": [0, 1200, 0, 0, 0, 16544, 0, 0, 0, 0, 9999]}"#)
    let result = try desk.run("decode", "DIR/meter.yaml", "--capture", "DIR/run.json")
    #expect(result.status == .partial)
    #expect(
      result.output == """
        METER POINT            SOURCE                RAW         VALUE  UNIT  QUALITY  VERDICT
        powerW                 holding 100 i32       [0, 1200]    1200  W     good     ok
        voltageV               holding 110 u16       9999        999.9  V     suspect  implausible, outside 0 to 500
        currentA               holding 104 f32 CDAB  [0, 16544]      5  A     good     ok
        energyImportedTotalWh  holding 118 u32                       –  Wh             holding 118–119 is not in the capture
        powerFactor            input 5 i16                           –                 optional, input 5 is not in the capture
        factorScale (local)    input 6 i16                           –                 input 6 is not in the capture

        missing registers: holding 118–119, input 6
        6 points, 3 with a value, 2 gave nothing unexpectedly

        """)
  }

  @Test("Tables by address, also below a unit's number and as keys of JSON")
  func tables() throws {
    let holding = #"{"100": [0, 5], "104": [0, 0], "110": 2300, "118": [0, 1]}"#
    let tables = #"{"holding": \#(holding), "input": {"5": 99, "6": -2}}"#
    try desk.write("tables.json", tables)
    try desk.write("test.yaml", "registers: \(tables)")
    try desk.write("units.json", #"{"units": {"0x02": {"holding": {"100": [0, 7]}}, "1": \#(tables)}}"#)
    for name in ["tables.json", "test.yaml", "units.json"] {
      let result = try desk.run("decode", "DIR/meter.yaml", "--capture", "DIR/\(name)")
      #expect(result.status == .fine, "\(name): \(result.errors)")
      #expect(
        result.output == """
          METER POINT            SOURCE                RAW     VALUE  UNIT  QUALITY  VERDICT
          powerW                 holding 100 i32       [0, 5]      5  W     good     ok
          voltageV               holding 110 u16       2300      230  V     good     ok
          currentA               holding 104 f32 CDAB  [0, 0]      0  A     good     ok
          energyImportedTotalWh  holding 118 u32       [0, 1]   1000  Wh    good     ok
          powerFactor            input 5 i16           99       0.99        good     ok
          factorScale (local)    input 6 i16           65534      -2        good     ok

          6 points, 6 with a value

          """)
    }
  }

  @Test("Registers of several units go to the points of each; a unit that is not in the capture is missing")
  func units() throws {
    let points = """
      frequencyHz: {holding: 110, unitId: 246, type: u16, scale: 0.01}
            energyImportedTotalWh: {holding: 118, unitId: 247,
      """
    let profile = ProfileDesk.meter.replacing("energyImportedTotalWh: {holding: 118,", with: points)
    try desk.write(
      "bus.yaml", String(profile.prefix(upTo: try #require(profile.firstRange(of: "\ntests:")).lowerBound)))
    let own = #"{"holding": {"100": [0, 5], "104": [0, 0], "110": 2300}, "input": {"5": 99, "6": -2}}"#
    let other = #"{"holding": {"110": 5001, "100": [0, 9]}}"#
    try desk.write("bus.json", #"{"units": {"1": \#(own), "246": \#(other), "247": {"holding": {"118": [0, 3]}}}}"#)
    let all = try desk.run("decode", "DIR/bus.yaml", "--capture", "DIR/bus.json", "--json")
    #expect(all.status == .fine, "\(all.errors)")
    try desk.write("part.json", #"{"units": {"1": \#(own), "246": \#(other)}}"#)
    let part = try desk.run("decode", "DIR/bus.yaml", "--capture", "DIR/part.json")
    for line in [
      "powerW                 holding 100 i32", "frequencyHz            unit 246 holding 110 u16", "50.01  Hz",
      "missing registers: unit 247 holding 118–119",
    ] { #expect(part.output.contains(line), "\(line)\n\(part.output)") }
    #expect(part.output.contains(" 230  V"), "\(part.output)")
    let complete = try desk.run("decode", "DIR/bus.yaml", "--capture", "DIR/bus.json")
    #expect(complete.output.contains("3000  Wh"), "\(complete.output)")
    #expect(!complete.output.contains("missing"), "\(complete.output)")
  }

  @Test("Messages as a map, as a list, and as mosquitto_sub -v writes them")
  func messages() throws {
    _ = try desk.run("new", "--transport", "mqtt", "--type", "thermostat", "--output", "DIR/thermostat.yaml")
    try desk.write("map.json", #"{"x/state": {"temperature": 19.5, "mode": 1}, "y": "on"}"#)
    try desk.write(
      "list.yaml", "- {topic: x/state, payload: {temperature: 19.5, mode: 1}}\n- {topic: y, payload: on}\n")
    try desk.write("log.txt", "x/state {\"temperature\": 19.5, \"mode\": 1}\ny on\n")
    for name in ["map.json", "list.yaml", "log.txt"] {
      let result = try desk.run(
        "decode", "DIR/thermostat.yaml", "--capture", "DIR/\(name)", "--parameter", "topic=x")
      #expect(result.status == .partial, "\(name): \(result.errors)")
      #expect(
        result.output == """
          THERMOSTAT POINT     SOURCE                RAW   VALUE  UNIT  QUALITY  VERDICT
          ambientTemperatureC  x/state /temperature  19.5   19.5  °C    good     ok
          heatSetpointC        x/state /setpoint               –  °C             no message on x/state has /setpoint
          hvacMode             x/state /mode         1      heat        good     ok

          not used: topic y
          3 points, 2 with a value, 1 gave nothing unexpectedly

          """)
    }
  }

  @Test("Answers by the request's name or path, or the only answer alone, also with tabs")
  func answers() throws {
    _ = try desk.run("new", "--transport", "http", "--type", "meter", "--output", "DIR/http.yaml")
    let body = #"{"power":1,"imported":"x","exported":null,"voltage":230.5}"#
    try desk.write("name.json", #"{"status": \#(body), "other": 1}"#)
    try desk.write("path.json", #"{"responses": {"/api/status": \#(body)}}"#)
    try desk.write("alone.json", "{\n\t\"power\": 1,\n\t\"imported\": \"x\", \"exported\": null, \"voltage\": 230.5}")
    for name in ["name.json", "path.json", "alone.json"] {
      let result = try desk.run("decode", "DIR/http.yaml", "--capture", "DIR/\(name)")
      #expect(result.status == .partial, "\(name): \(result.errors)")
      #expect(
        result.output.replacing("not used: request other\n", with: "") == """
          METER POINT            SOURCE            RAW    VALUE  UNIT  QUALITY  VERDICT
          powerW                 status /power     1          1  W     good     ok
          energyImportedTotalWh  status /imported  x          –  Wh    bad      not understood
          energyExportedTotalWh  status /exported  null       –  Wh    missing  the device gives no value
          voltageV               status /voltage   230.5  230.5  V     good     ok

          problem: request status /imported: 'x' is not a number
          4 points, 2 with a value, 1 gave nothing unexpectedly

          """)
    }
  }

  @Test("A capture without anything for the profile says what is wanted")
  func nothing() throws {
    try desk.write("empty.json", "{}")
    let empty = try desk.run("decode", "DIR/meter.yaml", "--capture", "DIR/empty.json")
    #expect(empty.status == .failed)
    #expect(empty.errors.hasPrefix("error: DIR/empty.json: there are no registers in it\nhint: write {start: 40000"))
    let absent = try desk.run("decode", "DIR/meter.yaml", "--capture", "DIR/absent.json")
    #expect(absent.errors == "error: DIR/absent.json: there is no such file\n")
    try desk.write("wrong.json", #"{"holding": {"65535": [1, 2]}}"#)
    let behind = try desk.run("decode", "DIR/meter.yaml", "--capture", "DIR/wrong.json")
    #expect(behind.errors.contains("there is no register behind 65535"))
    try desk.write("huge.json", #"{"start": 9223372036854775807, "registers": [1, 2, 99999]}"#)
    #expect(try desk.run("decode", "DIR/meter.yaml", "--capture", "DIR/huge.json").status == .failed)
  }

  @Test("The product is checked where the capture has its name, and the check is left out where it has not")
  func identity() throws {
    let profile = ProfileDesk.meter.replacing(
      "devices:\n", with: "identify: {holding: 0, type: string, length: 2, matches: [\"AC*\"]}\ndevices:\n")
    try desk.write("meter.yaml", profile)
    try desk.write("other.json", #"{"holding": {"0": [16962, 0], "100": [0, 5]}}"#)
    let other = try desk.run("decode", "DIR/meter.yaml", "--capture", "DIR/other.json")
    #expect(other.status == .partial)
    #expect(other.output.contains("problem: identify: holding 0 says 'BB', expected AC*\n"))
    try desk.write("unnamed.json", #"{"holding": {"100": [0, 5]}}"#)
    let unnamed = try desk.run("decode", "DIR/meter.yaml", "--capture", "DIR/unnamed.json")
    #expect(unnamed.output.contains("note: holding 0–1 is not there, so the product was not checked\n"))
    #expect(unnamed.output.contains("powerW                 holding 100 i32       [0, 5]      5  W     good     ok\n"))
  }

  private static let captured = URL(filePath: ProfileDesk.shippedProfiles).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "shared/fixtures/sunspec/sma_sunnyboy_3.6_2023-08-10.registers.json")

  @Test(
    "A captured SunSpec inverter is decoded with the addresses that it gives itself",
    .enabled(if: FileManager.default.fileExists(atPath: captured.path)))
  func sunSpec() throws {
    let result = try desk.run(
      "decode", "sunspec-inverter", "--capture", Self.captured.path, "--profiles", ProfileDesk.shippedProfiles, "--json"
    )
    #expect(result.status == .fine, "\(result.output)\(result.errors)")
    #expect(result.output.contains("W (holding 40199)"))
    #expect(result.output.contains(#""value" : 21707970"#))
  }
}
