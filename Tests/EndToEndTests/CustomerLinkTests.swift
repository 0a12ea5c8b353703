import Foundation
import Testing

/// Customers, sites and devices of a real gateway, with meters that measure.
@Suite(
  "Customers of a running gateway", .enabled(if: Programs.hasOwn, "the programs are not built"),
  .enabled(if: Programs.system("curl") != nil, "curl is not installed"))
struct CustomerLinkTests {
  /// A gateway with two meters that nobody owns.
  private func meters() async throws -> TestGateway {
    let gateway = try await TestGateway(profiles: "eastron")
    try gateway.write(
      "home.yaml",
      "modbus: {port: 0, units: {1: {profile: eastron-sdm120, role: load}, 2: {profile: eastron-sdm630, role: grid}}}\n"
    )
    let (_, ports) = try await gateway.simulator(["home", gateway.path("home.yaml")])
    try gateway.configure(
      """
      links:
        - {id: bus, modbus: {tcp: "127.0.0.1:\(try #require(ports.modbusPort))"}}
      customers: [{id: ada, name: Ada, referenceId: acme-1}]
      sites: [{id: hut, name: Hut, customer: ada}]
      devices:
        - {id: plug, profile: eastron-sdm120, link: bus, parameters: {unit: 1}, role: load, site: hut}
        - {id: grid, profile: eastron-sdm630, link: bus, parameters: {unit: 2}, role: grid}

      """)
    try await gateway.start()
    #expect(await gateway.reaches("grid", "online"))
    return gateway
  }

  private func types(_ gateway: TestGateway, _ customer: String) async throws -> [String] {
    try await gateway.api("GET", "/v1/customers/\(customer)/activity").data.compactMap { $0["type"] as? String }
  }

