import AdapterKit
import CommandDispatch
import DeviceProfiles
import EnergyModel
import GatewayStore
import TelemetryPipeline

/// A configuration at work: its links and its pipeline. Replaced as a whole by a reload.
struct RunningConfiguration: Sendable {
  /// As the file says it.
  var file: GatewayConfiguration
  /// With what the API says beside the file.
  var configuration: GatewayConfiguration
  var links: [RunningLink]
  var pipeline: TelemetryPipeline

  /// The device of that id; `nil` if there is none.
  func device(_ id: String) -> GatewayConfiguration.Device? { configuration.devices.first { $0.id == id } }

  /// What the dispatcher needs to know.
  var targets: [DispatchTarget] { Self.targets(of: configuration, links) }

  /// What the dispatcher needs to know of the devices behind some links.
  static func targets(of configuration: GatewayConfiguration, _ links: [RunningLink]) -> [DispatchTarget] {
    let adapters = Dictionary(links.map { ($0.configuration.id, $0.adapter) }) { first, _ in first }
    return configuration.devices.compactMap { device in
      adapters[device.linkID].map { adapter in
        DispatchTarget(
          deviceID: device.id, endpoint: EndpointID(device.endpointName), part: device.part, profile: device.profile,
          adapter: adapter, writeBudget: device.writeBudget, interlocks: device.interlocks)
      }
    }
  }
}

extension GatewayConfiguration {
  /// Ids of the devices that are the same device on the same wire as in another configuration.
  func devicesReached(asIn other: GatewayConfiguration) -> Set<String> {
    let others = Dictionary(other.devices.map { ($0.id, $0) }) { first, _ in first }
    let same = devices.filter { device in
      guard let before = others[device.id] else { return false }
      return device.linkID == before.linkID && device.part == before.part
        && device.profile.profile.id == before.profile.profile.id
        && device.profile.parameters == before.profile.parameters
        && links.first { $0.id == device.linkID } == other.links.first { $0.id == device.linkID }
    }
    return Set(same.map(\.id))
  }

  /// The devices as the pipeline sees them.
  var pipelineLayout: PipelineLayout { PipelineLayout(devices: devices.map(\.pipelineDevice)) }

  /// What the store keeps of the configuration.
  func records(now: Timestamp) -> ConfiguredRecords {
    ConfiguredRecords(
      customers: customers.map {
        CustomerRecord(
          id: $0.id, name: $0.name, referenceID: $0.referenceID, email: $0.email, createdAt: now,
          details: CustomerDetails(phone: $0.phone, address: $0.address))
      },
      sites: sites.filter(\.isConfigured).map {
        SiteRecord(
          id: $0.id, customerID: $0.customerID, name: $0.name, timeZone: $0.timezone, latitude: $0.latitude,
          longitude: $0.longitude, address: $0.address, referenceID: $0.referenceID, createdAt: now)
      },
      links: links.map { LinkRecord(id: $0.id, transport: $0.transportName, address: $0.address, createdAt: now) },
      devices: devices.map {
        DeviceRecord(
          id: $0.id, kind: $0.kind, name: $0.name, profile: $0.profile.profile.id,
          part: $0.profile.profile.parts[$0.part].name, linkID: $0.linkID, siteID: $0.siteID,
          customerID: $0.customerID, role: $0.role, tags: $0.tags, createdAt: now)
      })
  }
}

extension GatewayConfiguration.Device {
  fileprivate var pipelineDevice: PipelineLayout.Device {
    let description = profile.profile.parts[part]
    // A device that says itself which form it has may have the fields of any.
    let forms = profile.possibleForms
    var seen: Set<String> = []
    let bound = ([profile.profile] + forms).flatMap { $0.parts[part].points }.compactMap {
      point -> (Field, CounterRule?)? in
      guard case .field(let field) = point.target, seen.insert(field.name).inserted else { return nil }
      return (field, point.counter)
    }
    let counters = bound.compactMap { field, rule in rule.map { (field, Self.behavior($0)) } }
    let polls = PollClass.allCases.map { profile.pollInterval($0) } + forms.flatMap { $0.pollIntervals.values }
    let longestPoll = polls.max() ?? .zero
    return PipelineLayout.Device(
      id: id, kind: kind, meterRole: role, isHybrid: description.isHybrid, siteID: siteID, customerID: customerID,
      staleAfter: profile.longestStaleAfter(part: part), maxGap: max(PipelineLayout.defaultMaxGap, longestPoll * 3),
      fields: bound.map(\.0) + DeviceProfile.derived(of: kind, bound.map(\.0)),
      counters: Dictionary(counters) { first, _ in first })
  }

  private static func behavior(_ rule: CounterRule) -> CounterBehavior {
    switch rule {
    case .monotonic: .monotonic
    case .wraps(let limit): .wraps(at: limit)
    case .daily: .daily
    }
  }
}

extension DeviceProfile {
  /// What a part of this form can report.
  func fields(ofPart index: Int) -> [Field] {
    let bound = parts[index].points.compactMap { if case .field(let field) = $0.target { field } else { nil } }
    return bound + Self.derived(of: parts[index].kind, bound)
  }

  /// The twins that the decoder derives from a signed power.
  fileprivate static func derived(of kind: DeviceKind, _ fields: [Field]) -> [Field] {
    guard fields.contains(where: { $0.name == "powerW" }) else { return [] }
    let names: [String] =
      switch kind {
      case .battery: ["chargePowerW", "dischargePowerW"]
      case .meter: ["importPowerW", "exportPowerW"]
      case .inverter, .thermostat, .charger: []
      }
    return names.compactMap(Field.named).filter { !fields.contains($0) }
  }
}
