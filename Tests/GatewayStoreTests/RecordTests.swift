import EnergyModel
import Testing

@testable import GatewayStore

@Suite("Customers, devices, keys and events")
struct RecordTests {
  private func home(devices: [DeviceRecord]) -> ConfiguredRecords {
    ConfiguredRecords(
      customers: [CustomerRecord(id: "demo", name: "Demo", createdAt: noon, extras: ["phone": "1"])],
      sites: [
        SiteRecord(
          id: "home", customerID: "demo", name: "Home", timeZone: "Europe/Berlin", latitude: 52.5, longitude: 13.4,
          createdAt: noon)
      ], links: [LinkRecord(id: "bus", transport: "modbus", address: "127.0.0.1:502", createdAt: noon)],
      devices: devices)
  }

  private func device(_ id: String, name: String = "Battery", createdAt: Timestamp = noon) -> DeviceRecord {
    DeviceRecord(
      id: id, kind: .battery, name: name, profile: "huawei-sun2000", part: "battery", linkID: "bus", siteID: "home",
      customerID: "demo", tags: ["a", "b"], createdAt: createdAt)
  }

  @Test("A configuration is read back as it was given")
  func roundTrip() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    let records = home(devices: [device("battery-1")])
    try await store.configure(records, at: noon)
    #expect(try await store.customers() == records.customers)
    #expect(try await store.sites() == records.sites)
    #expect(try await store.links() == records.links)
    #expect(try await store.devices() == records.devices)
  }

  @Test("What is no longer configured is marked, comes back, and keeps the time of its creation")
  func removal() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    let later = noon.advanced(byMilliseconds: 60_000)
    try await store.configure(home(devices: [device("battery-1"), device("battery-2")]), at: noon)
    try await store.configure(home(devices: [device("battery-2", name: "New name", createdAt: later)]), at: later)
    #expect(try await store.devices().map(\.id) == ["battery-2"])
    let second = try #require(try await store.devices().first)
    #expect(second.name == "New name")
    #expect(second.createdAt == noon)
    #expect(try await store.devices(includingRemoved: true).map(\.removedAt) == [later, nil])
    try await store.configure(home(devices: [device("battery-1")]), at: later)
    #expect(try await store.devices().map(\.id) == ["battery-1"])
  }

  @Test("Events come in order, after a place, for one customer or device")
  func events() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    try await store.append([
      EventRecord(type: "a", at: noon, deviceID: "d1", customerID: "c1", siteID: "s1", json: "{\"x\":1}"),
      EventRecord(type: "b", at: noon, deviceID: "d2", customerID: "c2"),
      EventRecord(type: "c", at: noon, deviceID: "d1", customerID: "c1"),
    ])
    #expect(try await store.events(after: 0, customer: "c1").map(\.type) == ["a", "c"])
    #expect(try await store.events(after: 1, device: "d1").map(\.seq) == [3])
    #expect(try await store.events(after: 0, limit: 2).map(\.seq) == [1, 2])
    #expect(try await store.events(after: 0).first?.json == "{\"x\":1}")
    #expect(try await store.lastEventSeq() == 3)
  }

  @Test("A key is found, touched, revoked once and listed; its id is unique")
  func keys() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    var key = APIKeyRecord(
      keyID: "k1", secretSHA256: "ab", label: "admin", scopes: ["admin"], customerID: nil, createdAt: noon,
      expiresAt: noon.advanced(byMilliseconds: 1000))
    try await store.insert(key, by: "ada")
    #expect(try await store.key(id: "k1") == key)
    #expect(try await store.key(id: "k2") == nil)
    await #expect {
      try await store.insert(key, by: "ada")
    } throws: { error in
      (error as? GatewayStoreError)?.code == .constraint
    }
    try await store.touchKey(id: "k1", at: noon)
    #expect(try await store.revokeKey(id: "k1", by: "bob", at: noon))
    #expect(try await store.revokeKey(id: "k1", by: "bob", at: noon.advanced(byMilliseconds: 5)))
    #expect(try await store.revokeKey(id: "k2", by: "bob", at: noon) == false)
    key.lastUsedAt = noon
    key.revokedAt = noon
    #expect(try await store.keys() == [key])
  }
}
