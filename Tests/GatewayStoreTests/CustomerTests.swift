import EnergyModel
import GRDB
import Testing

@testable import GatewayStore

@Suite("Customers and their links")
struct CustomerTests {
  private func customer(_ id: String, _ reference: String? = nil) -> CustomerRecord {
    CustomerRecord(
      id: id, name: "Ada", referenceID: reference, email: "ada@example.org", createdAt: noon, source: .api,
      details: CustomerDetails(
        phone: "1", address: PostalAddress(line1: "4 Elm"), utility: UtilityArea(iso: "CAISO")))
  }

  @Test("A customer is kept whole, and a change of what is not there any more changes nothing")
  func changes() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    let first = customer("cus_1", "r1")
    #expect(try await store.save(first) == .saved)
    #expect(try await store.customers() == [first])
    #expect(try await store.save(first) == .changedMeanwhile, "it exists already")
    var second = first
    second.name = "Countess"
    #expect(try await store.save(second, over: first) == .saved)
    #expect(try await store.save(first, over: first) == .changedMeanwhile)
    #expect(try await store.save(customer("cus_2", "r1")) == .referenceTaken(by: "cus_1"))
    #expect(try await store.customers().map(\.name) == ["Countess"])
  }

  @Test("Of many changes of one state exactly one is kept")
  func race() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    let first = customer("cus_1")
    #expect(try await store.save(first) == .saved)
    let saved = try await withThrowingTaskGroup(of: RecordEdit.self) { group in
      for index in 0..<20 {
        group.addTask {
          var changed = first
          changed.name = "n\(index)"
          return try await store.save(changed, over: first)
        }
      }
      return try await group.reduce(0) { $0 + ($1 == .saved ? 1 : 0) }
    }
    #expect(saved == 1)
  }

  @Test("Anonymized, nothing personal is left but the energy; purged, the energy is gone and only this customer's")
  func removal() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    for id in ["cus_1", "cus_2"] { #expect(try await store.save(customer(id)) == .saved) }
    let keys = ["cus_1", "cus_2"].map { SeriesKey(scope: .customer, scopeID: $0, metric: "import") }
    let days: [Int64] = [0, 400]
    let deltas = keys.indices.flatMap { series in
      days.map { day in
        WindowDelta(
          series: series, minute: noon.milliseconds / 60_000 + day * 1440, sum: 5, samples: 1,
          coveredMilliseconds: 60_000, quality: .good)
      }
    }
    try await store.apply(WindowBatch(series: keys, deltas: deltas, closedThrough: noon))
    let end = noon.advanced(byMilliseconds: 500 * 86_400_000)
    while try await store.sumUpWindows(before: end) > 0 {}
    while try await store.removeOldestMinutes(before: noon.advanced(byMilliseconds: 86_400_000)) > 0 {}
    try await store.append([
      EventRecord(type: "customer.created", at: noon, customerID: "cus_1", json: #"{"name":"Ada"}"#),
      EventRecord(type: "device.offline", at: noon, deviceID: "d", customerID: "cus_1"),
    ])
    func sum(_ key: SeriesKey) async throws -> Double {
      try await store.sums(of: key, boundaries: [noon, end]).sums.first??.sum ?? 0
    }
    try await store.anonymizeCustomer("cus_1", at: noon)
    #expect(try await store.customers().map(\.id) == ["cus_2"])
    let gone = try #require(try await store.customers(includingRemoved: true).first)
    #expect(gone.email == nil && gone.name.isEmpty && gone.details == CustomerDetails())
    #expect(try await store.events(of: "cus_1", before: nil, limit: 10).map(\.json) == ["{}", "{}"])
    #expect(try await sum(keys[0]) == 10)
    try await store.purgeCustomer("cus_1", at: noon)
    #expect(try await sum(keys[0]) == 0)
    #expect(try await sum(keys[1]) == 10)
    let rows = try await store.perform("count") { db in
      try ["windows", "quarters", "hours", "days"].map { try Int.fetchOne(db, sql: "SELECT count(*) FROM \($0)") }
    }
    #expect(rows == [1, 2, 2, 2], "in every level")
    #expect(try await store.events(of: "cus_1", before: nil, limit: 10).isEmpty)
    #expect(try await store.events(after: 0).map(\.type) == ["device.offline"])
    #expect(try await store.customers(includingRemoved: true).map(\.id) == ["cus_2"])
  }

  @Test("Links and changes of devices are kept, and go with their site or customer")
  func links() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    let link = CustomerLinkRecord(
      kind: .site, id: "sit_1", customerID: "cus_1", origin: .manual, candidates: ["a"], at: noon)
    let change = DeviceChangeRecord(deviceID: "d", name: "N", referenceID: "r", siteID: "sit_1", at: noon)
    try await store.save(links: [link], change: change)
    #expect(try await store.customerLinks() == [link])
    #expect(try await store.deviceChanges() == [change])
    try await store.removeSite("sit_1", at: noon)
    #expect(try await store.customerLinks().isEmpty)
    #expect(try await store.deviceChanges().first?.siteID == nil)
  }

  @Test("A customer's events are read backwards without gaps or repetitions")
  func activity() async throws {
    let directory = try TemporaryDirectory()
    let store = try await directory.open()
    try await store.append(
      (0..<10).map { EventRecord(type: "t\($0)", at: noon, customerID: $0 % 2 == 0 ? "a" : "b") })
    let first = try await store.events(of: "a", before: nil, limit: 2)
    try await store.append([EventRecord(type: "new", at: noon, customerID: "a")])
    let second = try await store.events(of: "a", before: first.last?.seq, limit: 10)
    #expect((first + second).map(\.type) == ["t8", "t6", "t4", "t2", "t0"])
  }
}
