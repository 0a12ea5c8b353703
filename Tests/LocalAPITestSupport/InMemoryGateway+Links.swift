import EnergyModel
package import LocalAPISchema
package import LocalAPIServer

/// Links, and devices that are made over the API.
extension InMemoryGateway {
  package func links(_ slice: SliceRequest) async throws(APIError) -> ListSlice<LinkResource> {
    slice.slice(of: linkList.sorted { $0.id < $1.id }, key: \.id)
  }

  package func link(_ id: String) async throws(APIError) -> LinkResource {
    guard let link = linkList.first(where: { $0.id == id }) else { throw .notFound("link", id) }
    return link
  }

  package func createLink(_ entry: [String: JSONValue], actor: String) async throws(APIError) -> LinkResource {
    guard let transport = ["modbus", "mqtt", "http"].first(where: { entry[$0] != nil }) else {
      throw .invalid("", "a link needs exactly one of modbus, mqtt, http")
    }
    if let wrong = entry.keys.first(where: { $0 != transport && $0 != "id" }) {
      throw .invalid("/\(RequestPointer.token(wrong))", "there is no field '\(wrong)' here", code: "UNKNOWN_FIELD")
    }
    var id = "lnk_\(linkList.count + 1)"
    if case .text(let wanted)? = entry["id"] { id = wanted }
    var shown = entry
    shown["mqtt"]?["password"] = nil
    let link = LinkResource(
      id: id, transport: transport, address: "\(transport) somewhere", source: .api, settings: shown,
      createdAt: Self.now)
    linkList.append(link)
    return link
  }

  package func updateLink(
    _ id: String, _ changes: [String: JSONValue], expected: [String: JSONValue]?, actor: String
  ) async throws(APIError) -> LinkResource {
    let old = try await link(id)
    let settings = JSONValue.object(old.draft).merging(.object(changes)).members
    linkList.removeAll { $0.id == id }
    return try await createLink(settings.merging(["id": .text(id)]) { _, new in new }, actor: actor)
  }

  package func deleteLink(_ id: String, actor: String) async throws(APIError) {
    let link = try await link(id)
    guard link.devices.isEmpty else {
      throw APIError(status: 409, code: "LINK_IN_USE", message: "there are devices behind \(id)")
    }
    linkList.removeAll { $0.id == id }
  }

  package func testLink(_ call: LinkTestCall) async throws(APIError) -> LinkTestResource {
    linkTests.append(call)
    if case .id(let id) = call.link { _ = try await link(id) }
    return LinkTestResource(
      isReached: true, link: "tcp 192.0.2.1:502", profile: call.profile, seconds: 0.2,
      devices: [.init(part: "battery", type: .battery, fields: ["socPercent": .number(50)])])
  }

  package func createDevice(
    _ registration: DeviceRegistration, actor: String
  ) async throws(APIError) -> DeviceResource {
    registrations.append(registration)
    var device = Self.battery
    device.id = "dev_\(registrations.count)"
    if case .text(let wanted)? = registration.entry["id"] { device.id = wanted }
    device.source = .api
    device.customerId = registration.changes.customerId?.text
    device.siteId = registration.changes.siteId?.text
    device.tags = registration.tags
    deviceList.append(device)
    return device
  }

  package func deleteDevice(_ id: String, actor: String) async throws(APIError) {
    let device = try await device(id)
    guard device.source == .api else {
      throw APIError(status: 409, code: "CONFIGURED", message: "the device \(id) is defined in heddle.yaml:3")
    }
    deviceList.removeAll { $0.id == id }
  }
}

/// A name inside a JSON pointer.
private enum RequestPointer {
  static func token(_ name: String) -> String { name.replacing("~", with: "~0").replacing("/", with: "~1") }
}
