import DeviceProfiles
import EnergyModel
import GatewayStore
import LocalAPISchema
import LocalAPIServer
import TimeSource

extension LocalGateway {
  func links(_ slice: SliceRequest) async throws(APIError) -> ListSlice<LinkResource> {
    let found = slice.slice(of: try live().links.sorted { $0.configuration.id < $1.configuration.id }) {
      $0.configuration.id
    }
    var items: [LinkResource] = []
    for link in found.items { items.append(try await resource(of: link)) }
    return ListSlice(items: items, totalItems: found.totalItems, lastKey: found.lastKey)
  }

  func link(_ id: String) async throws(APIError) -> LinkResource {
    guard let link = try live().links.first(where: { $0.configuration.id == id }) else { throw .notFound("link", id) }
    return try await resource(of: link)
  }

  private func resource(of link: RunningLink) async throws(APIError) -> LinkResource {
    let configuration = link.configuration
    let place = try live().file.place(ofLink: configuration.id)
    let record = additions.now[.link, configuration.id]
    return LinkResource(
      id: configuration.id, transport: configuration.transportName, address: configuration.address,
      source: place == nil ? .api : .configuration, definedAt: place, settings: configuration.settings,
      status: await status(of: link), devices: link.deviceIDs,
      createdAt: place == nil ? record?.createdAt : nil, updatedAt: place == nil ? record?.updatedAt : nil)
  }

  // MARK: Changes

  func createLink(_ entry: [String: JSONValue], actor: String) async throws(APIError) -> LinkResource {
    try await inTurn(additionTurn) { () async throws(APIError) in
      let id = try newID(entry["id"], prefix: "lnk")
      try checkFree(.link, id)
      try await keepLink(id, .object(entry), over: nil, actor: actor)
      events.record(.linkCreated, data: ["linkId": .text(id)])
      return try await link(id)
    }
  }

  func updateLink(
    _ id: String, _ changes: [String: JSONValue], expected: [String: JSONValue]?, actor: String
  ) async throws(APIError) -> LinkResource {
    try await inTurn(additionTurn) { () async throws(APIError) in
      let old = try added(.link, id)
      if let expected, try await link(id).draft != expected { throw Self.changedMeanwhile("link", id) }
      if changes["id"] != nil {
        throw .invalid("/id", "the id of a link cannot be changed", code: "UNKNOWN_FIELD", hint: "make another link")
      }
      var secrets: [String: Secret] = [:]
      var patch = JSONValue.object(changes)
      try AdditionSecrets.take(Self.linkSecret, outOf: &patch, owner: "link.\(id)", into: &secrets)
      try await keepLink(id, old.value.merging(patch), over: old, secrets: secrets, actor: actor)
      events.record(.linkUpdated, data: ["linkId": .text(id)])
      return try await link(id)
    }
  }

  func deleteLink(_ id: String, actor: String) async throws(APIError) {
    try await inTurn(additionTurn) { () async throws(APIError) in
      let record = try added(.link, id)
      let named = additions.now.devices.values.filter { $0.value["link"] == .text(id) }.map(\.id)
      let running = try live().configuration.devices.filter { $0.linkID == id }.map(\.id)
      let devices = Set(named + running).sorted()
      guard devices.isEmpty else {
        throw APIError(
          status: 409, code: "LINK_IN_USE", message: "\(devices.joined(separator: ", ")) are behind the link \(id)",
          hint: "delete the devices first")
      }
      try await forget(record, actor: actor)
      events.record(.linkDeleted, data: ["linkId": .text(id)])
    }
  }

  /// The only secret of links.
  static let linkSecret = ["mqtt", "password"]

  private func keepLink(
    _ id: String, _ entry: JSONValue, over old: AdditionRecord?, secrets given: [String: Secret] = [:], actor: String
  ) async throws(APIError) {
    let running = try live()
    var secrets = given
    var entry = entry
    if old == nil { try AdditionSecrets.take(Self.linkSecret, outOf: &entry, owner: "link.\(id)", into: &secrets) }
    entry["id"] = .text(id)
    _ = try Self.link(entry, reader: additions.reader(of: running.file, given: secrets))
    let record = AdditionRecord(
      kind: .link, id: id, entry: ConfigurationFragment.text(of: entry), createdAt: old?.createdAt ?? time.wall(),
      updatedAt: old == nil ? nil : time.wall())
    try await keep(
      [record], over: [old].compactMap(\.self), secrets: secrets, because: old == nil ? "made" : "changed",
      actor: actor)
  }

  /// A link of an entry, checked.
  static func link(_ entry: JSONValue, reader: ConfigurationReader) throws(APIError) -> LinkConfiguration {
    let fragment = ConfigurationFragment(entry, subject: "the link")
    let link = fragment.root.flatMap { reader.readLink($0) }
    try fragment.check()
    guard let link else { throw .invalid("", "the link cannot be read") }
    return link
  }
}
