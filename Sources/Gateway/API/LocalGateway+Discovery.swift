import DeviceDiscovery
import DeviceProfiles
import Foundation
import GatewayStore
import LocalAPISchema
import LocalAPIServer

extension LocalGateway {
  func startDiscovery(_ request: DiscoveryRequest, actor: String) async throws(APIError) -> DiscoveryResource {
    let configuration = try live().configuration
    let plan = try DiscoveryPlan(request)
    if let device = plan.lineDevice, let owner = Self.owner(ofLine: device, configuration.links) {
      throw APIError(
        status: 422, code: "LINE_IN_USE", message: "\(device) belongs to the running link \(owner)",
        hint: "take the link out of the configuration first, or look at another line",
        errors: [.init(pointer: "/serial/device", code: "LINE_IN_USE", detail: "the link \(owner) has it")])
    }
    let discovery = try await discoveries.start(plan, known: configuration.knownLinks, id: makeID("dsc"))
    _ = try await stored { () async throws(GatewayStoreError) in
      try await store.append(
        AuditRecord(at: discovery.startedAt, actor: actor, action: "discovery.started", subject: discovery.id))
    }
    return discovery
  }

  func discovery(_ id: String) async throws(APIError) -> DiscoveryResource { try await discoveries.resource(id) }

  func cancelDiscovery(_ id: String) async throws(APIError) { try await discoveries.cancel(id) }

  /// The link that has a serial line, however the device file is called.
  static func owner(ofLine device: String, _ links: [LinkConfiguration]) -> String? {
    func real(_ path: String) -> String { URL(fileURLWithPath: path).resolvingSymlinksInPath().path }
    return links.first { link in
      guard case .modbusSerial(let line) = link.transport else { return false }
      return real(line.path) == real(device)
    }?.id
  }
}

extension GatewayConfiguration {
  /// What is reached already.
  var knownLinks: [KnownLink] {
    links.map { link in
      KnownLink(
        id: link.id, place: link.transport.knownPlace,
        devices: devices.filter { $0.linkID == link.id }.map { device in
          KnownLink.Device(
            id: device.id, profile: device.profile.profile.id, product: device.profile.profile.name,
            unit: link.transportName == "modbus" ? Int(device.profile.modbusUnit) : nil,
            parameters: device.profile.parameters)
        })
    }
  }
}

extension LinkConfiguration.Transport {
  fileprivate var knownPlace: KnownLink.Place {
    switch self {
    case .modbusSocket(_, let address): .socket(host: address.host, port: address.port)
    case .modbusSerial(let line): .line(device: line.path)
    case .mqtt(let broker): .broker(host: broker.address.host, port: broker.address.port)
    case .http(let host): .web(origin: host.url.hasSuffix("/") ? String(host.url.dropLast()) : host.url)
    }
  }
}
