import Crypto
import EnergyModel
import GRDB

/// How the rows of the audit hang together: each row's hash is SHA-256 of the hash before it and of its own columns.
enum AuditChain {
  /// The hash before the first row.
  static let origin = [UInt8](repeating: 0, count: 32)

  /// What is hashed of a row: every column but the hash, byte for byte as SQLite has it.
  ///
  /// Each value has its type and length before it, so that no two different rows have the same bytes.
  static func hash(of values: [DatabaseValue], after previous: [UInt8]) -> [UInt8] {
    var hasher = SHA256()
    hasher.update(data: previous)
    for value in values {
      var bytes: [UInt8] = []
      switch value.storage {
      case .null: append(tag: 0, [], to: &bytes)
      case .int64(let number): append(tag: 1, bigEndian(UInt64(bitPattern: number)), to: &bytes)
      case .double(let number): append(tag: 2, bigEndian(number.bitPattern), to: &bytes)
      case .string(let text): append(tag: 3, Array(text.utf8), to: &bytes)
      case .blob(let data): append(tag: 3, Array(data), to: &bytes)
      }
      hasher.update(data: bytes)
    }
    return Array(hasher.finalize())
  }

  private static func append(tag: UInt8, _ value: [UInt8], to bytes: inout [UInt8]) {
    bytes.append(tag)
    bytes += bigEndian(UInt64(value.count))
    bytes += value
  }

  private static func bigEndian(_ number: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) }
  }

  static func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef")
    return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }
}

/// Walks the chain from its old to its new end, piece by piece, and names what is not as it was written.
struct AuditWalk: Sendable {
  private(set) var result = AuditVerification()
  /// The last row that was looked at, or that is gone rightly.
  private var position: Int64 = 0
  /// Hashes that the next row may have been made after; two where the last row's own hash is in doubt.
  private var previous: [[UInt8]] = [AuditChain.origin]
  private var hasStarted = false
  private(set) var isFinished = false

  /// Rows that one piece looks at, so that a writer does not wait for long.
  static let rowsPerPiece = 5000

  /// Looks at the next piece. What SQLite cannot read is a finding too.
  mutating func step(_ db: Database) {
    do {
      try look(db)
    } catch {
      report(position + 1, "it cannot be read: \(GatewayStoreError(error, operation: "read the audit").reason)")
      isFinished = true
    }
    if result.findings.count >= AuditVerification.maxFindings { isFinished = true }
  }

  private mutating func look(_ db: Database) throws {
    guard let ends = try AuditEnds.fetch(db) else {
      report(nil, "the ends of the chain are not noted any more (table audit_ends)")
      isFinished = true
      return
    }
    if !hasStarted || ends.anchor > position {
      hasStarted = true
      position = ends.anchor
      previous = [ends.anchorHash]
      result.anchor = ends.anchor
    }
    // CAST gives the bytes as they are; reading text would repair what is no UTF-8.
    let rows = try Row.fetchCursor(
      db,
      sql: """
        SELECT seq, at, CAST(actor AS BLOB), CAST(action AS BLOB), CAST(subject AS BLOB), CAST(command_id AS BLOB),
          CAST(reason AS BLOB), CAST(before AS BLOB), CAST(after AS BLOB), hash,
          \(Self.types), typeof(command_id)
        FROM audit WHERE seq > ? OR ? ORDER BY seq LIMIT \(Self.rowsPerPiece)
        """, arguments: [position, result.rows == 0])
    var count = 0
    while let row = try rows.next() {
      count += 1
      check(Array(row.databaseValues))
      if result.findings.count >= AuditVerification.maxFindings { return }
    }
    guard count < Self.rowsPerPiece else { return }
    isFinished = true
    finish(ends)
  }

  /// The types of the columns; `command_id` may also be NULL. A text that became a blob has the same bytes.
  private static let types = ["seq", "at", "actor", "action", "subject", "reason", "before", "after", "hash"]
    .map { "typeof(\($0))" }.joined(separator: " || ' ' || ")
  private static let expectedTypes = "integer integer text text text text text text blob"

  private mutating func check(_ values: [DatabaseValue]) {
    result.rows += 1
    guard let sequence = Int64.fromDatabaseValue(values[0]) else { return report(nil, "a row has no number") }
    let stored = [UInt8](values[9])
    if sequence <= position {
      return report(sequence, "it stands where row \(position + 1) belongs")
    }
    if sequence > position + 1 {
      let last = sequence - 1
      report(
        position + 1,
        last == position + 1 ? "it is missing" : "rows \(position + 1) to \(last) are missing")
      // What came before is not there to compare with.
      previous = []
    }
    position = sequence
    let expected = previous.map { AuditChain.hash(of: Array(values.prefix(9)), after: $0) }
    let hasItsTypes = values[10] == Self.expectedTypes.databaseValue && values[11] != "blob".databaseValue
    if !hasItsTypes {
      report(sequence, "a column is not of the type that was written")
      previous = [stored] + expected
    } else if previous.isEmpty || expected.contains(stored) {
      previous = [stored]
    } else {
      report(sequence, "it is not as it was written")
      previous = [stored] + expected
    }
  }

  private mutating func finish(_ ends: AuditEnds) {
    if position < ends.head {
      report(
        position + 1,
        ends.head == position + 1 ? "it is missing" : "rows \(position + 1) to \(ends.head) are missing")
    } else if position > ends.head {
      report(ends.head + 1, "it was not there when the newest row was noted")
    } else if !previous.contains(ends.headHash) {
      report(position, "it is not the newest row that was noted")
    }
    result.head = position
    result.headHash = AuditChain.hexadecimal(ends.headHash)
  }

  private mutating func report(_ sequence: Int64?, _ message: String) {
    result.findings.append(.init(sequence: sequence, message: message))
  }
}

/// Both ends of the chain: what retention removed last, and the newest row.
struct AuditEnds {
  var anchor: Int64
  var anchorHash: [UInt8]
  var head: Int64
  var headHash: [UInt8]

  static func fetch(_ db: Database) throws -> AuditEnds? {
    try Row.fetchOne(db, sql: "SELECT anchor, anchor_hash, head, head_hash FROM audit_ends WHERE id = 1").flatMap {
      row in
      let values = Array(row.databaseValues)
      guard let anchor = Int64.fromDatabaseValue(values[0]), let head = Int64.fromDatabaseValue(values[2]) else {
        return nil
      }
      return AuditEnds(
        anchor: anchor, anchorHash: [UInt8](values[1]), head: head, headHash: [UInt8](values[3]))
    }
  }
}

extension [UInt8] {
  /// The bytes of a blob; empty for anything else.
  fileprivate init(_ value: DatabaseValue) {
    if case .blob(let data) = value.storage { self = Array(data) } else { self = [] }
  }
}
