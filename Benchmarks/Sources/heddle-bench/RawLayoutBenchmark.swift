import EnergyModel
import Foundation
import GRDB
import GatewayStore
import Logging

/// Raw readings of 2,000 series every ten seconds: what reaches the disk for each, what the file grows by, and how long
/// one series takes to read. The store's way against a table in the order of time and a table in the order of series,
/// all with the store's durability: one commit for each ten seconds, on disk when it returns.
struct RawLayoutBenchmark {
  static let series = 2000
  static let minutes = 30
  static let groupsPerMinute = 6
  static let gateBytes = 70.0
  static let gateMilliseconds = 5.0

  func run() async throws -> [Measurement] {
    var rows: [Measurement] = []
    let own = try await write(try await StoreLayout(sealing: GatewayStore.rawSealAge), groupSeconds: 10)
    for (name, layout) in [
      ("sealed every hour", try await StoreLayout(sealing: .seconds(3600)) as any RawLayout),
      ("table by time", try TableLayout(isClustered: false)), ("table by series", try TableLayout(isClustered: true)),
    ] {
      let other = try await write(layout, groupSeconds: 10)
      rows.append(
        Measurement(
          name: "raw readings, against \(name)", result: own.text, baseline: other.text,
          ratio: own.bytesPerReading / other.bytesPerReading, gate: "≤ \(Int(Self.gateBytes)) bytes",
          holds: own.bytesPerReading <= Self.gateBytes))
    }
    // A day in groups of a minute: the blocks are the same, and it is written in a minute instead of ten.
    let day = try await write(
      try await StoreLayout(sealing: GatewayStore.rawSealAge), groupSeconds: 60, minutes: 1440)
    rows.append(
      Measurement(
        name: "raw readings, one series over a day", result: day.text, gate: "< \(Self.gateMilliseconds) ms",
        holds: day.queryMilliseconds < Self.gateMilliseconds))
    return rows
  }

  private struct Result {
    var bytesPerReading: Double
    var fileBytesPerReading: Double
    var queryMilliseconds: Double

    var text: String {
      let bytes =
        "\((bytesPerReading * 10).rounded() / 10) B written, \((fileBytesPerReading * 10).rounded() / 10) B kept"
      return "\(bytes), read in \((queryMilliseconds * 100).rounded() / 100) ms"
    }
  }

  private func write(
    _ layout: any RawLayout, groupSeconds: Int, minutes: Int = RawLayoutBenchmark.minutes
  ) async throws -> Result {
    var generator = ReadingGenerator()
    let groups = minutes * 60 / groupSeconds
    let before = try writtenBytes()
    for _ in 0..<groups {
      var samples: [RawSample] = []
      samples.reserveCapacity(Self.series * groupSeconds / 10)
      for _ in 0..<max(1, groupSeconds / 10) { generator.append(to: &samples) }
      try await layout.write(samples, at: Timestamp(milliseconds: generator.now))
    }
    let readings = Double(groups * Self.series * max(1, groupSeconds / 10))
    let written = Double(try writtenBytes() - before)
    var times: [Double] = []
    for series in [3, 700, 1500, 1999, 42] {
      let start = clockSeconds(CLOCK_MONOTONIC)
      let count = try await layout.read(series: series)
      times.append((clockSeconds(CLOCK_MONOTONIC) - start) * 1000)
      guard count == Int(readings) / Self.series else {
        throw BenchmarkProfile.Failure(description: "\(count) readings of series \(series)")
      }
    }
    return Result(
      bytesPerReading: written / readings, fileBytesPerReading: Double(try layout.fileBytes()) / readings,
      queryMilliseconds: median(times))
  }
}

/// Values of registers that wander, a tenth of them floats, polled with some milliseconds of jitter.
struct ReadingGenerator {
  private(set) var now: Int64 = 1_777_636_800_000
  private var state: UInt64 = 1
  private var values = (0..<RawLayoutBenchmark.series).map { Double($0 * 7) }

