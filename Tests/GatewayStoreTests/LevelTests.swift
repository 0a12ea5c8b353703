import EnergyModel
import Foundation
import GRDB
import TestSupport
import Testing

@testable import GatewayStore

@Suite("Levels of windows in the store")
struct LevelTests {
  private static let keys = [
    SeriesKey(scope: .device, scopeID: "meter", metric: "powerW"),
    SeriesKey(scope: .site, scopeID: "home", metric: "import"),
  ]
  private static let minute = noon.milliseconds / 60_000
  private static let day: Int64 = 86_400_000

  private func time(_ minutes: Int64) -> Timestamp { noon.advanced(byMilliseconds: minutes * 60_000) }

  private func boundaries(every minutes: Int64, until end: Int64) -> [Timestamp] {
    stride(from: 0, through: end, by: Int(minutes)).map { time(Int64($0)) }
  }

  /// Hours of a gauge and an energy, with gaps.
  private func fill(_ store: GatewayStore, hours: Int64) async throws {
    var random = SeededGenerator(seed: 7)
    var deltas: [WindowDelta] = []
    for minute in Self.minute..<Self.minute + hours * 60 where Int.random(in: 0...4, using: &random) > 0 {
      let value = Double(Int.random(in: -500...500, using: &random))
      deltas.append(
        WindowDelta(
          series: 0, minute: minute, sum: value * 2, range: (value, value - 1, value + 1), samples: 2,
          coveredMilliseconds: 0, quality: minute % 50 == 0 ? .estimated : .good))
      deltas.append(
        WindowDelta(series: 1, minute: minute, sum: value.magnitude, samples: 1, coveredMilliseconds: 60_000))
    }
    try await store.apply(WindowBatch(series: Self.keys, deltas: deltas, closedThrough: noon))
  }

  private func read(_ store: GatewayStore, _ times: [[Timestamp]]) async throws -> [[SeriesSums]] {
    var all: [[SeriesSums]] = []
    for key in Self.keys {
      var sums: [SeriesSums] = []
      for time in times { sums.append(try await store.sums(of: key, boundaries: time)) }
      all.append(sums)
    }
    return all
  }

  private func rows(_ store: GatewayStore, _ table: String) async throws -> Int {
    try await store.perform("count") { try Int.fetchOne($0, sql: "SELECT count(*) FROM \(table)") ?? 0 }
  }

  @Test("Coarse windows say the same as the minutes that they are made of, also when these are gone")
  func same() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    try await fill(store, hours: 48)
    let times = [15, 60, 360, 48 * 60].map { boundaries(every: $0, until: 48 * 60) }
    let before = try await read(store, times)
    let heard = try await store.presence(deviceID: "meter", hold: 60_000, boundaries: times[1])
    #expect(try await store.removeOldestMinutes(before: time(9000)) == 0, "they are not summed up")
    // The day that is not over stays as it is.
    while try await store.sumUpWindows(before: time(48 * 60)) > 0 { #expect(try await read(store, times) == before) }
    #expect(try await rows(store, "days") == 4)
    #expect(try await store.presence(deviceID: "meter", hold: 60_000, boundaries: times[1]) == heard)
    var steps = 0
    while try await store.removeOldestMinutes(before: time(9000)) > 0 {
      steps += 1
      if steps % 8 == 0 { #expect(try await read(store, times) == before) }
    }
    #expect(steps == 72, "half an hour at a time")
    #expect(try await store.oldestMinute() == time(36 * 60))
    let rough = try await store.presence(deviceID: "meter", hold: 60_000, boundaries: times[1])
    #expect(rough.milliseconds.prefix(36).allSatisfy { $0 == 3_600_000 }, "a quarter of an hour counts as a whole")
    #expect(rough.milliseconds.dropFirst(36) == heard.milliseconds.dropFirst(36))
    try await store.close()
  }

  @Test("A device was heard where any of its series was, each minute once, and estimates do not count")
  func presence() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    var random = SeededGenerator(seed: 3)
    let keys = ["powerW", "import", "export"].map { SeriesKey(scope: .device, scopeID: "meter", metric: $0) }
    var deltas: [WindowDelta] = []
    for number in 0..<6000 {
      let series = number % 3
      // Some days are dense, others silent.
      let day = Int64.random(in: 0..<8, using: &random) * 5
      let minute: Int64 = Self.minute + day * 1440 + Int64.random(in: 0..<1440, using: &random)
      let isEstimated = Int.random(in: 0..<4, using: &random) == 0
      deltas.append(
        WindowDelta(
          series: series, minute: minute, sum: 1, range: series == 0 ? (1, 1, 1) : nil, samples: 1,
          coveredMilliseconds: 60_000, quality: isEstimated ? .estimated : .good))
    }
    // The worst quality of a window counts.
    var heard: Set<Int64> = []
    for series in keys.indices {
      let mine = deltas.filter { $0.series == series }
      let estimated = Set(mine.filter { $0.quality == .estimated }.map(\.minute))
      heard.formUnion(mine.map(\.minute).filter { series == 0 || !estimated.contains($0) })
    }
    try await store.apply(WindowBatch(series: keys, deltas: deltas, closedThrough: noon))
    let days = boundaries(every: 1440, until: 41 * 1440)
    let presence = try await store.presence(deviceID: "meter", hold: 60_000, boundaries: days)
    for (index, milliseconds) in presence.milliseconds.enumerated() {
      let first = Self.minute + Int64(index) * 1440
      let count = heard.filter { (first..<first + 1440).contains($0) }.count
      #expect(milliseconds == Int64(count) * 60_000)
    }
    try await store.close()
  }

