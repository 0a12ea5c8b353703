import Foundation
import Testing

/// Links and devices that are made while the gateway runs.
@Suite(
  "Links and devices of the API", .enabled(if: Programs.hasOwn, "the programs are not built"),
  .enabled(if: Programs.system("curl") != nil, "curl is not installed"))
struct AdditionTests {
  /// A gateway that reads one meter of its file, beside which there is another one on the bus.
  private func bench() async throws -> (gateway: TestGateway, file: String, port: Int) {
    let gateway = try await TestGateway(profiles: "eastron")
    try gateway.write(
      "home.yaml",
      "modbus: {port: 0, units: {1: {profile: eastron-sdm120, role: load}, 2: {profile: eastron-sdm630, role: grid}}}\n"
    )
    let (_, ports) = try await gateway.simulator(["home", gateway.path("home.yaml")])
    let port = try #require(ports.modbusPort)
    let file = """
      links:
        - {id: bus, modbus: {tcp: "127.0.0.1:\(port)"}}
      customers: [{id: ada, name: Ada, referenceId: acme-1}]
      devices:
        - {id: plug, profile: eastron-sdm120, link: bus, parameters: {unit: 1}, role: load}

      """
    try gateway.configure(file)
    try await gateway.start()
    #expect(await gateway.reaches("plug", "online"))
    return (gateway, file, port)
  }

  private let grid = """
    {"id":"grid","profile":"eastron-sdm630","linkId":"more","parameters":{"unit":2},"role":"grid","name":"Main",
     "referenceId":"acme-1","tags":["cellar"]}
    """

  private func pointers(_ answer: TestGateway.Answer) -> [String] {
    (answer.json["errors"] as? [[String: Any]])?.compactMap { $0["pointer"] as? String } ?? []
  }

