import EnergyModel
import Foundation
import Logging

@testable import GatewayStore

/// A directory of its own for a real SQLite file, removed with its owner.
final class TemporaryDirectory: Sendable {
  let url: URL
  var storePath: String { url.appendingPathComponent("heddle.sqlite").path }

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("heddle-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func open() async throws -> GatewayStore {
    try await GatewayStore.open(
      path: storePath, now: noon, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  }
}

/// 2026-05-01T12:00:00Z.
let noon = Timestamp(milliseconds: 1_777_636_800_000)
