import EnergyModel
import Foundation
import GRDB
import Logging
import Testing
import TestSupport
import TimeSource

@testable import GatewayStore
@testable import TelemetryPipeline

/// A pipeline on a real SQLite file, with a clock that the test turns.
final class Rig: Sendable {
  let directory: URL
  let clock: TestClock
  let layout: PipelineLayout

  /// Where the store is.
  var file: String { directory.appendingPathComponent("heddle.sqlite").path }

  init(_ devices: [PipelineLayout.Device], from start: Int64 = noon, clock: TestClock? = nil) throws {
    directory = FileManager.default.temporaryDirectory.appendingPathComponent("heddle-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    self.clock = clock ?? TestClock(wall: Timestamp(milliseconds: start))
    layout = PipelineLayout(devices: devices)
  }

  deinit { try? FileManager.default.removeItem(at: directory) }

  static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  func open() async throws -> GatewayStore {
    try await GatewayStore.open(path: file, now: clock.now, logger: Self.logger)
  }

  func pipeline(
    _ store: GatewayStore, limits: PipelineLimits = PipelineLimits()
  ) async throws -> (pipeline: TelemetryPipeline, producer: TelemetryProducer) {
    let pipeline = try await TelemetryPipeline(
      layout: layout, store: store, time: clock.source, limits: limits, logger: Self.logger)
    return (pipeline, pipeline.makeProducer(link: "bus"))
  }

  func reading(_ field: String, _ value: ReadingValue, quality: Quality = .good) throws -> Reading {
    Reading(
      field: try #require(Field.named(field)), value: value, quality: quality, observedAt: clock.now,
      receivedAt: clock.now)
  }

  /// A minute of a battery that discharges with 3.6 kW, a reading each ten seconds.
  func minute(_ producer: TelemetryProducer, count: Double) throws {
    for step in 0..<6 {
      clock.advance(by: .seconds(10))
      producer.accept(
        [
          try reading("powerW", .number(3600)), try reading("energyDischargedTotalWh", .number(count + Double(step))),
          try reading("socPercent", .number(50)), try reading("chargingState", .label("discharging")),
        ], device: 0)
      producer.accept([try reading("powerW", .number(1800))], device: 1)
    }
  }
}

private let battery = Home.device(
  "battery", .battery, ["powerW", "energyDischargedTotalWh", "socPercent", "chargingState", "reservePercent"])
private let grid = Home.device("grid", .meter, ["powerW"], role: .grid)

@Suite("The pipeline on a real store")
struct PipelineTests {
  private static let hour = [Timestamp(milliseconds: noon), Timestamp(milliseconds: noon + 3_600_000)]

  private func totals(_ pipeline: TelemetryPipeline) async throws -> [EnergyMetric: Double?] {
    let usage = try await pipeline.usage(
      .site, id: "home", metrics: EnergyMetric.allCases, boundaries: Self.hour)
    return usage.mapValues { $0[0].wattHours }
  }

  @Test("A restart in the middle gives the same sums as none")
  func restart() async throws {
    let whole = try Rig([battery, grid])
    let parts = try Rig([battery, grid])
    let (pipeline, producer) = try await whole.pipeline(try await whole.open())
    for minute in 0..<6 { try whole.minute(producer, count: 1000 + Double(minute) * 6) }
    let expected = try await totals(pipeline)
    #expect(isClose(expected[.gridImport] ?? nil, 1800 * 350 / 3600))
    await pipeline.stop()

    for start in [0, 2, 4] {
      let store = try await parts.open()
      let (pipeline, producer) = try await parts.pipeline(store)
      for minute in start..<(start + 2) { try parts.minute(producer, count: 1000 + Double(minute) * 6) }
      await pipeline.stop()
      try await store.close()
    }
    let store = try await parts.open()
    let (last, _) = try await parts.pipeline(store)
    let found = try await totals(last)
    for (metric, value) in expected {
      #expect(isClose(found[metric] ?? nil, value ?? .nan) || (found[metric] ?? nil) == value, "\(metric)")
    }
    await last.stop()
  }

  @Test("A crash loses at most what came after the last flush, and counts nothing twice")
  func crash() async throws {
    let rig = try Rig([battery, grid])
    let store = try await rig.open()
    do {
      let (pipeline, producer) = try await rig.pipeline(store)
      try rig.minute(producer, count: 1000)
      try await pipeline.flush()
      try rig.minute(producer, count: 1006)
      // No stop and no flush: what the second minute brought was only in memory.
    }
    let (pipeline, producer) = try await rig.pipeline(store)
    try rig.minute(producer, count: 1012)
    let found = try await totals(pipeline)
    // The counter and the power (the gap is a minute) both reach over the minute that was lost.
    #expect(isClose(found[.discharge] ?? nil, 17))
    #expect(isClose(found[.gridImport] ?? nil, 1800 * 170 / 3600))
    await pipeline.stop()
  }

