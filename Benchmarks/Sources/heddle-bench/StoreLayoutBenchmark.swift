import EnergyModel
import Foundation
import GRDB
import GatewayStore
import Logging

/// Windows of a minute through the store's own statements, against the same statements on a table that is clustered by
/// series instead of by ten minutes. The other primary key is `(series, ts, bucket)`: the order is that of `(series,
/// ts)`, because `bucket` follows from `ts`, and the statements stay as they are.
struct StoreLayoutBenchmark {
  static let rounds = 5
  static let series = 1000
  static let minutesPerRound = 20
  /// Before the first round, so that every series fills pages of its own.
  static let minutesBefore = 120
  static let gateRate = 5.0
  static let gateBytes = 0.15

  func run() async throws -> [Measurement] {
    let own = try await File(primaryKey: nil)
    let other = try await File(primaryKey: "series, ts, bucket")
    for file in [own, other] { _ = try await file.write(minutes: Self.minutesBefore) }
    let before = (own.walBytes, other.walBytes)
    let result = try await alternating(
      rounds: Self.rounds, { try await own.write(minutes: Self.minutesPerRound) },
      { try await other.write(minutes: Self.minutesPerRound) })
    let rows = Double((Self.rounds + 1) * Self.minutesPerRound * Self.series)
    let bytes = (Double(own.walBytes - before.0) / rows, Double(other.walBytes - before.1) / rows)
    try await own.close()
    try await other.close()
    return [
      Measurement(
        name: "windows into the store, \(Self.series) series", result: Table.millions(result.variant, "rows/s"),
        baseline: "primary key (series, ts) \(Table.millions(result.baseline))", ratio: result.ratio,
        gate: "≥ \(Self.gateRate)×", holds: result.ratio >= Self.gateRate),
      Measurement(
        name: "WAL bytes per window", result: "\(Int(bytes.0))", baseline: "primary key (series, ts) \(Int(bytes.1))",
        ratio: bytes.0 / bytes.1, gate: "≤ \(Self.gateBytes)×", holds: bytes.0 / bytes.1 <= Self.gateBytes),
    ]
  }

  /// A store with windows.
  private final class File {
    private let path: String
    private let directory: URL
    private let store: GatewayStore
    private let keys = (0..<StoreLayoutBenchmark.series).map {
      SeriesKey(scope: .device, scopeID: "device-\($0 / 10)", metric: "metric-\($0 % 10)")
    }
    private var minute: Int64 = 29_627_280
    private var wal: WALPosition?
    private(set) var walBytes = 0

    init(primaryKey: String?) async throws {
      directory = FileManager.default.temporaryDirectory.appendingPathComponent("heddle-bench-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
      path = directory.appendingPathComponent("heddle.sqlite").path
      let logger = Logger(label: "heddle.bench") { _ in SwiftLogNoOpLogHandler() }
      let now = Timestamp(milliseconds: 1_777_636_800_000)
      var store = try await GatewayStore.open(path: path, now: now, logger: logger)
      if let primaryKey {
        try await store.close()
        try Self.recluster(path, by: primaryKey)
        store = try await GatewayStore.open(path: path, now: now, logger: logger)
      }
      self.store = store
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    private static func recluster(_ path: String, by primaryKey: String) throws {
      try DatabaseQueue(path: path).write { db in
        let table = try String.fetchOne(db, sql: "SELECT sql FROM sqlite_master WHERE name = 'windows'") ?? ""
        let own = "PRIMARY KEY(bucket, series, ts)"
        guard table.contains(own) else { throw BenchmarkProfile.Failure(description: "windows: \(table)") }
        try db.execute(sql: "DROP TABLE windows")
        try db.execute(sql: table.replacingOccurrences(of: own, with: "PRIMARY KEY(\(primaryKey))"))
      }
    }

    /// One commit per minute with one window of each series; rows per processor second.
    func write(minutes: Int) async throws -> Double {
      var time = 0.0
      for _ in 0..<minutes {
        let deltas = keys.indices.map { index in
          WindowDelta(
            series: index, minute: minute, sum: Double(index) * 1.5, range: (1, 0.5, 2.5), samples: 6,
            coveredMilliseconds: 60_000)
        }
        minute += 1
        // The same time in each batch: nothing is closed, which one of the two layouts would scan the table for.
        let batch = WindowBatch(series: keys, deltas: deltas, closedThrough: Timestamp(milliseconds: 0))
        let start = clockSeconds(CLOCK_PROCESS_CPUTIME_ID)
        try await store.apply(batch)
        time += clockSeconds(CLOCK_PROCESS_CPUTIME_ID) - start
        let next = try WALPosition(database: path)
        walBytes += next.bytes(since: wal)
        wal = next
      }
      return Double(minutes * keys.count) / time
    }

    func close() async throws { try await store.close() }
  }

  /// How far the write-ahead log is written, from SQLite's index of it (https://sqlite.org/walformat.html).
  private struct WALPosition {
    private let frames: Int
    private let pageSize: Int
    /// Another one after the log began again from its start.
    private let salt: UInt64

    init(database path: String) throws {
      let index = try FileHandle(forReadingFrom: URL(filePath: path + "-shm"))
      defer { try? index.close() }
      guard let header = try index.read(upToCount: 48), header.count == 48 else {
        throw BenchmarkProfile.Failure(description: "\(path)-shm is too short")
      }
      let bytes = [UInt8](header)
      func number(_ offset: Int, _ count: Int) -> UInt64 {
        (0..<count).reduce(0) { $0 | UInt64(bytes[offset + $1]) << UInt64(8 * $1) }
      }
      let size = Int(number(14, 2))
      pageSize = size == 1 ? 65_536 : size
      frames = Int(number(16, 4))
      salt = number(32, 8)
    }

    /// What was written since an earlier position, at most one commit ago.
    func bytes(since earlier: WALPosition?) -> Int {
      let known = earlier.map { $0.salt == salt ? $0.frames : 0 } ?? 0
      return (frames - known) * (pageSize + 24)
    }
  }
}
