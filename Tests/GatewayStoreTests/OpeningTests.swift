import EnergyModel
import Foundation
import GRDB
import Logging
import Testing

@testable import GatewayStore

@Suite("Opening the store")
struct OpeningTests {
  @Test("A commit is on the disk when it returns: WAL with synchronous FULL")
  func durability() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    let found = try await store.perform("look") { db in
      (
        try Int.fetchOne(db, sql: "PRAGMA synchronous"), try String.fetchOne(db, sql: "PRAGMA journal_mode"),
        try String.fetchOne(db, sql: "SELECT sqlite_version()")
      )
    }
    #expect(found.0 == 2)
    #expect(found.1 == "wal")
  }

  @Test("Only the owner can read the files")
  func rights() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    try await store.append([EventRecord(type: "test", at: noon)])
    for suffix in ["", "-wal"] {
      let attributes = try FileManager.default.attributesOfItem(atPath: directory.storePath + suffix)
      #expect((attributes[.posixPermissions] as? Int) == 0o600, "\(suffix)")
    }
  }

  @Test("What was written is there after closing and opening")
  func reopening() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    let seqs = try await store.append([EventRecord(type: "a", at: noon), EventRecord(type: "b", at: noon)])
    #expect(seqs == [1, 2])
    try await store.close()
    let again = try await directory.open()
    #expect(again.quarantinedPath == nil)
    #expect(try await again.events(after: 0).map(\.type) == ["a", "b"])
    #expect(try await again.append([EventRecord(type: "c", at: noon)]) == [3])
  }

  @Test("A closed store throws and does not crash")
  func closed() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    try await store.close()
    await #expect(throws: GatewayStoreError.self) { try await store.append([EventRecord(type: "a", at: noon)]) }
  }

  @Test("A file that is no database is moved aside and a new one is started")
  func notADatabase() async throws {
    let directory = try TemporaryDirectory()
    try Data(repeating: 0x5A, count: 20_000).write(to: URL(fileURLWithPath: directory.storePath))
    let store = try await directory.open()
    let aside = try #require(store.quarantinedPath)
    #expect(aside == "\(directory.storePath).corrupt-\(noon.milliseconds)")
    #expect(try Data(contentsOf: URL(fileURLWithPath: aside)).count == 20_000)
    #expect(try await store.append([EventRecord(type: "a", at: noon)]) == [1])
  }

  @Test("A database with damaged pages is moved aside and a new one is started")
  func damagedPages() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    for _ in 0..<20 {
      try await store.append((0..<100).map { EventRecord(type: "event \($0)", at: noon, json: "{\"n\": \($0)}") })
    }
    try await store.close()
    let file = try FileHandle(forUpdating: URL(fileURLWithPath: directory.storePath))
    let size = try file.seekToEnd()
    for page in stride(from: UInt64(4096 * 5), to: size, by: 4096) {
      try file.seek(toOffset: page)
      try file.write(contentsOf: Data(repeating: 0xFF, count: 64))
    }
    try file.close()
    let again = try await directory.open()
    #expect(again.quarantinedPath != nil)
    #expect(try await again.events(after: 0).isEmpty)
  }

  @Test("A file from a newer version is refused and left as it is")
  func newerSchema() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    try await store.write("pretend") { db in
      try db.execute(sql: "INSERT INTO grdb_migrations(identifier) VALUES ('99 from the future')")
    }
    try await store.close()
    await #expect {
      try await directory.open()
    } throws: { error in
      (error as? GatewayStoreError)?.code == .newerSchema
    }
  }

  @Test("A directory that is not there is named in the error")
  func missingDirectory() async throws {
    await #expect {
      try await GatewayStore.open(
        path: "/nonexistent/heddle.sqlite", now: noon, logger: .init(label: "test"))
    } throws: { error in
      guard let error = error as? GatewayStoreError else { return false }
      return error.code == .cannotOpen && error.description.contains("/nonexistent/heddle.sqlite")
    }
  }

  @Test("A full disk throws, loses nothing that was there, and everything works again when there is space")
  func diskFull() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    try await store.append([EventRecord(type: "before", at: noon)])
    let pages = try await store.perform("look") { try Int.fetchOne($0, sql: "PRAGMA page_count") ?? 0 }
    try await store.perform("limit") { try $0.execute(sql: "PRAGMA max_page_count = \(pages + 1)") }
    let large = (0..<1000).map { EventRecord(type: "large", at: noon, json: "{\"n\": \($0)}") }
    await #expect {
      try await store.append(large)
    } throws: { error in
      guard let error = error as? GatewayStoreError else { return false }
      return error.code == .diskFull && error.isRetryable && error.description.contains("append events")
    }
    #expect(try await store.events(after: 0).map(\.type) == ["before"])
    try await store.perform("limit") { try $0.execute(sql: "PRAGMA max_page_count = 1000000") }
    #expect(try await store.append(large).count == 1000)
  }

  @Test("A transaction is finished although its task was cancelled")
  func cancellation() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await store.append([EventRecord(type: "a", at: noon)])
    }
    #expect(try await task.value == [1])
  }
}
