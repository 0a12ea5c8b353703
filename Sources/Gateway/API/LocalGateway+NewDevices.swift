import DeviceProfiles
import EnergyModel
import GatewayStore
import LocalAPISchema
import LocalAPIServer
import TimeSource

extension LocalGateway {
  func createDevice(_ registration: DeviceRegistration, actor: String) async throws(APIError) -> DeviceResource {
    try await inTurn(additionTurn) { () async throws(APIError) in
      let id = try newID(registration.entry["id"], prefix: "dev")
      try checkFree(.device, id)
      var secrets: [String: Secret] = [:]
      let record = try record(id, registration.entry, try live().file, &secrets)
      try await say(registration, of: id)
      try await keep([record], secrets: secrets, because: "made", actor: actor)
      tellCreated(id)
      return try await device(id)
    }
  }

  /// The device as it is kept, checked.
  ///
  /// - Parameter configuration: with the link that the device names.
  func record(
    _ id: String, _ members: [String: JSONValue], _ configuration: GatewayConfiguration,
    _ secrets: inout [String: Secret]
  ) throws(APIError) -> AdditionRecord {
    var entry = JSONValue.object(members)
    entry["id"] = .text(id)
    try Self.takeSecrets(outOf: &entry, owner: "device.\(id)", configuration, into: &secrets)
    let fragment = ConfigurationFragment(entry, subject: "the device")
    let reader = DeviceReader(
      reader: additions.reader(of: configuration, given: secrets), links: configuration.links, customers: [], sites: [])
    _ = fragment.root.flatMap { reader.read(entry: $0) }
    try fragment.check()
    return AdditionRecord(
      kind: .device, id: id, entry: ConfigurationFragment.text(of: entry), createdAt: time.wall())
  }

  /// The secret parameters of a device's profile.
  static func takeSecrets(
    outOf entry: inout JSONValue, owner: String, _ configuration: GatewayConfiguration,
    into secrets: inout [String: Secret]
  ) throws(APIError) {
    guard case .text(let profile)? = entry["profile"] else { return }
    for parameter in configuration.profiles.profile(profile)?.parameters ?? [] where parameter.isSecret {
      try AdditionSecrets.take(["parameters", parameter.name], outOf: &entry, owner: owner, into: &secrets)
    }
  }

  /// Keeps what does not say how the device is reached; without the device it means nothing.
  func say(_ registration: DeviceRegistration, of id: String) async throws(APIError) {
    let changes = registration.changes
    let change = DeviceChangeRecord(
      deviceID: id, name: changes.name?.text, referenceID: changes.referenceId?.text, siteID: changes.siteId?.text,
      at: time.wall())
    let link = changes.customerId?.text.map {
      CustomerLinkRecord(kind: .device, id: id, customerID: $0, origin: .manual, at: time.wall())
    }
    try await stored { () async throws(GatewayStoreError) in
      try await store.save(links: [link].compactMap(\.self), change: change)
      try await store.setTags(registration.tags, of: id)
      try await tags.load()
      try await book.load()
    }
  }

  func tellCreated(_ id: String) { events.record(.deviceCreated, device: id) }

  func deleteDevice(_ id: String, actor: String) async throws(APIError) {
    try await inTurn(additionTurn) { () async throws(APIError) in
      let record = try added(.device, id)
      let owner = directory.owner(of: id)
      try await forget(record, actor: actor)
      try await stored { () async throws(GatewayStoreError) in
        try await tags.load()
        try await book.load()
      }
      events.record(.deviceDeleted, device: id, customer: owner?.customerID, site: owner?.siteID, data: [:])
    }
  }

  // MARK: Trying

  func testLink(_ call: LinkTestCall) async throws(APIError) -> LinkTestResource {
    let file = try live().file
    var secrets: [String: Secret] = [:]
    let link = try link(of: call.link, file, &secrets)
    var reachable = file
    reachable.links = [link]
    var entry = JSONValue.object([
      "id": .text("test"), "profile": .text(call.profile), "link": .text(link.id),
      "parameters": .object(call.parameters.filter { $0.value != .null }),
    ])
    try Self.takeSecrets(outOf: &entry, owner: "test", reachable, into: &secrets)
    // Any part will do: all of them are read.
    if let parts = file.profiles.profile(call.profile)?.parts, parts.count > 1 { entry["part"] = .text(parts[0].name) }
    let fragment = ConfigurationFragment(entry, subject: "the test")
    let reader = DeviceReader(
      reader: additions.reader(of: reachable, given: secrets), links: reachable.links, customers: [], sites: [])
    let device = fragment.root.flatMap { reader.read(entry: $0) }
    try fragment.check()
    guard let device else { throw .invalid("", "the test cannot be read") }
    return try await run(LinkTrial(link: link, profile: device.profile, time: time))
  }

  private func link(
    of wanted: LinkTestCall.Link, _ file: GatewayConfiguration, _ secrets: inout [String: Secret]
  ) throws(APIError) -> LinkConfiguration {
    switch wanted {
    case .id(let id):
      guard let link = file.links.first(where: { $0.id == id }) else { throw .notFound("link", id) }
      return link
    case .entry(let members):
      var entry = JSONValue.object(members)
      if entry["id"] == nil { entry["id"] = .text("test") }
      try AdditionSecrets.take(Self.linkSecret, outOf: &entry, owner: "link.test", into: &secrets)
      do {
        return try Self.link(entry, reader: additions.reader(of: file, given: secrets))
      } catch {
        throw error.below("/link")
      }
    }
  }

  private func run(_ trial: LinkTrial) async throws(APIError) -> LinkTestResource {
    let assembly = LinkAssembly(
      time: time, random: random, logger: logger, gatewayName: "test", logins: ForgetfulLogins())
    let result: LinkTestResource?
    do {
      result = try await trials.run { try await trial.run(with: assembly) }
    } catch {
      throw APIError(status: 503, code: "LINK_UNAVAILABLE", message: "the link cannot be made: \(error)")
    }
    guard let result else {
      throw APIError(
        status: 429, code: "TOO_MANY_TESTS", message: "\(TrialSeats.limit) tests run already",
        hint: "try again in a moment", retryAfterSeconds: Int(LinkTrial.limit.components.seconds))
    }
    return result
  }
}

extension APIError {
  /// The same where what is wrong is a member of something larger.
  fileprivate func below(_ pointer: String) -> APIError {
    var error = self
    error.errors = errors.map { .init(pointer: pointer + $0.pointer, code: $0.code, detail: $0.detail) }
    if let first = errors.first, message.hasPrefix(first.pointer) { error.message = pointer + message }
    return error
  }
}
