import EnergyModel
import LocalAPISchema
import LocalAPITestSupport
import Testing

@testable import LocalAPIServer

@Suite("Devices in the words of Texture") struct TextureViewTests {
  /// The fields of each state as the seed's documentation lists them.
  private static let documented: [DeviceKind: Set<String>] = [
    .battery: [
      "charge", "chargePercentage", "chargingState", "chargeRate", "whConsumed", "backupReserve", "gridStatus",
      "gridPower", "gridEnergy", "strategy", "isStormModeEnabled", "isStormModeActive",
    ],
    .inverter: ["power", "gridStatus", "gridPower", "gridEnergy", "batteryState"],
    .thermostat: ["ambientTemperature", "heatTarget", "coolTarget", "operatingMode", "fanMode"],
    .charger: ["chargingState", "isPluggedIn", "chargerVoltage", "chargerCurrent", "chargerWattage"],
  ]

  @Test("Every documented field is there, and no other one")
  func fields() {
    for (type, names) in Self.documented {
      #expect(Set(TextureState.of(type).fields.map(\.name)) == names, "\(type)")
      #expect(TextureState.of(type).render([:], gridPowerW: nil).keys.sorted() == names.sorted())
    }
  }

  @Test("Every field of ours in the tables exists, and every word of ours has one of theirs or is unknown")
  func tables() throws {
    let charging = ["charging", "discharging", "idle", "unknown"]
    let words: [String: [String]] = [
      "chargingState": charging, "strategy": ["self_consumption", "time_of_use", "backup", "unknown"],
      "operatingMode": ["off", "heat", "cool", "auto", "eco", "unknown"],
      "fanMode": ["auto", "on", "off", "circulate", "unknown"],
    ]
    for type in DeviceKind.allCases {
      for (name, rule) in TextureState.of(type).fields {
        switch rule {
        case .number(let field), .fahrenheit(let field), .isNot(let field, _):
          #expect(Field.named(field)?.name == field, "\(field)")
        case .word(let field, let table):
          let labels = Set(try #require(Field.named(field)).labels)
          #expect(Set(table.keys).isSubset(of: labels), "\(field)")
          for label in labels {
            let rendered = TextureState.of(type).render([field: .text(label)], gridPowerW: nil)[name]
            guard case .text(let word)? = rendered else { return #expect(Bool(false), "\(name)") }
            #expect(words[name]?.contains(word) == true, "\(name): \(label) → \(word)")
          }
        case .flag, .gridPower, .gridStatus, .sinceLastState: break
        }
      }
    }
  }

  @Test("A discharging battery has a positive charge rate, room temperatures are degrees Fahrenheit")
  func signsAndUnits() {
    let battery = TextureState.battery.render(
      ["powerW": .number(-2500), "socPercent": .number(80), "chargingState": .text("full")], gridPowerW: -900)
    #expect(battery["chargeRate"] == .number(-2500))
    #expect(battery["chargePercentage"] == .number(80) && battery["chargingState"] == .text("idle"))
    #expect(battery["gridStatus"] == .text("exporting") && battery["gridPower"] == .number(-900))
    #expect(battery["whConsumed"] == .null && battery["backupReserve"] == .null)
    let room = TextureState.thermostat.render(
      ["ambientTemperatureC": .number(20), "heatSetpointC": .number(21.5), "hvacMode": .text("heatCool")],
      gridPowerW: nil)
    #expect(room["ambientTemperature"] == .number(68) && room["heatTarget"] == .number(70.7))
    #expect(room["operatingMode"] == .text("auto") && room["coolTarget"] == .null)
    #expect(TextureState.inverter.render([:], gridPowerW: 5)["gridStatus"] == .text("idle"))
    #expect(
      TextureState.charger.render(["state": .text("notPluggedIn")], gridPowerW: nil)["isPluggedIn"] == .flag(false))
    #expect(TextureState.charger.render(["state": .text("unknown")], gridPowerW: nil)["isPluggedIn"] == .null)
  }

  @Test("The view holds for one device, for lists and for the state")
  func routes() async throws {
    try await RunningGateway.with { server in
      let one = try await server.get("/v1/devices/thermostat-1?view=texture")
      #expect(one["state", "ambientTemperature"] == .number(67.17), "\(one.text)")
      #expect(one["state", "operatingMode"] == .text("heat") && one["manufacturerDeviceId"] == .text("thermostat-1"))
      #expect(one.headers["etag"] == (try await server.get("/v1/devices/thermostat-1")).headers["etag"])
      let list = try await server.get("/v1/devices?view=texture")
      #expect(list["data", "0", "availableCommands", "0", "schema", "type"] == .text("object"))
      #expect(list["totalItems"] == .number(2))
      let state = try await server.get("/v1/devices/battery-1/state?view=texture")
      #expect(state["chargeRate"] == .number(-2130))
      #expect(try await server.get("/v1/devices?view=tesla").status == 422)
    }
  }

  @Test("A state is read anew where it is older than wanted, and shows only the fields that are asked for")
  func refresh() async throws {
    try await RunningGateway.with { server in
      #expect(try await server.get("/v1/devices/battery-1/state?refresh=true&maxAge=60")["seq"] == .number(7))
      #expect(try await server.get("/v1/devices/battery-1/state?refresh=true&maxAge=3")["seq"] == .number(8))
      #expect(try await server.get("/v1/devices/battery-1/state?refresh=true")["ageSeconds"] == .number(0))
      #expect(try await server.get("/v1/devices/thermostat-1/state?refresh=true").status == 504)
      let some = try await server.get("/v1/devices/battery-1/state?fields=powerW,socPercent")
      #expect(some["fields"]?.members.keys.sorted() == ["powerW", "socPercent"])
      #expect(some["fieldMeta"]?.members.count == 2)
      let wrong = try await server.get("/v1/devices/battery-1/state?fields=powrW")
      #expect(wrong.status == 422 && wrong["error"] == .text("UNKNOWN_FIELD"))
    }
  }
}
