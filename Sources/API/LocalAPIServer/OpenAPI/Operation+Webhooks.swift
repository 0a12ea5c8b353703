extension Operation {
  static let listWebhooks = Operation(
    "listWebhooks", "Addresses that hear of events", tag: "webhooks", parameters: .paging, answers: [.page("Webhook")])

  static let createWebhook = Operation(
    "createWebhook", "Tell an address of events; its secret is shown this once", tag: "webhooks",
    body: .ref("WebhookDraft"), answers: [.madeRecord(.ref("Webhook"))])

  static let getWebhook = Operation("getWebhook", "One webhook", tag: "webhooks", answers: [.record(.ref("Webhook"))])

  static let updateWebhook = Operation(
    "updateWebhook", "Change a webhook, or switch it on again", tag: "webhooks", parameters: .ifMatch,
    body: .ref("WebhookPatch"), answers: [.record(.ref("Webhook"))])

  static let deleteWebhook = Operation(
    "deleteWebhook", "Forget a webhook with its deliveries", tag: "webhooks", parameters: .ifMatch,
    answers: [.deleted])

  static let rotateWebhook = Operation(
    "rotateWebhook", "Make a new secret; the old one signs too for a day", tag: "webhooks",
    answers: [.ok(.ref("Webhook"))])

  static let testWebhook = Operation(
    "testWebhook", "Send a test and wait for the receiver", tag: "webhooks", answers: [.ok(.ref("WebhookDelivery"))])

  static let listDeliveries = Operation(
    "listWebhookDeliveries", "What was sent and what became of it, newest first", tag: "webhooks",
    parameters: [.query("state", .words(["waiting", "delivered", "failed"]))] + .paging,
    answers: [.page("WebhookDelivery")])

  static let retryDelivery = Operation(
    "retryWebhookDelivery", "Send one event again", tag: "webhooks",
    answers: [.init(202, "It is sent again", .ref("WebhookDelivery"))])

  static let replayWebhook = Operation(
    "replayWebhook", "Send again what happened since a time", tag: "webhooks", body: .ref("WebhookReplay"),
    answers: [.init(202, "They are sent again", .ref("ReplayedEvents"))])
}
