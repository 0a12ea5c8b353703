public import EnergyModel
import GRDB

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
        let hold = max(counter.hold, level.seconds * 1000)
        let seconds = try Int64.fetchCursor(
          db,
          sql: """
            WITH RECURSIVE b(n) AS (
              SELECT max(?1, min(bucket)) FROM \(level.table) UNION ALL
              SELECT n + 1 FROM b WHERE n < min(?2, (SELECT max(bucket) FROM \(level.table))))
            SELECT DISTINCT w.ts FROM b CROSS JOIN json_each(?3) s
              CROSS JOIN \(level.table) w ON w.bucket = b.n AND w.series = s.value
            WHERE w.ts >= ?4 AND w.ts < ?5 AND (w.min IS NOT NULL OR w.quality = 0) ORDER BY w.ts
            """,
          arguments: [
            level.bucket(of: from), level.bucket(of: until - 1), try JSONText.encode(ids), from, until,
          ])
        while let second = try seconds.next() { counter.add(second &* 1000, hold: hold) }
      }
      return Presence(first: Timestamp(milliseconds: first &* 1000), milliseconds: counter.milliseconds)
    }
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
