import EnergyModel
import Testing

@testable import GatewayStore

@Suite("Usage meters and their events")
struct UsageMeterTests {
  private static let hour: Int64 = 3_600_000

  /// A store with one meter of an aggregation, and a customer.
  private func bench(
    _ aggregation: UsageAggregation, _ directory: TemporaryDirectory
  ) async throws -> (GatewayStore, UsageMeterRecord) {
    let store = try await directory.open()
    let meter = UsageMeterRecord(
      id: "mtr_1", token: "mtk_1", name: "requests", aggregation: aggregation, unit: "request", property: "user_id",
      createdAt: noon)
    #expect(try await store.insert(meter))
    let ada = CustomerRecord(id: "ada", name: "Ada", referenceID: "acme-1", createdAt: noon, source: .api)
    #expect(try await store.save(ada) == .saved)
    return (store, meter)
  }

  private func entry(
    _ number: Int, hours: Double = 0, _ quantity: Double, customer: UsageEventEntry.Customer = .id("ada"),
    key: String? = nil, digest: String = "", value: String? = nil
  ) -> UsageEventEntry {
    UsageEventEntry(
      event: UsageEventRecord(
        id: "use_\(number)", meterID: "mtr_1", customerID: "",
        at: noon.advanced(byMilliseconds: Int64(hours * Double(Self.hour))),
        quantity: ExactQuantity(quantity) ?? .zero, uniqueValue: value, receivedAt: noon, idempotencyKey: key),
      customer: customer, digest: digest)
  }

  private func range(_ from: Double, _ to: Double) -> Range<Timestamp> {
    noon.advanced(
      byMilliseconds: Int64(from * Double(Self.hour)))..<noon.advanced(
        byMilliseconds: Int64(to * Double(Self.hour)))
  }

  private let tomorrow = noon.advanced(byMilliseconds: 86_400_000)

  @Test("Sums are exact, whatever the order and the size")
  func sums() async throws {
    let directory = try TemporaryDirectory()
    let (store, meter) = try await bench(.sum, directory)
    let entries = (0..<900).map { entry($0, 0.1) } + [entry(900, 999_999_999_999.5), entry(901, 999_999_999_999.75)]
    for start in stride(from: 0, to: entries.count, by: 100) {
      _ = try await store.append(Array(entries[start...].prefix(100)), onlyCustomer: nil, now: noon)
    }
    let sum = try await store.usage(of: meter, customerID: nil, intervals: [range(0, 1)], now: tomorrow)
    #expect(sum.first?.quantity?.description == "2000000000089.25")
    #expect(sum.first?.events == 902)
    try await store.close()
  }

  @Test("Each aggregation makes its own number of the same events")
  func aggregations() async throws {
    let expected: [UsageAggregation: [String?]] = [
      .sum: ["18", "0", "8"], .max: ["10", nil, "8"], .uniqueCount: ["2", "0", "1"], .last: ["6", nil, "8"],
      // 2 for 1 h, 10 for 0.5 h, 3 for 0.5 h and Bob's 3 for 0.5 h; then 3 and 3; then half an hour of 3, of 8, and 3.
      .weightedSum: ["10", "6", "8.5"],
    ]
    for aggregation in UsageAggregation.allCases {
      let directory = try TemporaryDirectory()
      let (store, meter) = try await bench(aggregation, directory)
      let bob = UsageEventEntry.Customer.reference("bob", newID: "cus_bob")
      _ = try await store.append(
        [
          entry(0, hours: 0, 2, value: "x"), entry(1, hours: 1, 10, value: "y"), entry(2, hours: 1.5, 3, value: "x"),
          entry(3, hours: 1.5, 3, customer: bob, value: "x"), entry(4, hours: 3.5, 8, value: "z"),
        ], onlyCustomer: nil, now: noon)
      let sums = try await store.usage(
        of: meter, customerID: nil, intervals: [range(0, 2), range(2, 3), range(3, 4)], now: tomorrow)
      #expect(sums.map { $0.quantity?.description } == expected[aggregation], "\(aggregation)")
      #expect(sums.map(\.customers) == [2, 0, 1])
      let own = try await store.usage(of: meter, customerID: "cus_bob", intervals: [range(0, 4)], now: tomorrow)
      #expect(own.first?.events == 1)
      try await store.close()
    }
  }

