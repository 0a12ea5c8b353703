import EnergyModel
import LocalAPISchema
import LocalAPITestSupport
import Testing
import TestSupport

@testable import LocalAPIServer

/// The clock stands at 2026-05-01T10:00:00Z.
@Suite struct MetricRouteTests {
  private func with(_ body: @Sendable @escaping (RunningGateway) async throws -> Void) async throws {
    try await RunningGateway.with(time: TestClock().source) { server in
      try await body(server)
      await server.stop()
    }
  }

  @Test("The seed's example without a filter gives every device, in the seed's shape")
  func seed() async throws {
    try await with { server in
      let reply = try await server.get("/v1/metrics/consumption?period=day&timeframe=1d")
      #expect(reply.status == 200)
      // Today's and yesterday's part of the last 24 hours in Berlin; the thermostat has no energy.
      guard case .array(let data)? = reply["data"] else { throw APIError.invalid("", reply.text) }
      #expect(data.count == 2)
      #expect(reply["data", "0", "ts"] == .text("2026-04-30T10:00:00.000Z"))
      #expect(reply["data", "0", "v"] == .null)
      #expect(reply["data", "1", "ts"] == .text("2026-04-30T22:00:00.000Z"))
      #expect(reply["data", "1", "v"] == .number(200))
      #expect(reply["data", "1", "deviceId"] == .text("battery-1"))
      #expect(reply["data", "1", "siteId"] == .text("home"))
      #expect(reply["data", "1", "customerId"] == .text("demo"))
      #expect(reply["data", "1", "coverage"] == .number(0.4))
      #expect(reply["data", "1", "revision"] == .number(0))
      #expect(reply["meta", "label"] == .text("energyConsumedWhr"))
      #expect(reply["meta", "unit"] == .text("WATT_HOURS"))
      #expect(reply["meta", "domainMeta", "rate", "unit"] == .text("HOUR"))
      #expect(reply["meta", "series", "0", "total"] == .number(200))
    }
  }

