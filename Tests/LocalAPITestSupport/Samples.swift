package import EnergyModel
package import LocalAPISchema

extension InMemoryGateway {
  /// A battery of the customer `demo`, charging.
  package static let battery = device(
    "battery-1", .battery, "Cellar battery", customer: "demo", site: "home",
    fields: [
      "socPercent": .number(87.3), "powerW": .number(-2130), "chargePowerW": .number(2130),
      "dischargePowerW": .number(0), "chargingState": .text("charging"), "energyChargedTotalWh": .number(1_234_567),
      "faults": .text(""), "temperatureC": .null,
    ],
    commands: [
      AvailableCommandResource(
        slug: "battery:charge", description: "Charge at a power",
        input: InputSchema(
          properties: [
            "powerW": .init(type: "number", unit: "W", minimum: 100, maximum: 5000),
            "targetSocPercent": .init(type: "number", unit: "%", maximum: 100),
          ], required: ["powerW"]), acceptsDuration: true),
      AvailableCommandResource(
        slug: "battery:auto", description: "Back to normal", input: InputSchema(), acceptsDuration: false),
    ])

  /// A thermostat of the customer `other`, offline.
  package static let thermostat = device(
    "thermostat-1", .thermostat, "Hall", customer: "other", site: "hut",
    fields: [
      "ambientTemperatureC": .number(19.54), "hvacMode": .text("heat"), "hvacAction": .text("heating"),
      "heatSetpointC": .number(21.5),
    ], state: .offline, age: 4000)

  package static func device(
    _ id: String, _ type: DeviceKind, _ name: String, customer: String, site: String, role: MeterRole? = nil,
    fields: [String: ScalarValue], state: Connectivity.State = .online, age: Double = 4,
    commands: [AvailableCommandResource] = []
  ) -> DeviceResource {
    let observed = now.advanced(byMilliseconds: Int64(-age * 1000))
    let isStale = age > 30
    let meta = fields.mapValues { value in
      StateEnvelope.FieldMeta(
        quality: value == .null ? "missing" : "good", observedAt: observed, ageSeconds: age, isStale: isStale)
    }
    return DeviceResource(
      id: id, type: type, role: role, name: name, manufacturer: "Acme", model: "One", customerId: customer,
      siteId: site,
      linkId: "house", profile: "acme-one",
      connectivity: ConnectivityResource(
        Connectivity(
          state: state, since: observed, lastSeenAt: observed, lastError: state == .offline ? "no answer for 3 s" : nil)
      ),
      state: StateEnvelope(
        deviceId: id, seq: 7, observedAt: observed, receivedAt: observed,
        source: .init(link: "house", path: "live", profile: "acme-one"), quality: "good", ageSeconds: age,
        staleAfterSeconds: 30, isStale: isStale, fields: fields, fieldMeta: meta),
      capabilities: DeviceCapabilities(
        fields: fields.keys.sorted().compactMap { Field.named($0).map { .init($0) } }, commands: commands.map(\.slug)),
      availableCommands: commands)
  }

  package static func event(
    _ sequence: Int64, _ type: String = "device.offline", device: String = "battery-1", customer: String? = "demo"
  ) -> EventResource {
    EventResource(
      sequence: sequence, type: type, version: 1, key: device, timestamp: now, deviceId: device, customerId: customer,
      data: ["message": .text("no answer for 3 s")])
  }
}
