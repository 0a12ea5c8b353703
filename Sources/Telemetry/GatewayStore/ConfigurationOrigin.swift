import Crypto
import EnergyModel
import GRDB

/// Where a configuration came from and why it was taken, for the audit.
public struct ConfigurationOrigin: Sendable, Hashable {
  /// Who had it taken.
  public var actor: String
  /// The file.
  public var file: String
  /// SHA-256 of the file's text, hexadecimal: names also what the store does not keep, such as interlocks.
  public var digest: String
  /// Why, in words: `start`, `reload`.
  public var reason: String

  /// Without anything, the gateway's own doing.
  public init(actor: String = AuditRecord.gateway, file: String = "", digest: String = "", reason: String = "") {
    self.actor = actor
    self.file = file
    self.digest = digest
    self.reason = reason
  }

  /// The digest of a file's text.
  public static func digest(of text: String) -> String {
    AuditChain.hexadecimal(Array(SHA256.hash(data: Array(text.utf8))))
  }

  func auditRow(
    from before: ConfigurationInventory, to after: ConfigurationInventory, at now: Timestamp
  ) throws -> AuditRecord {
    let changes = after.changes(since: before)
    return AuditRecord(
      at: now, actor: actor, action: "configuration.loaded", subject: file,
      reason: [reason, changes].filter { !$0.isEmpty }.joined(separator: ": "),
      before: try JSONText.encode(Summary(counts: before.counts)),
      after: try JSONText.encode(Summary(counts: after.counts, sha256: digest.isEmpty ? nil : digest)))
  }

  private struct Summary: Encodable {
    var counts: [String: Int]
    var sha256: String?
  }
}

/// What is configured, thing by thing, so that the audit can name what a new configuration changed.
struct ConfigurationInventory {
  /// By `device battery-1`: everything that the store has of it.
  private var things: [String: [DatabaseValue]] = [:]
  private(set) var counts: [String: Int] = [:]

  /// Things that a sentence names; a longer list is cut.
  static let maxNamed = 40

  init(_ db: Database) throws {
    for (word, table) in [("customer", "customers"), ("site", "sites"), ("link", "links"), ("device", "devices")] {
      let rows = try Row.fetchAll(db, sql: "SELECT * FROM \(table) WHERE removed_at IS NULL")
      counts[table] = rows.count
      for row in rows {
        let id: String = try row.decode(forColumn: "id")
        things["\(word) \(id)"] = Array(row.databaseValues)
      }
    }
  }

  /// `added device battery-2; changed site home`; empty when nothing of it changed.
  func changes(since old: ConfigurationInventory) -> String {
    let added = things.keys.filter { old.things[$0] == nil }
    let removed = old.things.keys.filter { things[$0] == nil }
    let changed = things.filter { key, value in old.things[key].map { $0 != value } ?? false }.map(\.key)
    return [("added", added), ("changed", changed), ("removed", removed)].filter { !$0.1.isEmpty }
      .map { verb, names in
        let more = names.count > Self.maxNamed ? " and \(names.count - Self.maxNamed) more" : ""
        return "\(verb) \(names.sorted().prefix(Self.maxNamed).joined(separator: ", "))\(more)"
      }.joined(separator: "; ")
  }
}