  @Test("A link is tried and made, the device behind it measures, outlives a power cut, and goes again")
  func life() async throws {
    let (gateway, file, port) = try await bench()
    defer { gateway.clear() }
    let target = #"{"link":{"modbus":{"tcp":"127.0.0.1:\#(port)"}},"profile":"eastron-sdm630","parameters":{"unit":2}}"#
    let test = try await gateway.api("POST", "/v1/links/test", target)
    #expect(test.json["isReached"] as? Bool == true, "\(test.text)")
    let fields = (test.json["devices"] as? [[String: Any]])?.first?["fields"] as? [String: Any]
    #expect(fields?["powerW"] is Double, "\(test.text)")
    #expect(try await gateway.api("GET", "/v1/links").data.count == 1, "a test keeps nothing")

    let lines = try connections(to: port)
    #expect(lines.count == 1)
    let link = try await gateway.api("POST", "/v1/links", #"{"id":"more","modbus":{"tcp":"127.0.0.1:\#(port)"}}"#)
    #expect(link.status == 201 && link.json["source"] as? String == "api", "\(link.text)")
    let made = try await gateway.api("POST", "/v1/devices", grid)
    #expect(made.status == 201 && made.json["source"] as? String == "api", "\(made.text)")
    #expect(made.json["customerId"] as? String == "ada", "it joins the customer with its reference")
    #expect(await gateway.reaches("grid", "online"), "\(gateway.log)")
    #expect(await gateway.reaches("plug", "online"), "\(gateway.log)")
    #expect(try await gateway.fields("grid")["powerW"] is Double)
    let both = try connections(to: port)
    #expect(both.count == 2 && both.isSuperset(of: lines), "the link of the file was left alone: \(lines), \(both)")
    try gateway.configure(file.replacing("Ada", with: "Ada L."))
    gateway.daemon?.send(SIGHUP)
    #expect(await eventually(within: 10) { gateway.log.contains("the configuration was reloaded") }, "\(gateway.log)")
    #expect(try connections(to: port) == both, "a reload that changes no link leaves all of them alone")
    let reads = try await exchanges(gateway, of: "bus")
    #expect(await eventually(within: 10) { (try? await exchanges(gateway, of: "bus")) ?? 0 > reads }, "and reads on")
    let audit = try await gateway.api("GET", "/v1/audit?action=configuration")
    #expect(audit.text.contains("device grid made through the API"), "\(audit.text)")

    try await gateway.crash()
    try await gateway.start()
    #expect(await gateway.reaches("grid", "online"), "\(gateway.log)")
    let found = try await gateway.api("GET", "/v1/devices/grid").json
    #expect(found["name"] as? String == "Main" && found["customerId"] as? String == "ada")
    #expect(found["tags"] as? [String] == ["cellar"])

    let used = try await gateway.api("DELETE", "/v1/links/more")
    #expect(used.status == 409 && used.text.contains("grid"), "\(used.text)")
    #expect(try await gateway.api("DELETE", "/v1/devices/grid").status == 204)
    #expect(try await gateway.api("GET", "/v1/devices/grid").status == 404)
    #expect(try await gateway.api("DELETE", "/v1/links/more").status == 204)
    #expect(await gateway.reaches("plug", "online"), "\(gateway.log)")
    let types = try await gateway.api("GET", "/v1/customers/ada/activity").data.compactMap { $0["type"] as? String }
    #expect(types.contains("device.created") && types.contains("device.deleted"), "\(types)")
  }

  private func exchanges(_ gateway: TestGateway, of link: String) async throws -> Double {
    let links = try await gateway.json("status")["links"] as? [[String: Any]]
    return links?.first { $0["id"] as? String == link }?["exchanges"] as? Double ?? 0
  }

  @Test("What is forbidden at a site is forbidden to whoever comes to it, and allowed again to whoever leaves")
  func siteRules() async throws {
    let gateway = try await TestGateway(profiles: "huawei")
    defer { gateway.clear() }
    try gateway.write(
      "home.yaml", "modbus: {port: 0, units: {1: {profile: huawei-sun2000, pv: false, battery: true}}}\n")
    let (_, ports) = try await gateway.simulator(["home", gateway.path("home.yaml")])
    try gateway.configure(
      """
      links: [{id: bus, modbus: {tcp: "127.0.0.1:\(try #require(ports.modbusPort))"}}]
      sites: [{id: house, interlocks: {maxChargePowerW: 1000}}]
      """)
    try await gateway.start()
    let made = try await gateway.api(
      "POST", "/v1/devices", #"{"id":"battery","profile":"huawei-sun2000","part":"battery","linkId":"bus"}"#)
    #expect(made.status == 201, "\(made.text)")
    #expect(await gateway.reaches("battery", "online"), "\(gateway.log)")
    func charge() async throws -> TestGateway.Answer {
      try await gateway.api(
        "POST", "/v1/devices/battery/commands",
        #"{"command":"charge","input":{"powerW":1500},"durationSeconds":60,"dryRun":true}"#)
    }
    let free = try await charge()
    #expect(free.status == 200, "\(free.text)")
    #expect(try await gateway.api("PATCH", "/v1/devices/battery", #"{"siteId":"house"}"#).status == 200)
    let refused = try await charge()
    #expect(refused.status == 409 && refused.json["error"] as? String == "INTERLOCK", "\(refused.text)")
    #expect(try await gateway.api("PATCH", "/v1/devices/battery", #"{"siteId":null}"#).status == 200)
    #expect(try await charge().status == 200)
  }

  @Test("What is wrong is told with its place, before anything is kept")
  func mistakes() async throws {
    let (gateway, _, port) = try await bench()
    defer { gateway.clear() }
    let unknown = try await gateway.api("POST", "/v1/links", #"{"modbus":{"tpc":"x:502","baud":9600}}"#)
    #expect(unknown.status == 422 && pointers(unknown).contains("/modbus/tpc"), "\(unknown.text)")
    #expect(unknown.text.contains("did you mean 'tcp'"), "\(unknown.text)")
    let taken = try await gateway.api("POST", "/v1/links", #"{"id":"bus","modbus":{"tcp":"127.0.0.1:1"}}"#)
    #expect(taken.status == 409 && taken.text.contains("heddle.yaml:3"), "\(taken.text)")
    func device(_ more: String) async throws -> TestGateway.Answer {
      try await gateway.api("POST", "/v1/devices", "{\"profile\":\"eastron-sdm630\",\"link\":\"bus\"\(more)}")
    }
    let unit = try await device(#","parameters":{"unit":900,"füße \u2028":1},"shoe":true"#)
    #expect(unit.status == 422 && pointers(unit) == ["/shoe"], "\(unit.text)")
    let parameters = try await device(#","parameters":{"unit":900}"#)
    #expect(parameters.status == 422 && pointers(parameters) == ["/parameters/unit"], "\(parameters.text)")
    let odd = try await device(#","parameters":{"füße \u2028":1},"role":"grit""#)
    #expect(odd.status == 422 && pointers(odd).contains("/parameters/füße \u{2028}"), "\(odd.text)")
    let same = try await gateway.api(
      "POST", "/v1/devices", #"{"profile":"eastron-sdm120","link":"bus","parameters":{"unit":1}}"#)
    #expect(same.status == 409 && same.text.contains("same device as plug"), "\(same.text)")
    for path in ["/v1/devices/plug", "/v1/links/bus"] {
      let answer = try await gateway.api("DELETE", path)
      #expect(answer.status == 409 && answer.text.contains("heddle.yaml:"), "\(answer.text)")
    }
    let moved = try await gateway.api("PATCH", "/v1/links/bus", #"{"modbus":{"tcp":"127.0.0.1:1"}}"#)
    #expect(moved.status == 409, "\(moved.text)")
    let silent = try await gateway.cli(
      "link", "test", "modbus", "tcp=127.0.0.1:\(try freePort())", "--profile", "eastron-sdm630")
    #expect(silent.status == 1 && silent.output.contains("check host and port"), "\(silent.output)\(silent.errors)")
    let right = try await gateway.cli(
      "link", "test", "modbus", "tcp=127.0.0.1:\(port)", "--profile", "eastron-sdm630", "--parameter", "unit=2")
    #expect(right.status == 0 && right.output.contains("powerW"), "\(right.output)\(right.errors)")
    #expect(try await gateway.api("GET", "/v1/devices").data.count == 1)
  }

  @Test("The file wins over the API, and what rests comes back when the file lets go")
  func clash() async throws {
    let (gateway, file, port) = try await bench()
    defer { gateway.clear() }
    let link = try await gateway.cli("link", "add", "modbus", "tcp=127.0.0.1:\(port)", "--id", "more")
    #expect(link.status == 0, "\(link.errors)")
    #expect(try await gateway.api("POST", "/v1/devices", grid).status == 201)
    func reload(_ text: String) async throws {
      try gateway.configure(text)
      try #require(gateway.daemon).send(SIGHUP)
    }
    func source() async throws -> String? {
      try await gateway.api("GET", "/v1/devices/grid").json["source"] as? String
    }
    let own = "{id: grid, profile: eastron-sdm630, link: bus, parameters: {unit: 2}, role: grid, name: Of the file}"
    try await reload(file + "  - \(own)\n")
    #expect(await eventually(within: 10) { (try? await source()) == "configuration" }, "\(gateway.log)")
    #expect(gateway.log.contains("device grid of the API is not in force"), "\(gateway.log)")
    #expect(try await gateway.api("GET", "/v1/devices/grid").json["name"] as? String == "Of the file")
    try await reload(file)
    #expect(await eventually(within: 10) { (try? await source()) == "api" }, "\(gateway.log)")
    #expect(try await gateway.api("GET", "/v1/devices/grid").json["name"] as? String == "Main")
    let deleted = try await gateway.cli("device", "delete", "grid")
    #expect(deleted.status == 0, "\(deleted.errors)")
    let listed = try await gateway.cli("link", "list")
    #expect(listed.output.contains("more") && listed.output.contains("api"), "\(listed.output)")
  }

  @Test("A password is in one file that only its owner reads, and nowhere else")
  func secrets() async throws {
    let (gateway, _, _) = try await bench()
    defer { gateway.clear() }
    let secret = "hunter2-\(UInt32.random(in: 0 ... .max))"
    let port = try freePort()
    let made = try await gateway.api(
      "POST", "/v1/links",
      #"{"id":"broker","mqtt":{"broker":"127.0.0.1:\#(port)","user":"heddle","password":"\#(secret)"}}"#)
    #expect(made.status == 201 && !made.text.contains(secret), "\(made.text)")
    let path = gateway.path("api-credentials/link.broker.password")
    #expect(try String(contentsOfFile: path, encoding: .utf8) == secret)
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    let patched = try await gateway.api("PATCH", "/v1/links/broker", #"{"mqtt":{"user":"other"}}"#)
    #expect(patched.status == 200 && !patched.text.contains(secret), "\(patched.text)")
    #expect(try String(contentsOfFile: path, encoding: .utf8) == secret, "it stays")
    for path in ["/v1/links/broker", "/v1/links", "/v1/audit", "/v1/events", "/v1/status"] {
      #expect(!(try await gateway.api("GET", path).text.contains(secret)), "\(path)")
    }
    #expect(!gateway.log.contains(secret))
    for name in ["heddle.db", "heddle.db-wal"] {
      let data = FileManager.default.contents(atPath: gateway.path(name)) ?? Data()
      #expect(data.range(of: Data(secret.utf8)) == nil, "\(name)")
    }
    #expect(try await gateway.api("DELETE", "/v1/links/broker").status == 204)
    #expect(!FileManager.default.fileExists(atPath: path))
  }
}
