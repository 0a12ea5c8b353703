import EnergyModel
import LocalAPISchema
import LocalAPITestSupport
import Testing
import TestSupport

@testable import LocalAPIServer

@Suite struct AccessTests {
  @Test("Over TCP nothing is shown without a key, over the Unix socket everything")
  func keyNeeded() async throws {
    try await RunningGateway.with { server in
      let refused = try await server.send("GET", "/v1/devices", overTCP: true)
      #expect(refused.status == 401)
      #expect(refused.headers["www-authenticate"] == "Bearer realm=\"heddle\"")
      #expect(refused.headers["content-type"] == "application/problem+json")
      #expect(refused["error"] == .text("UNAUTHENTICATED"))
      #expect(try await server.send("GET", "/health", overTCP: true).status == 200)
      #expect(try await server.get("/v1/devices").status == 200)
    }
  }

  @Test("A key is taken from three headers, and never shown again")
  func headers() async throws {
    try await RunningGateway.with { server in
      let key = try await server.key("devices:read")
      for (name, value) in [("Authorization", "bearer \(key)"), ("X-API-Key", key), ("Texture-Api-Key", key)] {
        let reply = try await server.send("GET", "/v1/devices", headers: [(name, value)], overTCP: true)
        #expect(reply.status == 200, "\(name)")
      }
      let list = try await server.get("/v1/keys")
      #expect(!list.text.contains(key))
      let stored = try #require(await server.gateway.keys.first)
      #expect(stored.digest.count == 32)
      #expect(try await server.send("DELETE", "/v1/keys/\(stored.id)").status == 204)
      #expect(try await server.get("/v1/devices", key: key).status == 401)
      #expect(try await server.send("DELETE", "/v1/keys/\(stored.id)").status == 404)
    }
  }

  @Test("A key does what its scopes say and nothing else")
  func scopes() async throws {
    try await RunningGateway.with { server in
      let key = try await server.key("devices:read")
      let refused = try await server.send(
        "POST", "/v1/devices/battery-1/commands", key: key, body: "{\"command\":\"charge\"}")
      #expect(refused.status == 403)
      #expect(refused["error"] == .text("SCOPE_MISSING"))
      #expect(try await server.get("/v1/customers", key: key).status == 403)
      #expect(try await server.get("/v1/keys", key: key).status == 403)
      #expect(try await server.get("/v1/keys", key: try await server.key("admin")).status == 200)
      #expect(await server.gateway.calls.isEmpty)
    }
  }

