import Foundation
import Testing

/// Schedules, batches and their audit with the real programs.
@Suite(
  "Schedules with the real programs", .serialized, .enabled(if: Programs.hasOwn, "the programs are not built"),
  .enabled(if: Programs.system("python3") != nil, "python3 is not installed"))
struct SchedulingTests {
  @Test("A schedule charges its battery until it is removed, a cancelled batch tells nobody, and the audit says who")
  func schedule() async throws {
    let gateway = try await TestGateway()
    defer { gateway.clear() }
    let battery = try await StubbornBattery("fair", for: gateway)
    try await gateway.start()
    #expect(await gateway.reaches("battery-1", "online"))
    let made = try await gateway.json(
      "schedule", "weekly", "--device", "battery-1", "--days", "sun-sat", "--from", "00:00", "--to", "24:00", "battery",
      "charge", "--power", "2kW")
    let id = try #require(made["id"] as? String, "\(made)")
    #expect(await eventually(within: 15) { battery.written == [2000] }, "\(battery.requests)\n\(gateway.log)")
    let command = try await gateway.newestCommand("battery-1", becomes: "confirmed")
    #expect((command["origin"] as? [String: Any])?["schedule"] as? String == id, "\(command)")

    let batch = try await gateway.cli(
      "batch", "send", "--device", "battery-1", "--at", "+1h", "--no-wait", "--json", "battery", "idle")
    let sent = try JSONSerialization.jsonObject(with: Data(batch.output.utf8)) as? [String: Any]
    let batchID = try #require(sent?["id"] as? String, "\(batch.output)\(batch.errors)")
    let cancelled = try await gateway.cli("batch", "cancel", batchID)
    #expect(cancelled.status == 0 && cancelled.output.contains("cancelled"), "\(cancelled.output)\(cancelled.errors)")
    #expect(try await gateway.cli("batch", "cancel", batchID).status == 1)

    let removed = try await gateway.cli("schedule", "remove", id)
    #expect(removed.status == 0, "\(removed.output)\(removed.errors)")
    #expect(await eventually(within: 15) { battery.written.last == 0 }, "\(battery.requests)")
    let tagged = try await gateway.cli("tag", "set", "battery-1", "north")
    #expect(tagged.status == 0, "\(tagged.output)\(tagged.errors)")
    let rows = try await gateway.json("audit", "list")["data"] as? [[String: Any]] ?? []
    let words = rows.map { "\($0["action"] ?? "") \($0["subject"] ?? "")" }
    let expected = [
      "schedule.created \(id)", "schedule.deleted \(id)", "batch.created \(batchID)", "batch.changed \(batchID)",
    ]
    for row in expected { #expect(words.contains(row), "\(words)") }
    #expect(rows.first { $0["action"] as? String == "device.changed" }?["actor"] as? String == "local:\(getuid())")
    #expect(try await gateway.cli("audit", "verify").status == 0)
  }
}
