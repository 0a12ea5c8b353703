import Dispatch
public import EnergyModel
import Foundation
import GRDB
public import Logging
import Synchronization

/// What the gateway keeps: customers, sites, devices, keys, the command journal, events and telemetry windows.
///
/// One SQLite file in WAL mode with `synchronous=FULL`: what a call returned from survives a power cut. One connection
/// on a serial queue of its own writes and checkpoints; no call blocks a thread of Swift's pool. A failed call throws
/// `GatewayStoreError`, changes nothing, and leaves the store usable. Calls are not cancelled with their task: a
/// transaction that was begun is finished.
public final class GatewayStore: Sendable {
  /// A file up to this size is checked completely when it is opened; a larger one only where it is read.
  public static let quickCheckLimitBytes = 64 << 20
  /// The WAL file is cut back to this size after a checkpoint.
  static let journalSizeLimitBytes = 16 << 20

  /// Where the file is.
  public let path: String
  /// Where a damaged file was moved to when the store was opened; `nil` if the file was sound or new.
  public let quarantinedPath: String?

  let queue: DatabaseQueue
  let seriesIDs = SeriesCache()
  private let lock: Mutex<StoreLock?>

  private init(path: String, lock: StoreLock, queue: DatabaseQueue, quarantinedPath: String?) {
    self.path = path
    self.lock = Mutex(lock)
    self.queue = queue
    self.quarantinedPath = quarantinedPath
  }

  /// Opens the file and makes it if it is not there, with rights for the owner alone (0600).
  ///
  /// A damaged file is moved aside as `….corrupt-<time>` and a new one is started; `quarantinedPath` says so.
  /// - Parameters:
  ///   - path: the file; its directory must exist.
  ///   - now: wall time, for the name of a file that is moved aside.
  ///   - logger: hears of migrations and of damaged files.
  public static func open(
    path: String, now: Timestamp, logger: Logger
  ) async throws(GatewayStoreError) -> GatewayStore {
    let result: Result<GatewayStore, GatewayStoreError> = await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        continuation.resume(returning: outcome("open \(path)") { try openBlocking(path, now: now, logger: logger) })
      }
    }
    return try result.get()
  }

  /// Checkpoints and closes the file. Later calls throw.
  public func close() async throws(GatewayStoreError) {
    let result: Result<Void, GatewayStoreError> = await withCheckedContinuation { continuation in
      DispatchQueue.global().async { [queue] in
        continuation.resume(returning: outcome("close the store") { try queue.close() })
      }
    }
    try result.get()
    lock.withLock { $0 = nil }
  }

  /// Runs a transaction on the store's own queue; durable when it returns.
  func write<T: Sendable>(
    _ operation: String, _ body: @escaping @Sendable (Database) throws -> T
  ) async throws(GatewayStoreError) -> T {
    try await perform(operation) { db in
      var value: T?
      try db.inTransaction(.immediate) {
        value = try body(db)
        return .commit
      }
      guard let value else { throw GatewayStoreError(code: .other, operation: operation, reason: "no result") }
      return value
    }
  }

  /// Runs something on the store's own queue, without a transaction.
  func perform<T: Sendable>(
    _ operation: String, _ body: @escaping @Sendable (Database) throws -> T
  ) async throws(GatewayStoreError) -> T {
    let result: Result<T, GatewayStoreError> = await withCheckedContinuation { continuation in
      queue.asyncWriteWithoutTransaction { db in
        continuation.resume(returning: outcome(operation) { try body(db) })
      }
    }
    return try result.get()
  }
}

/// What a piece of work gave, with its error in the store's words.
func outcome<T>(_ operation: String, _ body: () throws -> T) -> Result<T, GatewayStoreError> {
  Result(catching: body).mapError { GatewayStoreError($0, operation: operation) }
}

extension GatewayStore {
  private static func openBlocking(_ path: String, now: Timestamp, logger: Logger) throws -> GatewayStore {
    let lock = try StoreLock(path: path)
    do {
      return GatewayStore(path: path, lock: lock, queue: try openFile(path, logger: logger), quarantinedPath: nil)
    } catch {
      guard GatewayStoreError(error, operation: "open").code == .corrupt else { throw error }
      let aside = "\(path).corrupt-\(now.milliseconds)"
      logger.error(
        "store is damaged and moved aside", metadata: ["path": "\(path)", "to": "\(aside)", "why": "\(error)"])
      try moveAside(path, to: aside)
      return GatewayStore(
        path: path, lock: lock, queue: try openFile(path, logger: logger), quarantinedPath: aside)
    }
  }

  private static func openFile(_ path: String, logger: Logger) throws -> DatabaseQueue {
    try makePrivate(path)
    var configuration = Configuration()
    configuration.label = "heddle.store"
    let queue = try DatabaseQueue(path: path, configuration: configuration)
    try queue.writeWithoutTransaction { db in
      try setDurability(db)
      try checkSoundness(db, path: path)
    }
    let migrator = Migrations.migrator
    guard try !queue.read(migrator.hasBeenSuperseded) else {
      throw GatewayStoreError(code: .newerSchema, operation: "open \(path)", reason: "unknown migrations in the file")
    }
    if try !queue.read(migrator.hasCompletedMigrations) {
      logger.info("migrating the store", metadata: ["path": "\(path)"])
      try migrator.migrate(queue)
    }
    return queue
  }

  /// The WAL mode is set here and not through GRDB's configuration, because GRDB then puts `synchronous` to NORMAL,
  /// which loses committed rows in a power cut; and because it then writes at each start, which a full disk refuses.
  private static func setDurability(_ db: Database) throws {
    let mode = try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL")
    try db.execute(sql: "PRAGMA synchronous = FULL")
    try db.execute(sql: "PRAGMA journal_size_limit = \(journalSizeLimitBytes)")
    let synchronous = try Int.fetchOne(db, sql: "PRAGMA synchronous")
    guard mode == "wal", synchronous == 2 else {
      let found = "journal_mode is \(mode ?? "unknown"), synchronous is \(synchronous ?? -1)"
      throw GatewayStoreError(code: .other, operation: "open the store durably", reason: found)
    }
  }

  private static func checkSoundness(_ db: Database, path: String) throws {
    let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
    let pageSize = try Int.fetchOne(db, sql: "PRAGMA page_size") ?? 0
    guard pages <= quickCheckLimitBytes / max(1, pageSize) else { return }
    let finding = try String.fetchOne(db, sql: "PRAGMA quick_check(1)") ?? "no answer"
    guard finding == "ok" else {
      throw GatewayStoreError(code: .corrupt, operation: "open \(path)", reason: finding)
    }
  }

  /// SQLite gives its `-wal` and `-shm` files the rights of the main file.
  private static func makePrivate(_ path: String) throws {
    let files = FileManager.default
    if files.fileExists(atPath: path) {
      // Not an error where the file belongs to somebody else: opening it will say what is wrong.
      try? files.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    } else if !files.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]) {
      throw GatewayStoreError(code: .cannotOpen, operation: "create \(path)", reason: "the file cannot be made")
    }
  }

  private static func moveAside(_ path: String, to aside: String) throws {
    try FileManager.default.moveItem(atPath: path, toPath: aside)
    for suffix in ["-wal", "-shm"] where FileManager.default.fileExists(atPath: path + suffix) {
      try FileManager.default.moveItem(atPath: path + suffix, toPath: aside + suffix)
    }
  }
}
