import EnergyModel
import GatewayStore
import LocalAPISchema
import TelemetryPipeline
import TestSupport
import Testing

@testable import Gateway

@Suite("Events", .timeLimit(.minutes(1)))
struct EventTests {
  @Test("Every event about a customer's things is in that customer's activity feed, and no other event is")
  func feed() async throws {
    let bench = try await EventBench()
    _ = try await bench.events { log in
      for kind in EventKind.allCases {
        switch kind.subject {
        case .device: log.record(kind, device: "battery")
        case .site: log.record(kind, site: "home")
        case .customer: log.record(kind, customer: "ada")
        case .gateway: log.record(kind)
        }
      }
      for status in CommandStatus.allCases {
        var command = CommandRecord(
          id: "cmd_1", deviceID: "battery", name: .refresh, input: [:], durationSeconds: nil, actor: "test",
          idempotencyKey: nil, requestDigest: "", createdAt: bench.clock.now)
        command.status = status
        log.record(command)
      }
    }
    let feed = try await bench.store.events(of: "ada", before: nil, limit: 1000)
    let gateway = EventKind.allCases.filter { $0.subject == .gateway }.map(\.rawValue)
    #expect(Set(feed.map(\.type)) == Set(EventTypes.all).subtracting(gateway))
    #expect(feed.count == EventTypes.all.count - gateway.count)
    #expect(try await bench.store.events(of: "bob", before: nil, limit: 1000) == [])
    #expect(Set(try await bench.store.events(after: 0, limit: 1000).map(\.type)) == Set(EventTypes.all))
    try await bench.store.close()
  }

  @Test("Whoever something belonged to when it left sees that, and not who has it now")
  func explicitCustomer() async throws {
    let bench = try await EventBench()
    let events = try await bench.events { $0.record(.deviceUnlinked, device: "battery", customer: "bob") }
    #expect(events.map(\.customerId) == ["bob"])
    try await bench.store.close()
  }

  @Test("A mark is kept together with its event")
  func marks() async throws {
    let bench = try await EventBench()
    _ = try await bench.events { log in
      log.record(.usageWindowClosed, customer: "ada", mark: StoreMark(name: "x/ada", value: 7))
    }
    #expect(try await bench.store.marks(prefix: "x/") == [StoreMark(name: "x/ada", value: 7)])
    try await bench.store.removeMark("x/ada")
    #expect(try await bench.store.marks(prefix: "x/") == [])
    try await bench.store.close()
  }

  @Test("The log forgets its oldest events by age and by number, and never the newest")
  func forgetting() async throws {
    let bench = try await EventBench()
    let day: Int64 = 86_400_000
    for age in [Int64(3), 2, 1, 0] {
      try await bench.store.append([
        EventRecord(type: "device.online", at: bench.clock.now.advanced(byMilliseconds: -age * day))
      ])
    }
    let limit = bench.clock.now.advanced(byMilliseconds: -day * 5 / 2)
    #expect(try await bench.store.removeOldestEvents(before: limit, beyond: 100) == 1)
    #expect(try await bench.store.removeOldestEvents(before: limit, beyond: 2) == 1)
    #expect(try await bench.store.removeOldestEvents(before: limit, beyond: 2) == 0)
    #expect(try await bench.store.events(after: 0).map(\.seq) == [3, 4])
    try await bench.store.close()
  }
}

@Suite("What becomes of devices", .timeLimit(.minutes(1)))
struct DeviceWatchTests {
  private func layout() throws -> PipelineLayout {
    let fields = ["powerW", "energyDischargedTotalWh", "faults", "chargingState"].compactMap(Field.named)
    return PipelineLayout(devices: [
      .init(id: "battery", kind: .battery, staleAfter: .seconds(30), ratedPowerW: 5000, fields: fields)
    ])
  }

  /// A battery of which something is told.
  private struct Watched {
    let bench: EventBench
    let pipeline: TelemetryPipeline
    let log: EventLog
    let watch: DeviceWatch
    let producer: TelemetryProducer

    func send(_ field: String, _ value: ReadingValue) throws {
      producer.accept([try bench.reading(field, value)], device: 0)
    }

    func look() { watch.look(at: pipeline) }
  }

  /// What is told of a battery in the body.
  ///
  /// - Parameters:
  ///   - earlier: what it sent before the start, by field.
  ///   - pause: between that and the start.
  private func told(
    earlier: [String: ReadingValue] = [:], pause: Duration = .zero, _ body: (Watched) async throws -> Void
  ) async throws -> [EventResource] {
    let bench = try await EventBench()
    if !earlier.isEmpty {
      let before = try await bench.pipeline(try layout())
      let producer = before.makeProducer(link: "bus")
      for (field, value) in earlier { producer.accept([try bench.reading(field, value)], device: 0) }
      await before.stop()
      bench.clock.advance(by: pause)
    }
    let pipeline = try await bench.pipeline(try layout())
    let events = try await bench.events { log in
      let watch = DeviceWatch(events: log, time: bench.clock.source)
      watch.prepare(pipeline)
      try await body(
        Watched(bench: bench, pipeline: pipeline, log: log, watch: watch, producer: pipeline.makeProducer(link: "bus")))
    }
    await pipeline.stop()
    try await bench.store.close()
    return events
  }

