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

  @Test("A device whose values grow old is told once, and again only after new values came")
  func stale() async throws {
    let bench = try await EventBench()
    let pipeline = try await bench.pipeline(try layout())
    let producer = pipeline.makeProducer(link: "bus")
    let events = try await bench.events { log in
      let watch = DeviceWatch(events: log, time: bench.clock.source)
      watch.prepare(pipeline)
      watch.look(at: pipeline)
      for _ in 0..<2 {
        producer.accept([try bench.reading("powerW", .number(1))], device: 0)
        watch.look(at: pipeline)
        for _ in 0..<4 {
          bench.clock.advance(by: .seconds(20))
          watch.look(at: pipeline)
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
    await pipeline.stop()
    try await bench.store.close()
  }

  @Test("Values from before the start are not told as stale before the device had its time to answer")
  func afterStart() async throws {
    let bench = try await EventBench()
    let before = try await bench.pipeline(try layout())
    before.makeProducer(link: "bus").accept([try bench.reading("powerW", .number(1))], device: 0)
    await before.stop()
    bench.clock.advance(by: .seconds(3600))
    let pipeline = try await bench.pipeline(try layout())
    let events = try await bench.events { log in
      let watch = DeviceWatch(events: log, time: bench.clock.source)
      watch.prepare(pipeline)
      bench.clock.advance(by: .seconds(29))
      watch.look(at: pipeline)
      #expect(pipeline.staleDevices() == [0])
      log.record(.webhookTest)
      bench.clock.advance(by: .seconds(1))
      watch.look(at: pipeline)
    }
    #expect(events.map(\.type) == ["webhook.test", "device.stale"])
    await pipeline.stop()
    try await bench.store.close()
  }

  @Test("Faults are told as they come and go, with what is new; those from before the start were told")
  func faults() async throws {
    let bench = try await EventBench()
    let before = try await bench.pipeline(try layout())
    before.makeProducer(link: "bus").accept([try bench.reading("faults", .text("old"))], device: 0)
    await before.stop()
    let pipeline = try await bench.pipeline(try layout())
    let producer = pipeline.makeProducer(link: "bus")
    let events = try await bench.events { log in
      let watch = DeviceWatch(events: log, time: bench.clock.source)
      watch.prepare(pipeline)
      for text in ["old", "old, cold", "cold", ""] {
        producer.accept([try bench.reading("faults", .text(text))], device: 0)
        watch.look(at: pipeline)
        watch.look(at: pipeline)
      }
      bench.clock.advance(by: EventAllowance.pause)
      producer.accept([try bench.reading("chargingState", .label("fault"))], device: 0)
      watch.look(at: pipeline)
    }
    .filter { $0.type == "device.fault" }
    func list(_ words: String...) -> JSONValue { .array(words.map { .text($0) }) }
    #expect(events.map { $0.data["faults"] } == [list("cold", "old"), list("cold"), list(), list()])
    #expect(events.map { $0.data["added"] } == [list("cold"), list(), list(), list()])
    #expect(events.map { $0.data["ended"] } == [list(), list("old"), list("cold"), list()])
    #expect(events.map { $0.data["isFault"] } == [.flag(true), .flag(true), .flag(false), .flag(true)])
    await pipeline.stop()
    try await bench.store.close()
  }

  @Test("A device whose faults come and go all the time is told a few times an hour, and at last as it is")
  func oscillation() async throws {
    let bench = try await EventBench()
    let pipeline = try await bench.pipeline(try layout())
    let producer = pipeline.makeProducer(link: "bus")
    let events = try await bench.events { log in
      let watch = DeviceWatch(events: log, time: bench.clock.source)
      watch.prepare(pipeline)
      for look in 0..<720 {
        producer.accept([try bench.reading("faults", .text(look % 2 == 0 ? "f" : ""))], device: 0)
        watch.look(at: pipeline)
        bench.clock.advance(by: DeviceWatch.lookInterval)
      }
      bench.clock.advance(by: EventAllowance.pause)
      watch.look(at: pipeline)
    }
    .filter { $0.type == "device.fault" }
    let hourly = Int(Duration.seconds(3600) / EventAllowance.pause)
    #expect(events.count <= EventAllowance.burst + hourly + 1)
    #expect(events.count > EventAllowance.burst)
    #expect(events.last?.data["faults"] == .array([]))
    await pipeline.stop()
    try await bench.store.close()
  }

  @Test("A counter that starts anew is told with both counts; what finds no room is put together")
  func resets() async throws {
    let bench = try await EventBench()
    let pipeline = try await bench.pipeline(try layout())
    let producer = pipeline.makeProducer(link: "bus")
    let events = try await bench.events { log in
      let watch = DeviceWatch(events: log, time: bench.clock.source)
      watch.prepare(pipeline)
      for round in 0..<(EventAllowance.burst + 2) {
        for value in [Double(1000 + round), 0, 0, 0] {
          producer.accept([try bench.reading("energyDischargedTotalWh", .number(value))], device: 0)
          bench.clock.advance(by: .seconds(3))
        }
        watch.look(at: pipeline)
        // The way back up is a jump of its own, so each round begins with another counter's count.
        for _ in 0..<3 {
          producer.accept([try bench.reading("energyDischargedTotalWh", .number(Double(2000 + round)))], device: 0)
          bench.clock.advance(by: .seconds(3))
        }
        watch.look(at: pipeline)
      }
      bench.clock.advance(by: EventAllowance.pause)
      watch.look(at: pipeline)
    }
    #expect(events.allSatisfy { $0.type == "counter.reset" && $0.deviceId == "battery" })
    #expect(events.count == EventAllowance.burst + 1)
    let first = try #require(events.first)
    #expect(first.data["field"] == .text("energyDischargedTotalWh") && first.data["before"] == .number(1000))
    #expect(first.data["after"] == .number(0) && first.data["counterEpoch"] == .number(1))
    #expect(first.data["count"] == .number(1))
    if case .number(let count)? = events.last?.data["count"] { #expect(count > 1) } else { Issue.record("no count") }
    await pipeline.stop()
    try await bench.store.close()
  }
}
