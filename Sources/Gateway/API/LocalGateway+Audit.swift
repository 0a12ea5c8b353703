import EnergyModel
import Foundation
import GatewayStore
import LocalAPISchema
import LocalAPIServer

extension LocalGateway {
  func audit(_ query: AuditQuery) async throws(APIError) -> ListSlice<AuditResource> {
    let filter = AuditFilter(
      actor: query.actor, action: query.action, subject: query.subject, commandID: query.commandId, from: query.from,
      to: query.to)
    let found = try await stored { () async throws(GatewayStoreError) in
      try await store.audit(filter, offset: query.slice.offset, limit: query.slice.limit)
    }
    return ListSlice(items: found.rows.map(Self.resource), totalItems: found.total)
  }

  func verifyAudit() async throws(APIError) -> AuditVerificationResource {
    let result = try await stored { () async throws(GatewayStoreError) in try await store.verifyAudit() }
    return AuditVerificationResource(
      isSound: result.isSound, rows: result.rows, anchor: result.anchor, head: result.head, headHash: result.headHash,
      findings: result.findings.map { .init(sequence: $0.sequence, message: $0.message) })
  }

  private static func resource(_ row: AuditRecord) -> AuditResource {
    AuditResource(
      sequence: row.sequence, timestamp: row.at, actor: row.actor, action: row.action, subject: row.subject,
      commandId: row.commandID, reason: row.reason, before: value(row.before), after: value(row.after),
      hash: row.hashText)
  }

  /// What is no JSON any more is shown as the text that it is.
  private static func value(_ text: String) -> JSONValue {
    (try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))) ?? .text(text)
  }
}
