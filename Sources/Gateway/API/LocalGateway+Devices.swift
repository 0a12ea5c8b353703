import AdapterKit
import CommandDispatch
import DeviceProfiles
import EnergyModel
import LocalAPISchema
import LocalAPIServer
import TelemetryPipeline

extension LocalGateway {
  func devices(_ query: DeviceQuery) async throws(APIError) -> ListSlice<DeviceResource> {
    let running = try live()
    let wanted = running.configuration.devices.enumerated().filter { _, device in
      (query.type == nil || device.kind == query.type)
        && (query.customerId == nil || device.customerID == query.customerId)
        && (query.siteId == nil || device.siteID == query.siteId)
        && (query.tag.map { tags.tags(of: device).contains($0) } ?? true)
        && (query.referenceId == nil || device.referenceID == query.referenceId)
        && (query.status == nil || connectivity(of: device).state == query.status)
    }
    // Maker and age come from what the device says, so they are looked at last.
    var items: [DeviceResource] = []
    if query.manufacturer == nil, query.isStale == nil {
      let slice = query.slice.slice(of: wanted.sorted { $0.element.id < $1.element.id }, key: \.element.id)
      for (index, device) in slice.items { items.append(await resource(of: device, index: index, in: running)) }
      return ListSlice(items: items, totalItems: slice.totalItems, lastKey: slice.lastKey)
    }
    for (index, device) in wanted.sorted(by: { $0.element.id < $1.element.id }) {
      let resource = await resource(of: device, index: index, in: running)
      if let manufacturer = query.manufacturer, resource.manufacturer?.lowercased() != manufacturer.lowercased() {
        continue
      }
      if let isStale = query.isStale, resource.state.isStale != isStale { continue }
      items.append(resource)
    }
    return query.slice.slice(of: items, key: \.id)
  }

  func device(_ id: String) async throws(APIError) -> DeviceResource {
    let running = try live()
    guard let index = running.configuration.devices.firstIndex(where: { $0.id == id }) else {
      throw .notFound("device", id)
    }
    return await resource(of: running.configuration.devices[index], index: index, in: running)
  }

  func connectivity(of device: GatewayConfiguration.Device) -> Connectivity {
    board.connectivity(of: EndpointID(device.endpointName)) ?? Connectivity(since: startedAt)
  }

  private func resource(
    of device: GatewayConfiguration.Device, index: Int, in running: RunningConfiguration
  ) async -> DeviceResource {
    let state = state(of: device, index: index, in: running)
    let inForce = await dispatcher.profileInForce(of: device.id) ?? device.profile
    let profile = inForce.profile
    let commands = await dispatcher.availableCommands(of: device.id).map(Self.resource)
    var fields = running.pipeline.layout.devices[index].fields
    if !device.profile.parametersToRead.isEmpty {
      // The pipeline is ready for every form of the product; this one may have fewer fields.
      let own = profile.fields(ofPart: device.part)
      fields.removeAll { !own.contains($0) }
    }
    func text(_ name: String) -> String? {
      if case .text(let text) = state.fields[name] { text } else { nil }
    }
    let settings = fields.filter { $0.behavior == .setting && !Self.nameplate.contains($0.name) }
    return DeviceResource(
      id: device.id, type: device.kind, role: device.role, name: device.name,
      manufacturer: text("manufacturer") ?? profile.manufacturer, model: text("model"),
      serialNumber: text("serialNumber"), firmwareVersion: text("firmwareVersion"), referenceId: device.referenceID,
      customerId: device.customerID, linkedBy: device.linkedBy,
      source: running.file.place(ofDevice: device.id) == nil ? .api : .configuration, siteId: device.siteID,
      linkId: device.linkID, profile: profile.id, variant: inForce.variant,
      reported: inForce.found.isEmpty ? nil : inForce.found, tags: tags.tags(of: device),
      nameplate: state.fields.filter { Self.nameplate.contains($0.key) },
      connectivity: ConnectivityResource(connectivity(of: device)), state: state,
      settings: state.fields.filter { field in settings.contains { $0.name == field.key } },
      capabilities: DeviceCapabilities(
        fields: fields.map { .init($0) }, commands: commands.map(\.slug)),
      availableCommands: commands)
  }

  /// What a product is, as opposed to what somebody chose.
  private static let nameplate: Set<String> = [
    "manufacturer", "model", "serialNumber", "firmwareVersion", "ratedPowerW", "energyCapacityWh", "maxChargePowerW",
    "maxDischargePowerW",
  ]

  /// The state envelope of a device, with the age of every value as of now.
  func state(
    of device: GatewayConfiguration.Device, index: Int, in running: RunningConfiguration
  ) -> StateEnvelope {
    let latest = running.pipeline.latest(index)
    var fields: [String: ScalarValue] = [:]
    var meta: [String: StateEnvelope.FieldMeta] = [:]
    for value in latest {
      fields[value.field.name] = ScalarValue(value.value)
      guard let observedAt = value.observedAt, let age = value.age else { continue }
      meta[value.field.name] = StateEnvelope.FieldMeta(
        quality: value.quality.name, observedAt: observedAt, ageSeconds: Self.seconds(age),
        isStale: value.quality == .stale)
    }
    let gauges = latest.filter { $0.field.behavior == .gauge && $0.quality != .missing }
    let newest = latest.compactMap(\.observedAt).max()
    let received = latest.compactMap(\.receivedAt).max()
    let limit = device.profile.staleAfter(part: device.part)
    return StateEnvelope(
      deviceId: device.id, seq: UInt64(clamping: received?.milliseconds ?? 0), observedAt: newest,
      receivedAt: received,
      source: .init(link: device.linkID, path: "live", profile: device.profile.profile.id),
      quality: (gauges.map(\.quality).max() ?? .missing).name,
      ageSeconds: latest.compactMap(\.age).min().map(Self.seconds),
      staleAfterSeconds: limit / .seconds(1), isStale: gauges.isEmpty || gauges.contains { $0.quality == .stale },
      fields: fields, fieldMeta: meta)
  }

  /// Seconds to the millisecond.
  static func seconds(_ duration: Duration) -> Double { (max(.zero, duration) / .milliseconds(1)).rounded() / 1000 }

  private static func resource(_ command: AvailableCommand) -> AvailableCommandResource {
    var properties: [String: InputSchema.Property] = [:]
    for input in command.inputs {
      var property = InputSchema.Property(
        type: "string", description: input.help.isEmpty ? nil : input.help, default: input.defaultValue)
      switch input.type {
      case .number(let unit):
        property.type = "number"
        property.unit = unit.rawValue
        property.minimum = input.minimum
        property.maximum = input.maximum
      case .flag: property.type = "boolean"
      case .choice(let words): property.enum = words
      }
      properties[input.name] = property
    }
    return AvailableCommandResource(
      slug: command.name.description, description: command.summary,
      input: InputSchema(properties: properties, required: command.inputs.filter(\.isRequired).map(\.name)),
      acceptsDuration: command.acceptsDuration)
  }
}

extension ScalarValue {
  /// The value of a reading as JSON has it.
  init(_ value: ReadingValue) {
    self =
      switch value {
      case .number(let number): .number(number)
      case .label(let word), .text(let word): .text(word)
      case .flag(let flag): .flag(flag)
      case .null: .null
      }
  }
}