  @Test("Only who may use a priority sends with it")
  func priorities() async throws {
    try await RunningGateway.with { server in
      let keys = [
        "commands:write": try await server.key("commands:write"), "admin": try await server.key("admin"), "socket": nil,
      ]
      let may = [
        "safety": [], "manual": ["socket"], "grid-program": ["admin", "socket"],
        "user": ["admin", "commands:write", "socket"], "schedule": ["admin", "commands:write", "socket"],
        "optimizer": ["admin", "commands:write", "socket"],
      ]
      for (priority, able) in may {
        for (who, key) in keys {
          let reply = try await server.send(
            "POST", "/v1/devices/battery-1/commands", key: key,
            body: "{\"command\":\"charge\",\"priority\":\"\(priority)\"}")
          #expect(reply.status == (able.contains(who) ? 202 : 403), "\(who) with \(priority)")
          if reply.status == 202 { #expect(reply["priority"] == .text(priority)) }
          if reply.status == 403 { #expect(reply["error"] == .text("PRIORITY_FORBIDDEN")) }
        }
      }
    }
  }

  @Test("A key of one customer cannot see or move what belongs to another")
  func tenancy() async throws {
    try await RunningGateway.with { server in
      let key = try await server.key("admin", customer: "demo")
      #expect(try await server.get("/v1/devices", key: key)["totalItems"] == .number(1))
      #expect(try await server.get("/v1/devices?customerId=other", key: key)["totalItems"] == .number(0))
      _ = try await server.send("POST", "/v1/devices/thermostat-1/commands", body: "{\"command\":\"auto\"}")
      for path in [
        "/v1/devices/thermostat-1", "/v1/devices/thermostat-1/state", "/v1/devices/thermostat-1/capabilities",
        "/v1/devices/thermostat-1/commands", "/v1/customers/other", "/v1/customers/other/usage",
        "/v1/customers/other/devices", "/v1/customers/other/sites", "/v1/sites/hut", "/v1/sites/hut/usage",
        "/v1/sites/hut/devices", "/v1/commands/cmd_1",
      ] {
        #expect(try await server.get(path, key: key).status == 404, "\(path)")
      }
      let command = try await server.send(
        "POST", "/v1/devices/thermostat-1/commands", key: key, body: "{\"command\":\"auto\"}")
      #expect(command.status == 404)
      #expect(try await server.send("POST", "/v1/commands/cmd_1/cancel", key: key).status == 404)
      #expect(await server.gateway.calls.count == 1)
      #expect(try await server.get("/v1/commands", key: key)["totalItems"] == .number(0))
      #expect(try await server.get("/v1/customers", key: key)["totalItems"] == .number(1))
      for path in ["/v1/status", "/metrics", "/v1/keys"] {
        #expect(try await server.get(path, key: key).status == 403, "\(path)")
      }
      #expect(try await server.send("DELETE", "/v1/customers/other", key: key).status == 403)
    }
  }

  @Test("Events of another customer are neither listed nor streamed")
  func eventTenancy() async throws {
    let gateway = InMemoryGateway()
    await gateway.add(InMemoryGateway.event(1))
    await gateway.add(InMemoryGateway.event(2, device: "thermostat-1", customer: "other"))
    await gateway.add(InMemoryGateway.event(3))
    try await RunningGateway.with(gateway) { server in
      let key = try await server.key("devices:read", customer: "demo")
      let list = try await server.get("/v1/events", key: key)
      #expect(list["data", "1", "sequence"] == .number(3))
      #expect(list["data", "2"] == nil)
      let stream = try await server.stream("/v1/stream", headers: [("Last-Event-ID", "0")], key: key)
      var text = ""
      for try await chunk in stream {
        text += chunk
        if text.contains("id: 3\n") { break }
      }
      #expect(text.contains("id: 1\n"))
      #expect(!text.contains("id: 2\n"))
    }
  }

  @Test("Ten wrong keys a minute are refused as such, more are held back, right ones never")
  func rateLimit() async throws {
    let clock = TestClock()
    try await RunningGateway.with(time: clock.source) { server in
      let key = try await server.key("devices:read")
      for _ in 0..<10 { #expect(try await server.get("/v1/devices", key: "hdl_wrong").status == 401) }
      let held = try await server.get("/v1/devices", key: "hdl_wrong")
      #expect(held.status == 429)
      #expect(held.headers["retry-after"] == "60")
      #expect(try await server.get("/v1/devices", key: key).status == 200)
      clock.advance(by: .seconds(61))
      #expect(try await server.get("/v1/devices", key: "hdl_wrong").status == 401)
      await server.stop()
    }
  }

  @Test("A key works until it expires, and not a moment longer")
  func expiry() async throws {
    let clock = TestClock()
    try await RunningGateway.with(time: clock.source) { server in
      let end = clock.now.advanced(byMilliseconds: 60_000)
      let made = try await server.send(
        "POST", "/v1/keys", body: "{\"scopes\":[\"devices:read\"],\"expiresAt\":\"\(end.rfc3339)\"}")
      #expect(made["expiresAt"] == .text(end.rfc3339))
      guard case .text(let key)? = made["key"] else {
        Issue.record("\(made.text)")
        return
      }
      #expect(try await server.get("/v1/keys")["data", "0", "expiresAt"] == .text(end.rfc3339))
      clock.jumpWall(byMilliseconds: 59_999)
      #expect(try await server.get("/v1/devices", key: key).status == 200)
      clock.jumpWall(byMilliseconds: 1)
      let refused = try await server.get("/v1/devices", key: key)
      #expect(refused.status == 401)
      #expect(refused["error"] == .text("KEY_EXPIRED"))
      let late = try await server.send(
        "POST", "/v1/keys", body: "{\"scopes\":[\"devices:read\"],\"expiresAt\":\"\(end.rfc3339)\"}")
      #expect(late.status == 422)
      #expect(late["errors", "0", "pointer"] == .text("/expiresAt"))
      await server.stop()
    }
  }

  @Test("Every answer to a key says how many requests are left; above the limit it is 429, for this key alone")
  func requestsPerKey() async throws {
    let clock = TestClock()
    let limit = RateLimit(requestsPerSecond: 0.5, burst: 3)
    try await RunningGateway.with(time: clock.source, rateLimit: limit) { server in
      let key = try await server.key("devices:read")
      for remaining in ["2", "1", "0"] {
        // A refusal is an answer too.
        let reply = try await server.get(remaining == "1" ? "/v1/devices/nothing" : "/v1/devices", key: key)
        #expect(reply.status == (remaining == "1" ? 404 : 200))
        #expect(reply.headers["ratelimit-limit"] == "3")
        #expect(reply.headers["ratelimit-remaining"] == remaining)
      }
      let held = try await server.get("/v1/devices", key: key)
      #expect(held.status == 429)
      #expect(held["error"] == .text("RATE_LIMITED"))
      #expect(held.headers["retry-after"] == "2")
      #expect(held.headers["ratelimit-remaining"] == "0")
      #expect(held.headers["ratelimit-reset"] == "6")
      let other = try await server.key("metrics:read")
      #expect(try await server.get("/metrics", key: other).status == 200)
      let socket = try await server.get("/metrics")
      #expect(socket.headers["ratelimit-limit"] == nil)
      #expect(socket.text.contains("heddle_api_rate_limited_total{key=\"\(key.dropFirst(4).prefix(8))\"} 1\n"))
      #expect(try await server.send("GET", "/health", overTCP: true).headers["ratelimit-limit"] == nil)
      clock.advance(by: .seconds(2))
      #expect(try await server.get("/v1/devices", key: key).status == 200)
      #expect(try await server.get("/v1/devices", key: key).status == 429)
      await server.stop()
    }
  }

  @Test("A limiter does not grow with the keys that come and go")
  func bucketsAreBounded() {
    let clock = TestClock()
    let limiter = RateLimiter(RateLimit(requestsPerSecond: 10, burst: 1), time: clock.source)
    for number in 0..<(GatewayRoutes.maxKeys * 2) {
      #expect(limiter.take(for: "\(number)").isAllowed)
      #expect(!limiter.take(for: "\(number)").isAllowed)
      clock.advance(by: .milliseconds(200))
    }
    #expect(limiter.refused.count == RateLimiter.maxCounted + 1)
    #expect(limiter.refused[RateLimiter.others] == UInt64(GatewayRoutes.maxKeys))
  }

  @Test("A limiter forgets the quietest address when there are too many")
  func limiterIsBounded() {
    var limiter = FailedKeyLimiter()
    for number in 0..<(FailedKeyLimiter.maxAddresses * 2) {
      #expect(limiter.noteFailure(from: "10.0.\(number)", at: .seconds(1) + .milliseconds(number)) == nil)
    }
  }

  @Test("A foreign host name is refused over TCP, addresses and configured names are not")
  func hostNames() async throws {
    try await RunningGateway.with(hostNames: ["heddle.local"]) { server in
      let expected = [
        "evil.example:8480": 421, "heddle.local:8480": 200, "LOCALHOST": 200, "192.168.1.5:8480": 200,
        "[::1]:8480": 200,
      ]
      for (host, status) in expected {
        let reply = try await server.send("GET", "/health", headers: [("Host", host)], overTCP: true)
        #expect(reply.status == status, "\(host)")
      }
    }
  }

  @Test("A key carries a checksum, and a changed one is not a key")
  func keyText() throws {
    let key = APIKey(random: .system)
    #expect(key.text.hasPrefix("hdl_"))
    #expect(key.text.utf8.count == 4 + 8 + 1 + 43 + 6)
    #expect(APIKey(key.text)?.id == key.id)
    #expect(key.matches(key.digest))
    #expect(!key.matches(APIKey(random: .system).digest))
    #expect(!key.matches([]))
    let last = key.text.hasSuffix("0") ? "1" : "0"
    #expect(APIKey(String(key.text.dropLast()) + last) == nil)
    for text in ["", "hdl_", "hdl_äöü", String(repeating: "x", count: 62), key.text + "x"] {
      #expect(APIKey(text) == nil)
    }
    #expect(APIKey.crc32(Array("123456789".utf8)) == 0xCBF4_3926)
  }

  @Test("Scopes that do not exist and customers that do not exist make no key")
  func wrongKeys() async throws {
    try await RunningGateway.with { server in
      func post(_ body: String) async throws -> RunningGateway.Reply {
        try await server.send("POST", "/v1/keys", body: body)
      }
      let scope = try await post("{\"scopes\":[\"devices:read\",\"root\"]}")
      #expect(scope.status == 422)
      #expect(scope["errors", "0", "pointer"] == .text("/scopes/1"))
      let empty = try await post("{\"scopes\":[]}")
      #expect(empty.status == 422)
      let missing = try await post("{}")
      #expect(missing["errors", "0", "pointer"] == .text("/scopes"))
      let foreign = try await post("{\"scopes\":[\"admin\"],\"customerId\":\"nobody\"}")
      #expect(foreign.status == 422)
      #expect(await server.gateway.keys.isEmpty)
    }
  }
}
