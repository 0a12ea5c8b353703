public import EnergyModel
import Foundation
import GRDB
import Synchronization

extension GatewayStore {
  /// Groups of readings are put together by series when the oldest is this old.
  public static let rawSealAge: Duration = .seconds(600)
  /// Or when they have so many readings: what one sealing holds in memory.
  public static let rawSealReadings = 131_072
  /// Words that are remembered; readings of further ones are kept without their word.
  static let maxRawWords = 65_536
  /// Series of one block: the part of a chunk's key.
  static let maxRawSeries: Int64 = 1 << 20

  /// Keeps readings whose windows come later; durable when it returns. Until the next `apply` they are unbooked.
  public func append(_ raw: RawBatch) async throws(GatewayStoreError) {
    let ids = try await write("save raw readings") { db in try Self.append(raw, in: db) }
    raw.names.remember(ids)
  }

  /// Puts the groups of the last minutes together by series, once they are old or many.
  ///
  /// - Returns: how many groups were damaged and left out; `nil` when nothing was due.
  @discardableResult
  public func sealRaw(
    at now: Timestamp, age: Duration = rawSealAge, readings: Int = rawSealReadings
  ) async throws(GatewayStoreError) -> Int? {
    try await write("put raw readings together") { db in
      let sql = "SELECT min(at), sum(samples) FROM raw_groups WHERE id <= (\(RawSealing.lastBooked))"
      guard let open = try Row.fetchOne(db, sql: sql),
        let oldest: Int64 = try open.decode(Int64?.self, atIndex: 0)
      else { return nil }
      let count: Int = try open.decode(atIndex: 1)
      let waited = now.millisecondsSince(Timestamp(milliseconds: oldest))
      // A clock that was set back must not put it off for ever.
      guard Double(waited.magnitude) >= age / .milliseconds(1) || count >= readings else { return nil }
      return try RawSealing(db, limit: readings).run(waiting: count)
    }
  }

  /// The readings of a series from a time until before another, in order of time.
  public func rawReadings(
    of key: RawSeriesNames.Key, from start: Timestamp, until end: Timestamp
  ) async throws(GatewayStoreError) -> [RawReading] {
    try await perform("read raw readings") { db in
      let id = try UInt32.fetchOne(
        db, sql: "SELECT id FROM raw_series WHERE device_id = ? AND field = ?",
        arguments: [key.deviceID, key.field])
      guard let id, start < end else { return [] }
      return try RawReader(db, series: id, field: Field.named(key.field)).read(start.milliseconds..<end.milliseconds)
    }
  }

  /// Removes the oldest block of readings if all of it was measured before a time: some minutes, so that no other
  /// writer waits for long.
  ///
  /// - Returns: how many readings were removed; 0 when nothing is left to remove.
  public func removeOldestRaw(before time: Timestamp) async throws(GatewayStoreError) -> Int {
    try await write("remove old raw readings") { db in
      let oldest = try Row.fetchOne(
        db, sql: "SELECT id, samples FROM raw_blocks WHERE last_ms < ? ORDER BY id LIMIT 1",
        arguments: [time.milliseconds])
      guard let oldest else { return 0 }
      let id: Int64 = try oldest.decode(atIndex: 0)
      try db.execute(
        sql: "DELETE FROM raw_chunks WHERE id >= ? AND id < ?",
        arguments: [id * Self.maxRawSeries, (id + 1) * Self.maxRawSeries])
      try db.execute(sql: "DELETE FROM raw_blocks WHERE id = ?", arguments: [id])
      return try oldest.decode(atIndex: 1)
    }
  }

  /// How many raw readings are kept and how much they take.
  public func rawTotals() async throws(GatewayStoreError) -> RawTotals {
    try await perform("count raw readings") { db in
      let row = try Row.fetchOne(
        db,
        sql: """
          SELECT coalesce(sum(samples), 0), coalesce(sum(bytes), 0), min(first_ms) FROM
            (SELECT samples, bytes, first_ms FROM raw_blocks
             UNION ALL SELECT samples, length(data), first_ms FROM raw_groups)
          """)
      guard let row else { return RawTotals(readings: 0, bytes: 0, oldest: nil) }
      let oldest: Int64? = try row.decode(atIndex: 2)
      return RawTotals(
        readings: try row.decode(atIndex: 0), bytes: try row.decode(atIndex: 1),
        oldest: oldest.map(Timestamp.init(milliseconds:)))
    }
  }