  @Test("A device whose values grow old is told once, and again only after new values came")
  func stale() async throws {
    let events = try await told { battery in
      battery.look()
      for _ in 0..<2 {
        try battery.send("powerW", .number(1))
        battery.look()
        for _ in 0..<4 {
          battery.bench.clock.advance(by: .seconds(20))
          battery.look()
        }
      }
    }
    #expect(events.map(\.type) == ["device.stale", "device.stale"])
    #expect(events.first?.deviceId == "battery" && events.first?.customerId == "ada")
    if case .array(let fields)? = events.first?.data["fields"] {
      #expect(fields.contains(.text("powerW")) && !fields.contains(.text("energyDischargedTotalWh")))
    } else {
      Issue.record("no fields")
    }
    #expect(events.first?.data["observedAt"] == .text("2026-05-01T10:00:00.000Z"))
    #expect(events.first?.data["staleAfterSeconds"] == .number(30))
  }

  @Test("Values from before the start are not told as stale before the device had its time to answer")
  func afterStart() async throws {
    let events = try await told(earlier: ["powerW": .number(1)], pause: .seconds(3600)) { battery in
      battery.bench.clock.advance(by: .seconds(29))
      battery.look()
      #expect(battery.pipeline.staleDevices() == [0])
      battery.log.record(.webhookTest)
      battery.bench.clock.advance(by: .seconds(1))
      battery.look()
    }
    #expect(events.map(\.type) == ["webhook.test", "device.stale"])
  }

  @Test("Faults are told as they come and go, with what is new; those from before the start were told")
  func faults() async throws {
    let events = try await told(earlier: ["faults": .text("old")]) { battery in
      for text in ["old", "old, cold", "cold", ""] {
        try battery.send("faults", .text(text))
        battery.look()
        battery.look()
      }
      battery.bench.clock.advance(by: EventAllowance.pause)
      try battery.send("chargingState", .label("fault"))
      battery.look()
    }
    .filter { $0.type == "device.fault" }
    func list(_ words: String...) -> JSONValue { .array(words.map { .text($0) }) }
    #expect(events.map { $0.data["faults"] } == [list("cold", "old"), list("cold"), list(), list()])
    #expect(events.map { $0.data["added"] } == [list("cold"), list(), list(), list()])
    #expect(events.map { $0.data["ended"] } == [list(), list("old"), list("cold"), list()])
    #expect(events.map { $0.data["isFault"] } == [.flag(true), .flag(true), .flag(false), .flag(true)])
  }

  @Test("A device whose faults come and go all the time is told a few times an hour, and at last as it is")
  func oscillation() async throws {
    let events = try await told { battery in
      for look in 0..<720 {
        try battery.send("faults", .text(look % 2 == 0 ? "f" : ""))
        battery.look()
        battery.bench.clock.advance(by: DeviceWatch.lookInterval)
      }
      battery.bench.clock.advance(by: EventAllowance.pause)
      battery.look()
    }
    .filter { $0.type == "device.fault" }
    let hourly = Int(Duration.seconds(3600) / EventAllowance.pause)
    #expect(events.count <= EventAllowance.burst + hourly + 1)
    #expect(events.count > EventAllowance.burst)
    #expect(events.last?.data["faults"] == .array([]))
  }

  @Test("A counter that starts anew is told with both counts; what finds no room is put together")
  func resets() async throws {
    let events = try await told { battery in
      for round in 0..<(EventAllowance.burst + 2) {
        for value in [Double(1000 + round), 0, 0, 0] {
          try battery.send("energyDischargedTotalWh", .number(value))
          battery.bench.clock.advance(by: .seconds(3))
        }
        battery.look()
        // The way back up is a jump of its own, so each round begins with another counter's count.
        for _ in 0..<3 {
          try battery.send("energyDischargedTotalWh", .number(Double(2000 + round)))
          battery.bench.clock.advance(by: .seconds(3))
        }
        battery.look()
      }
      battery.bench.clock.advance(by: EventAllowance.pause)
      battery.look()
    }
    #expect(events.allSatisfy { $0.type == "counter.reset" && $0.deviceId == "battery" })
    #expect(events.count == EventAllowance.burst + 1)
    let first = try #require(events.first)
    #expect(first.data["field"] == .text("energyDischargedTotalWh") && first.data["before"] == .number(1000))
    #expect(first.data["after"] == .number(0) && first.data["counterEpoch"] == .number(1))
    #expect(first.data["count"] == .number(1))
    if case .number(let count)? = events.last?.data["count"] { #expect(count > 1) } else { Issue.record("no count") }
  }
}
