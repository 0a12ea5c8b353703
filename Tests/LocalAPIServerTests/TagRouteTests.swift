import LocalAPISchema
import LocalAPITestSupport
import Testing

@testable import LocalAPIServer

@Suite struct TagRouteTests {
  private let path = "/v1/devices/battery-1/tags"

  @Test("Tags are given, listed with their devices, and filter devices")
  func tags() async throws {
    try await RunningGateway.with { server in
      let put = try await server.send("PUT", path, body: "{\"tags\":[\"north\",\"pilot phase\"]}")
      #expect(put.status == 200)
      #expect(put["tags"] == .array([.text("north"), .text("pilot phase")]))
      #expect(put["sources", "0", "source"] == .text("api"))
      #expect(try await server.get(path)["deviceId"] == .text("battery-1"))
      let all = try await server.get("/v1/tags")
      #expect(all["data", "1", "tag"] == .text("pilot phase"))
      #expect(all["data", "1", "deviceCount"] == .number(1))
      #expect(try await server.get("/v1/tags/pilot%20phase/devices")["data", "0", "id"] == .text("battery-1"))
      #expect(try await server.get("/v1/tags/south/devices").status == 404)
      #expect(try await server.get("/v1/devices?tag=north")["totalItems"] == .number(1))
      #expect(try await server.get("/v1/devices?tag=south")["totalItems"] == .number(0))
      for owner in ["sites/home", "customers/demo"] {
        #expect(try await server.get("/v1/\(owner)/devices?tag=north")["totalItems"] == .number(1))
        #expect(try await server.get("/v1/\(owner)/devices?tag=south")["totalItems"] == .number(0))
      }
    }
  }

  @Test("Every tag that cannot be one is named with its place")
  func bad() async throws {
    try await RunningGateway.with { server in
      let long = String(repeating: "x", count: 65)
      let reply = try await server.send(
        "PUT", path, body: "{\"tags\":[\"a,b\",7,\" x\",\"\(long)\",\"ok\",\"ok\",\"\"],\"tag\":\"x\"}")
      #expect(reply.status == 422)
      guard case .array(let errors)? = reply["errors"] else { return #expect(Bool(false), "\(reply.text)") }
      let places = errors.compactMap { error -> String? in
        guard case .object(let object) = error, case .text(let text)? = object["pointer"] else { return nil }
        return text
      }
      #expect(places == ["/tag", "/tags/0", "/tags/1", "/tags/2", "/tags/3", "/tags/5", "/tags/6"])
      #expect(try await server.send("PUT", path, body: "{}")["error"] == .text("MISSING_FIELD"))
      let many = (0...DeviceTagDraft.maxTags).map { "\"t\($0)\"" }.joined(separator: ",")
      #expect(try await server.send("PUT", path, body: "{\"tags\":[\(many)]}")["error"] == .text("OUT_OF_RANGE"))
    }
  }

  @Test("Tags of somebody else's devices are not there, and reading does not suffice to give some")
  func access() async throws {
    try await RunningGateway.with { server in
      _ = try await server.send("PUT", path, body: "{\"tags\":[\"north\"]}")
      let other = try await server.key("devices:read", "devices:write", customer: "other")
      #expect(try await server.get(path, key: other).status == 404)
      #expect(try await server.send("PUT", path, key: other, body: "{\"tags\":[]}").status == 404)
      #expect(try await server.get("/v1/tags", key: other)["totalItems"] == .number(0))
      #expect(try await server.get("/v1/tags/north/devices", key: other).status == 404)
      let reader = try await server.key("devices:read")
      #expect(try await server.send("PUT", path, key: reader, body: "{\"tags\":[]}").status == 403)
    }
  }
}