  private mutating func random(_ limit: UInt64) -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return (state >> 33) % limit
  }

  mutating func append(to samples: inout [RawSample]) {
    now += 10_000
    var jitter: Int64 = 0
    for series in 0..<RawLayoutBenchmark.series {
      // Ten points of a device are read at once.
      if series % 10 == 0 { jitter = Int64(random(30)) }
      values[series] += Double(random(41)) - 20
      let value = series % 10 == 9 ? Double(Float(values[series]) * 1.0001) : values[series] * 0.1
      samples.append(
        RawSample(series: UInt32(series), value: value, quality: .good, observedAt: now + jitter))
    }
  }
}

private protocol RawLayout {
  func write(_ samples: [RawSample], at time: Timestamp) async throws
  /// Reads one series completely; how many readings there were.
  func read(series: Int) async throws -> Int
  func fileBytes() throws -> Int
}

/// A directory that goes with its owner.
private final class Folder {
  let url: URL
  var path: String { url.appendingPathComponent("heddle.sqlite").path }

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("heddle-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func fileBytes() throws -> Int {
    (try FileManager.default.attributesOfItem(atPath: path)[.size] as? NSNumber)?.intValue ?? 0
  }
}

/// The store's own way: groups, then chunks.
private final class StoreLayout: RawLayout {
  private let folder: Folder
  private let store: GatewayStore
  private let sealing: Duration
  private let names = RawSeriesNames(
    (0..<RawLayoutBenchmark.series).map { .init(deviceID: "device-\($0 / 10)", field: "field-\($0 % 10)") })

  init(sealing: Duration) async throws {
    self.sealing = sealing
    folder = try Folder()
    store = try await GatewayStore.open(
      path: folder.path, now: Timestamp(milliseconds: 1_777_636_800_000),
      logger: Logger(label: "heddle.bench") { _ in SwiftLogNoOpLogHandler() })
  }

  func write(_ samples: [RawSample], at time: Timestamp) async throws {
    try await store.append(RawBatch(names: names, samples: samples, at: time))
    try await store.sealRaw(
      at: time, age: sealing, readings: sealing > GatewayStore.rawSealAge ? .max : GatewayStore.rawSealReadings)
  }

  func read(series: Int) async throws -> Int {
    try await store.rawReadings(
      of: names.keys[series], from: Timestamp(milliseconds: 0), until: Timestamp(milliseconds: .max)
    ).count
  }

  func fileBytes() throws -> Int { try folder.fileBytes() }
}

/// A row for each reading.
private final class TableLayout: RawLayout {
  private let folder: Folder
  private let queue: DatabaseQueue

  init(isClustered: Bool) throws {
    folder = try Folder()
    queue = try DatabaseQueue(path: folder.path)
    try queue.writeWithoutTransaction { db in
      _ = try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL")
      try db.execute(sql: "PRAGMA synchronous = FULL")
      let columns = "series INTEGER NOT NULL, ts INTEGER NOT NULL, value REAL NOT NULL, quality INTEGER NOT NULL"
      try db.execute(
        sql: isClustered
          ? "CREATE TABLE readings(\(columns), PRIMARY KEY(series, ts)) STRICT, WITHOUT ROWID"
          : "CREATE TABLE readings(\(columns)) STRICT")
    }
  }

  func write(_ samples: [RawSample], at time: Timestamp) async throws {
    try await queue.write { db in
      let statement = try db.cachedStatement(sql: "INSERT INTO readings VALUES (?, ?, ?, ?)")
      for sample in samples {
        try statement.execute(arguments: [
          Int64(sample.series), sample.observedAt, sample.value, Int64(sample.quality.rawValue),
        ])
      }
    }
  }

  func read(series: Int) async throws -> Int {
    try await queue.read { db in
      try Row.fetchAll(db, sql: "SELECT ts, value, quality FROM readings WHERE series = ?", arguments: [series]).count
    }
  }

  func fileBytes() throws -> Int { try folder.fileBytes() }
}
