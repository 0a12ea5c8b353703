import EnergyModel
package import LocalAPISchema
package import LocalAPIServer

/// Pairing sessions: the token of the first is `t1`, and every device answers.
extension InMemoryGateway {
  package func connections(_ query: ConnectionQuery) async throws(APIError) -> ListSlice<ConnectionResource> {
    query.slice.slice(
      of: pairings.map(\.connection).filter {
        (query.customerId == nil || $0.customerId == query.customerId)
          && (query.status == nil || $0.status == query.status)
          && (query.referenceId == nil || $0.referenceId == query.referenceId)
      }, key: \.id)
  }

  package func connection(_ id: String) async throws(APIError) -> ConnectionResource {
    guard let found = pairings.first(where: { $0.connection.id == id }) else { throw .notFound("connection", id) }
    return found.connection
  }

  package func createConnection(
    _ draft: ConnectionDraft, actor: String
  ) async throws(APIError) -> (connection: ConnectionResource, token: String) {
    let number = pairings.count + 1
    let connection = ConnectionResource(
      id: "con_\(number)", status: .open, referenceId: draft.referenceId ?? "made:\(number)",
      redirectUrl: draft.redirectUrl, clientName: draft.clientName, tags: draft.tags, customerId: draft.customerId,
      manufacturerFilters: draft.manufacturerFilters, createdAt: Self.now,
      expiresAt: Self.now.advanced(byMilliseconds: 1000))
    pairings.append(Pairing(connection: connection, products: offered))
    return (connection, "t\(number)")
  }

  package func deleteConnection(_ id: String) async throws(APIError) {
    pairings.removeAll { $0.connection.id == id }
  }

  private func index(_ token: String) throws(APIError) -> Int {
    guard let number = Int(token.dropFirst()), token.hasPrefix("t"), pairings.indices.contains(number - 1) else {
      throw .notFound("connection", "")
    }
    return number - 1
  }

  package func pairing(_ token: String) async throws(APIError) -> Pairing {
    let index = try index(token)
    return pairings[index]
  }

  package func choose(_ profile: String?, _ token: String) async throws(APIError) {
    let index = try index(token)
    let product = offered.first { $0.profile == profile }
    pairings[index].products = product == nil ? offered : []
    pairings[index].form = product.map { product in
      Pairing.Form(
        product: product,
        fields: [
          .init(name: "link.address", label: "Address", value: "<b>\"'&"),
          .init(name: "parameter.pin", label: "pin", help: "<script>help()</script>", kind: .secret, isKept: true),
          .init(name: "role", label: "role", kind: .choice(["grid", "<load>"]), value: "<load>", problem: "<i>no</i>"),
        ])
    }
  }

  package func tryOut(_ fields: [String: String], _ token: String) async throws(APIError) {
    let index = try index(token)
    pairingFields.append(fields)
    pairings[index].form?.result = LinkTestResource(
      isReached: true, link: "tcp h:1", profile: "p", seconds: 0.1,
      devices: [.init(part: "battery", type: .battery, fields: ["vendorStatus": .text("<script>device()</script>")])])
  }

  package func confirm(_ token: String) async throws(APIError) -> ConnectionResource {
    let index = try index(token)
    if pairings[index].form?.result != nil { pairings[index].connection.status = .completed }
    return pairings[index].connection
  }

  package func cancel(_ token: String) async throws(APIError) -> ConnectionResource {
    let index = try index(token)
    pairings[index].connection.status = .cancelled
    return pairings[index].connection
  }

  private var offered: [Pairing.Product] {
    [.init(profile: "p", name: "<script>alert(1)</script>", manufacturer: "A & B", models: ["X\"1"])]
  }
}
