import EnergyModel
import LocalAPISchema
import LocalAPITestSupport
import Testing
import TestSupport

@testable import LocalAPIServer

/// The clock stands at 2026-05-01T10:00:00Z.
@Suite struct UsageMeterRouteTests {
  private func with(_ body: @Sendable @escaping (RunningGateway) async throws -> Void) async throws {
    try await RunningGateway.with(time: TestClock().source) { server in
      _ = try await server.send(
        "POST", "/v1/usage/meters", body: #"{"name": "requests", "aggregation": "SUM", "unit": "request"}"#)
      _ = try await server.send(
        "POST", "/v1/usage/meters", body: #"{"name": "seats", "aggregation": "UNIQUE_COUNT"}"#)
      try await body(server)
      await server.stop()
    }
  }

  @Test("A meter is made, listed and read by id and by token")
  func meters() async throws {
    try await with { server in
      let made = try await server.send(
        "POST", "/v1/usage/meters", body: #"{"name": "power", "aggregation": "WEIGHTED_SUM", "unit": "Wh"}"#)
      #expect(made.status == 201 && made.headers["location"] == "/v1/usage/meters/mtr_3")
      #expect(try await server.get("/v1/usage/meters")["totalItems"] == .number(3))
      #expect(try await server.get("/v1/usage/meters/mtk_3")["name"] == .text("power"))
      #expect(try await server.get("/api/v1/meters/mtr_2")["property_name"] == .text("user_id"))
      #expect(try await server.get("/api/v1/meters?page_size=2")["meta", "total_pages"] == .number(2))
      #expect(try await server.get("/v1/usage/meters/mtr_9").status == 404)
      let twice = try await server.send(
        "POST", "/v1/usage/meters", body: #"{"name": "power", "aggregation": "SUM"}"#)
      #expect(twice.status == 409)
      let seed = try await server.send(
        "POST", "/api/v1/meters", body: #"{"name": "calls", "aggregation_type": "MAX", "property_name": "n"}"#)
      #expect(seed.status == 201 && seed["aggregation_type"] == .text("MAX"))
    }
  }

  @Test("The seed's track call answers in the seed's shape, and once per idempotency key")
  func track() async throws {
    try await with { server in
      let body = #"""
        {"meter_token": "mtk_1", "customer_external_id": "acme-corp-001", "quantity": 100, "idempotency_key": "k1",
         "metadata": {"userId": "u1", "snake_case": 1}}
        """#
      let first = try await server.send("POST", "/api/v1/sdk/track", body: body)
      #expect(first.status == 201)
      #expect(first["quantity"] == .text("100"))
      #expect(first["customer_id"] == .text("cus_acme-corp-001"))
      #expect(first["timestamp"] == .text("2026-05-01T10:00:00.000Z"))
      #expect(first["meta_data", "userId"] == .text("u1") && first["meta_data", "snake_case"] == .number(1))
      let again = try await server.send("POST", "/api/v1/sdk/track", body: body)
      #expect(again["id"] == first["id"] && again.headers["idempotent-replayed"] == "true")
      let other = try await server.send(
        "POST", "/api/v1/sdk/track", body: body.replacing("100", with: "101"))
      #expect(other.status == 422 && other["error"] == .text("IDEMPOTENCY_KEY_REUSED"))
      let form = try await server.send(
        "POST", "/api/v1/usage", headers: [("Idempotency-Key", "k2")],
        body: #"{"meter_name": "requests", "customer_id": "demo", "properties": {"quantity": 2.5}}"#)
      #expect(form.status == 201 && form["quantity"] == .text("2.5"))
      let usage = try await server.get("/api/v1/meters/mtr_1/usage?start_date=2026-05-01&end_date=2026-05-01")
      #expect(usage["total_usage"] == .text("102.5"))
      #expect(usage["event_count"] == .number(2) && usage["unique_customers"] == .number(2))
      #expect(usage["grouped_data", "0", "usage"] == .text("102.5"))
      #expect(usage["period_end"] == .text("2026-05-02T00:00:00.000Z"))
      let events = try await server.get("/api/v1/meters/mtr_1/events?page=1&page_size=1")
      #expect(events["meta", "total"] == .number(2) && events["data", "1"] == nil)
      let own = try await server.get("/api/v1/customers/demo/usage?start_date=2026-05-01")
      #expect(own["meters", "0", "total_usage"] == .text("2.5"))
      #expect(own["meters", "0", "meter_name"] == .text("requests"))
      #expect(own["energy", "generation", "total_usage"] == .number(12_400))
      #expect(own["energy", "consumption", "total_usage"] == .null)
    }
  }

  @Test("A batch has a result for each event, and a wrong one does not stop the others")
  func batch() async throws {
    try await with { server in
      let reply = try await server.send(
        "POST", "/v1/usage/events",
        body: #"""
          {"events": [
            {"meterId": "mtr_1", "customerId": "demo", "quantity": 0.1},
            {"meterId": "mtr_1", "customerId": "demo", "quantity": 0.2, "idempotencyKey": "a"},
            {"meterId": "mtr_1", "customerId": "demo", "quantity": 0.2, "idempotencyKey": "a"},
            {"meterId": "mtr_1", "customerId": "nobody", "quantity": 1},
            {"meterId": "mtr_9", "customerId": "demo", "quantity": 1},
            {"meterId": "mtr_1", "customerId": "demo", "quantity": 0},
            {"meterId": "mtr_1", "customerId": "demo", "quantity": 1, "timestamp": "2026-03-01T00:00:00Z"},
            {"meterId": "mtr_1", "customerId": "demo", "quantity": 1, "timestamp": "2026-05-01T10:05:01Z"},
            {"meterId": "mtr_2", "customerId": "demo", "metadata": {}},
            {"meterId": "mtr_2", "customerId": "demo", "metadata": {"user_id": "ada"}},
            {"meterId": "mtr_1", "customerId": "demo", "quantity": 1, "colour": "red"},
            {"meterId": "mtr_1", "meter_id": "mtr_1", "customerId": "demo", "quantity": 1},
            7
          ]}
          """#)
      #expect(reply.status == 207)
      #expect(reply["accepted"] == .number(3) && reply["duplicates"] == .number(1) && reply["rejected"] == .number(9))
      let expected: [(Int, String, String)] = [
        (3, "NOT_FOUND", "/events/3/customerId"), (4, "NOT_FOUND", "/events/4/meterId"),
        (5, "OUT_OF_RANGE", "/events/5/quantity"), (6, "TOO_OLD", "/events/6/timestamp"),
        (7, "IN_THE_FUTURE", "/events/7/timestamp"), (8, "MISSING_FIELD", "/events/8/metadata/user_id"),
        (10, "UNKNOWN_FIELD", "/events/10/colour"), (11, "INVALID_VALUE", "/events/11/meter_id"),
        (12, "INVALID_TYPE", "/events/12"),
      ]
      for (index, code, pointer) in expected {
        #expect(reply["results", "\(index)", "error", "code"] == .text(code), "\(index): \(reply.text)")
        #expect(reply["results", "\(index)", "error", "pointer"] == .text(pointer), "\(index)")
      }
      let usage = try await server.get("/v1/usage/meters/mtr_1/usage?range=today&by=hour")
      #expect(usage["total"] == .text("0.3"))
      let stats = try await server.get("/v1/usage/meters/mtr_1/stats")
      #expect(stats["today"] == .text("0.3") && stats["eventCount"] == .number(2))
      #expect(try await server.get("/v1/usage/meters/mtr_1/events")["totalItems"] == .number(2))
      let events = (0...1000).map { _ in #"{"meterId":"mtr_1"}"# }.joined(separator: ",")
      let tooMany = try await server.send("POST", "/v1/usage/events", body: "{\"events\": [\(events)]}")
      #expect(tooMany.status == 422 && tooMany["errors", "0", "pointer"] == .text("/events"))
    }
  }

  @Test("A key of one customer reports and sees that customer's use alone")
  func restricted() async throws {
    try await with { server in
      let key = try await server.key("usage:write", "metrics:read", customer: "demo")
      let events =
        #"{"events": [{"meterId": "mtr_1", "customerId": "demo", "quantity": 1}, {"meterId": "mtr_1", "customerId": "other", "quantity": 1}, {"meterId": "mtr_1", "customerExternalId": "new", "quantity": 1}]}"#
      let reply = try await server.send("POST", "/v1/usage/events", key: key, body: events)
      #expect(reply["accepted"] == .number(1) && reply["rejected"] == .number(2))
      _ = try await server.send(
        "POST", "/v1/usage/events", body: #"{"events": [{"meterId": "mtr_1", "customerId": "other", "quantity": 5}]}"#)
      #expect(try await server.get("/v1/usage/meters/mtr_1/usage", key: key)["total"] == .text("1"))
      #expect(try await server.get("/v1/usage/meters/mtr_1/stats", key: key)["eventCount"] == .number(1))
      #expect(try await server.get("/v1/usage/meters/mtr_1/events", key: key)["totalItems"] == .number(1))
      #expect(try await server.get("/v1/usage/meters/mtr_1/usage?customerId=other", key: key).status == 404)
      #expect(try await server.get("/api/v1/customers/other/usage", key: key).status == 404)
      let draft = #"{"name": "x", "aggregation": "SUM"}"#
      #expect(try await server.send("POST", "/v1/usage/meters", key: key, body: draft).status == 403)
      let reader = try await server.key("metrics:read")
      #expect(try await server.send("POST", "/v1/usage/events", key: reader, body: events).status == 403)
    }
  }

  @Test("Customer usage comes in weeks, months and years, and in the words of metrics")
  func customerUsage() async throws {
    try await with { server in
      let months = try await server.get("/v1/customers/demo/usage?from=2026-01-01&to=2026-05-01&by=month")
      #expect(months["metrics", "generation", "series", "3", "start"] == .text("2026-03-31T22:00:00.000Z"))
      let seed = try await server.get(
        "/v1/sites/home/usage?windowSize=MONTH&filterRangeAfter=2026-01-01&filterRangeBefore=2026-05-01")
      #expect(seed["metrics"] == months["metrics"] && seed["by"] == .text("month"))
      let mixed = try await server.get("/v1/sites/home/usage?windowSize=MONTH&range=7d")
      #expect(mixed.status == 422 && mixed["errors", "0", "pointer"] == .text("?range"))
      #expect(try await server.get("/api/v1/customers/demo/usage?end_date=2026-05-01").status == 422)
      #expect(try await server.get("/api/v1/customers/demo/usage?group_by=year").status == 422)
    }
  }
}
