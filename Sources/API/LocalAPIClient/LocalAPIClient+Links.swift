public import LocalAPISchema

/// Links, and devices that are made over the API.
extension LocalAPIClient {
  /// `GET /v1/links`
  public func links() async throws(APIClientError) -> APIReply<Page<LinkResource>> {
    try await send("GET", "/v1/links", query: [("perPage", String(SliceRequest.maxPerPage))])
  }

  /// `GET /v1/links/{id}`
  public func link(_ id: String) async throws(APIClientError) -> APIReply<LinkResource> {
    try await send("GET", "/v1/links/\(Self.escaped(id))")
  }

  /// `POST /v1/links`; the members are those of a configuration file.
  public func createLink(_ members: [String: JSONValue]) async throws(APIClientError) -> APIReply<LinkResource> {
    try await send("POST", "/v1/links", body: JSONValue.object(members))
  }

  /// `DELETE /v1/links/{id}`
  public func deleteLink(_ id: String) async throws(APIClientError) -> APIReply<Nothing> {
    try await send("DELETE", "/v1/links/\(Self.escaped(id))")
  }

  /// `POST /v1/links/test`; `link` is the id of one or the members of a new one.
  public func testLink(
    _ link: JSONValue, profile: String, parameters: [String: JSONValue]
  ) async throws(APIClientError) -> APIReply<LinkTestResource> {
    try await send(
      "POST", "/v1/links/test",
      body: JSONValue.object(["link": link, "profile": .text(profile), "parameters": .object(parameters)]),
      waitSeconds: Self.linkTestSeconds)
  }

  /// How long a test may take, beside what an answer takes anyway.
  private static let linkTestSeconds = 30

  /// `POST /v1/devices`
  public func createDevice(_ members: [String: JSONValue]) async throws(APIClientError) -> APIReply<DeviceResource> {
    try await send("POST", "/v1/devices", body: JSONValue.object(members))
  }

  /// `DELETE /v1/devices/{id}`
  public func deleteDevice(_ id: String) async throws(APIClientError) -> APIReply<Nothing> {
    try await send("DELETE", "/v1/devices/\(Self.escaped(id))")
  }
}