  @Test("What comes late goes into every level, whether its minutes are there or gone")
  func late() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    func give(_ sum: Double) async throws {
      let delta = WindowDelta(series: 1, minute: Self.minute, sum: sum, samples: 1, coveredMilliseconds: 10_000)
      try await store.apply(WindowBatch(series: Self.keys, deltas: [delta], closedThrough: noon))
    }
    let limit = time(2 * 1440)
    try await give(1)
    #expect(try await store.sumUpWindows(before: limit) == 1)
    #expect(try await store.sumUpWindows(before: limit) == 0)
    try await give(2)
    let times = [[0, 1], [0, 15], [0, 60], [-720, 720]].map { $0.map { time(Int64($0)) } }
    for sums in try await read(store, times)[1] {
      #expect(sums.sums[0]?.sum == 3)
      #expect(sums.sums[0]?.coveredMilliseconds == 20_000)
    }
    #expect(try await store.removeOldestMinutes(before: limit) == 1)
    try await give(4)
    try await store.apply(
      WindowBatch(
        series: Self.keys,
        deltas: [
          WindowDelta(
            series: 1, minute: Self.minute - 10, sum: 1, samples: 1, coveredMilliseconds: 0, quality: .estimated)
        ], closedThrough: noon))
    #expect(try await rows(store, "windows") == 0)
    #expect(try await read(store, times)[1].map { $0.sums[0]?.sum } == [7, 7, 7, 8])
    let all = try await store.sums(of: Self.keys[1], boundaries: times[3]).sums[0]
    #expect(all?.quality == .estimated)
    #expect((all?.revision ?? 0) > 0)
    try await store.close()
  }

  @Test("What is too old goes by the day, in all levels at once")
  func removal() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    try await fill(store, hours: 48)
    let end = time(9 * 1440)
    while try await store.sumUpWindows(before: end) > 0 {}
    #expect(try await store.removeOldestSums(before: end) == 0, "their minutes are there")
    while try await store.removeOldestMinutes(before: end) > 0 {}
    #expect(try await store.removeOldestSums(before: noon) == 0)
    #expect(try await store.removeOldestSums(before: time(1440)) == 2 * 48)
    #expect(try await store.removeOldestSums(before: time(1440)) == 0)
    // Longer windows lie in the file until their bucket is over, and nobody sees them.
    let sums = try await store.sums(of: Self.keys[1], boundaries: [time(-2880), time(720), end])
    #expect(sums.sums[0] == nil && sums.sums[1] != nil)
    #expect(try await store.removeOldestSums(before: end) == 2 * (96 + 36), "and the bucket of hours that ends then")
    #expect(try await store.removeOldestSums(before: end) == 0, "minutes of that day can still come")
    try await store.close()
  }

  @Test("A month is read from its days, in any zone, with hours and quarters at its edges")
  func plan() {
    func pieces(_ start: Int64, _ end: Int64) -> [WindowPlan.Piece] {
      var plan = WindowPlan(summedThrough: 40 * 86_400, minutesFrom: 86_400)
      plan.add(start..<end)
      return plan.pieces
    }
    let kolkata: Int64 = -19_800
    #expect(
      pieces(86_400 * 2 + kolkata, 86_400 * 32 + kolkata) == [
        .init(level: .quarters, seconds: 153_000..<154_800), .init(level: .hours, seconds: 154_800..<172_800),
        .init(level: .days, seconds: 172_800..<2_678_400), .init(level: .hours, seconds: 2_678_400..<2_743_200),
        .init(level: .quarters, seconds: 2_743_200..<2_745_000),
      ])
    #expect(
      pieces(60, 86_520) == [
        .init(level: .quarters, seconds: 60..<3600), .init(level: .hours, seconds: 3600..<86_400),
        .init(level: .minutes, seconds: 86_400..<86_520),
      ])
    #expect(
      pieces(40 * 86_400 - 3600, 50 * 86_400) == [
        .init(level: .hours, seconds: 3_452_400..<3_456_000), .init(level: .minutes, seconds: 3_456_000..<4_320_000),
      ])
  }

  @Test("A database in which quarters took the place of old minutes says the same at every step of its new levels")
  func migration() async throws {
    let directory = try TemporaryDirectory()
    var store = try await directory.open()
    try await fill(store, hours: 72)
    let times = [15, 60, 180, 72 * 60].map { boundaries(every: $0, until: 72 * 60) }
    func values() async throws -> [[SeriesSums]] {
      try await read(store, times).map { sums in
        sums.map { sums in
          // Putting minutes together was counted as a revision.
          SeriesSums(
            first: sums.first,
            sums: sums.sums.map { sum in
              var sum = sum
              sum?.revision = 0
              return sum
            })
        }
      }
    }
    let before = try await values()
    try await store.perform("go back") { db in
      let limit = noon.second + 30 * 3600
      // The last of a quarter came late for what was put together already.
      let late = try Int64.fetchOne(
        db, sql: "SELECT max(ts) FROM windows WHERE series = 1 AND ts < ?", arguments: [noon.second + 900])
      try db.execute(
        sql: """
          INSERT INTO quarters SELECT ts / 86400, series, ts - ts % 900, sum(sum), max(last) FILTER (WHERE newest),
            min(min), max(max), sum(samples), sum(covered_ms), max(quality), sum(revision)
          FROM (SELECT *, ts = max(ts) OVER (PARTITION BY series, ts / 900) AS newest FROM windows
            WHERE ts < ?1 AND NOT (series = 1 AND ts = ?2)) GROUP BY series, ts / 900
          """, arguments: [limit, late])
      try db.execute(
        sql: "DELETE FROM windows WHERE ts < ?1 AND NOT (series = 1 AND ts = ?2)", arguments: [limit, late])
      try db.execute(sql: "DROP TABLE hours; DROP TABLE days")
      try db.execute(sql: "DELETE FROM grdb_migrations WHERE identifier LIKE '8 windows%'")
    }
    try await store.close()
    store = try await directory.open()
    #expect(try await store.oldestMinute() == time(30 * 60))
    #expect(try await values() == before)
    while try await store.sumUpWindows(before: time(9 * 1440)) > 0 {
      #expect(try await values() == before)
      try await store.close()
      store = try await directory.open()
    }
    #expect(try await rows(store, "days") == 8)
    #expect(try await rows(store, "hours") == 144)
    try await store.close()
  }
}
