import EnergyModel
import GatewayStore
import LocalAPISchema
import LocalAPIServer
import TimeSource

extension LocalGateway {
  func connections(_ query: ConnectionQuery) async throws(APIError) -> ListSlice<ConnectionResource> {
    let wanted = try await sessions().map(\.resource).filter {
      (query.customerId == nil || $0.customerId == query.customerId)
        && (query.referenceId == nil || $0.referenceId == query.referenceId)
        && (query.status == nil || $0.status == query.status)
    }
    return query.slice.slice(of: wanted, key: \.id)
  }

  func connection(_ id: String) async throws(APIError) -> ConnectionResource { try await session(id).resource }

  private func session(_ id: String) async throws(APIError) -> ConnectionSession {
    guard let session = try await sessions().first(where: { $0.record.id == id }) else {
      throw .notFound("connection", id)
    }
    return session
  }

  /// All of them, as they are now.
  private func sessions() async throws(APIError) -> [ConnectionSession] {
    try await expireConnections()
    let records = try await stored { () async throws(GatewayStoreError) in try await store.connections() }
    return records.compactMap { try? ConnectionSession($0) }
  }

  func createConnection(
    _ draft: ConnectionDraft, actor: String
  ) async throws(APIError) -> (connection: ConnectionResource, token: String) {
    guard try await sessions().count(where: { $0.status == .open }) < ConnectionSession.maxOpen else {
      throw APIError(
        status: 409, code: "TOO_MANY_CONNECTIONS", message: "\(ConnectionSession.maxOpen) sessions are open already",
        hint: "delete some, or wait until they expire")
    }
    // Two hundred bits that nobody can guess.
    let token = [makeID(""), makeID("")].joined().filter { $0 != "_" }
    let session = ConnectionSession(id: makeID("con"), token: token, draft: draft, at: time.wall())
    try await keep(session)
    tell(.connectionCreated, session)
    return (session.resource, token)
  }

  func deleteConnection(_ id: String) async throws(APIError) {
    try await inTurn(additionTurn) { () async throws(APIError) in
      let session = try await session(id)
      try await stored { () async throws(GatewayStoreError) in try await store.removeConnection(id) }
      forgetSecrets(of: session)
      if session.status == .open { tell(.connectionCancelled, session) }
    }
  }

  // MARK: Shared with the page

  func keep(_ session: ConnectionSession) async throws(APIError) {
    try await stored { () async throws(GatewayStoreError) in try await store.save(session.kept) }
  }

  func tell(_ kind: EventKind, _ session: ConnectionSession) {
    events.record(
      kind, customer: session.record.customerID,
      data: ["connectionId": .text(session.record.id), "devices": .array(session.details.deviceIDs.map { .text($0) })])
  }

  func forgetSecrets(of session: ConnectionSession) {
    let names = session.details.secrets.map { "${credential:\(session.secretName($0))}" }
    additions.secrets.remove(namedIn: names.joined())
  }

  /// Ends what is over, and forgets what has been over for long.
  func expireConnections() async throws(APIError) {
    let now = time.wall()
    let records = try await stored { () async throws(GatewayStoreError) in try await store.connections() }
    for record in records {
      if let ended = record.endedAt {
        guard ended.advanced(byMilliseconds: ConnectionSession.keptMilliseconds) < now else { continue }
        try await stored { () async throws(GatewayStoreError) in try await store.removeConnection(record.id) }
      } else if record.expiresAt <= now, var session = try? ConnectionSession(record) {
        forgetSecrets(of: session)
        session.end(.expired, at: now)
        try await keep(session)
        tell(.connectionExpired, session)
      }
    }
  }

  /// Looks every minute, until its task is cancelled.
  func expireConnectionsInTime() async {
    while (try? await time.sleep(for: .seconds(60))) != nil { try? await expireConnections() }
  }
}
