import EnergyModel
import LocalAPISchema
import LocalAPITestSupport
import Testing
import TestSupport

@testable import LocalAPIServer

@Suite struct UsageTests {
  private func time(_ text: String) throws -> Timestamp { try #require(Timestamp(rfc3339: text)) }

  private func interval(_ start: String, _ end: String) throws -> UsageInterval {
    UsageInterval(start: try time(start), end: try time(end))
  }

  private let berlin = UsageCalendar(timezone: "Europe/Berlin")

  @Test("Today begins at the site's midnight and ends with the running minute")
  func today() throws {
    let calendar = try #require(berlin)
    let now = try time("2026-05-01T10:00:30Z")
    #expect(try calendar.interval(range: "today", now: now) == interval("2026-04-30T22:00:00Z", "2026-05-01T10:01:00Z"))
    #expect(
      try calendar.interval(range: "yesterday", now: now) == interval("2026-04-29T22:00:00Z", "2026-04-30T22:00:00Z"))
    #expect(try calendar.interval(range: "7d", now: now).start == time("2026-04-24T22:00:00Z"))
    #expect(try calendar.interval(range: "month", now: now).start == time("2026-04-30T22:00:00Z"))
  }

  @Test("The day of the clock change has 23 or 25 hours")
  func clockChange() throws {
    let calendar = try #require(berlin)
    let now = try time("2026-12-01T00:00:00Z")
    let spring = try calendar.interval(from: "2026-03-29", to: "2026-03-30", now: now)
    #expect(try calendar.buckets(of: spring, by: .hour).count == 23)
    #expect(try calendar.buckets(of: spring, by: .day).count == 1)
    let autumn = try calendar.interval(from: "2026-10-25", to: "2026-10-26", now: now)
    #expect(try calendar.buckets(of: autumn, by: .hour).count == 25)
    #expect(try calendar.buckets(of: autumn, by: .quarterHour).count == 100)
  }

  @Test("Hours begin where the zone's hours begin, and buckets have no gaps")
  func oddZones() throws {
    for zone in ["Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns", "UTC"] {
      let calendar = try #require(UsageCalendar(timezone: zone))
      let whole = try calendar.interval(from: "2026-04-03", to: "2026-04-07", now: time("2026-12-01T00:00:00Z"))
      for step in [UsageCalendar.Step.quarterHour, .hour, .day] {
        let buckets = try calendar.buckets(of: whole, by: step)
        #expect(buckets.first?.start == whole.start)
        #expect(buckets.last?.end == whole.end)
        #expect(zip(buckets, buckets.dropFirst()).allSatisfy { $0.end == $1.start && $0.start < $0.end }, "\(zone)")
      }
      #expect(try calendar.buckets(of: whole, by: .day).count == 4, "\(zone)")
    }
  }

  @Test("Usage comes in the zone of the customer's first site, and unknown is null")
  func route() async throws {
    let clock = TestClock()
    try await RunningGateway.with(time: clock.source) { server in
      let reply = try await server.get("/v1/customers/demo/usage?range=today&by=hour")
      #expect(reply["timezone"] == .text("Europe/Berlin"))
      #expect(reply["from"] == .text("2026-04-30T22:00:00.000Z"))
      #expect(reply["metrics", "consumption", "total"] == .null)
      #expect(reply["metrics", "generation", "series", "11", "end"] == .text("2026-05-01T10:00:00.000Z"))
      let request = try #require(await server.gateway.usageRequests.first)
      #expect(request.subject == .customer("demo"))
      #expect(request.buckets.count == 12)
      #expect(try await server.get("/v1/sites/hut/usage?from=2026-05-01&to=2026-05-02")["by"] == .text("none"))
      await server.stop()
    }
  }
}
