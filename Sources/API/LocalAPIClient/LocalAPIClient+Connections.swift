public import LocalAPISchema

/// Pairing sessions.
extension LocalAPIClient {
  /// `GET /v1/connections` with filters.
  public func connections(
    customerId: String? = nil, status: String? = nil
  ) async throws(APIClientError) -> APIReply<Page<ConnectionResource>> {
    try await send(
      "GET", "/v1/connections",
      query: [("customerId", customerId), ("status", status), ("perPage", String(SliceRequest.maxPerPage))])
  }

  /// `GET /v1/connections/{id}`
  public func connection(_ id: String) async throws(APIClientError) -> APIReply<ConnectionResource> {
    try await send("GET", "/v1/connections/\(Self.escaped(id))")
  }

  /// `POST /v1/connections`; the members are those of `ConnectionDraft`.
  public func createConnection(
    _ members: [String: JSONValue]
  ) async throws(APIClientError) -> APIReply<ConnectionResource> {
    try await send("POST", "/v1/connections", body: JSONValue.object(members))
  }

  /// `DELETE /v1/connections/{id}`
  public func deleteConnection(_ id: String) async throws(APIClientError) -> APIReply<Nothing> {
    try await send("DELETE", "/v1/connections/\(Self.escaped(id))")
  }
}
