public import EnergyModel
public import LocalAPISchema

/// Webhooks and their deliveries.
extension LocalAPIClient {
  /// `GET /v1/webhooks`
  public func webhooks() async throws(APIClientError) -> APIReply<Page<WebhookResource>> {
    try await send("GET", "/v1/webhooks", query: [("perPage", String(SliceRequest.maxPerPage))])
  }

  /// `GET /v1/webhooks/{id}`
  public func webhook(_ id: String) async throws(APIClientError) -> APIReply<WebhookResource> {
    try await send("GET", "/v1/webhooks/\(Self.escaped(id))")
  }

  /// `POST /v1/webhooks`; the members are those of `WebhookDraft`.
  public func createWebhook(_ members: [String: JSONValue]) async throws(APIClientError) -> APIReply<WebhookResource> {
    try await send("POST", "/v1/webhooks", body: JSONValue.object(members))
  }

  /// `PATCH /v1/webhooks/{id}`
  public func updateWebhook(
    _ id: String, _ changes: [String: JSONValue]
  ) async throws(APIClientError) -> APIReply<WebhookResource> {
    try await send("PATCH", "/v1/webhooks/\(Self.escaped(id))", body: JSONValue.object(changes))
  }

  /// `DELETE /v1/webhooks/{id}`
  public func deleteWebhook(_ id: String) async throws(APIClientError) -> APIReply<Nothing> {
    try await send("DELETE", "/v1/webhooks/\(Self.escaped(id))")
  }

  /// `POST /v1/webhooks/{id}/rotate`
  public func rotateWebhook(_ id: String) async throws(APIClientError) -> APIReply<WebhookResource> {
    try await send("POST", "/v1/webhooks/\(Self.escaped(id))/rotate")
  }

  /// `POST /v1/webhooks/{id}/test`; waits for the receiver.
  public func testWebhook(_ id: String) async throws(APIClientError) -> APIReply<WebhookDelivery> {
    try await send("POST", "/v1/webhooks/\(Self.escaped(id))/test", waitSeconds: 20)
  }

  /// `GET /v1/webhooks/{id}/deliveries`, newest first.
  public func deliveries(
    ofWebhook id: String, state: String? = nil, limit: Int = 20
  ) async throws(APIClientError) -> APIReply<Page<WebhookDelivery>> {
    try await send(
      "GET", "/v1/webhooks/\(Self.escaped(id))/deliveries", query: [("state", state), ("perPage", String(limit))])
  }

  /// `POST /v1/webhooks/{id}/deliveries/{did}/retry`
  public func retryDelivery(
    _ delivery: String, ofWebhook id: String
  ) async throws(APIClientError) -> APIReply<WebhookDelivery> {
    try await send("POST", "/v1/webhooks/\(Self.escaped(id))/deliveries/\(Self.escaped(delivery))/retry")
  }

  /// `POST /v1/webhooks/{id}/replay`
  public func replayWebhook(_ id: String, since: Timestamp) async throws(APIClientError) -> APIReply<ReplayedEvents> {
    try await send("POST", "/v1/webhooks/\(Self.escaped(id))/replay", body: WebhookReplay(since: since))
  }
}
