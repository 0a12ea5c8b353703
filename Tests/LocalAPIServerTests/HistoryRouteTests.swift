import EnergyModel
import Foundation
import LocalAPISchema
import LocalAPITestSupport
import Testing
import TestSupport

@testable import LocalAPIServer

/// The clock stands at 2026-05-01T10:00:00Z; the gateway in memory has a reading each minute of the last day, and
/// windows whose mean is their length in minutes.
@Suite struct HistoryRouteTests {
  private static let path = "/v1/devices/battery-1/history"

  private func with(_ body: @Sendable @escaping (RunningGateway) async throws -> Void) async throws {
    try await RunningGateway.with(time: TestClock().source) { server in
      try await body(server)
      await server.stop()
    }
  }

  private func report(_ server: RunningGateway, _ query: String) async throws -> HistoryReport {
    let reply = try await server.get("\(Self.path)?\(query)")
    #expect(reply.status == 200, "\(reply.text)")
    return try JSONDecoder().decode(HistoryReport.self, from: Data(reply.text.utf8))
  }

  @Test("Without anything it is the last day in minutes, gauges and counters, in the site's zone")
  func standard() async throws {
    try await with { server in
      let all = try await report(server, "limit=10000")
      #expect(all.resolution == .minute && all.timezone == "Europe/Berlin")
      #expect(all.data.count == 1440 * 2 && all.nextCursor == nil)
      #expect(Set(all.data.map(\.field)) == ["powerW", "energyChargedTotalWh"])
      let gauge = try #require(all.data.first { $0.field == "powerW" })
      #expect((gauge.avg, gauge.difference) == (1, nil))
      let counter = try #require(all.data.first { $0.field == "energyChargedTotalWh" })
      #expect((counter.avg, counter.difference) == (nil, 1))
    }
  }

  @Test("Days and hours are those of the zone, also when clocks change")
  func clockChange() async throws {
    try await with { server in
      let days = try await report(
        server, "resolution=1d&fields=powerW&from=2025-10-25&to=2025-10-28")
      #expect(days.data.map(\.avg) == [1440, 1500, 1440])
      #expect(
        days.data.map { "\($0.ts)" } == [
          "2025-10-24T22:00:00.000Z", "2025-10-25T22:00:00.000Z", "2025-10-26T23:00:00.000Z",
        ])
      let hours = try await report(server, "resolution=1h&fields=powerW&from=2025-10-26&to=2025-10-27")
      #expect(hours.data.map(\.avg) == Array(repeating: 60, count: 25))
      let spring = try await report(server, "resolution=1d&fields=powerW&from=2026-03-29&to=2026-03-30")
      #expect(spring.data.map(\.avg) == [1380])
      let elsewhere = try await report(
        server, "resolution=1d&fields=powerW&from=2025-10-26&to=2025-10-27&timezone=Asia/Kathmandu")
      #expect(elsewhere.data.map(\.avg) == [1440])
      #expect(elsewhere.data.map { "\($0.ts)" } == ["2025-10-25T18:15:00.000Z"])
    }
  }

  @Test("Pages with a cursor are together what one answer has", arguments: ["raw", "1m", "15m"])
  func cursor(resolution: String) async throws {
    try await with { server in
      let query = "resolution=\(resolution)&from=2026-05-01T07:00:00Z&to=2026-05-01T09:30:00Z"
      let whole = try await report(server, query + "&limit=10000")
      var rows: [HistoryRow] = []
      var cursor: String?
      repeat {
        let page = try await report(server, query + "&limit=37" + (cursor.map { "&cursor=\($0)" } ?? ""))
        #expect(page.data.count <= 37)
        rows += page.data
        cursor = page.nextCursor
      } while cursor != nil
      #expect(rows == whole.data)
      #expect(rows.count > 10)
    }
  }

  @Test("Readings are as they came: numbers, words, nothing; and can be asked for by quality")
  func raw() async throws {
    try await with { server in
      let query = "resolution=raw&from=2026-05-01T08:00:00Z&to=2026-05-01T08:04:00Z"
      let rows = try await report(server, query).data
      #expect(rows.map(\.field).prefix(2) == ["powerW", "chargingState"])
      #expect(rows.contains { $0.value == .number(100.5) })
      #expect(rows.contains { $0.value == .text("a \"b\", c") })
      let missing = try await report(server, query + "&quality=missing,bad").data
      #expect(!missing.isEmpty && missing.allSatisfy { $0.quality == "missing" && $0.value == nil })
    }
  }

  @Test("CSV and lines of JSON by the Accept header or by format, without a limit of their own")
  func formats() async throws {
    try await with { server in
      let query = "\(Self.path)?resolution=raw&from=2026-04-30T10:00:00Z"
      let csv = try await server.get(query, headers: [("Accept", "text/html;q=0.5, text/csv")])
      #expect(csv.headers["content-type"] == "text/csv; charset=utf-8")
      let lines = csv.text.components(separatedBy: "\r\n")
      #expect(lines.first == "ts,field,value,quality")
      #expect(lines.count > 3000)
      #expect(csv.text.contains(",chargingState,\"a \"\"b\"\", c\",good\r\n"))
      #expect(csv.text.contains(",powerW,,missing\r\n"))
      #expect(try await server.get(query + "&format=csv").text == csv.text)
      let json = try await server.get(query + "&format=ndjson")
      #expect(json.headers["content-type"] == "application/x-ndjson")
      let rows = try json.text.split(separator: "\n").map {
        try JSONDecoder().decode(HistoryRow.self, from: Data($0.utf8))
      }
      #expect(rows.count == lines.count - 2)
      let windows = try await server.get("\(Self.path)?resolution=1h&format=csv&fields=powerW")
      #expect(windows.text.hasPrefix("ts,field,avg,min,max,last,difference,samples,quality\r\n"))
    }
  }

  @Test(
    "What cannot be asked for is refused with its place",
    arguments: [
      ("fields=nothing", "?fields"), ("fields=chargingState", "?fields"), ("resolution=5m", "?resolution"),
      ("from=yesterday", "?from"), ("from=2026-05-02&to=2026-05-01", "?from"), ("quality=fine", "?quality"),
      ("timezone=Mars", "?timezone"), ("limit=0", "?limit"), ("cursor=abc", "?cursor"), ("format=xml", "?format"),
      ("resolution=1m&from=2020-01-01&to=2021-01-01", "?resolution"),
    ])
  func refused(query: String, place: String) async throws {
    try await with { server in
      let reply = try await server.get("\(Self.path)?\(query)")
      #expect(reply.status == 422)
      #expect(reply.text.contains("\"\(place)\""), "\(reply.text)")
    }
  }

  @Test("Another customer's device is not there")
  func restricted() async throws {
    try await with { server in
      let key = try await server.key("devices:read", customer: "demo")
      #expect(try await server.get(Self.path, key: key).status == 200)
      #expect(try await server.get("/v1/devices/thermostat-1/history", key: key).status == 404)
      #expect(try await server.get("/v1/devices/nobody/history", key: key).status == 404)
      let other = try await server.key("commands:write")
      #expect(try await server.get(Self.path, key: other).status == 403)
    }
  }
}
