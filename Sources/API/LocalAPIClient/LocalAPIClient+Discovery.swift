public import LocalAPISchema

/// Looking around for devices.
extension LocalAPIClient {
  /// `POST /v1/discovery`
  public func startDiscovery(_ request: DiscoveryRequest) async throws(APIClientError) -> APIReply<DiscoveryResource> {
    try await send("POST", "/v1/discovery", body: request)
  }

  /// `GET /v1/discovery/{id}`
  public func discovery(_ id: String) async throws(APIClientError) -> APIReply<DiscoveryResource> {
    try await send("GET", "/v1/discovery/\(Self.escaped(id))")
  }

  /// `DELETE /v1/discovery/{id}`
  public func cancelDiscovery(_ id: String) async throws(APIClientError) -> APIReply<Nothing> {
    try await send("DELETE", "/v1/discovery/\(Self.escaped(id))")
  }
}
