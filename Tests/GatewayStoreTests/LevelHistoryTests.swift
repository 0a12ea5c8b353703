import EnergyModel
import Foundation
import GRDB
import TestSupport
import Testing

@testable import GatewayStore

/// Days of many series with what comes late, sums, removals and restarts at random, beside what the finest windows say.
@Suite("Histories of windows in the store")
struct LevelHistoryTests {
  /// The clocks of Berlin change on 2026-03-29.
  private static let start = Timestamp(rfc3339: "2026-03-26T00:00:00Z") ?? noon
  private static let hours: Int64 = 110
  /// More than one step sums up.
  private static let keys = (0..<20).map {
    SeriesKey(scope: .device, scopeID: "device-\($0 / 2)", metric: $0 % 2 == 0 ? "powerW" : "import")
  }
  private static let zones = ["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kolkata", "Asia/Kathmandu"]

  private struct Quarter: Hashable {
    var series: Int
    var start: Int64
  }

  private func delta(_ series: Int, _ minute: Int64, _ random: inout SeededGenerator) -> WindowDelta {
    // A counter that was reset takes something back.
    let value = Double(Int.random(in: -50...500, using: &random))
    return WindowDelta(
      series: series, minute: minute, sum: value, range: series % 2 == 0 ? (value, value - 1, value + 1) : nil,
      samples: Int.random(in: 1...3, using: &random), coveredMilliseconds: series % 2 == 0 ? 0 : 30_000,
      quality: Int.random(in: 0...30, using: &random) == 0 ? .estimated : .good)
  }

  /// What comes in an hour: a tenth of the minutes of each series, and sometimes something for any time before.
  private func deltas(_ hour: Int64, _ random: inout SeededGenerator) -> [WindowDelta] {
    let first = Self.start.milliseconds / 60_000
    var deltas: [WindowDelta] = []
    for minute in first + hour * 60..<first + hour * 60 + 60 {
      for series in Self.keys.indices where Int.random(in: 0..<10, using: &random) == 0 {
        deltas.append(delta(series, minute, &random))
      }
    }
    for _ in 0..<Int.random(in: 0...8, using: &random) {
      let minute = first + Int64.random(in: 0...hour * 60 + 59, using: &random)
      deltas.append(delta(Int.random(in: Self.keys.indices, using: &random), minute, &random))
    }
    return deltas
  }

  private func boundaries(_ random: inout SeededGenerator) throws -> [[Timestamp]] {
    let start = Self.start.milliseconds
    let end = start + Self.hours * 3_600_000
    var all: [[Timestamp]] = []
    for name in Self.zones {
      var calendar = Calendar(identifier: .gregorian)
      calendar.timeZone = try #require(TimeZone(identifier: name))
      var day = calendar.startOfDay(for: Date(timeIntervalSince1970: Double(start) / 1000 - 86_400))
      var days: [Timestamp] = []
      while day.timeIntervalSince1970 * 1000 < Double(end) + 86_400_000 {
        days.append(Timestamp(milliseconds: Int64(day.timeIntervalSince1970 * 1000)))
        day = try #require(calendar.date(byAdding: .day, value: 1, to: day))
      }
      all.append(days)
      let first = days.first?.milliseconds ?? start
      for length in [900_000, 3_600_000, 7_200_000] as [Int64] {
        all.append(stride(from: first, through: end, by: Int(length)).map { Timestamp(milliseconds: $0) })
      }
    }
    let minutes = (0..<40).map { _ in start / 60_000 + Int64.random(in: -60...Self.hours * 60, using: &random) }
    all.append(minutes.sorted().map { Timestamp(milliseconds: $0 * 60_000) })
    all.append((0..<12).map { _ in Timestamp(milliseconds: Int64.random(in: start...end, using: &random)) })
    return all
  }

