package import EnergyModel
package import LocalAPISchema
import LocalAPIServer

/// Webhooks in memory, whose receivers always answer 200.
extension InMemoryGateway {
  package func webhooks() async throws(APIError) -> [WebhookResource] { webhookList }

  package func createWebhook(_ draft: WebhookDraft, actor: String) async throws(APIError) -> WebhookResource {
    var webhook = WebhookResource(
      id: "whk_\(webhookList.count + 1)", url: draft.url, label: draft.label, eventTypes: draft.eventTypes,
      customerId: draft.customerId, enabled: draft.enabled, createdAt: Self.now, updatedAt: Self.now)
    webhookList.append(webhook)
    webhook.secret = "whsec_AAAA"
    return webhook
  }

  package func updateWebhook(
    _ id: String, from old: WebhookDraft, to new: WebhookDraft, actor: String
  ) async throws(APIError) -> WebhookResource {
    guard let index = webhookList.firstIndex(where: { $0.id == id }) else { throw .notFound("webhook", id) }
    webhookList[index].url = new.url
    webhookList[index].label = new.label
    webhookList[index].eventTypes = new.eventTypes
    webhookList[index].customerId = new.customerId
    webhookList[index].enabled = new.enabled
    return webhookList[index]
  }

  package func deleteWebhook(_ id: String, actor: String) async throws(APIError) {
    webhookList.removeAll { $0.id == id }
  }

  package func testWebhook(_ id: String) async throws(APIError) -> WebhookDelivery {
    WebhookDelivery(
      id: "msg_1", webhookId: id, eventType: "webhook.test", state: .delivered, attempts: 1, createdAt: Self.now,
      lastStatus: 200)
  }

  package func rotateSecret(ofWebhook id: String, actor: String) async throws(APIError) -> WebhookResource {
    guard var webhook = webhookList.first(where: { $0.id == id }) else { throw .notFound("webhook", id) }
    webhook.secret = "whsec_BBBB"
    return webhook
  }

  package func deliveries(
    ofWebhook id: String, state: WebhookDelivery.State?, _ slice: SliceRequest
  ) async throws(APIError) -> ListSlice<WebhookDelivery> {
    let all = [try await testWebhook(id)]
    return slice.slice(of: all.filter { state == nil || $0.state == state })
  }

  package func retryDelivery(
    _ id: String, ofWebhook webhookId: String
  ) async throws(APIError) -> WebhookDelivery {
    guard id == "msg_1" else { throw .notFound("delivery", id) }
    return try await testWebhook(webhookId)
  }

  package func replay(_ id: String, since: Timestamp) async throws(APIError) -> Int { 3 }
}
