import EnergyModel
import LocalAPISchema
import LocalAPITestSupport
import Testing

@testable import LocalAPIServer

@Suite("Customers, sites and devices over the API") struct RecordRouteTests {
  @Test("Both spellings of the seeds make the same customer")
  func spellings() async throws {
    try await RunningGateway.with { server in
      let flat = try await server.send(
        "POST", "/v1/customers",
        body: """
          {"name":"Acme","email":"a@acme.com","external_id":"acme-1","billing_address_line1":"123 Main St",
           "billing_address_city":"San Francisco","billing_address_postal_code":"94105"}
          """)
      #expect(flat.status == 201, "\(flat.text)")
      #expect(flat["referenceId"] == .text("acme-1"))
      #expect(flat["billingAddress", "line1"] == .text("123 Main St"))
      #expect(flat["billingAddress", "postalCode"] == .text("94105"))
      let person = try await server.send(
        "POST", "/v1/customers",
        body: """
          {"firstName":"Ada","lastName":"Lovelace","referenceId":"r-2",
           "address":{"streetOne":"4 Elm Street","city":"London"},"utility":{"iso":"CAISO","territory":"PG&E"}}
          """)
      #expect(person["name"] == .text("Ada Lovelace"))
      #expect(person["address", "line1"] == .text("4 Elm Street"))
      #expect(person["utility", "iso"] == .text("CAISO"))
      let line = try await server.send("POST", "/v1/customers", body: #"{"name":"L","address":"1 Elm St, Bern"}"#)
      #expect(line["address", "line1"] == .text("1 Elm St, Bern"))
    }
  }

  @Test("A change merges objects, replaces a line, follows the parts of a name, and null clears")
  func patches() async throws {
    try await RunningGateway.with { server in
      let made = try await server.send(
        "POST", "/v1/customers",
        body: #"{"firstName":"Ada","lastName":"Byron","address":{"line1":"4 Elm","city":"London"}}"#)
      guard case .text(let id)? = made["id"] else { return #expect(Bool(false)) }
      func patch(_ body: String) async throws -> RunningGateway.Reply {
        try await server.send("PATCH", "/v1/customers/\(id)", body: body)
      }
      #expect(try await patch(#"{"lastName":"Lovelace"}"#)["name"] == .text("Ada Lovelace"))
      let moved = try await patch(#"{"address":{"city":"Bern"}}"#)
      #expect(moved["address", "line1"] == .text("4 Elm") && moved["address", "city"] == .text("Bern"))
      let replaced = try await patch(#"{"address":"9 Oak, Bern"}"#)
      #expect(replaced["address", "line1"] == .text("9 Oak, Bern") && replaced["address", "city"] == nil)
      #expect(try await patch(#"{"address":null}"#)["address"] == nil)
      #expect(try await patch(#"{"name":"The Countess"}"#)["firstName"] == .text("Ada"))
      #expect(try await patch(#"{"firstName":"Augusta"}"#)["name"] == .text("The Countess"))
    }
  }

  @Test("All mistakes of a body come at once, each with the place where the client wrote it")
  func problems() async throws {
    try await RunningGateway.with { server in
      let reply = try await server.send(
        "POST", "/v1/customers",
        body: #"{"email":"nobody","external_id":7,"billing_address_zip":"x","billing_address_town":"y","shoe":1}"#)
      #expect(reply.status == 422)
      #expect(reply.headers["content-type"] == "application/problem+json")
      for member in ["message", "error", "details", "title", "status", "detail"] { #expect(reply[member] != nil) }
      guard case .array(let errors)? = reply["errors"] else { return #expect(Bool(false), "\(reply.text)") }
      let pointers = errors.compactMap { error -> String? in
        if case .text(let pointer)? = error.members["pointer"] { pointer } else { nil }
      }
      #expect(Set(pointers) == ["/email", "/external_id", "/billing_address_town", "/shoe"], "\(reply.text)")
      let conflict = try await server.send(
        "POST", "/v1/customers", body: #"{"name":"A","referenceId":"1","external_id":"2"}"#)
      #expect(conflict["errors", "0", "code"] == .text("CONFLICTING_FIELDS"))
      let site = try await server.send(
        "POST", "/v1/sites",
        body: #"{"name":"","timezone":"Mars/Base","latitude":91,"location":{"coordinates":{"longitude":"x"}}}"#)
      #expect(site.status == 422)
      #expect(site.text.contains("/location/coordinates/longitude") && site.text.contains("INVALID_TIMEZONE"))
      let half = try await server.send("POST", "/v1/sites", body: #"{"name":"S","latitude":1}"#)
      #expect(half["errors", "0", "pointer"] == .text("/longitude"))
      let long = String(repeating: "x", count: 1 << 20)
      #expect(try await server.send("POST", "/v1/customers", body: "{\"name\":\"\(long)\"}").status == 413)
    }
  }

  @Test("What was changed since it was read is not overwritten: 412")
  func entityTags() async throws {
    try await RunningGateway.with { server in
      for (path, body) in [
        ("/v1/customers/other", #"{"phone":"1"}"#), ("/v1/sites/hut", #"{"name":"New"}"#),
        ("/v1/devices/battery-1", #"{"referenceId":"b"}"#),
      ] {
        let first = try #require(try await server.get(path).headers["etag"])
        #expect(try await server.get(path).headers["etag"] == first)
        let old = [("If-Match", first)]
        let changed = try await server.send("PATCH", path, headers: old, body: body)
        #expect(changed.status == 200 && changed.headers["etag"] != first, "\(path) \(changed.text)")
        let late = try await server.send("PATCH", path, headers: old, body: body)
        #expect(late.status == 412 && late["error"] == .text("CHANGED_MEANWHILE"))
        #expect(try await server.send("PATCH", path, headers: [("If-Match", "*")], body: body).status == 200)
      }
      let stale = [("If-Match", "\"x\"")]
      #expect(try await server.send("DELETE", "/v1/customers/other", headers: stale).status == 412)
      #expect(try await server.send("DELETE", "/v1/sites/hut", headers: stale).status == 412)
    }
  }

  @Test("Pages that continue after a cursor neither repeat nor leave out what was there, whatever is added meanwhile")
  func cursors() async throws {
    try await RunningGateway.with { server in
      for index in 0..<9 {
        _ = try await server.send("POST", "/v1/customers", body: "{\"name\":\"c\(index)\"}")
      }
      let before = Set(await server.gateway.customerList.map(\.id))
      var seen: [String] = []
      var cursor = ""
      repeat {
        let page = try await server.get("/v1/customers?perPage=3" + (cursor.isEmpty ? "" : "&cursor=\(cursor)"))
        #expect(page.status == 200)
        guard case .array(let data)? = page["data"] else { break }
        for item in data { if case .text(let id)? = item.members["id"] { seen.append(id) } }
        cursor = ""
        if case .text(let next)? = page["nextCursor"] { cursor = next }
        _ = try await server.send("POST", "/v1/customers", body: #"{"name":"late"}"#)
      } while !cursor.isEmpty && seen.count < 100
      #expect(Set(seen).count == seen.count)
      #expect(before.isSubset(of: Set(seen)))
      for query in ["cursor=x", "cursor=YWZ0ZXI6YQ&page=2", "cursor=%00", "perPage=0"] {
        #expect(try await server.get("/v1/customers?\(query)").status == 422, "\(query)")
      }
    }
  }

  @Test("Activity comes newest first, and reading on is not disturbed by new events")
  func activity() async throws {
    let gateway = InMemoryGateway()
    for sequence in 1...7 { await gateway.add(InMemoryGateway.event(Int64(sequence))) }
    await gateway.add(InMemoryGateway.event(8, device: "thermostat-1", customer: "other"))
    try await RunningGateway.with(gateway) { server in
      let first = try await server.get("/v1/customers/demo/activity?perPage=3")
      #expect(first["data", "0", "sequence"] == .number(7))
      guard case .text(let cursor)? = first["nextCursor"] else { return #expect(Bool(false)) }
      await gateway.add(InMemoryGateway.event(9))
      let second = try await server.get("/v1/customers/demo/activity?perPage=4&cursor=\(cursor)")
      #expect(second["data", "0", "sequence"] == .number(4))
      #expect(second["data", "3", "sequence"] == .number(1))
      #expect(second["nextCursor"] == nil)
    }
  }

  @Test("Parts of other resources need the right to see those")
  func includes() async throws {
    try await RunningGateway.with { server in
      let reader = try await server.key("customers:read")
      #expect(
        try await server.get("/v1/customers/demo?include=sites", key: reader)["sites", "0", "id"] == .text("home"))
      #expect(try await server.get("/v1/customers/demo?include=devices", key: reader).status == 403)
      #expect(try await server.get("/v1/sites/home?include=balance", key: reader).status == 403)
      let all = try await server.get("/v1/customers/demo?include=sites,devices")
      #expect(all["devices", "0", "id"] == .text("battery-1"))
      let site = try await server.get("/v1/sites/home?include=balance,devices")
      #expect(
        site["balance", "metrics", "consumption", "total"] == .null || site["balance", "metrics", "consumption"] != nil)
      #expect(site["balance", "timezone"] == .text("Europe/Berlin"))
      #expect(try await server.get("/v1/customers/demo?include=keys").status == 422)
    }
  }

  @Test("Lists are filtered by reference in both spellings, e-mail and text")
  func filters() async throws {
    try await RunningGateway.with { server in
      _ = try await server.send(
        "POST", "/v1/customers", body: #"{"name":"Grace Hopper","referenceId":"g+1","email":"Grace@navy.mil"}"#)
      for query in ["referenceId=g%2B1", "external_id=g%2B1", "email=grace@navy.mil", "q=hopper", "q=G%2B1"] {
        let list = try await server.get("/v1/customers?\(query)")
        #expect(list["totalItems"] == .number(1), "\(query) \(list.text)")
      }
      #expect(try await server.get("/v1/devices?manufacturer=ACME&isStale=true")["totalItems"] == .number(1))
      #expect(try await server.get("/v1/devices?referenceId=none")["totalItems"] == .number(0))
    }
  }

  @Test("A deletion says what became of the energy")
  func deletion() async throws {
    try await RunningGateway.with { server in
      let reply = try await server.send("DELETE", "/v1/customers/other?mode=purge")
      #expect(reply.status == 200 && reply["aggregates"] == .text("removed"))
      let kept = try await server.send("DELETE", "/v1/customers/demo")
      #expect(kept["mode"] == .text("anonymize") && kept["aggregates"] == .text("kept"))
      #expect(try await server.send("DELETE", "/v1/customers/demo?mode=shred").status == 422)
    }
  }

  @Test("Fluxrate's customers: its words, its pages, and its cookie")
  func fluxrate() async throws {
    try await RunningGateway.with { server in
      let key = try await server.key("admin")
      let cookie = [("Cookie", "theme=dark; access_token=\(key)")]
      let made = try await server.send(
        "POST", "/api/v1/customers", headers: cookie,
        body: #"{"name":"Acme","email":"b@acme.com","external_id":"acme-1","billing_address_country":"US"}"#,
        overTCP: true)
      #expect(made.status == 201, "\(made.text)")
      #expect(made["external_id"] == .text("acme-1") && made["billing_address_country"] == .text("US"))
      #expect(made["phone"] == .null)
      guard case .text(let id)? = made["id"] else { return #expect(Bool(false)) }
      let list = try await server.send("GET", "/api/v1/customers?page=1&page_size=2", headers: cookie, overTCP: true)
      #expect(list["meta", "page_size"] == .number(2) && list["meta", "total"] == .number(3))
      #expect(list["meta", "total_pages"] == .number(2))
      for name in ["subscriptions", "invoices"] {
        let empty = try await server.send("GET", "/api/v1/customers/\(id)/\(name)", headers: cookie, overTCP: true)
        #expect(empty["data"] == .array([]) && empty["meta", "total"] == .number(0))
        #expect(try await server.get("/api/v1/customers/nobody/\(name)").status == 404)
      }
      let missing = try await server.send("POST", "/api/v1/customers", body: #"{"name":"Acme"}"#)
      #expect(missing.status == 422 && missing["errors", "0", "pointer"] == .text("/email"))
      // Elsewhere, and from a page of somebody else, the cookie is no key.
      #expect(try await server.send("GET", "/v1/customers", headers: cookie, overTCP: true).status == 401)
      let foreign = cookie + [("Origin", "http://evil.example")]
      #expect(try await server.send("GET", "/api/v1/customers", headers: foreign, overTCP: true).status == 401)
    }
  }

  @Test("A device changes what the API may change, and nothing that does not exist")
  func devices() async throws {
    try await RunningGateway.with { server in
      let reply = try await server.send(
        "PATCH", "/v1/devices/battery-1", body: #"{"customerId":null,"external_id":"b-1","siteId":"hut"}"#)
      #expect(reply.status == 200, "\(reply.text)")
      #expect(reply["customerId"] == nil && reply["referenceId"] == .text("b-1") && reply["siteId"] == .text("hut"))
      for body in [#"{"customerId":"nobody"}"#, #"{"siteId":"nowhere"}"#, #"{"type":"meter"}"#, #"{"name":""}"#] {
        #expect(try await server.send("PATCH", "/v1/devices/battery-1", body: body).status == 422, "\(body)")
      }
      #expect(try await server.send("PATCH", "/v1/devices/none", body: "{}").status == 404)
    }
  }
}
