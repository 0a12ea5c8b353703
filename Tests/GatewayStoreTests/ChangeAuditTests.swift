import EnergyModel
import Testing

@testable import GatewayStore

/// Who changed what, in the transaction of the change.
@Suite("The audit of changes by people")
struct ChangeAuditTests {
  private let ada = Author(actor: "hdl_ada", at: noon)

  private func asAda<T: Sendable>(_ work: @Sendable () async throws -> T) async rethrows -> T {
    try await Author.$present.withValue(ada) { try await work() }
  }

  private func rows(_ store: GatewayStore) async throws -> [AuditRecord] {
    try await store.audit().rows.reversed()
  }

  @Test("Tags, links and references of a device say who changed them, and how it was before")
  func device() async throws {
    let store = try await TemporaryDirectory().open()
    try await asAda {
      try await store.setTags(["north"], of: "battery-1")
      try await store.setTags(["south", "pilot"], of: "battery-1")
      // Nothing changes, so nothing is said.
      try await store.setTags(["pilot", "south"], of: "battery-1")
      try await store.save(
        links: [.init(kind: .device, id: "battery-1", customerID: "bob", origin: .manual, at: noon)],
        change: .init(deviceID: "battery-1", name: "Cellar", at: noon))
    }
    // What the gateway does by itself has no author.
    try await store.setTags([], of: "battery-1")
    let rows = try await rows(store)
    #expect(rows.map(\.action) == ["device.changed", "device.changed", "device.changed"])
    #expect(rows.allSatisfy { $0.actor == "hdl_ada" && $0.at == noon && $0.subject == "battery-1" })
    #expect(rows[0].before == "{}" && rows[0].after == #"{"tags":"north"}"#)
    #expect(rows[1].before == #"{"tags":"north"}"# && rows[1].after == #"{"tags":"pilot south"}"#)
    #expect(rows[2].after == #"{"customer_id":"bob","name":"Cellar","origin":"manual"}"#)
    #expect(try await store.verifyAudit().isSound)
  }

  @Test("A schedule that is made, replaced and ended is three times in the audit, and its plan with it")
  func schedule() async throws {
    let store = try await TemporaryDirectory().open()
    @Sendable func record(_ id: String) -> ScheduleRecord {
      ScheduleRecord(
        id: id, target: .device("battery-1"),
        plan: .once(at: noon, command: ScheduledCommand(name: "battery:charge")), actor: "hdl_ada", createdAt: noon)
    }
    try await asAda {
      try await store.insert(record("sch_1"))
      try await store.insert(record("sch_2"), replacing: ["sch_1"])
      try await store.endSchedule("sch_2", .deleted, at: noon)
    }
    let rows = try await rows(store)
    #expect(
      rows.map { "\($0.action) \($0.subject)" } == [
        "schedule.created sch_1", "schedule.created sch_2", "schedule.deleted sch_1", "schedule.deleted sch_2",
      ])
    #expect(rows[0].after.contains("battery:charge") && rows[3].before.contains("battery:charge"))
    #expect(rows[3].after == "{}")
  }

  @Test("Customers and sites are in it without personal data, which could not be forgotten there")
  func personal() async throws {
    let store = try await TemporaryDirectory().open()
    let first = CustomerRecord(id: "c1", name: "Erika Mustermann", email: "erika@example.org", createdAt: noon)
    var second = first
    second.name = "Erika Musterfrau"
    let changed = second
    let site = SiteRecord(
      id: "s1", customerID: "c1", name: "Heidestraße 17", timeZone: "Europe/Berlin", latitude: 50.9, createdAt: noon)
    try await asAda {
      #expect(try await store.save(first) == .saved)
      #expect(try await store.save(changed, over: first) == .saved)
      #expect(try await store.save(site) == .saved)
      try await store.removeSite("s1", at: noon)
      try await store.anonymizeCustomer("c1", at: noon)
    }
    let rows = try await rows(store)
    #expect(
      rows.map(\.action) == [
        "customer.created", "customer.changed", "site.created", "site.deleted", "customer.deleted",
      ])
    #expect(rows[1].before == #"{"name":"(personal)"}"# && rows[1].after == #"{"name":"(personal)"}"#)
    #expect(rows[2].after.contains(#""time_zone":"Europe/Berlin""#))
    let text = rows.map { $0.before + $0.after + $0.reason }.joined()
    for word in ["Erika", "Muster", "erika", "Heide", "50.9"] { #expect(!text.contains(word)) }
  }

  @Test("A batch says what was ordered, and how many devices were taken out of it")
  func batch() async throws {
    let store = try await TemporaryDirectory().open()
    let batch = BatchRecord(
      id: "bat_1",
      order: .init(
        tag: "north", command: ScheduledCommand(name: "battery:charge"), ttlSeconds: 60, staggerSeconds: 2,
        jitterSeconds: 1),
      actor: "hdl_ada", createdAt: noon,
      items: [.init(deviceID: "battery-1", plannedAt: noon), .init(deviceID: "battery-2", plannedAt: noon)])
    try await asAda {
      try await store.insert(batch)
      try await store.cancelBatch("bat_1", because: "withdrawn")
    }
    let rows = try await rows(store)
    #expect(rows.map(\.action) == ["batch.created", "batch.changed"])
    #expect(rows[0].after.contains("north"))
    #expect(rows[1].before == #"{"cancelled":0}"# && rows[1].after == #"{"cancelled":2}"#)
  }

  @Test("Where the change fails there is no row of it")
  func failure() async throws {
    let store = try await TemporaryDirectory().open()
    let schedule = ScheduleRecord(
      id: "sch_1", target: .device("battery-1"),
      plan: .once(at: noon, command: ScheduledCommand(name: "battery:charge")), actor: "ada", createdAt: noon)
    try await store.insert(schedule)
    await #expect(throws: GatewayStoreError.self) { try await asAda { try await store.insert(schedule) } }
    #expect(try await rows(store).isEmpty)
  }
}