  @Test("A site joins by its address, a device by hand, and energy is booked for the customer from then on")
  func linking() async throws {
    let gateway = try await meters()
    defer { gateway.clear() }
    let site = try await gateway.api(
      "POST", "/v1/sites", #"{"name":"Elm","address":"4 Elm Street, Bern 3000","timezone":"Europe/Zurich"}"#)
    #expect(site.status == 201 && site.json["customerId"] == nil, "\(site.text)")
    let siteID = try #require(site.json["id"] as? String)
    let bob = try await gateway.api(
      "POST", "/v1/customers", #"{"name":"Bob","address":{"line1":"4 Elm St.","city":"Bern","postalCode":"3000"}}"#)
    let bobID = try #require(bob.json["id"] as? String)
    let linked = try await gateway.api("GET", "/v1/sites/\(siteID)").json
    #expect(linked["customerId"] as? String == bobID && linked["linkedBy"] as? String == "automatic")

    let moved = try await gateway.api("PATCH", "/v1/devices/grid", "{\"siteId\":\"\(siteID)\",\"name\":\"Main\"}")
    #expect(moved.status == 200 && moved.json["customerId"] as? String == bobID, "\(moved.text)")
    #expect(moved.json["name"] as? String == "Main")
    let imports = await eventually(within: 20) {
      let usage = try? await gateway.api("GET", "/v1/customers/\(bobID)/usage").json
      let metric = (usage?["metrics"] as? [String: [String: Any]])?["import"]
      return metric?["total"] as? Double != nil
    }
    #expect(imports, "energy is booked for Bob")
    let balance = try await gateway.api("GET", "/v1/sites/\(siteID)?include=balance,devices").json
    #expect((balance["devices"] as? [[String: Any]])?.count == 1)
    let hut = try await gateway.api("GET", "/v1/sites/hut?include=balance").json
    let metrics = (hut["balance"] as? [String: Any])?["metrics"] as? [String: [String: Any]]
    #expect(metrics?["consumption"]?["total"] is NSNull && metrics?["consumption"]?["coverage"] as? Double == 0)

    // What the file says stays, and says so.
    let refused = try await gateway.api("PATCH", "/v1/devices/plug", "{\"customerId\":\"\(bobID)\"}")
    #expect(refused.status == 409 && refused.json["error"] as? String == "CONFIGURED")
    #expect(try await gateway.api("PATCH", "/v1/sites/hut", #"{"customerId":null}"#).status == 409)

    // Unlinked by hand, nothing links it again: not the address, not a reload, not a restart.
    let apart = try await gateway.api("PATCH", "/v1/sites/\(siteID)", #"{"customerId":null}"#)
    #expect(apart.json["customerId"] == nil && apart.json["linkedBy"] as? String == "manual", "\(apart.text)")
    #expect(try await gateway.api("GET", "/v1/devices/grid").json["customerId"] == nil)
    _ = try await gateway.api("PATCH", "/v1/customers/\(bobID)", #"{"phone":"1"}"#)
    let daemon = try #require(gateway.daemon)
    daemon.send(SIGHUP)
    #expect(await eventually(within: 10) { gateway.log.contains("the configuration was reloaded") })
    daemon.send(SIGTERM)
    #expect(await daemon.end(within: 10) == 0)
    try await gateway.start()
    #expect(try await gateway.api("GET", "/v1/sites/\(siteID)").json["customerId"] == nil)
    let grid = try await gateway.api("GET", "/v1/devices/grid").json
    #expect(grid["siteId"] as? String == siteID && grid["name"] as? String == "Main")
    let activity = try await types(gateway, bobID)
    #expect(activity.contains("site.linked") && activity.contains("site.unlinked"), "\(activity)")
    #expect(activity.last == "customer.created")
  }

  @Test("An ambiguous match joins nobody and says so to both, without naming the other one")
  func ambiguity() async throws {
    let gateway = try await meters()
    defer { gateway.clear() }
    var ids: [String] = []
    for name in ["Bob", "Eve"] {
      let made = try await gateway.api(
        "POST", "/v1/customers", "{\"name\":\"\(name)\",\"address\":\"9 Oak Road, Bern 3000\"}")
      ids.append(try #require(made.json["id"] as? String))
    }
    let site = try await gateway.api("POST", "/v1/sites", #"{"name":"Oak","address":"9 oak rd Bern, 3000"}"#)
    #expect(site.json["customerId"] == nil)
    for (own, other) in [(ids[0], ids[1]), (ids[1], ids[0])] {
      let isTold = await eventually(within: 5) {
        (try? await types(gateway, own))?.contains("site.link-ambiguous") ?? false
      }
      #expect(isTold)
      let text = try await gateway.api("GET", "/v1/customers/\(own)/activity").text
      #expect(!text.contains(other))
    }
    let device = try await gateway.api("PATCH", "/v1/devices/grid", #"{"external_id":"acme-1"}"#)
    #expect(device.json["customerId"] as? String == "ada" && device.json["linkedBy"] as? String == "automatic")
    let twin = try await gateway.api("POST", "/v1/customers", #"{"name":"Twin","external_id":"acme-1"}"#)
    #expect(twin.status == 409 && twin.json["error"] as? String == "REFERENCE_TAKEN")
  }

  @Test("A purged customer leaves no energy, an anonymized one leaves it, and its things belong to nobody")
  func deletion() async throws {
    let gateway = try await meters()
    defer { gateway.clear() }
    for mode in ["purge", "anonymize"] {
      let made = try await gateway.api("POST", "/v1/customers", #"{"name":"Bob Secretname","email":"b@example.org"}"#)
      let id = try #require(made.json["id"] as? String)
      #expect(try await gateway.api("PATCH", "/v1/devices/grid", "{\"customerId\":\"\(id)\"}").status == 200)
      let isMeasured = await eventually(within: 20) {
        let usage = try? await gateway.api("GET", "/v1/customers/\(id)/usage").json
        return (usage?["metrics"] as? [String: [String: Any]])?["import"]?["total"] as? Double != nil
      }
      #expect(isMeasured)
      let gone = try await gateway.api("DELETE", "/v1/customers/\(id)?mode=\(mode)")
      #expect(gone.json["aggregates"] as? String == (mode == "purge" ? "removed" : "kept"), "\(gone.text)")
      #expect(gone.json["unlinkedDevices"] as? [String] == ["grid"])
      #expect(try await gateway.api("GET", "/v1/customers/\(id)").status == 404)
      #expect(try await gateway.api("GET", "/v1/devices/grid").json["customerId"] == nil)
      let events = try await gateway.api("GET", "/v1/events?limit=1000").text
      #expect(!events.contains("Secretname"))
    }
  }

  @Test("A live read brings newer values, and a device that is away is said to be")
  func refresh() async throws {
    let gateway = try await meters()
    defer { gateway.clear() }
    let state = try await gateway.api("GET", "/v1/devices/grid/state?refresh=true&fields=powerW")
    #expect(state.status == 200, "\(state.text)")
    #expect((state.json["fields"] as? [String: Any])?.keys.sorted() == ["powerW"])
    #expect(state.json["ageSeconds"] as? Double ?? 99 < 2)
  }
}