  /// Writes a group; returns the ids that its names have now.
  static func append(_ raw: RawBatch, in db: Database) throws -> [UInt32] {
    var ids = raw.names.ids.withLock { $0 }
    var samples = raw.samples
    samples.reserveCapacity(samples.count + raw.words.count)
    for word in raw.words {
      samples.append(
        RawSample(
          series: word.series, value: try number(of: word.value, in: db), quality: word.quality,
          observedAt: word.observedAt.milliseconds))
    }
    for index in samples.indices {
      let position = Int(samples[index].series)
      guard ids.indices.contains(position) else {
        samples[index].series = 0
        continue
      }
      if ids[position] == 0 { ids[position] = try seriesID(of: raw.names.keys[position], in: db) }
      samples[index].series = ids[position]
    }
    samples.removeAll { $0.series == 0 }
    guard let first = samples.lazy.map(\.observedAt).min(), let last = samples.lazy.map(\.observedAt).max() else {
      return ids
    }
    try db.execute(
      sql: "INSERT INTO raw_groups(at, first_ms, last_ms, samples, data) VALUES (?, ?, ?, ?, ?)",
      arguments: [raw.at.milliseconds, first, last, samples.count, Data(RawGroup.encode(samples))])
    return ids
  }

  /// 0 where the file has too many series: the readings of this one are left out, all others are kept.
  private static func seriesID(of key: RawSeriesNames.Key, in db: Database) throws -> UInt32 {
    let id = try Int64.fetchOne(
      db,
      sql: """
        INSERT INTO raw_series(device_id, field) VALUES (?, ?)
        ON CONFLICT(device_id, field) DO UPDATE SET field = field RETURNING id
        """, arguments: [key.deviceID, key.field])
    guard let id, id > 0, id < maxRawSeries else { return 0 }
    return UInt32(id)
  }

  private static func number(of value: ReadingValue, in db: Database) throws -> Double {
    switch value {
    case .number(let number): return number
    case .flag(let flag): return flag ? 1 : 0
    case .null: return .nan
    case .label(let word), .text(let word):
      if let id = try Int64.fetchOne(db, sql: "SELECT id FROM raw_words WHERE word = ?", arguments: [word]) {
        return Double(id)
      }
      let count = try Int.fetchOne(db, sql: "SELECT count(*) FROM raw_words") ?? 0
      guard count < maxRawWords else { return .nan }
      try db.execute(sql: "INSERT INTO raw_words(word) VALUES (?)", arguments: [word])
      return Double(db.lastInsertedRowID)
    }
  }
}

extension RawSeriesNames {
  /// Ids count once their transaction is committed: one that was not gives them to others.
  func remember(_ new: [UInt32]) { ids.withLock { $0 = new } }
}

/// Turns groups, which are short to write, into chunks, which are short to read.
private struct RawSealing {
  let db: Database
  /// What the windows do not have yet must stay in the order in which it came.
  static let lastBooked =
    "SELECT coalesce((SELECT value FROM marks WHERE name = '\(GatewayStore.bookedMark)'), 9223372036854775807)"
  /// Readings that are put together at once, and one group more.
  let limit: Int

  init(_ db: Database, limit: Int) {
    self.db = db
    self.limit = limit
  }

  /// - Parameter count: readings that wait.
  func run(waiting count: Int) throws -> Int {
    var damaged = 0
    var samples: [RawSample] = []
    // An array that grows takes three times as much while it does.
    samples.reserveCapacity(min(count, limit + limit / 4))
    var lastGroup: Int64 = 0
    let groups = try Row.fetchCursor(
      db, sql: "SELECT id, data FROM raw_groups WHERE id <= (\(Self.lastBooked)) ORDER BY id")
    while samples.count < limit, let group = try groups.next() {
      lastGroup = try group.decode(atIndex: 0)
      let data: Data = try group.decode(atIndex: 1)
      let before = samples.count
      do {
        try RawGroup.decode([UInt8](data)) { samples.append($0) }
      } catch {
        samples.removeSubrange(before...)
        damaged += 1
      }
    }
    samples.sort { ($0.series, $0.observedAt) < ($1.series, $1.observedAt) }
    try writeBlock(samples)
    try db.execute(sql: "DELETE FROM raw_groups WHERE id <= ?", arguments: [lastGroup])
    return damaged
  }

