import LocalAPISchema
import LocalAPITestSupport
import Testing

@testable import LocalAPIServer

@Suite("Webhooks over the API") struct WebhookRouteTests {
  @Test("A webhook is made with a secret that is shown this once, changed, tested and deleted")
  func life() async throws {
    try await RunningGateway.with { server in
      let body =
        #"{"url":"https://hooks.example.com/x","eventTypes":["command.*","device.offline"],"customerId":"demo"}"#
      let made = try await server.send("POST", "/v1/webhooks", body: body)
      #expect(made.status == 201)
      #expect(made["secret"] == .text("whsec_AAAA"))
      #expect(made.headers["location"] == "/v1/webhooks/whk_1")
      let read = try await server.get("/v1/webhooks/whk_1")
      #expect(read["secret"] == nil)
      #expect(read["eventTypes"] == .array([.text("command.*"), .text("device.offline")]))
      let changed = try await server.send(
        "PATCH", "/v1/webhooks/whk_1", headers: [("If-Match", read.headers["etag"] ?? "")],
        body: #"{"enabled":false,"customerId":null}"#)
      #expect(changed.status == 200)
      #expect(changed["enabled"] == .flag(false))
      #expect(changed["customerId"] == nil)
      #expect(changed["url"] == .text("https://hooks.example.com/x"))
      let late = try await server.send(
        "PATCH", "/v1/webhooks/whk_1", headers: [("If-Match", read.headers["etag"] ?? "")], body: "{}")
      #expect(late.status == 412)
      #expect(try await server.send("POST", "/v1/webhooks/whk_1/test")["state"] == .text("delivered"))
      #expect(try await server.send("POST", "/v1/webhooks/whk_1/rotate")["secret"] == .text("whsec_BBBB"))
      #expect(try await server.get("/v1/webhooks/whk_1/deliveries?state=waiting")["totalItems"] == .number(0))
      #expect(try await server.send("POST", "/v1/webhooks/whk_1/deliveries/msg_1/retry").status == 202)
      #expect(try await server.send("POST", "/v1/webhooks/whk_1/deliveries/msg_2/retry").status == 404)
      let replay = try await server.send(
        "POST", "/v1/webhooks/whk_1/replay", body: #"{"since":"2026-05-01T10:00:00Z"}"#)
      #expect(replay.status == 202)
      #expect(replay["events"] == .number(3))
      #expect(try await server.send("DELETE", "/v1/webhooks/whk_1").status == 204)
      #expect(try await server.send("DELETE", "/v1/webhooks/whk_1").status == 404)
    }
  }

  @Test("All that is wrong with a webhook is said at once, each at its place")
  func wrong() async throws {
    try await RunningGateway.with { server in
      let reply = try await server.send(
        "POST", "/v1/webhooks",
        body: #"{"url":"ftp://x","eventTypes":["device.offline","device.exploded",1],"enabled":"yes","uri":"x"}"#)
      #expect(reply.status == 422)
      for pointer in ["/uri", "/url", "/eventTypes/1", "/eventTypes/2", "/enabled"] {
        #expect(reply.text.contains("\"pointer\":\"\(pointer)\""), "\(pointer)")
      }
      for url in ["", "hooks.example.com", "https://", "https://a b/", "https://u:p@h/", "https://h/#x"] {
        let reply = try await server.send("POST", "/v1/webhooks", body: "{\"url\":\"\(url)\"}")
        #expect(reply.status == 422, "\(url)")
      }
      let nobody = try await server.send("POST", "/v1/webhooks", body: #"{"url":"https://h/","customerId":"x"}"#)
      #expect(nobody.status == 422)
      #expect(try await server.send("PATCH", "/v1/webhooks/none", body: "{}").status == 404)
    }
  }

  @Test("A filter is a type, a group or everything")
  func filters() {
    #expect(EventTypes.matches("command.confirmed", anyOf: []))
    #expect(EventTypes.matches("command.confirmed", anyOf: ["device.*", "command.*"]))
    #expect(!EventTypes.matches("command.confirmed", anyOf: ["command", "command.con*"]))
    #expect(EventTypes.isKnown("*") && EventTypes.isKnown("device.*") && EventTypes.isKnown("command.drifted"))
    #expect(!EventTypes.isKnown("devices.*") && !EventTypes.isKnown("") && !EventTypes.isKnown(".*"))
    #expect(Set(EventTypes.all).count == EventTypes.all.count)
  }
}
