import EnergyModel
import Foundation
import GRDB
import Testing

@testable import GatewayStore

@Suite("Raw readings in the store")
struct RawReadingTests {
  private static let keys = ["powerW", "chargingState", "serialNumber"].map {
    RawSeriesNames.Key(deviceID: "battery", field: $0)
  }
  private static let ages: (past: Timestamp, future: Timestamp) = (
    Timestamp(milliseconds: 0), noon.advanced(byMilliseconds: 86_400_000)
  )

  /// Flush number n: a power that says the number, ten seconds after the one before.
  private func batch(_ names: RawSeriesNames, _ number: Int, words: [RawWord] = []) -> RawBatch {
    let at = noon.advanced(byMilliseconds: Int64(number) * 10_000)
    return RawBatch(
      names: names,
      samples: [RawSample(series: 0, value: Double(number), quality: .good, observedAt: at.milliseconds)],
      words: words, at: at)
  }

  private func numbers(_ store: GatewayStore, _ key: RawSeriesNames.Key = keys[0]) async throws -> [Double] {
    try await store.rawReadings(of: key, from: Self.ages.past, until: Self.ages.future).compactMap(\.value.number)
  }

  private func groups(_ store: GatewayStore) async throws -> Int? {
    try await store.perform("count") { try Int.fetchOne($0, sql: "SELECT count(*) FROM raw_groups") }
  }

  @Test("What was flushed is read again in order of time, before it is put together and after")
  func sealing() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    let names = RawSeriesNames(Self.keys)
    for number in 0..<30 { try await store.append(batch(names, number)) }
    let early = noon.advanced(byMilliseconds: 290_000)
    #expect(try await store.sealRaw(at: early) == nil)
    #expect(try await numbers(store) == (0..<30).map(Double.init))
    #expect(try await store.sealRaw(at: noon.advanced(byMilliseconds: 600_000)) == 0)
    #expect(try await groups(store) == 0)
    for number in 30..<40 { try await store.append(batch(names, number)) }
    #expect(try await numbers(store) == (0..<40).map(Double.init))
    let some = try await store.rawReadings(
      of: Self.keys[0], from: noon.advanced(byMilliseconds: 280_000), until: noon.advanced(byMilliseconds: 320_000))
    #expect(some.map(\.observedAt.milliseconds) == [280, 290, 300, 310].map { noon.milliseconds + $0 * 1000 })
    #expect(try await store.rawTotals().readings == 40)
    #expect(try await store.rawTotals().oldest == noon)
    try await store.close()
  }

  @Test("Many readings are put together before ten minutes are over, a part at a time")
  func sealingByNumber() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    let names = RawSeriesNames(Self.keys)
    for number in 0..<30 { try await store.append(batch(names, number)) }
    #expect(try await store.sealRaw(at: noon, readings: 20) == 0)
    #expect(try await groups(store) == 10)
    #expect(try await numbers(store) == (0..<30).map(Double.init))
    try await store.close()
  }

  @Test("Labels, texts, flags and missing values keep their meaning, quality and time")
  func words() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    let flag = try #require(Field.all.first { $0.type == .flag })
    let names = RawSeriesNames(Self.keys + [.init(deviceID: "battery", field: flag.name)])
    let values: [(UInt32, ReadingValue, Quality)] = [
      (1, .label("charging"), .good), (1, .null, .missing), (1, .label("charging"), .estimated),
      (2, .text("A-1"), .good), (3, .flag(true), .good), (3, .flag(false), .bad),
    ]
    let words = values.enumerated().map { index, value in
      RawWord(
        series: value.0, value: value.1, quality: value.2,
        observedAt: noon.advanced(byMilliseconds: Int64(index)))
    }
    try await store.append(RawBatch(names: names, words: words, at: noon))
    for isSealed in [false, true] {
      if isSealed { try await store.sealRaw(at: noon.advanced(byMilliseconds: 600_000)) }
      var found: [RawReading] = []
      for key in names.keys.dropFirst() {
        found += try await store.rawReadings(of: key, from: Self.ages.past, until: Self.ages.future)
      }
      #expect(found.map(\.value) == values.map(\.1))
      #expect(found.map(\.quality) == values.map(\.2))
      #expect(found.map(\.observedAt) == words.map(\.observedAt))
    }
    try await store.close()
  }

  @Test("After kill -9 exactly the groups are there whose flush returned")
  func kill() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    let names = RawSeriesNames(Self.keys)
    for number in 0..<100 {
      try await store.append(batch(names, number))
      if number % 7 == 3 {
        try await store.sealRaw(at: noon.advanced(byMilliseconds: 600_000 + Int64(number) * 10_000))
      }
      guard number % 10 == 0 else { continue }
      // What the disk has at this moment, as a process that is killed leaves it.
      let left = try TemporaryDirectory()
      for suffix in ["", "-wal"] {
        try FileManager.default.copyItem(atPath: directory.storePath + suffix, toPath: left.storePath + suffix)
      }
      let again = try await left.open()
      #expect(try await numbers(again) == (0...number).map(Double.init))
      try await again.close()
    }
    try await store.close()
  }

  @Test("A series that is new in a flush that failed has the right readings in the next one")
  func failure() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    let names = RawSeriesNames(Self.keys)
    try await store.perform("break") { try $0.execute(sql: "ALTER TABLE raw_groups RENAME TO broken") }
    await #expect(throws: GatewayStoreError.self) { try await store.append(batch(names, 1)) }
    try await store.perform("mend") { try $0.execute(sql: "ALTER TABLE broken RENAME TO raw_groups") }
    let other = RawSeriesNames([.init(deviceID: "meter", field: "powerW")])
    try await store.append(batch(other, 2))
    try await store.append(batch(names, 3))
    #expect(try await numbers(store) == [3])
    #expect(try await numbers(store, other.keys[0]) == [2])
    try await store.close()
  }

  @Test("The oldest block goes alone, and only when all of it is old")
  func retention() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    let names = RawSeriesNames(Self.keys)
    for block in 0..<3 {
      for number in 0..<5 { try await store.append(batch(names, block * 5 + number)) }
      try await store.sealRaw(at: noon.advanced(byMilliseconds: 6_000_000))
    }
    let limit = noon.advanced(byMilliseconds: 95_000)
    #expect(try await store.removeOldestRaw(before: limit) == 5)
    #expect(try await numbers(store) == (5..<15).map(Double.init))
    #expect(try await store.removeOldestRaw(before: limit) == 5)
    #expect(try await store.removeOldestRaw(before: limit) == 0)
    #expect(try await numbers(store) == (10..<15).map(Double.init))
    try await store.close()
  }

  @Test("A damaged group is left out, the others are kept")
  func damagedGroup() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    let names = RawSeriesNames(Self.keys)
    for number in 0..<3 { try await store.append(batch(names, number)) }
    try await store.perform("damage") { try $0.execute(sql: "UPDATE raw_groups SET data = x'0102' WHERE id = 2") }
    #expect(try await store.sealRaw(at: noon.advanced(byMilliseconds: 600_000)) == 1)
    #expect(try await numbers(store) == [0, 2])
    try await store.close()
  }
}
