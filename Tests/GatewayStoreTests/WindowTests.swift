import EnergyModel
import Foundation
import GRDB
import Testing

@testable import GatewayStore

@Suite("Windows in the store")
struct WindowTests {
  private static let key = SeriesKey(scope: .site, scopeID: "home", metric: "import")
  private static let gauge = SeriesKey(scope: .device, scopeID: "meter", metric: "powerW")
  private static let minute = noon.milliseconds / 60_000

  private func batch(_ deltas: [WindowDelta], closedThrough: Timestamp) -> WindowBatch {
    WindowBatch(series: [Self.key, Self.gauge], deltas: deltas, closedThrough: closedThrough)
  }

  private func energy(_ minute: Int64, _ wattHours: Double, covered: Double = 60_000) -> WindowDelta {
    WindowDelta(series: 0, minute: minute, sum: wattHours, samples: 1, coveredMilliseconds: covered)
  }

  private func sum(_ store: GatewayStore, _ key: SeriesKey = key, minutes: Int64 = 1) async throws -> WindowSum? {
    try await store.sums(of: key, boundaries: [noon, noon.advanced(byMilliseconds: minutes * 60_000)]).sums[0]
  }

  @Test("Deltas add up, whether in one batch or in several")
  func addition() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    try await store.apply(
      batch([energy(Self.minute, 1, covered: 20_000), energy(Self.minute, 2, covered: 10_000)], closedThrough: noon))
    try await store.apply(batch([energy(Self.minute, 4, covered: 30_000)], closedThrough: noon))
    let total = try #require(try await sum(store))
    #expect(total.sum == 7)
    #expect(total.coveredMilliseconds == 60_000)
    #expect(total.samples == 3)
    #expect(total.revision == 0)
    #expect(total.min == nil)
  }

  @Test("A gauge keeps lowest, highest and last value; the worst quality counts")
  func gauge() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    func delta(_ value: Double, _ quality: Quality) -> WindowDelta {
      WindowDelta(
        series: 1, minute: Self.minute, sum: value, range: (value, value, value), samples: 1, coveredMilliseconds: 0,
        quality: quality)
    }
    try await store.apply(batch([delta(5, .good), delta(-3, .estimated)], closedThrough: noon))
    try await store.apply(batch([delta(2, .good)], closedThrough: noon))
    let total = try #require(try await sum(store, Self.gauge))
    #expect(total.sum == 4)
    #expect((total.min, total.max, total.last) == (-3, 5, 2))
    #expect(total.quality == .estimated)
  }

  @Test("What is added to a closed window raises its revision; an open window may grow")
  func revision() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    let end = noon.advanced(byMilliseconds: 60_000)
    try await store.apply(batch([energy(Self.minute, 1)], closedThrough: noon.advanced(byMilliseconds: 30_000)))
    try await store.apply(batch([energy(Self.minute, 1)], closedThrough: end.advanced(byMilliseconds: -1000)))
    #expect(try await sum(store)?.revision == 0)
    // Nothing more for this window: passing its end alone closes it.
    try await store.apply(batch([energy(Self.minute + 1, 1)], closedThrough: end))
    try await store.apply(batch([energy(Self.minute, 1)], closedThrough: end))
    #expect(try await sum(store)?.revision == 1)
    #expect(try await sum(store)?.sum == 3)
  }

  @Test("Days follow the boundaries that are asked for: the day of 23 hours in Berlin, and none outside")
  func boundaries() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    // 2026-03-29: midnight is 23:00Z the day before, the next one is 22:00Z.
    let start = try #require(Timestamp(rfc3339: "2026-03-28T23:00:00Z"))
    let end = try #require(Timestamp(rfc3339: "2026-03-29T22:00:00Z"))
    let first = start.milliseconds / 60_000
    let deltas = (0..<(25 * 60)).map { energy(first - 60 + Int64($0), 1) }
    try await store.apply(batch(deltas, closedThrough: end))
    let days = try await store.sums(
      of: Self.key,
      boundaries: [start.advanced(byMilliseconds: -86_400_000), start, end, end.advanced(byMilliseconds: 86_400_000)])
    #expect(days.sums.map { $0?.sum } == [60, 23 * 60, 60])
    #expect(days.first == start.advanced(byMilliseconds: -3_600_000))
    #expect(try await store.sums(of: Self.key, boundaries: [noon, noon]).sums == [nil])
    #expect(try await store.sums(of: Self.key, boundaries: [noon]).sums.isEmpty)
    #expect(try await store.sums(of: Self.gauge, boundaries: [start, end]).sums == [nil])
    let endless = [Timestamp(milliseconds: .min), Timestamp(milliseconds: .max)]
    #expect(try await store.sums(of: Self.key, boundaries: endless).sums.map { $0?.sum } == [25 * 60])
  }

  @Test("Older windows that arrive later are found")
  func backfill() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    try await store.apply(batch([energy(Self.minute, 1)], closedThrough: noon))
    try await store.apply(batch([energy(Self.minute - 5000, 2)], closedThrough: noon))
    let sums = try await store.sums(
      of: Self.key,
      boundaries: [noon.advanced(byMilliseconds: -86_400_000 * 10), noon.advanced(byMilliseconds: 60_000)])
    #expect(sums.sums[0]?.sum == 3)
  }

  @Test("Windows, accumulators and latest values are saved together or not at all")
  func atomicity() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    let pages = try await store.perform("look") { try Int.fetchOne($0, sql: "PRAGMA page_count") ?? 0 }
    try await store.perform("limit") { try $0.execute(sql: "PRAGMA max_page_count = \(pages)") }
    var state = AccumulatorState()
    state.value = 5
    let power = try #require(Field.named("powerW"))
    var large = batch((0..<5000).map { energy(Self.minute + $0, 1) }, closedThrough: noon)
    large.accumulators = [AccumulatorRecord(deviceID: "meter", name: "powerW", state: state)]
    large.latest = [
      LatestRecord(
        deviceID: "meter", reading: Reading(field: power, value: .number(5), observedAt: noon, receivedAt: noon))
    ]
    await #expect(throws: GatewayStoreError.self) { try await store.apply(large) }
    #expect(try await store.accumulators().isEmpty)
    #expect(try await store.latestValues().isEmpty)
    #expect(try await sum(store, minutes: 5000) == nil)
    try await store.perform("limit") { try $0.execute(sql: "PRAGMA max_page_count = 1000000") }
    try await store.apply(large)
    #expect(try await store.accumulators() == large.accumulators)
    #expect(try await store.latestValues() == large.latest)
    #expect(try await sum(store, minutes: 5000)?.sum == 5000)
  }

  @Test("Latest values keep their type")
  func latestTypes() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    let values: [(String, ReadingValue)] = [
      ("powerW", .number(-3.5)), ("chargingState", .label("charging")), ("serialNumber", .text("")),
      ("switchOn", .flag(true)), ("socPercent", .null),
    ]
    let records = try values.map { name, value in
      LatestRecord(
        deviceID: "d",
        reading: Reading(
          field: try #require(Field.named(name)), value: value, quality: .suspect, observedAt: noon, receivedAt: noon))
    }
    var first = batch([], closedThrough: noon)
    first.latest = records
    try await store.apply(first)
    #expect(Set(try await store.latestValues()) == Set(records))
  }

  @Test("A number that is none is left out and does not block the others")
  func notANumber() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    let deltas = [energy(Self.minute, .nan), energy(Self.minute, 1), energy(.max, 1)]
    try await store.apply(batch(deltas, closedThrough: noon))
    #expect(try await sum(store)?.sum == 1)
  }
}