  /// The finest windows that there are.
  private func finest(_ store: GatewayStore, _ key: SeriesKey) async throws -> [(second: Int64, sum: WindowSum)] {
    let columns = "ts, sum, min, max, last, samples, covered_ms, quality, revision"
    let series = "series = (SELECT id FROM series WHERE scope_id = ? AND metric = ? AND scope = 'device')"
    return try await store.perform("read") { db in
      let minutesFrom = try WindowMarks(db).minutesFrom
      let rows = try Row.fetchAll(
        db,
        sql: """
          SELECT \(columns) FROM quarters WHERE \(series) AND ts < \(minutesFrom)
          UNION ALL SELECT \(columns) FROM windows WHERE \(series) ORDER BY ts
          """, arguments: [key.scopeID, key.metric, key.scopeID, key.metric])
      return try rows.map { row in
        let quality: Int = try row.decode(forColumn: "quality")
        return (
          try row.decode(forColumn: "ts"),
          WindowSum(
            sum: try row.decode(forColumn: "sum"), min: try row.decode(forColumn: "min"),
            max: try row.decode(forColumn: "max"), last: try row.decode(forColumn: "last"),
            samples: try row.decode(forColumn: "samples"), coveredMilliseconds: try row.decode(forColumn: "covered_ms"),
            quality: try #require(Quality(rawValue: UInt8(quality))), revision: try row.decode(forColumn: "revision"))
        )
      }
    }
  }

  /// The first window that begins at a second or later.
  private func lower(_ windows: [(second: Int64, sum: WindowSum)], _ second: Int64) -> Int {
    var range = windows.indices
    while !range.isEmpty {
      let middle = range.lowerBound + range.count / 2
      range = windows[middle].second < second ? middle + 1..<range.upperBound : range.lowerBound..<middle
    }
    return range.lowerBound
  }

  private func check(_ store: GatewayStore, _ booked: [Quarter: Double], _ random: inout SeededGenerator) async throws {
    for series in [0, 15, 16, 19] {
      let key = Self.keys[series]
      let windows = try await finest(store, key)
      for times in try boundaries(&random) {
        let seconds = times.map(\.secondRoundedUp)
        let expected = zip(seconds, seconds.dropFirst()).map { start, end in
          windows[lower(windows, start)..<max(lower(windows, start), lower(windows, end))]
            .reduce(nil as WindowSum?) { $0?.followed(by: $1.sum) ?? $1.sum }
        }
        #expect(try await store.sums(of: key, boundaries: times).sums == expected)
      }
      let mine = booked.filter { $0.key.series == series }.sorted { $0.key.start < $1.key.start }
      let first = try #require(mine.first).key.start
      let last = try #require(mine.last).key.start
      let times = stride(from: first, through: last + 900, by: 900).map { Timestamp(milliseconds: $0 * 1000) }
      let sums = try await store.sums(of: key, boundaries: times).sums
      for (time, sum) in zip(times, sums) {
        #expect(sum?.sum == booked[Quarter(series: series, start: time.second)], "nothing is lost or counted twice")
      }
    }
  }

  @Test("Sums are those of the finest windows, whichever levels answer", arguments: [1, 2] as [UInt64])
  func history(seed: UInt64) async throws {
    let directory = try TemporaryDirectory()
    var store = try await directory.open()
    var random = SeededGenerator(seed: seed)
    var booked: [Quarter: Double] = [:]
    for hour in 0..<Self.hours {
      let now = Self.start.advanced(byMilliseconds: (hour + 1) * 3_600_000)
      let deltas = deltas(hour, &random)
      for delta in deltas {
        let start = WindowLevel.quarters.start(of: delta.minute * 60)
        booked[Quarter(series: delta.series, start: start), default: 0] += delta.sum
      }
      try await store.apply(WindowBatch(series: Self.keys, deltas: deltas, closedThrough: now))
      // Behind, in the middle of a day, or up to date.
      if Int.random(in: 0..<4, using: &random) == 0 {
        _ = try await store.sumUpWindows(before: now.advanced(byMilliseconds: -3 * 3_600_000))
      }
      for _ in 0..<Int.random(in: 0...6, using: &random) {
        _ = try await store.removeOldestMinutes(before: now.advanced(byMilliseconds: -40 * 3_600_000))
      }
      if Int.random(in: 0..<8, using: &random) == 0 {
        try await store.close()
        store = try await directory.open()
      }
      if hour % 24 == 20 { try await check(store, booked, &random) }
    }
    while try await store.sumUpWindows(before: noon) > 0 {}
    try await check(store, booked, &random)
    while try await store.removeOldestMinutes(before: noon) > 0 {}
    try await check(store, booked, &random)
    try await store.close()
  }
}