  @Test("Filters take brackets, escaped brackets, commas and the singular")
  func filters() async throws {
    try await with { server in
      for query in [
        "filterDeviceId[]=battery-1", "filterDeviceId%5B%5D=battery-1", "filterDeviceId=battery-1",
        "filterDeviceId=battery-1,thermostat-1", "filterDeviceId[]=battery-1&filterDeviceId[]=thermostat-1",
      ] {
        let reply = try await server.get("/v1/metrics/charge?timeframe=1h&\(query)")
        #expect(reply.status == 200, "\(query): \(reply.text)")
        #expect(reply["meta", "groupBy"] == .text("DEVICE"))
        #expect(reply["data", "4"] == nil && reply["data", "3", "deviceId"] == .text("battery-1"), "\(query)")
      }
      #expect(try await server.get("/v1/metrics/charge?filterSiteId[]=home")["meta", "groupBy"] == .text("SITE"))
      #expect(
        try await server.get("/v1/metrics/charge?filterCustomerId=other")["meta", "groupBy"] == .text("CUSTOMER"))
      #expect(try await server.get("/v1/metrics/charge?filterDeviceId=nobody").status == 404)
    }
  }

  @Test("A key of one customer sees that customer's series and nothing of the others")
  func restricted() async throws {
    try await with { server in
      let key = try await server.key("metrics:read", customer: "demo")
      for grouping in MetricGrouping.allCases {
        let reply = try await server.get("/v1/metrics/import?groupBy=\(grouping.rawValue)", key: key)
        #expect(reply.status == 200)
        #expect(!reply.text.contains("hut") && !reply.text.contains("other") && !reply.text.contains("thermostat"))
      }
      for query in ["filterDeviceId=thermostat-1", "filterSiteId=hut", "filterCustomerId=other"] {
        let foreign = try await server.get("/v1/metrics/import?\(query)", key: key)
        let unknown = try await server.get("/v1/metrics/import?\(query)x", key: key)
        #expect(foreign.status == 404 && unknown.status == 404, "\(query)")
      }
      let other = try await server.key("devices:read")
      #expect(try await server.get("/v1/metrics/import", key: other).status == 403)
    }
  }

  private func starts(_ server: RunningGateway, _ query: String) async throws -> [String] {
    let reply = try await server.get("/v1/metrics/import?filterSiteId=home&\(query)")
    guard case .array(let data)? = reply["data"] else { throw APIError.invalid("", reply.text) }
    return data.compactMap { if case .object(let point) = $0, case .text(let ts)? = point["ts"] { ts } else { nil } }
  }

  @Test("Windows follow the zone: days of clock changes, ISO weeks, months and years")
  func windows() async throws {
    try await with { server in
      let range = "filterRangeAfter=2026-03-28&filterRangeBefore=2026-03-31"
      let days = try await starts(server, "windowSize=DAY&\(range)")
      #expect(days == ["2026-03-27T23:00:00.000Z", "2026-03-28T23:00:00.000Z", "2026-03-29T22:00:00.000Z"])
      let hours = try await starts(server, "windowSize=HOUR&\(range)")
      #expect(hours.count == 24 + 23 + 24)
      let plain = try await starts(server, "windowSize=HOUR&timezone=UTC&\(range)")
      #expect(plain.count == 72)
      let weeks = try await starts(
        server, "windowSize=WEEK&filterRangeAfter=2026-03-16&filterRangeBefore=2026-04-06")
      #expect(weeks == ["2026-03-15T23:00:00.000Z", "2026-03-22T23:00:00.000Z", "2026-03-29T22:00:00.000Z"])
      let months = try await starts(
        server, "windowSize=MONTH&filterRangeAfter=2025-12-01&filterRangeBefore=2026-05-01")
      #expect(months.count == 5)
      let years = try await starts(
        server, "windowSize=YEAR&filterRangeAfter=2024-01-01&filterRangeBefore=2026-01-01")
      #expect(years == ["2023-12-31T23:00:00.000Z", "2024-12-31T23:00:00.000Z"])
    }
  }

  @Test("Buckets without a value, or with too little of the time, are null, zero or left out")
  func fill() async throws {
    try await with { server in
      let query = "/v1/metrics/import?filterSiteId=home&timeframe=1h"
      #expect(try await server.get("\(query)&fill=zero")["data", "0", "v"] == .number(0))
      #expect(try await server.get("\(query)&fill=zero")["data", "0", "coverage"] == .number(0))
      let sparse = try await server.get("\(query)&fill=none&minCoverage=0.5")
      #expect(sparse["data", "0", "v"] == .number(300) && sparse["data", "2"] == nil)
      #expect(sparse["meta", "sparse"] == .flag(true))
      #expect(sparse["meta", "series", "0", "total"] == .number(700))
    }
  }

  @Test("Emissions say which intensity they were made with, in grams or in the seed's pounds")
  func emissions() async throws {
    try await with { server in
      let reply = try await server.get("/v1/metrics/emissions?timeframe=1h&filterSiteId=home")
      #expect(reply["meta", "intensitySources", "0", "name"] == .text("grid.csv"))
      #expect(reply["meta", "unit"] == .text("GRAMS"))
      let pounds = try await server.get("/v1/metrics/emissions?timeframe=1h&filterSiteId=home&view=texture")
      #expect(pounds["meta", "unit"] == .text("POUNDS"))
      guard case .number(let value)? = pounds["data", "3", "v"] else { throw APIError.invalid("", pounds.text) }
      #expect(abs(value - 400 / 453.59237) < 1e-9)
    }
  }

  @Test("Wrong questions are refused with the name of what is wrong")
  func refusals() async throws {
    try await with { server in
      let wrong: [(String, String)] = [
        ("consumption?windowSize=FORTNIGHT", "?windowSize"), ("consumption?timeframe=2d", "?timeframe"),
        ("consumption?timeframe=1d&filterRangeRelative=1d", "?timeframe"),
        ("consumption?windowSize=DAY&period=day", "?period"), ("consumption?groupBy=COUNTRY", "?groupBy"),
        ("consumption?timezone=Europe/Nowhere", "?timezone"), ("consumption?minCoverage=2", "?minCoverage"),
        ("consumption?fill=some", "?fill"), ("consumption?filterRangeAfter=yesterday", "?filterRangeAfter"),
        ("consumption?filterRangeAfter=2026-05-01&timeframe=1d", "?timeframe"),
        ("consumption?filterRangeAfter=2026-05-01&filterRangeBefore=2026-04-01", "?filterRangeAfter"),
        ("consumption?filterRangeAfter=2020-01-01", "?windowSize"), ("consumption?sort=v", "?sort"),
        ("self-consumption?groupBy=DEVICE", "?groupBy"), ("self-consumption?filterDeviceId=battery-1", "?groupBy"),
      ]
      for (path, pointer) in wrong {
        let reply = try await server.get("/v1/metrics/\(path)")
        #expect(reply.status == 422, "\(path): \(reply.status)")
        #expect(reply["errors", "0", "pointer"] == .text(pointer), "\(path): \(reply.text)")
      }
      #expect(try await server.get("/v1/metrics/happiness").status == 404)
    }
  }
}
