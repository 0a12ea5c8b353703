import LocalAPISchema
import LocalAPITestSupport
import Testing

@testable import LocalAPIServer

@Suite("Links and new devices over the API") struct LinkRouteTests {
  @Test("A device is read in all spellings, and its mistakes come with their places")
  func devices() async throws {
    try await RunningGateway.with { server in
      let made = try await server.send(
        "POST", "/v1/devices",
        body: """
          {"profile":"p","linkId":"bus","parameters":{"unit":1},"external_id":"r-1","customer_id":"demo","siteId":"home",
           "tags":["roof"]}
          """)
      #expect(made.status == 201 && made["source"] == .text("api"), "\(made.text)")
      #expect(made.headers["location"] == "/v1/devices/dev_1" && made.headers["etag"] != nil)
      let registration = try #require(await server.gateway.registrations.first)
      #expect(registration.entry["link"] == .text("bus") && registration.changes.referenceId == .value("r-1"))
      #expect(registration.changes.customerId == .value("demo") && registration.tags == ["roof"])
      let wrong = try await server.send(
        "POST", "/v1/devices", body: #"{"link":"a","linkId":"b","tags":["x,"],"name":"","shoe":1}"#)
      #expect(wrong.status == 422)
      for pointer in ["/profile", "/link", "/tags/0", "/name", "/shoe"] {
        #expect(wrong.text.contains("\"\(pointer)\""), "\(pointer): \(wrong.text)")
      }
      let nobody = try await server.send(
        "POST", "/v1/devices", body: #"{"profile":"p","link":"b","customerId":"nobody"}"#)
      #expect(nobody.status == 422 && nobody["error"] == .text("NO_SUCH_CUSTOMER"), "\(nobody.text)")
    }
  }

  @Test("A link is changed only where it is as it was read")
  func tags() async throws {
    try await RunningGateway.with { server in
      let made = try await server.send("POST", "/v1/links", body: #"{"id":"x","modbus":{"tcp":"h:502"}}"#)
      let tag = try #require(made.headers["etag"])
      func patch(_ tag: String) async throws -> RunningGateway.Reply {
        try await server.send(
          "PATCH", "/v1/links/x", headers: [("If-Match", tag)], body: #"{"modbus":{"tcp":"h:503"}}"#)
      }
      #expect(try await patch(tag).status == 200)
      #expect(try await patch(tag).status == 412)
      #expect(try await server.send("DELETE", "/v1/links/x", headers: [("If-Match", tag)]).status == 412)
      #expect(try await server.send("DELETE", "/v1/links/x").status == 204)
    }
  }

  @Test("A test takes an id or a link that is not made yet, and nothing else")
  func tests() async throws {
    try await RunningGateway.with { server in
      let fresh = try await server.send(
        "POST", "/v1/links/test", body: #"{"link":{"modbus":{"tcp":"h:1"}},"profile":"p","parameters":{"unit":1}}"#)
      #expect(fresh["devices", "0", "fields", "socPercent"] == .number(50), "\(fresh.text)")
      let wrong = [
        #"{"profile":"p"}"#, #"{"link":7,"profile":"p"}"#, #"{"link":"x"}"#, #"{"link":"x","profile":"p","a":1}"#,
      ]
      for body in wrong {
        #expect(try await server.send("POST", "/v1/links/test", body: body).status == 422, "\(body)")
      }
      #expect(try await server.send("POST", "/v1/links/none/test", body: #"{"profile":"p"}"#).status == 404)
      let key = try await server.key("devices:read")
      #expect(try await server.send("POST", "/v1/links/test", key: key, body: "{}").status == 403)
      #expect(try await server.get("/v1/links", key: key).status == 200)
    }
  }
}
