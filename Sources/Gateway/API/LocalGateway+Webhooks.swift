import EnergyModel
import Foundation
import GatewayStore
import LocalAPISchema
import LocalAPIServer
import TimeSource

extension LocalGateway {
  /// Webhooks at most.
  static let maxWebhooks = 50
  /// So long the secret before signs too.
  static let secretOverlapMilliseconds: Int64 = 24 * 3_600_000
  /// Events that one replay sends again at most.
  static let maxReplayed = 10_000

  func webhooks() async throws(APIError) -> [WebhookResource] {
    try await stored { () async throws(GatewayStoreError) in try await store.webhooks() }.map { resource($0) }
  }

  func createWebhook(_ draft: WebhookDraft, actor: String) async throws(APIError) -> WebhookResource {
    try check(draft)
    return try await inTurn { () async throws(APIError) in
      guard try await webhooks().count < Self.maxWebhooks else {
        throw APIError(
          status: 409, code: "TOO_MANY_WEBHOOKS", message: "there are \(Self.maxWebhooks) webhooks already",
          hint: "delete some: heddle webhook delete ID")
      }
      let made = try await stored { () async throws(GatewayStoreError) in
        var record = WebhookRecord(
          id: makeID("whk"), url: draft.url, label: draft.label, eventTypes: draft.eventTypes,
          customerID: draft.customerId, secret: WebhookSignature.newSecret(.system),
          cursor: try await store.lastEventSeq(), createdAt: time.wall())
        record.isEnabled = draft.enabled
        try await store.insert(record, by: actor)
        return record
      }
      return resource(made, showingSecret: true)
    }
  }

  func updateWebhook(
    _ id: String, from old: WebhookDraft, to new: WebhookDraft, actor: String
  ) async throws(APIError) -> WebhookResource {
    if new.url != old.url || new.enabled { try check(new) }
    return try await inTurn { () async throws(APIError) in
      var record = try await webhookRecord(id)
      guard resource(record).draft == old else { throw Self.changedMeanwhile("webhook", id) }
      guard old != new else { return resource(record) }
      record.url = new.url
      record.label = new.label
      record.eventTypes = new.eventTypes
      record.customerID = new.customerId
      if new.enabled != old.enabled || new.url != old.url {
        record.isEnabled = new.enabled
        record.disabledReason = nil
        record.disabledAt = nil
        record.failingSince = nil
      }
      try await save(record, "webhook.updated", actor)
      if new.enabled { try await endAlert(of: id) }
      return resource(try await webhookRecord(id))
    }
  }

  func rotateSecret(ofWebhook id: String, actor: String) async throws(APIError) -> WebhookResource {
    try await inTurn { () async throws(APIError) in
      var record = try await webhookRecord(id)
      record.oldSecret = record.secret
      record.oldSecretUntil = time.wall().advanced(byMilliseconds: Self.secretOverlapMilliseconds)
      record.secret = WebhookSignature.newSecret(.system)
      try await save(record, "webhook.secret-rotated", actor)
      return resource(record, showingSecret: true)
    }
  }

  func deleteWebhook(_ id: String, actor: String) async throws(APIError) {
    try await stored { () async throws(GatewayStoreError) in
      try await store.deleteWebhook(id, by: actor, at: time.wall())
    }
    try await endAlert(of: id)
  }

  private func save(_ webhook: WebhookRecord, _ action: String, _ actor: String) async throws(APIError) {
    var webhook = webhook
    webhook.updatedAt = time.wall()
    let changed = webhook
    let isThere = try await stored { () async throws(GatewayStoreError) in
      try await store.update(changed, action, by: actor)
    }
    guard isThere else { throw .notFound("webhook", webhook.id) }
    hooks.poke()
  }

  private func endAlert(of id: String) async throws(APIError) {
    let ended = try await stored { () async throws(GatewayStoreError) in
      try await store.resolveAlert(.webhookDisabled, deviceID: id, at: time.wall())
    }
    if let ended { events.record(.alertResolved, alert: ended) }
  }

  private func webhookRecord(_ id: String) async throws(APIError) -> WebhookRecord {
    let record = try await stored { () async throws(GatewayStoreError) in try await store.webhook(id: id) }
    guard let record else { throw .notFound("webhook", id) }
    return record
  }

