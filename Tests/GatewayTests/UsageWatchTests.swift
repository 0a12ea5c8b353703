import EnergyModel
import GatewayStore
import LocalAPISchema
import TelemetryPipeline
import TestSupport
import Testing

@testable import Gateway

@Suite("The days of customers", .timeLimit(.minutes(1)))
struct UsageWatchTests {
  /// 2026-05-01T20:00Z is 22:00 in Berlin, two hours before Ada's day ends and four before Bob's.
  private static let evening = Timestamp(milliseconds: 1_777_665_600_000)

  private func running(_ bench: EventBench) async throws -> RunningConfiguration {
    RunningConfiguration(
      file: bench.configuration, configuration: bench.configuration, links: [],
      pipeline: try await bench.pipeline(bench.configuration.pipelineLayout))
  }

  private func kinds(_ events: [EventResource]) -> [String] { events.map { "\($0.type) \($0.customerId ?? "-")" } }

  private func isClose(_ data: [String: JSONValue], _ wattHours: Double) -> Bool {
    guard case .number(let value)? = data["usage"]?["discharge"]?["value"] else { return false }
    return abs(value - wattHours) < 1e-6
  }

  @Test("A day is told once when it is over, in the customer's zone, also when the gateway was off at its end")
  func closing() async throws {
    let bench = try await EventBench(at: Self.evening)
    let running = try await running(bench)
    let producer = running.pipeline.makeProducer(link: "bus")
    let events = try await bench.events { log in
      func watch() -> UsageWatch {
        UsageWatch(store: bench.store, events: log, time: bench.clock.source, logger: bench.logger)
      }
      let first = watch()
      await first.look(at: running)
      for _ in 0...60 {
        producer.accept([try bench.reading("powerW", .number(1200))], device: 0)
        bench.clock.advance(by: .seconds(60))
      }
      // As it does every few minutes; what waits until after the day's end would be late.
      try await running.pipeline.flush()
      await first.look(at: running)
      log.record(.webhookTest)
      // Into Ada's next day; Bob's is not over yet. What runs then is another one.
      bench.clock.advance(by: .seconds(3600 + 900))
      let second = watch()
      await second.look(at: running)
      await second.look(at: running)
    }
    #expect(kinds(events) == ["webhook.test -", "usage.window.closed ada"])
    let data = try #require(events.last?.data)
    #expect(data["start"] == .text("2026-04-30T22:00:00.000Z") && data["end"] == .text("2026-05-01T22:00:00.000Z"))
    #expect(data["window"] == .text("day") && data["timezone"] == .text("Europe/Berlin"))
    #expect(isClose(data, 1200))
    #expect(data["usage"]?["discharge"]?["coverage"] == .number((1.0 / 24 * 1e8).rounded() / 1e8))

    // A new run after a night without power tells what it missed, and nothing twice.
    bench.clock.advance(by: .seconds(36 * 3600))
    let later = try await bench.events { log in
      let watch = UsageWatch(store: bench.store, events: log, time: bench.clock.source, logger: bench.logger)
      await watch.look(at: running)
      await watch.look(at: running)
    }
    #expect(kinds(later) == ["usage.window.closed ada", "usage.window.closed bob", "usage.window.closed bob"])
    let ends = ["2026-05-02T22:00:00.000Z", "2026-05-02T00:00:00.000Z", "2026-05-03T00:00:00.000Z"]
    #expect(later.map { $0.data["end"] } == ends.map { .text($0) })
    await running.pipeline.stop()
    try await bench.store.close()
  }

  @Test("A closed day that late energy changes is told as revised, each day once, and a day that is open is not")
  func revising() async throws {
    let bench = try await EventBench(at: Self.evening)
    let running = try await running(bench)
    let producer = running.pipeline.makeProducer(link: "bus")
    func count(_ wattHours: Double) throws {
      producer.accept([try bench.reading("energyDischargedTotalWh", .number(wattHours))], device: 0)
    }
    let events = try await bench.events { log in
      let watch = UsageWatch(store: bench.store, events: log, time: bench.clock.source, logger: bench.logger)
      await watch.look(at: running)
      try count(100_000)
      bench.clock.advance(by: .seconds(60))
      try count(100_010)
      // No answer until the next noon: the counter says what was delivered in between.
      bench.clock.advance(by: .seconds(14 * 3600))
      await watch.look(at: running)
      try count(114_010)
      try await running.pipeline.flush()
      await watch.look(at: running)
      bench.clock.advance(by: UsageWatch.revisionPause)
      await watch.look(at: running)
    }
    #expect(kinds(events) == ["usage.window.closed ada", "usage.window.closed bob", "usage.revised ada"])
    let revised = try #require(events.last?.data)
    #expect(revised["start"] == events.first?.data["start"] && revised["end"] == events.first?.data["end"])
    #expect(isClose(events.first?.data ?? [:], 10) && isClose(revised, 10 + 1000 * 119.0 / 60))
    await running.pipeline.stop()
    try await bench.store.close()
  }

  @Test("A clock that was years ahead for a moment closes no day for years, and none is missing afterwards")
  func wrongClock() async throws {
    let bench = try await EventBench(at: Self.evening)
    let running = try await running(bench)
    let events = try await bench.events { log in
      let watch = UsageWatch(store: bench.store, events: log, time: bench.clock.source, logger: bench.logger)
      await watch.look(at: running)
      let years: Int64 = 3 * 365 * 86_400_000
      bench.clock.jumpWall(byMilliseconds: years)
      await watch.look(at: running)
      bench.clock.jumpWall(byMilliseconds: -years)
      await watch.look(at: running)
      log.record(.webhookTest)
      bench.clock.advance(by: .seconds(24 * 3600))
      await watch.look(at: running)
    }
    let after = events.drop { $0.type != "webhook.test" }.dropFirst()
    #expect(events.count <= 2 * Int(UsageWatch.maxDaysBack) + 5)
    #expect(kinds(Array(after)) == ["usage.window.closed ada", "usage.window.closed bob"])
    await running.pipeline.stop()
    try await bench.store.close()
  }
}
