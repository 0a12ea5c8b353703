import DeviceProfiles
import EnergyModel
import GatewayStore
import LocalAPISchema
import LocalAPIServer
import TimeSource

/// The page of a pairing session.
extension LocalGateway {
  func pairing(_ token: String) async throws(APIError) -> Pairing {
    let session = try await session(token: token)
    guard session.status == .open else { return Pairing(connection: session.resource) }
    guard let form = try form(of: session) else {
      return Pairing(connection: session.resource, products: try products(for: session))
    }
    let details = session.details
    let fields = form.fields.map { field in
      var field = field
      field.value = details.values[field.name] ?? field.value
      field.isKept = details.secrets.contains(field.name)
      field.problem = details.problems[field.name]
      return field
    }
    return Pairing(
      connection: session.resource,
      form: .init(product: form.product, fields: fields, problem: details.problems[""], result: details.result))
  }

  private func session(token: String) async throws(APIError) -> ConnectionSession {
    try await expireConnections()
    let record = try await stored { () async throws(GatewayStoreError) in
      try await store.connection(tokenSHA256: ConnectionSession.digest(token))
    }
    guard let session = record.flatMap({ try? ConnectionSession($0) }) else { throw .notFound("connection", "") }
    return session
  }

  private func openSession(token: String) async throws(APIError) -> ConnectionSession {
    let session = try await session(token: token)
    guard session.status == .open else {
      throw APIError(status: 409, code: "CONNECTION_ENDED", message: "this connection is \(session.status.rawValue)")
    }
    return session
  }

  private func form(of session: ConnectionSession) throws(APIError) -> PairingForm? {
    guard let id = session.details.profile else { return nil }
    return try live().file.profiles.profile(id).map(PairingForm.init)
  }

  /// What the session offers, by maker and name.
  private func products(for session: ConnectionSession) throws(APIError) -> [Pairing.Product] {
    let filters = session.details.draft.manufacturerFilters
    let makers = Set(filters?.manufacturers.map { $0.lowercased() } ?? [])
    let types = Set(filters?.deviceTypes ?? [])
    return try live().file.profiles.profiles.values.map(PairingForm.init).filter { form in
      form.isReachable && (makers.isEmpty || makers.contains(form.profile.manufacturer.lowercased()))
        && (types.isEmpty || form.profile.parts.contains { types.contains($0.kind) })
    }.map(\.product).sorted {
      ($0.manufacturer.lowercased(), $0.name.lowercased()) < ($1.manufacturer.lowercased(), $1.name.lowercased())
    }
  }

  func choose(_ profile: String?, _ token: String) async throws(APIError) {
    var session = try await openSession(token: token)
    if let profile {
      guard try products(for: session).contains(where: { $0.profile == profile }) else {
        throw .invalid("profile", "there is no such product here")
      }
    }
    forgetSecrets(of: session)
    let draft = session.details.draft
    session.details = ConnectionSession.Details(draft: draft, profile: profile)
    try await keep(session)
  }

  // MARK: Trying

  func tryOut(_ fields: [String: String], _ token: String) async throws(APIError) {
    var session = try await openSession(token: token)
    guard let form = try form(of: session) else { return }
    session.details.result = nil
    try take(fields, form, &session)
    // Whatever ends the session while the device is read knows of these secrets, and nothing older can be confirmed.
    try await keep(session)
    if session.details.problems.isEmpty { await read(form, &session) }
    // It may have ended while the device was read.
    guard try await openSession(token: token).details.profile == session.details.profile else { return }
    try await keep(session)
  }

  /// Keeps what was filled in. A secret that is left empty stays as it was.
  private func take(
    _ fields: [String: String], _ form: PairingForm, _ session: inout ConnectionSession
  ) throws(APIError) {
    var secrets: [String: Secret] = [:]
    session.details.problems = [:]
    for field in form.fields {
      // What is not sent at all, as by a program, is as the page would have sent it.
      let text = fields[field.name] ?? (field.kind == .secret ? "" : field.value)
      if text.utf8.count > PairingForm.maxLength { session.details.problems[field.name] = "This is too long." }
      let value = String(text.prefix(PairingForm.maxLength))
      if field.kind == .secret {
        guard !value.isEmpty else { continue }
        secrets[session.secretName(field.name)] = Secret(value)
        session.details.secrets.insert(field.name)
      } else {
        session.details.values[field.name] = value
      }
    }
    for field in form.fields where !field.isOptional {
      let isGiven =
        field.kind == .secret
        ? session.details.secrets.contains(field.name) : !(session.details.values[field.name] ?? "").isEmpty
      if !isGiven { session.details.problems[field.name] = "This is needed." }
    }
    do { try additions.secrets.keep(secrets) } catch {
      throw APIError(status: 503, code: "STORE_UNAVAILABLE", message: "the gateway could not keep what you filled in")
    }
  }