  /// What an administrator has not allowed cannot be posted to.
  private func check(_ draft: WebhookDraft) throws(APIError) {
    guard let url = URL(string: draft.url), case .refused(let reason) = hooks.allowList.verdict(on: url) else { return }
    throw .invalid(
      "/url", reason, code: "URL_NOT_ALLOWED", hint: "webhooks: {allow: [hooks.example.com]} in the configuration")
  }

  private func resource(_ record: WebhookRecord, showingSecret: Bool = false) -> WebhookResource {
    let overlap = record.oldSecretUntil.flatMap { $0 > time.wall() ? $0 : nil }
    return WebhookResource(
      id: record.id, url: record.url, label: record.label, eventTypes: record.eventTypes,
      customerId: record.customerID, enabled: record.isEnabled, disabledReason: record.disabledReason,
      disabledAt: record.disabledAt, failingSince: record.failingSince, oldSecretUntil: overlap,
      secret: showingSecret ? record.secret : nil, createdAt: record.createdAt, updatedAt: record.updatedAt)
  }

  // MARK: Deliveries

  func deliveries(
    ofWebhook id: String, state: WebhookDelivery.State?, _ slice: SliceRequest
  ) async throws(APIError) -> ListSlice<WebhookDelivery> {
    let found = try await stored { () async throws(GatewayStoreError) in
      try await store.deliveries(
        of: id, state: state.flatMap { WebhookDeliveryRecord.State(rawValue: $0.rawValue) }, offset: slice.offset,
        limit: slice.limit)
    }
    return ListSlice(items: found.deliveries.map(Self.resource), totalItems: found.total)
  }

  func testWebhook(_ id: String) async throws(APIError) -> WebhookDelivery {
    let webhook = try await webhookRecord(id)
    return try await stored { () async throws(GatewayStoreError) in
      var test = WebhookDeliveryRecord(
        id: makeID("msg"), webhookID: id, seq: nil, eventType: EventKind.webhookTest.rawValue, createdAt: time.wall())
      // It is not for the runner: what is not answered now is not repeated.
      test.state = .failed
      test.nextAttemptAt = nil
      try await store.enqueue([test])
      return Self.resource(try await hooks.attempt(test, to: webhook, isTest: true))
    }
  }

  func retryDelivery(_ id: String, ofWebhook webhookId: String) async throws(APIError) -> WebhookDelivery {
    let found = try await stored { () async throws(GatewayStoreError) in
      try await store.delivery(id: id, of: webhookId)
    }
    guard var delivery = found else { throw .notFound("delivery", id) }
    delivery.state = .waiting
    delivery.attempts = 0
    delivery.nextAttemptAt = time.wall()
    delivery.lastError = nil
    let due = delivery
    try await stored { () async throws(GatewayStoreError) in try await store.update(due) }
    hooks.poke()
    return Self.resource(due)
  }

  func replay(_ id: String, since: Timestamp) async throws(APIError) -> Int {
    let webhook = try await webhookRecord(id)
    let found = try await stored { () async throws(GatewayStoreError) in
      // What comes after its place in the log comes anyway.
      try await store.events(since: since, through: webhook.cursor, limit: Self.maxReplayed + 1)
    }
    guard found.count <= Self.maxReplayed else {
      throw .invalid(
        "/since", "more than \(Self.maxReplayed) events happened since then", code: "OUT_OF_RANGE",
        hint: "replay a shorter time")
    }
    let now = time.wall()
    let wanted = found.filter(webhook.wants).map { webhook.delivery(of: $0, at: now) }
    try await stored { () async throws(GatewayStoreError) in try await store.enqueue(wanted) }
    hooks.poke()
    return wanted.count
  }

  private static func resource(_ record: WebhookDeliveryRecord) -> WebhookDelivery {
    let state: WebhookDelivery.State =
      switch record.state {
      case .waiting: .waiting
      case .delivered: .delivered
      case .failed: .failed
      }
    return WebhookDelivery(
      id: record.id, webhookId: record.webhookID, eventSequence: record.seq, eventType: record.eventType, state: state,
      attempts: record.attempts, createdAt: record.createdAt, lastAttemptAt: record.lastAttemptAt,
      nextAttemptAt: record.nextAttemptAt, lastStatus: record.lastStatus, lastError: record.lastError)
  }
}
