import EnergyModel
import Foundation
import GRDB
import TestSupport
import Testing

@testable import GatewayStore

@Suite("Old windows in the store")
struct QuarterTests {
  private static let keys = [
    SeriesKey(scope: .device, scopeID: "meter", metric: "powerW"),
    SeriesKey(scope: .site, scopeID: "home", metric: "import"),
  ]
  private static let minute = noon.milliseconds / 60_000

  /// Six hours of a gauge and an energy, with gaps.
  private func fill(_ store: GatewayStore) async throws {
    var random = SeededGenerator(seed: 7)
    var deltas: [WindowDelta] = []
    for minute in Self.minute..<Self.minute + 360 where Int.random(in: 0...4, using: &random) > 0 {
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

  private func boundaries(every minutes: Int64) -> [Timestamp] {
    stride(from: 0, through: 360, by: Int(minutes)).map { noon.advanced(byMilliseconds: Int64($0) * 60_000) }
  }

  @Test("Quarters of an hour say the same as the minutes that they are made of, whole or in part")
  func same() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    try await fill(store)
    let times = [15, 60, 360].map(boundaries(every:))
    var before: [[SeriesSums]] = []
    for key in Self.keys {
      var sums: [SeriesSums] = []
      for time in times { sums.append(try await store.sums(of: key, boundaries: time)) }
      before.append(sums)
    }
    let presence = try await store.presence(deviceID: "meter", hold: 900_000, boundaries: times[1])
    var steps = 0
    for limit in [200, 400] {
      while try await store.rollUpMinutes(before: noon.advanced(byMilliseconds: Int64(limit) * 60_000)) > 0 {
        steps += 1
      }
      for (index, key) in Self.keys.enumerated() {
        for (position, time) in times.enumerated() {
          #expect(try await store.sums(of: key, boundaries: time) == before[index][position])
        }
      }
    }
    #expect(steps == 12, "half an hour at a time")
    #expect(try await store.oldestMinute() == nil)
    let after = try await store.presence(deviceID: "meter", hold: 900_000, boundaries: times[1])
    #expect(after.milliseconds == presence.milliseconds.map { _ in 3_600_000 })
    try await store.close()
  }

  @Test("Many times at once are the same as one after the other")
  func onePass() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    try await fill(store)
    while try await store.rollUpMinutes(before: noon.advanced(byMilliseconds: 200 * 60_000)) > 0 {}
    let before = (1...3).map { noon.advanced(byMilliseconds: Int64($0 - 4) * 3_600_000) }
    let times = before + boundaries(every: 15) + [noon.advanced(byMilliseconds: 86_400_000)]
    for key in Self.keys {
      let all = try await store.sums(of: key, boundaries: times).sums
      #expect(all.count == times.count - 1 && all.first == .some(nil))
      for (index, sum) in all.enumerated() {
        #expect(try await store.sums(of: key, boundaries: Array(times[index...index + 1])).sums == [sum])
      }
    }
    try await store.close()
  }

  @Test("What comes late for minutes that are quarters already is added to them")
  func late() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    func give(_ sum: Double) async throws {
      let delta = WindowDelta(series: 1, minute: Self.minute, sum: sum, samples: 1, coveredMilliseconds: 10_000)
      try await store.apply(WindowBatch(series: Self.keys, deltas: [delta], closedThrough: noon))
    }
    let limit = noon.advanced(byMilliseconds: 86_400_000)
    try await give(1)
    #expect(try await store.rollUpMinutes(before: limit) == 1)
    try await give(2)
    #expect(try await store.rollUpMinutes(before: limit) == 1)
    let total = try await store.sums(of: Self.keys[1], boundaries: [noon, limit]).sums[0]
    #expect(total?.sum == 3)
    #expect(total?.coveredMilliseconds == 20_000)
    #expect((total?.revision ?? 0) > 0)
    try await store.close()
  }

  @Test("Quarters of an hour go by the day")
  func removal() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    try await fill(store)
    let end = noon.advanced(byMilliseconds: 4 * 86_400_000)
    while try await store.rollUpMinutes(before: end) > 0 {}
    #expect(try await store.removeOldestQuarters(before: noon) == 0)
    #expect(try await store.removeOldestQuarters(before: end) == 48)
    #expect(try await store.removeOldestQuarters(before: end) == 0)
    #expect(try await store.space().usedBytes > 0)
    try await store.close()
  }
}