  @Test("A full disk: windows are held and saved when there is space, the numbers are the same")
  func diskFull() async throws {
    let rig = try Rig([battery, grid])
    let store = try await rig.open()
    let (pipeline, producer) = try await rig.pipeline(store)
    let pages = try await store.perform("look") { try Int.fetchOne($0, sql: "PRAGMA page_count") ?? 0 }
    try await store.perform("limit") { try $0.execute(sql: "PRAGMA max_page_count = \(pages)") }
    // So long that it does not fit into the free space of the pages that are there.
    for minute in 0..<40 { try rig.minute(producer, count: 1000 + Double(minute) * 6) }
    await #expect {
      try await pipeline.flush()
    } throws: { error in
      (error as? GatewayStoreError)?.code == .diskFull
    }
    #expect(pipeline.statistics.failedFlushes == 1)
    #expect(pipeline.statistics.lastFlushError?.contains("free space") == true)
    #expect(pipeline.statistics.pendingWindows > 40)
    #expect(pipeline.latest("battery")?.first?.value == .number(3600))
    try rig.minute(producer, count: 1000 + 40 * 6)
    try? await pipeline.flush()
    #expect(pipeline.statistics.failedFlushes == 2)
    try await store.perform("limit") { try $0.execute(sql: "PRAGMA max_page_count = 1000000") }
    try await pipeline.flush()
    #expect(pipeline.statistics.failedFlushes == 0)
    #expect(pipeline.statistics.pendingWindows == 0)
    let found = try await totals(pipeline)
    #expect(isClose(found[.discharge] ?? nil, Double(41 * 6 - 1)))
    #expect(isClose(found[.gridImport] ?? nil, 1800 * Double(41 * 60 - 10) / 3600))
    await pipeline.stop()
  }

  @Test("Without a grid meter the household's load is unknown, not zero")
  func noGridMeter() async throws {
    let rig = try Rig([battery])
    let (pipeline, producer) = try await rig.pipeline(try await rig.open())
    for minute in 0..<2 {
      for step in 0..<6 {
        rig.clock.advance(by: .seconds(10))
        producer.accept(
          [try rig.reading("energyDischargedTotalWh", .number(1000 + Double(minute * 6 + step)))], device: 0)
      }
    }
    let usage = try await pipeline.usage(
      .site, id: "home", metrics: [.consumption, .discharge], boundaries: Self.hour)
    #expect(usage[.consumption] == [EnergyValue()])
    #expect(isClose(usage[.discharge]?[0].wattHours, 11))
    await pipeline.stop()
  }

  @Test("A grid meter that gave nothing makes the load unknown although the others are known")
  func deadGridMeter() async throws {
    let rig = try Rig([battery, grid])
    let (pipeline, producer) = try await rig.pipeline(try await rig.open())
    for _ in 0..<2 { try rig.minute(producer, count: 1000) }
    let first = Timestamp(milliseconds: noon)
    rig.clock.advance(by: .seconds(3600))
    let later = rig.clock.now
    for step in 0..<12 {
      rig.clock.advance(by: .seconds(10))
      producer.accept([try rig.reading("powerW", .number(3600 + Double(step)))], device: 0)
      producer.accept([try rig.reading("energyDischargedTotalWh", .number(2000 + Double(step)))], device: 0)
    }
    let usage = try await pipeline.usage(
      .site, id: "home", metrics: [.consumption, .discharge, .gridImport],
      boundaries: [first, first.advanced(byMilliseconds: 120_000), later, rig.clock.now])
    #expect(usage[.consumption]?[0].wattHours != nil)
    #expect(usage[.consumption]?[2].wattHours == nil)
    #expect(usage[.gridImport]?[2].wattHours == nil)
    #expect(usage[.discharge]?[2].wattHours != nil)
    await pipeline.stop()
  }

