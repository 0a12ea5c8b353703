public import EnergyModel
import GRDB

extension GatewayStore {
  /// All webhooks in the order of their making.
  public func webhooks() async throws(GatewayStoreError) -> [WebhookRecord] {
    try await perform("read webhooks") { db in
      try Row.fetchAll(db, sql: "SELECT * FROM webhooks ORDER BY created_at, id").map(Self.webhook)
    }
  }

  /// The webhook of that id; `nil` if there is none.
  public func webhook(id: String) async throws(GatewayStoreError) -> WebhookRecord? {
    try await perform("read webhook \(id)") { db in try Self.webhook(id, in: db) }
  }

  /// Keeps a new webhook.
  ///
  /// - Parameter actor: who made it, for the audit.
  public func insert(_ webhook: WebhookRecord, by actor: String) async throws(GatewayStoreError) {
    try await write("keep webhook \(webhook.id)") { db in
      try db.execute(
        sql: """
          INSERT INTO webhooks(id, url, label, event_types, customer_id, secret, cursor, created_at, updated_at, is_enabled)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          webhook.id, webhook.url, webhook.label, try JSONText.encode(webhook.eventTypes), webhook.customerID,
          webhook.secret, webhook.cursor, webhook.createdAt.milliseconds, webhook.updatedAt.milliseconds,
          webhook.isEnabled,
        ])
      try Self.audit("webhook.created", webhook, by: actor, at: webhook.createdAt, in: db)
    }
  }

  /// Changes what people say of a webhook: address, words, filters, secrets, and whether it is on. Its place in the log
  /// stays.
  ///
  /// - Parameter action: what was done, for the audit.
  /// - Returns: whether there is such a webhook.
  public func update(
    _ webhook: WebhookRecord, _ action: String, by actor: String
  ) async throws(GatewayStoreError) -> Bool {
    try await write("change webhook \(webhook.id)") { db in
      try db.execute(
        sql: """
          UPDATE webhooks SET url = ?, label = ?, event_types = ?, customer_id = ?, secret = ?, old_secret = ?,
            old_secret_until = ?, updated_at = ?, is_enabled = ?, disabled_reason = ?, disabled_at = ?, failing_since = ?
          WHERE id = ?
          """,
        arguments: [
          webhook.url, webhook.label, try JSONText.encode(webhook.eventTypes), webhook.customerID, webhook.secret,
          webhook.oldSecret, webhook.oldSecretUntil?.milliseconds, webhook.updatedAt.milliseconds, webhook.isEnabled,
          webhook.disabledReason, webhook.disabledAt?.milliseconds, webhook.failingSince?.milliseconds, webhook.id,
        ])
      guard db.changesCount > 0 else { return false }
      try Self.audit(action, webhook, by: actor, at: webhook.updatedAt, in: db)
      return true
    }
  }

  /// Forgets a webhook with its deliveries.
  public func deleteWebhook(_ id: String, by actor: String, at now: Timestamp) async throws(GatewayStoreError) {
    try await write("delete webhook \(id)") { db in
      guard let webhook = try Self.webhook(id, in: db) else { return }
      try db.execute(sql: "DELETE FROM webhooks WHERE id = ?", arguments: [id])
      try Self.audit("webhook.deleted", webhook, by: actor, at: now, in: db)
    }
  }

  /// Notes since when nothing arrives; `nil` = it does.
  public func noteWebhook(_ id: String, failingSince time: Timestamp?) async throws(GatewayStoreError) {
    try await write("note webhook \(id)") { db in
      try db.execute(
        sql: "UPDATE webhooks SET failing_since = ? WHERE id = ? AND failing_since IS NOT ?",
        arguments: [time?.milliseconds, id, time?.milliseconds])
    }
  }

  /// Switches a webhook off because of what its receiver does.
  ///
  /// - Returns: whether it was on.
  public func disableWebhook(
    _ id: String, because reason: String, at now: Timestamp
  ) async throws(GatewayStoreError) -> Bool {
    try await write("switch webhook \(id) off") { db in
      try db.execute(
        sql: """
          UPDATE webhooks SET is_enabled = 0, disabled_reason = ?, disabled_at = ?, updated_at = ?
          WHERE id = ? AND is_enabled = 1
          """, arguments: [reason, now.milliseconds, now.milliseconds, id])
      guard db.changesCount > 0 else { return false }
      try Self.appendAudit(
        AuditRecord(at: now, actor: AuditRecord.gateway, action: "webhook.disabled", subject: id, reason: reason),
        in: db)
      return true
    }
  }

  private static func webhook(_ id: String, in db: Database) throws -> WebhookRecord? {
    try Row.fetchOne(db, sql: "SELECT * FROM webhooks WHERE id = ?", arguments: [id]).map(webhook)
  }

  private static func webhook(_ row: Row) throws -> WebhookRecord {
    var webhook = WebhookRecord(
      id: try row.decode(forColumn: "id"), url: try row.decode(forColumn: "url"),
      label: try row.decode(forColumn: "label"),
      eventTypes: try JSONText.decode([String].self, try row.decode(forColumn: "event_types")),
      customerID: try row.decode(forColumn: "customer_id"), secret: try row.decode(forColumn: "secret"),
      cursor: try row.decode(forColumn: "cursor"), createdAt: try row.time("created_at"))
    webhook.oldSecret = try row.decode(forColumn: "old_secret")
    webhook.oldSecretUntil = try row.optionalTime("old_secret_until")
    webhook.updatedAt = try row.time("updated_at")
    webhook.isEnabled = try row.decode(forColumn: "is_enabled")
    webhook.disabledReason = try row.decode(forColumn: "disabled_reason")
    webhook.disabledAt = try row.optionalTime("disabled_at")
    webhook.failingSince = try row.optionalTime("failing_since")
    return webhook
  }

  /// What the audit says of a webhook: everything but its secrets.
  private struct AuditedWebhook: Encodable {
    var url: String
    var eventTypes: [String]
    var customerId: String?
    var enabled: Bool
  }

  private static func audit(
    _ action: String, _ webhook: WebhookRecord, by actor: String, at now: Timestamp, in db: Database
  ) throws {
    let words = AuditedWebhook(
      url: webhook.url, eventTypes: webhook.eventTypes, customerId: webhook.customerID, enabled: webhook.isEnabled)
    try appendAudit(
      AuditRecord(
        at: now, actor: actor, action: action, subject: webhook.id, reason: webhook.label,
        after: try JSONText.encode(words)), in: db)
  }
}