  @Test("A level holds until now and not longer")
  func levelUntilNow() async throws {
    let directory = try TemporaryDirectory()
    let (store, meter) = try await bench(.weightedSum, directory)
    _ = try await store.append([entry(0, hours: 0, 4)], onlyCustomer: nil, now: noon)
    let now = noon.advanced(byMilliseconds: Self.hour / 4)
    let sums = try await store.usage(
      of: meter, customerID: nil, intervals: [range(0, 1), range(1, 2), range(-2, -1)], now: now)
    #expect(sums.map { $0.quantity?.description } == ["1", "0", nil])
    try await store.close()
  }

  @Test("A repeated key gives the first event again, another content is refused, and after 32 days it is new")
  func keys() async throws {
    let directory = try TemporaryDirectory()
    var (store, meter) = try await bench(.sum, directory)
    let first = try await store.append([entry(0, 1, key: "k", digest: "a")], onlyCustomer: nil, now: noon)
    guard case .accepted(let event) = first.results[0] else {
      throw GatewayStoreError(code: .other, operation: "", reason: "")
    }
    try await store.close()
    store = try await directory.open()
    let later = noon.advanced(byMilliseconds: 32 * 86_400_000)
    let again = try await store.append(
      [entry(1, 1, key: "k", digest: "a"), entry(2, 2, key: "k", digest: "b")], onlyCustomer: nil, now: later)
    #expect(again.results == [.duplicate(event), .keyReused])
    let new = try await store.append(
      [entry(3, 2, key: "k", digest: "b"), entry(4, 2, key: "k", digest: "b")], onlyCustomer: nil,
      now: later.advanced(byMilliseconds: 1))
    guard case .accepted(let second) = new.results[0], case .duplicate(let same) = new.results[1] else {
      Issue.record("\(new.results)")
      return
    }
    #expect(second == same)
    let sum = try await store.usage(of: meter, customerID: nil, intervals: [range(0, 1)], now: tomorrow)
    #expect(sum.first?.quantity == ExactQuantity(3))
    try await store.close()
  }

  @Test("An external id makes its customer once; a sender for one customer makes and reaches no other")
  func customers() async throws {
    let directory = try TemporaryDirectory()
    let (store, _) = try await bench(.sum, directory)
    let made = try await store.append(
      [
        entry(0, 1, customer: .reference("new", newID: "cus_1")),
        entry(1, 1, customer: .reference("new", newID: "cus_2")),
        entry(2, 1, customer: .reference("acme-1", newID: "cus_3")), entry(3, 1, customer: .id("nobody")),
      ], onlyCustomer: nil, now: noon)
    #expect(made.newCustomers.map(\.id) == ["cus_1"])
    let ids = made.results.map { if case .accepted(let event) = $0 { event.customerID } else { "" } }
    #expect(ids == ["cus_1", "cus_1", "ada", ""])
    #expect(try await store.customers().first { $0.id == "cus_1" }?.referenceID == "new")
    let limited = try await store.append(
      [
        entry(4, 1), entry(5, 1, customer: .reference("new", newID: "cus_4")),
        entry(6, 1, customer: .reference("newer", newID: "cus_5")),
      ], onlyCustomer: "ada", now: noon)
    #expect(limited.results.dropFirst() == [.noCustomer, .noCustomer] && limited.newCustomers.isEmpty)
    let (events, total) = try await store.usageEvents(meterID: "mtr_1", customerID: "ada", offset: 0, limit: 1)
    #expect(events.count == 1 && total == 2)
    try await store.close()
  }

  @Test("Two meters cannot have one name")
  func names() async throws {
    let directory = try TemporaryDirectory()
    var (store, meter) = try await bench(.sum, directory)
    meter.id = "mtr_2"
    meter.token = "mtk_2"
    #expect(try await store.insert(meter) == false)
    #expect(try await store.usageMeters().map(\.id) == ["mtr_1"])
    try await store.close()
    store = try await directory.open()
    #expect(try await store.usageMeters().count == 1)
    try await store.close()
  }
}