  @Test("A gauge becomes stale by the monotonic clock; counters and settings only age")
  func staleness() async throws {
    let rig = try Rig([battery])
    let (pipeline, producer) = try await rig.pipeline(try await rig.open())
    producer.accept(
      [
        try rig.reading("powerW", .number(-1000)), try rig.reading("energyDischargedTotalWh", .number(5)),
        try rig.reading("chargingState", .label("charging")), try rig.reading("reservePercent", .number(20)),
      ], device: 0)
    func qualities() -> [String: Quality] {
      Dictionary(uniqueKeysWithValues: pipeline.latest(0).map { ($0.field.name, $0.quality) })
    }
    #expect(qualities()["powerW"] == .good)
    #expect(qualities()["socPercent"] == .missing)
    #expect(pipeline.latest(0).first { $0.field.name == "chargePowerW" }?.value == .number(1000))
    #expect(pipeline.latest(0).first { $0.field.name == "dischargePowerW" }?.value == .number(0))
    // A step of the wall clock makes nothing old.
    rig.clock.jumpWall(byMilliseconds: 3_600_000)
    #expect(qualities()["powerW"] == .good)
    rig.clock.advance(by: .seconds(31))
    #expect(qualities()["powerW"] == .stale)
    #expect(qualities()["chargingState"] == .stale)
    #expect(qualities()["chargePowerW"] == .stale)
    #expect(qualities()["energyDischargedTotalWh"] == .good)
    #expect(qualities()["reservePercent"] == .good)
    #expect(pipeline.latest(0).first?.age == .seconds(31))
    #expect(pipeline.latest(7).isEmpty && pipeline.latest("nobody") == nil)
    await pipeline.stop()
  }

  @Test("After a restart the last values are there with their age")
  func restoredLatest() async throws {
    let rig = try Rig([battery])
    let store = try await rig.open()
    let (pipeline, producer) = try await rig.pipeline(store)
    producer.accept(
      [
        try rig.reading("powerW", .number(7)), try rig.reading("reservePercent", .number(20)),
        try rig.reading("chargingState", .label("idle")),
      ], device: 0)
    await pipeline.stop()
    rig.clock.advance(by: .seconds(600))
    let (again, _) = try await rig.pipeline(store)
    let values = Dictionary(uniqueKeysWithValues: again.latest(0).map { ($0.field.name, $0) })
    #expect(values["powerW"]?.value == .number(7))
    #expect(values["powerW"]?.quality == .stale)
    #expect(values["powerW"]?.age == .seconds(600))
    #expect(values["chargingState"]?.value == .label("idle"))
    #expect(values["reservePercent"]?.quality == .good)
    await again.stop()
  }

  @Test("A clock that was ahead before a restart does not make the pipeline wait for that time")
  func clockAheadBeforeRestart() async throws {
    let rig = try Rig([grid])
    let store = try await rig.open()
    let (pipeline, producer) = try await rig.pipeline(store)
    rig.clock.jumpWall(byMilliseconds: 86_400_000)
    producer.accept([try rig.reading("powerW", .number(3600))], device: 0)
    await pipeline.stop()
    rig.clock.jumpWall(byMilliseconds: -86_400_000)
    let (again, next) = try await rig.pipeline(store)
    for _ in 0..<2 {
      rig.clock.advance(by: .seconds(10))
      next.accept([try rig.reading("powerW", .number(3600))], device: 0)
    }
    #expect(again.latest(0).first?.observedAt == rig.clock.now)
    #expect(isClose(try await totals(again)[.gridImport] ?? nil, 20))
    await again.stop()
  }

  @Test("Readings from the far future and past are refused, unknown ones left out, both counted")
  func refusals() async throws {
    let rig = try Rig([battery])
    let (pipeline, producer) = try await rig.pipeline(try await rig.open())
    var future = try rig.reading("powerW", .number(1))
    future.observedAt = rig.clock.now.advanced(byMilliseconds: 61_000)
    var past = future
    past.observedAt = Timestamp(milliseconds: 0)
    producer.accept([future, past], device: 0)
    producer.accept([try rig.reading("acPowerW", .number(1))], device: 0)
    producer.accept([try rig.reading("powerW", .number(1))], device: 9)
    producer.accept([try rig.reading("chargePowerW", .number(1))], device: 0)
    #expect(pipeline.statistics.refusedReadings == 2)
    #expect(pipeline.statistics.unknownReadings == 2)
    #expect(pipeline.latest(0).first?.quality == .missing)
    await pipeline.stop()
  }

