import EnergyModel
import Testing

@testable import GatewayStore

@Suite("Alerts")
struct AlertTests {
  private func alert(_ id: String, _ message: String = "m", at time: Timestamp = noon) -> AlertRecord {
    AlertRecord(
      id: id, kind: .revertFailed, deviceID: "battery-1", commandID: "cmd_1", message: message, raisedAt: time)
  }

  @Test("What is wrong already is counted and not raised twice, and outlives a restart")
  func count() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    #expect(try await store.raise(alert("alt_1")).isNew)
    let later = noon.advanced(byMilliseconds: 30_000)
    let second = try await store.raise(alert("alt_2", "still so", at: later))
    #expect(!second.isNew)
    try await store.close()
    let again = try await directory.open()
    let open = try await again.alerts()
    #expect(open.map(\.id) == ["alt_1"])
    #expect(open.first?.count == 2)
    #expect(open.first?.message == "still so")
    #expect(open.first?.raisedAt == noon)
    #expect(open.first?.updatedAt == later)
  }

  @Test("An alert that is over is kept, and the next one is new")
  func resolve() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    _ = try await store.raise(alert("alt_1"))
    #expect(try await store.acknowledgeAlert("alt_1", by: "ada", at: noon)?.acknowledgedBy == "ada")
    #expect(try await store.acknowledgeAlert("alt_1", by: "bob", at: noon)?.acknowledgedBy == "ada")
    #expect(try await store.resolveAlert(.revertFailed, deviceID: "battery-1", at: noon)?.id == "alt_1")
    #expect(try await store.resolveAlert(.revertFailed, deviceID: "battery-1", at: noon) == nil)
    #expect(try await store.raise(alert("alt_2")).isNew)
    #expect(try await store.alerts().map(\.id) == ["alt_2"])
    #expect(try await store.alerts(includingResolved: true).map(\.id) == ["alt_2", "alt_1"])
    #expect(try await store.acknowledgeAlert("alt_9", by: "ada", at: noon) == nil)
  }
}
