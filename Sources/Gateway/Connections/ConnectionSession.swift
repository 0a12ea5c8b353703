import EnergyModel
import Foundation
import GatewayStore
import LocalAPISchema

/// A pairing session as it is kept, with everything that was filled in so far except secrets.
struct ConnectionSession: Sendable {
  /// How long a page works.
  static let lifeMilliseconds: Int64 = 24 * 3600 * 1000
  /// Sessions that can be open at the same time.
  static let maxOpen = 1000
  /// Sessions that have ended are kept so long.
  static let keptMilliseconds: Int64 = 90 * 24 * 3600 * 1000

  /// What is kept beside the columns.
  struct Details: Codable, Sendable {
    var draft: ConnectionDraft
    var profile: String?
    /// By the names of the form.
    var values: [String: String] = [:]
    /// Fields whose secrets are kept in files.
    var secrets: Set<String> = []
    /// What is wrong, by field; the empty name is for the rest.
    var problems: [String: String] = [:]
    var result: LinkTestResource?
    var linkID: String?
    var deviceIDs: [String] = []
  }

  var record: ConnectionRecord
  var details: Details

  init(_ record: ConnectionRecord) throws {
    self.record = record
    details = try JSONDecoder().decode(Details.self, from: Data(record.details.utf8))
  }

  init(id: String, token: String, draft: ConnectionDraft, at now: Timestamp) {
    var draft = draft
    if draft.referenceId == nil { draft.referenceId = "heddle-generated:\(id)" }
    details = Details(draft: draft)
    record = ConnectionRecord(
      id: id, tokenSHA256: Self.digest(token), status: ConnectionResource.Status.open.rawValue,
      customerID: draft.customerId, createdAt: now, expiresAt: now.advanced(byMilliseconds: Self.lifeMilliseconds),
      details: "{}")
  }

  /// Whoever reads the store cannot open the page.
  static func digest(_ token: String) -> String {
    ConfigurationOrigin.digest(of: token)
  }

  var status: ConnectionResource.Status { ConnectionResource.Status(rawValue: record.status) ?? .cancelled }

  mutating func end(_ status: ConnectionResource.Status, at now: Timestamp) {
    record.status = status.rawValue
    record.endedAt = now
    // Who it was for is in the customer now, or nobody needs to know it.
    details.draft.customerInfo = nil
    details.values = [:]
    details.secrets = []
    details.problems = [:]
    details.result = nil
  }

  /// The row of the store.
  var kept: ConnectionRecord {
    var record = record
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    record.details = (try? encoder.encode(details)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    return record
  }

  var resource: ConnectionResource {
    let draft = details.draft
    return ConnectionResource(
      id: record.id, status: status, referenceId: draft.referenceId ?? "", redirectUrl: draft.redirectUrl,
      clientName: draft.clientName, tags: draft.tags, customerId: record.customerID,
      manufacturerFilters: draft.manufacturerFilters, profile: details.profile, linkId: details.linkID,
      deviceIds: details.deviceIDs, createdAt: record.createdAt, expiresAt: record.expiresAt, endedAt: record.endedAt)
  }

  /// The name of the file of a secret.
  func secretName(_ field: String) -> String { "connection.\(record.id).\(field)" }
}