  @Test("A full ring drops the newest and counts them for their device")
  func overflow() async throws {
    let rig = try Rig([battery, grid])
    var limits = PipelineLimits()
    limits.ringCapacity = 8
    let (pipeline, producer) = try await rig.pipeline(try await rig.open(), limits: limits)
    let readings = try (0..<10).map { _ in try rig.reading("powerW", .number(1)) }
    producer.accept { intake in
      for reading in readings { intake.append(reading, device: 0) }
      intake.append(readings[0], device: 1)
    }
    #expect(pipeline.statistics.droppedSamples == ["battery": 2, "grid": 1])
    await pipeline.stop()
  }

  @Test("A producer that asks whether there is room gets it, however late the aggregator comes")
  func room() async throws {
    let rig = try Rig([battery])
    var limits = PipelineLimits()
    limits.ringCapacity = 64
    let (pipeline, producer) = try await rig.pipeline(try await rig.open(), limits: limits)
    let reading = try rig.reading("powerW", .number(1))
    for _ in 0..<2000 {
      #expect(producer.hasRoom)
      producer.accept(Array(repeating: reading, count: 16), device: 0)
    }
    #expect(pipeline.statistics.droppedSamples.isEmpty)
    await pipeline.stop()
  }

  @Test("Changes come put together, and end with the pipeline")
  func changes() async throws {
    let rig = try Rig([battery, grid])
    let (pipeline, producer) = try await rig.pipeline(try await rig.open())
    let changes = pipeline.changes()
    producer.accept([try rig.reading("powerW", .number(1))], device: 0)
    producer.accept([try rig.reading("powerW", .number(1))], device: 1)
    var seen: Set<Int> = []
    for await devices in changes {
      seen.formUnion(devices)
      if seen.count == 2 { break }
    }
    #expect(seen == [0, 1])
    let words = pipeline.changes()
    producer.accept([try rig.reading("chargingState", .label("idle"))], device: 0)
    var iterator = words.makeAsyncIterator()
    #expect(await iterator.next(isolation: nil) == [0])
    await pipeline.stop()
    #expect(await iterator.next(isolation: nil) == nil)
    for await _ in pipeline.changes() { Issue.record("a change after the end") }
  }

  @Test("Running flushes by the clock and once more at its end")
  func running() async throws {
    let rig = try Rig([grid])
    let store = try await rig.open()
    let (pipeline, producer) = try await rig.pipeline(store)
    let task = Task { await pipeline.run() }
    await rig.clock.untilSleeping(1)
    for _ in 0..<3 {
      producer.accept([try rig.reading("powerW", .number(3600))], device: 0)
      rig.clock.advance(by: .seconds(10))
      await rig.clock.untilSleeping(1)
    }
    task.cancel()
    await task.value
    let key = SeriesKey(scope: .device, scopeID: "grid", metric: "import")
    #expect(isClose(try await store.sums(of: key, boundaries: Self.hour).sums[0]?.sum, 20))
  }

  @Test("Readings reach the store every ten seconds, their windows every five minutes, each window once after its end")
  func runningSaves() async throws {
    let rig = try Rig([grid])
    let store = try await rig.open()
    let (pipeline, producer) = try await rig.pipeline(store)
    let task = Task { await pipeline.run() }
    await rig.clock.untilSleeping(1)
    let power = RawSeriesNames.Key(deviceID: "grid", field: "powerW")
    let windows = SeriesKey(scope: .device, scopeID: "grid", metric: "powerW")
    for round in 1...60 {
      producer.accept([try rig.reading("powerW", .number(3600))], device: 0)
      rig.clock.advance(by: .seconds(10))
      await rig.clock.untilSleeping(1)
      let raw = try await store.rawReadings(of: power, from: Self.hour[0], until: Self.hour[1])
      #expect(raw.count == round)
      let sums = try await store.sums(of: windows, boundaries: Self.hour).sums[0]
      #expect(sums?.samples ?? 0 == round / 30 * 30)
      #expect(sums?.revision ?? 0 == 0)
    }
    task.cancel()
    await task.value
  }

  @Test("The history of a gauge has lowest, highest, mean and last value")
  func history() async throws {
    let rig = try Rig([battery])
    let (pipeline, producer) = try await rig.pipeline(try await rig.open())
    for value in [40.0, 50, 45] {
      rig.clock.advance(by: .seconds(10))
      producer.accept([try rig.reading("socPercent", .number(value))], device: 0)
    }
    let field = try #require(Field.named("socPercent"))
    let window = try #require(
      try await pipeline.history(deviceID: "battery", field: field, boundaries: Self.hour)[0])
    #expect((window.min, window.max, window.last) == (40, 50, 45))
    #expect(window.sum / Double(window.samples) == 45)
    await pipeline.stop()
  }
}
