import DeviceProfiles
import EnergyModel
import Foundation
import Testing

@Suite(
  "Shipped MQTT profiles against captures",
  .enabled(if: ProjectFiles.hasFixtures, "the captures of real devices are not beside the project"))
struct CapturedMessageTests {
  private let id = "st1820-aabbccddeeff"

  private var expectedThermostat: [String: ScalarValue] {
    [
      "ambientTemperatureC": .number(25.5), "heatSetpointC": .number(27), "humidityPercent": .number(59),
      "hvacMode": .text("heat"),
    ]
  }

  @Test("An ST1820's status reads the same as answer to Shelly.GetStatus")
  func shellyAnswer() throws {
    let status = try ProjectFiles.json("home-assistant/shelly/st1820_gen3.json")["status"]
    var device = try CapturedDevice("shelly/st1820.yaml", ["topic": .text(id)])
    let answer: [String: Any] = ["id": 1, "src": id, "dst": "heddle/\(id)", "result": status.value ?? [:]]
    try device.message("heddle/\(id)/rpc", JSON(value: answer))
    #expect(device.problems.isEmpty, "\(device.problems)")
    try device.expect("thermostat", expectedThermostat)
  }

  @Test("An ST1820's status reads the same from a topic per component")
  func shellyTopics() throws {
    let status = try ProjectFiles.json("home-assistant/shelly/st1820_gen3.json")["status"]
    var device = try CapturedDevice("shelly/st1820.yaml", ["topic": .text(id)])
    for (component, json) in status.object where json.value is [String: Any] {
      try device.message("\(id)/status/\(component)", json)
    }
    #expect(device.problems.isEmpty, "\(device.problems)")
    try device.expect("thermostat", expectedThermostat)
  }

  @Test("The ids and limits in the ST1820's profile are those of the captured configuration")
  func shellyRoles() throws {
    let config = try ProjectFiles.json("home-assistant/shelly/st1820_gen3.json")["config"]
    var device = try CapturedDevice("shelly/st1820.yaml", ["topic": .text(id)])
    let roles = [
      "targetId": ("number", "target_temperature"), "temperatureId": ("number", "current_temperature"),
      "humidityId": ("number", "current_humidity"), "enableId": ("boolean", "enable"),
    ]
    for (parameter, (type, role)) in roles {
      let number = try #require(device.decoder.bound.parameters[parameter]?.double)
      #expect(config["\(type):\(Int(number))"]["role"].text == role)
    }
    try device.message("\(id)/status/number:202", JSON(value: ["value": 20]))
    try device.expect(
      "thermostat",
      [
        "minHeatSetpointC": config["number:202"]["min"].scalar, "maxHeatSetpointC": config["number:202"]["max"].scalar,
      ])
  }

  @Test("A Tasmota plug's sensor data reads the same from telemetry and from the answer to Status 8")
  func tasmota() throws {
    let answer = try ProjectFiles.json("evcc-tests/tasmota_statussns_01.json")
    let expected: [String: ScalarValue] = [
      "powerW": .number(47.11), "energyImportedTotalWh": .number(1_290_396), "voltageV": .number(0),
      "currentA": .number(0), "powerFactor": .number(0), "apparentPowerVA": .number(0), "reactivePowerVar": .number(0),
      "switchOn": .null,
    ]
    var asked = try CapturedDevice("tasmota/energy-plug.yaml", ["topic": .text("plug")])
    try asked.message("stat/plug/STATUS8", answer)
    try asked.expect("meter", expected)
    var told = try CapturedDevice("tasmota/energy-plug.yaml", ["topic": .text("plug")])
    try told.message("tele/plug/SENSOR", answer["StatusSNS"])
    try told.expect("meter", expected)
    #expect(asked.problems.isEmpty && told.problems.isEmpty)
  }

  @Test("A Tasmota sensor without energy data gives no numbers")
  func tasmotaWithoutEnergy() throws {
    var device = try CapturedDevice("tasmota/energy-plug.yaml", ["topic": .text("plug")])
    try device.message("stat/plug/STATUS8", try ProjectFiles.json("evcc-tests/tasmota_statussns_03.json"))
    try device.expect("meter", ["powerW": .null, "energyImportedTotalWh": .null, "voltageV": .null])
  }
}
