public import EnergyModel
public import LocalAPISchema

/// What the API needs from the gateway for webhooks.
public protocol WebhookService: Sendable {
  /// All webhooks in the order of their making.
  func webhooks() async throws(APIError) -> [WebhookResource]
  /// Keeps a webhook; its secret is in the answer. 422 where the configuration does not allow the address, 409 when there
  /// are too many.
  func createWebhook(_ draft: WebhookDraft, actor: String) async throws(APIError) -> WebhookResource
  /// Changes a webhook; 412 where it is not what it was read as.
  func updateWebhook(
    _ id: String, from old: WebhookDraft, to new: WebhookDraft, actor: String
  ) async throws(APIError) -> WebhookResource
  /// Forgets a webhook with its deliveries; 404 if there is none.
  func deleteWebhook(_ id: String, actor: String) async throws(APIError)
  /// Sends a test and waits for what the receiver says; it is not repeated.
  func testWebhook(_ id: String) async throws(APIError) -> WebhookDelivery
  /// Makes a new secret, which is in the answer; the old one signs too for a while.
  func rotateSecret(ofWebhook id: String, actor: String) async throws(APIError) -> WebhookResource
  /// Newest first.
  func deliveries(
    ofWebhook id: String, state: WebhookDelivery.State?, _ slice: SliceRequest
  ) async throws(APIError) -> ListSlice<WebhookDelivery>
  /// Sends one again; 404 if there is none.
  func retryDelivery(_ id: String, ofWebhook webhookId: String) async throws(APIError) -> WebhookDelivery
  /// Sends again what happened since a time. Returns how many events that are; 422 where they are too many.
  func replay(_ id: String, since: Timestamp) async throws(APIError) -> Int
}
