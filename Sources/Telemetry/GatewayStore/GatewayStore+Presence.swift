public import EnergyModel
import GRDB
import GRDBSQLite

extension GatewayStore {
  /// When something was heard of a device.
  public struct Presence: Sendable, Hashable {
    /// When the first window began; `nil` if there is none.
    public var first: Timestamp?
    /// One for each time between two boundaries: milliseconds in which something was known.
    public var milliseconds: [Int64]
  }

  /// How long a device was heard between boundaries, by its windows of gauges and of energy that was measured and not
  /// estimated over a gap. Where minutes are not kept any more, a quarter of an hour counts as a whole.
  ///
  /// - Parameters:
  ///   - metrics: names of gauges or energies; `nil` = all of the device.
  ///   - hold: how long a value counts after the begin of its window, at least one minute.
  public func presence(
    deviceID: String, metrics: [String]? = nil, hold: Int64, boundaries: [Timestamp]
  ) async throws(GatewayStoreError) -> Presence {
    let times = Array(boundaries.prefix(Self.rangesPerCall + 1))
    return try await perform("read windows") { db in
      var counter = PresenceCounter(times.map(\.milliseconds), hold: max(hold, WindowDelta.windowMilliseconds))
      let rows = try Row.fetchAll(
        db,
        sql: """
          SELECT id, first_ts FROM series WHERE scope = 'device' AND scope_id = ?1
            AND (?2 IS NULL OR metric IN (SELECT value FROM json_each(?2)))
          """, arguments: [deviceID, try metrics.map { try JSONText.encode($0) }])
      let ids: [Int64] = try rows.map { try $0.decode(forColumn: "id") }
      let seconds: [Int64] = try rows.map { try $0.decode(forColumn: "first_ts") }
      guard let start = times.first, let end = times.last, let first = seconds.min() else {
        return Presence(first: nil, milliseconds: counter.milliseconds)
      }
      // A value from before the first boundary can still hold; so does the quarter of an hour that it is in.
      let from = WindowLevel.quarters.start(of: max(start.second - counter.hold / 1000 - 60, first))
      let until = end.secondRoundedUp
      let marks = try WindowMarks(db)
      let sources: [(level: WindowLevel, until: Int64)] = [
        (.quarters, min(until, marks.minutesFrom)), (.minutes, until),
      ]
      for (level, until) in sources where from < until {
        let reader = PresenceReader(db, level: level, series: ids)
        try reader.read(from..<until) { counter.add($0 &* 1000, hold: max(counter.hold, level.seconds * 1000)) }
      }
      return Presence(first: Timestamp(milliseconds: first &* 1000), milliseconds: counter.milliseconds)
    }
  }
}

/// Finds the windows of a level in which any of several series was heard.
private struct PresenceReader {
  /// Windows that are looked at together: a month of minutes.
  private static let slotsAtOnce: Int64 = 46_080
  /// Stretches nearer than this are asked for at once: a question costs as much as some rows.
  private static let nearSlots = 60

  let db: Database
  let level: WindowLevel
  let series: [Int64]

  init(_ db: Database, level: WindowLevel, series: [Int64]) {
    self.db = db
    self.level = level
    self.series = series
  }

  /// Gives the begins of the windows, in seconds and in order.
  func read(_ seconds: Range<Int64>, _ body: (Int64) -> Void) throws {
    let oldest = try Int64.fetchOne(db, sql: "SELECT min(bucket) FROM \(level.table)")
    let newest = try Int64.fetchOne(db, sql: "SELECT max(bucket) FROM \(level.table)")
    guard let oldest, let newest else { return }
    let kept = seconds.clamped(to: oldest * level.bucketSeconds..<(newest + 1) * level.bucketSeconds)
    var start = level.start(of: kept.lowerBound)
    while start < kept.upperBound {
      let end = min(start + Self.slotsAtOnce * level.seconds, kept.upperBound)
      let isHeard = try slots(start..<end)
      for (slot, isHeard) in isHeard.enumerated() where isHeard { body(start + Int64(slot) * level.seconds) }
      start = end
    }
  }

  /// Most devices say something all the time in any of their series: the others are asked only where that is silent.
  private func slots(_ seconds: Range<Int64>) throws -> [Bool] {
    let count = (seconds.upperBound - seconds.lowerBound - 1) / level.seconds + 1
    var isHeard = Array(repeating: false, count: Int(count))
    for id in series {
      for gap in gaps(isHeard) {
        let start = seconds.lowerBound + Int64(gap.lowerBound) * level.seconds
        let end = min(seconds.upperBound, seconds.lowerBound + Int64(gap.upperBound) * level.seconds)
        try level.read(series: id, start..<end, in: db) { row in
          // A gauge, or an energy that was not estimated.
          guard sqlite3_column_type(row, 3) != SQLITE_NULL || sqlite3_column_int64(row, 7) == 0 else { return }
          isHeard[Int((sqlite3_column_int64(row, 0) - seconds.lowerBound) / level.seconds)] = true
        }
      }
    }
    return isHeard
  }

  private func gaps(_ isHeard: [Bool]) -> [Range<Int>] {
    var gaps: [Range<Int>] = []
    for slot in isHeard.indices where !isHeard[slot] {
      if let last = gaps.last, slot - last.upperBound < Self.nearSlots {
        gaps[gaps.count - 1] = last.lowerBound..<slot + 1
      } else {
        gaps.append(slot..<slot + 1)
      }
    }
    return gaps
  }
}

/// Adds up how much of each time between boundaries is covered by stretches that come in order.
private struct PresenceCounter {
  let boundaries: [Int64]
  let hold: Int64
  private(set) var milliseconds: [Int64]
  private var bucket = 0
  /// Up to where is counted already.
  private var counted = Int64.min

  init(_ boundaries: [Int64], hold: Int64) {
    self.boundaries = boundaries
    self.hold = hold
    milliseconds = Array(repeating: 0, count: max(0, boundaries.count - 1))
  }

  mutating func add(_ time: Int64, hold: Int64) {
    var from = max(time, counted)
    let until = time &+ hold
    counted = max(counted, until)
    while bucket < milliseconds.count, boundaries[bucket + 1] <= from { bucket += 1 }
    var index = bucket
    while index < milliseconds.count, from < until {
      from = max(from, boundaries[index])
      let end = min(until, boundaries[index + 1])
      if end > from { milliseconds[index] += end - from }
      from = max(from, end)
      index += 1
    }
  }
}