  private func read(_ form: PairingForm, _ session: inout ConnectionSession) async {
    do {
      let values = try complete(session)
      session.details.result = try await testLink(
        LinkTestCall(
          link: .entry(form.link(values)), profile: form.profile.id, parameters: form.parameters(values)))
    } catch {
      for problem in error.errors { session.details.problems[form.field(of: problem.pointer)] = problem.detail }
      if error.errors.isEmpty { session.details.problems[""] = error.description }
    }
  }

  /// What was filled in, secrets included.
  private func complete(_ session: ConnectionSession) throws(APIError) -> [String: String] {
    let directory = CredentialDirectory(folder: additions.secrets.folder, given: [:])
    var values = session.details.values
    for field in session.details.secrets {
      do { values[field] = try directory.read(session.secretName(field)).value } catch {
        throw APIError(status: 409, code: "SECRET_LOST", message: "a password has to be filled in again")
      }
    }
    return values
  }

  // MARK: The end

  func confirm(_ token: String) async throws(APIError) -> ConnectionResource {
    let session = try await inTurn(additionTurn) { () async throws(APIError) -> ConnectionSession in
      var session = try await self.session(token: token)
      // A second click on the same button is answered as the first one.
      guard session.status == .open else { return session }
      guard let form = try self.form(of: session), let result = session.details.result, result.isReached else {
        return session
      }
      let values = try complete(session)
      session.record.customerID = try await customer(of: session)
      try await make(form, values, result.devices.map(\.part), &session)
      let secrets = session
      session.end(.completed, at: time.wall())
      try await keep(session)
      forgetSecrets(of: secrets)
      for id in session.details.deviceIDs { tellCreated(id) }
      tell(.connectionCompleted, session)
      return session
    }
    return session.resource
  }

  /// The customer that the session names, or the one with its reference, or a new one with what it says.
  private func customer(of session: ConnectionSession) async throws(APIError) -> String? {
    let draft = session.details.draft
    if let id = draft.customerId { return id }
    let records = try await stored { () async throws(GatewayStoreError) in try await store.customers() }
    if let found = records.first(where: { $0.referenceID == draft.referenceId }) { return found.id }
    guard var info = draft.customerInfo else { return nil }
    info.referenceId = info.referenceId ?? draft.referenceId
    return try await createCustomer(info).id
  }

  /// Makes link and devices; a link with the same address and login is shared.
  private func make(
    _ form: PairingForm, _ values: [String: String], _ parts: [String], _ session: inout ConnectionSession
  ) async throws(APIError) {
    var file = try live().file
    var secrets: [String: Secret] = [:]
    var records: [AdditionRecord] = []
    let linkID = makeID("lnk")
    var entry = JSONValue.object(form.link(values))
    entry["id"] = .text(linkID)
    try AdditionSecrets.take(Self.linkSecret, outOf: &entry, owner: "link.\(linkID)", into: &secrets)
    let link = try Self.link(entry, reader: additions.reader(of: file, given: secrets))
    if let present = file.links.first(where: { $0.transport == link.transport }) {
      session.details.linkID = present.id
      secrets = [:]
    } else {
      records.append(
        AdditionRecord(
          kind: .link, id: linkID, entry: ConfigurationFragment.text(of: entry), createdAt: time.wall()))
      file.links.append(link)
      session.details.linkID = linkID
    }
    for part in parts {
      let id = makeID("dev")
      var members: [String: JSONValue] = [
        "profile": .text(form.profile.id), "link": .text(session.details.linkID ?? linkID), "part": .text(part),
        "parameters": .object(form.parameters(values)),
      ]
      members["role"] = values[PairingForm.Name.role].map { .text($0) }
      records.append(try record(id, members, file, &secrets))
      try await say(registration(session, values, part: parts.count > 1 ? part : nil, form), of: id)
      session.details.deviceIDs.append(id)
    }
    try await keep(records, secrets: secrets, because: "made on a connection's page", actor: session.record.id)
  }

  private func registration(
    _ session: ConnectionSession, _ values: [String: String], part: String?, _ form: PairingForm
  ) -> DeviceRegistration {
    var changes = DeviceChanges()
    let given = values[PairingForm.Name.title].flatMap { $0.isEmpty ? nil : $0 } ?? form.profile.name
    changes.name = .value([given, part].compactMap(\.self).joined(separator: " "))
    changes.referenceId = session.details.draft.referenceId.map { .value($0) }
    changes.customerId = session.record.customerID.map { .value($0) }
    return DeviceRegistration(entry: [:], changes: changes, tags: session.details.draft.tags)
  }

  func cancel(_ token: String) async throws(APIError) -> ConnectionResource {
    try await inTurn(additionTurn) { () async throws(APIError) -> ConnectionResource in
      var session = try await self.session(token: token)
      guard session.status == .open else { return session.resource }
      forgetSecrets(of: session)
      session.end(.cancelled, at: time.wall())
      try await keep(session)
      tell(.connectionCancelled, session)
      return session.resource
    }
  }
}
