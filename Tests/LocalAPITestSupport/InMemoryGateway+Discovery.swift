package import LocalAPISchema
import LocalAPIServer

extension InMemoryGateway {
  package func startDiscovery(
    _ request: DiscoveryRequest, actor: String
  ) async throws(APIError) -> DiscoveryResource {
    if let running = discoveries.values.first(where: { $0.status == .running }) {
      throw APIError(
        status: 409, code: "DISCOVERY_RUNNING", message: "another look around runs",
        details: ["discoveryId": .text(running.id)])
    }
    discoveryRequests.append(request)
    let discovery = DiscoveryResource(
      id: "dsc_\(discoveryRequests.count)", startedAt: Self.now,
      progress: .init(done: 1, total: 3, place: "10.0.0.2:502"),
      finds: [Self.find])
    discoveries[discovery.id] = discovery
    return discovery
  }

  package static let find = DiscoveryFind(
    transport: "modbus", place: "10.0.0.1:502", unit: 1, certainty: .identified, profile: "huawei-sun2000",
    product: "Huawei SUN2000", evidence: "holding 30000–30014 says 'SUN2000-8KTL-M1'", manufacturer: "Huawei",
    add: DiscoverySnippet(
      yaml: "links:\n  - {id: modbus-10-0-0-1, modbus: {tcp: \"10.0.0.1:502\"}}\ndevices:\n  - {id: sun}\n",
      commands: ["heddle link add modbus-10-0-0-1"], devices: [.object(["id": .text("sun")])]))

  package func discovery(_ id: String) async throws(APIError) -> DiscoveryResource {
    guard let discovery = discoveries[id] else { throw .notFound("discovery", id) }
    return discovery
  }

  package func cancelDiscovery(_ id: String) async throws(APIError) {
    guard discoveries[id] != nil else { throw .notFound("discovery", id) }
    discoveries[id]?.status = .cancelled
  }

  package func endDiscoveries() {
    for id in discoveries.keys {
      discoveries[id]?.status = .completed
      discoveries[id]?.endedAt = Self.now
    }
  }
}