  private func writeBlock(_ samples: [RawSample]) throws {
    guard let first = samples.lazy.map(\.observedAt).min(), let last = samples.lazy.map(\.observedAt).max() else {
      return
    }
    // Never an id again: the chunks of a removed block are gone, but a newer block must not look older.
    try db.execute(
      sql: "INSERT INTO raw_blocks(first_ms, last_ms, samples, bytes) VALUES (?, ?, ?, 0)",
      arguments: [first, last, samples.count])
    let block = db.lastInsertedRowID
    let statement = try db.cachedStatement(sql: "INSERT INTO raw_chunks(id, data) VALUES (?, ?)")
    var bytes = 0
    var start = 0
    while start < samples.count {
      let series = samples[start].series
      let end = samples[start...].firstIndex { $0.series != series } ?? samples.count
      let chunk = RawChunk.encode(samples[start..<end])
      try statement.execute(arguments: [block * GatewayStore.maxRawSeries + Int64(series), Data(chunk)])
      bytes += chunk.count
      start = end
    }
    try db.execute(sql: "UPDATE raw_blocks SET bytes = ? WHERE id = ?", arguments: [bytes, block])
  }
}

/// Reads one series out of blocks and open groups.
private struct RawReader {
  let db: Database
  let series: UInt32
  /// What its numbers mean; `nil` for a field that the model no longer has.
  let field: Field?

  init(_ db: Database, series: UInt32, field: Field?) {
    self.db = db
    self.series = series
    self.field = field
  }

  func read(_ times: Range<Int64>) throws -> [RawReading] {
    var samples: [RawSample] = []
    func take(_ sample: RawSample) {
      if sample.series == series, times.contains(sample.observedAt) { samples.append(sample) }
    }
    let chunk = try db.cachedStatement(sql: "SELECT data FROM raw_chunks WHERE id = ?")
    let blocks = try Int64.fetchAll(
      db, sql: "SELECT id FROM raw_blocks WHERE last_ms >= ? AND first_ms < ? ORDER BY id",
      arguments: [times.lowerBound, times.upperBound])
    for block in blocks {
      let id = block * GatewayStore.maxRawSeries + Int64(series)
      guard let data = try Data.fetchOne(chunk, arguments: [id]) else { continue }
      try RawChunk.decode([UInt8](data), series: series, take)
    }
    let groups = try Row.fetchCursor(
      db, sql: "SELECT data FROM raw_groups WHERE last_ms >= ? AND first_ms < ? ORDER BY id",
      arguments: [times.lowerBound, times.upperBound])
    while let group = try groups.next() {
      let data: Data = try group.decode(atIndex: 0)
      try RawGroup.decode([UInt8](data), take)
    }
    samples.sort { $0.observedAt < $1.observedAt }
    return try readings(samples)
  }

  private func readings(_ samples: [RawSample]) throws -> [RawReading] {
    var values = RawValues(field: field)
    return try samples.map { sample in
      RawReading(
        observedAt: Timestamp(milliseconds: sample.observedAt), value: try values.value(sample.value, in: db),
        quality: sample.quality)
    }
  }
}

/// What the numbers of a series mean.
struct RawValues {
  /// `nil` for a field that the model no longer has.
  let field: Field?
  private var words: [Double: ReadingValue] = [:]

  init(field: Field?) { self.field = field }

  mutating func value(_ number: Double, in db: Database) throws -> ReadingValue {
    guard !number.isNaN else { return .null }
    switch field?.type {
    case .number, nil: return .number(number)
    case .flag: return .flag(number == 1)
    case .label, .text:
      if let known = words[number] { return known }
      let text = try Int64(exactly: number).flatMap { id in
        try String.fetchOne(db, sql: "SELECT word FROM raw_words WHERE id = ?", arguments: [id])
      }
      guard let text else { return .null }
      let value: ReadingValue = if case .text = field?.type { .text(text) } else { .label(text) }
      words[number] = value
      return value
    }
  }
}
