import LocalAPISchema
import LocalAPITestSupport
import Testing

@testable import LocalAPIServer

@Suite("Pairing sessions and their page") struct ConnectionRouteTests {
  private func made(_ server: RunningGateway, _ more: String = "") async throws -> RunningGateway.Reply {
    let body = #"{"redirectUrl":"https://app.example.com/done?a=1#x","clientName":"<script>c()</script>"\#(more)}"#
    return try await server.send("POST", "/v1/connections", body: body)
  }

  @Test("The address of the page is in the first answer only, and other customers see nothing")
  func resource() async throws {
    try await RunningGateway.with { server in
      let own = try await made(server, #","customerId":"demo","referenceId":"r-1""#)
      #expect(own.status == 201, "\(own.text)")
      guard case .text(let url)? = own["url"] else { return #expect(Bool(false)) }
      #expect(url == server.url + "/connect/t1")
      #expect(try await server.get("/v1/connections/con_1")["url"] == nil)
      let key = try await server.key("customers:read", customer: "other")
      #expect(try await server.get("/v1/connections/con_1", key: key).status == 404)
      #expect(try await server.get("/v1/connections?customerId=demo", key: key)["totalItems"] == .number(0))
      #expect(try await server.get("/v1/connections", key: key)["totalItems"] == .number(0))
      #expect(try await server.get("/v1/customers/demo/connections")["totalItems"] == .number(1))
      #expect(try await server.send("DELETE", "/v1/connections/con_1").status == 204)
    }
  }

  @Test("Only addresses of the web are led to, and mistakes come with their places")
  func drafts() async throws {
    try await RunningGateway.with { server in
      for url in [
        "javascript:alert(1)", "https://user:secret@h/", "ftp://h", "https://", "//h/x", "https://h/ä", "https://h/ x",
        "https://h;script-src *", "data:text/html,x",
      ] {
        let reply = try await server.send("POST", "/v1/connections", body: "{\"redirectUrl\":\"\(url)\"}")
        #expect(reply.status == 422, "\(url)")
        #expect(reply["errors", "0", "pointer"] == .text("/redirectUrl"), "\(url): \(reply.text)")
      }
      let wrong = try await made(
        server,
        #","customerInfo":{"email":"x","shoe":1},"manufacturerFilters":{"deviceTypes":["oven"]},"tags":["a,"],"b":1"#
      )
      #expect(wrong.status == 422)
      for pointer in ["/customerInfo/email", "/manufacturerFilters/deviceTypes/0", "/tags/0", "/b"] {
        #expect(wrong.text.contains("\"\(pointer)\""), "\(pointer): \(wrong.text)")
      }
    }
  }

  @Test("Nothing that a device, a profile or a client says is more than text on the page")
  func escaping() async throws {
    try await RunningGateway.with { server in
      _ = try await made(server)
      func page(_ path: String = "/connect/t1") async throws -> RunningGateway.Reply {
        let reply = try await server.get(path)
        for tag in ["<script", "<b>", "<i>", "<load>", "javascript:"] {
          #expect(!reply.text.contains(tag), "\(tag) in \(reply.text)")
        }
        let policy = reply.headers["content-security-policy"] ?? ""
        #expect(policy.hasPrefix("default-src 'none'; style-src 'sha256-") && policy.contains("form-action 'self'"))
        #expect(reply.headers["referrer-policy"] == "no-referrer")
        #expect(reply.headers["content-type"] == "text/html; charset=utf-8")
        return reply
      }
      let list = try await page("/connect/t1?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E")
      #expect(list.text.contains("No product has these words"))
      #expect(try await page().text.contains("A &amp; B"))
      let chosen = try await server.send("POST", "/connect/t1/product", body: "profile=p")
      #expect(chosen.status == 303 && chosen.headers["location"] == "/connect/t1")
      let form = try await page()
      #expect(form.text.contains("type=\"password\"") && form.text.contains("value=\"&lt;b&gt;&quot;&#39;&amp;\""))
      _ = try await server.send("POST", "/connect/t1/test", body: "link.address=a+b%2Bc&parameter.pin=%31")
      #expect(await server.gateway.pairingFields == [["link.address": "a b+c", "parameter.pin": "1"]])
      #expect(try await page().text.contains("Connect this device"))
      #expect(try await page("/connect/none").status == 404)
      #expect(try await page("/connect/%3Cscript%3E").status == 404)
    }
  }

  @Test("The end leads to the address of the beginning with what came of it, and no other site starts it")
  func end() async throws {
    try await RunningGateway.with { server in
      _ = try await made(server)
      _ = try await server.send("POST", "/connect/t1/product", body: "profile=p")
      #expect(try await server.send("POST", "/connect/t1/confirm").headers["location"] == "/connect/t1", "not read yet")
      _ = try await server.send("POST", "/connect/t1/test", body: "")
      let foreign = try await server.send("POST", "/connect/t1/confirm", headers: [("Sec-Fetch-Site", "cross-site")])
      #expect(foreign.status == 403)
      let done = try await server.send("POST", "/connect/t1/confirm", headers: [("Sec-Fetch-Site", "same-origin")])
      #expect(done.status == 303)
      #expect(
        done.headers["location"] == "https://app.example.com/done?a=1&status=completed&connectionId=con_1#x")
      #expect(try await server.get("/connect/t1").text.contains("Your device is connected"))
      let large = try await server.send("POST", "/connect/t1/test", body: String(repeating: "x", count: 70_000))
      #expect(large.status == 413)
    }
  }
}
