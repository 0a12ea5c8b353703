import Foundation
import Testing

/// Somebody with a browser connects a device that the gateway does not know.
@Suite(
  "Connecting a device on a page", .enabled(if: Programs.hasOwn, "the programs are not built"),
  .enabled(if: Programs.system("curl") != nil, "curl is not installed"))
struct ConnectionTests {
  private func bench() async throws -> (gateway: TestGateway, port: Int) {
    let gateway = try await TestGateway(profiles: "eastron")
    try gateway.write("home.yaml", "modbus: {port: 0, units: {2: {profile: eastron-sdm630, role: grid}}}\n")
    let (_, ports) = try await gateway.simulator(["home", gateway.path("home.yaml")])
    try gateway.configure("links: []\n")
    try await gateway.start()
    return (gateway, try #require(ports.modbusPort))
  }

  /// What a browser does, without cookies and scripts.
  private func form(
    _ gateway: TestGateway, _ path: String, _ fields: [String: String]
  ) async throws -> TestGateway.Answer {
    var arguments = ["-s", "-i", "-X", "POST", "--unix-socket", gateway.path("heddle.sock"), "http://localhost\(path)"]
    for (name, value) in fields { arguments += ["--data-urlencode", "\(name)=\(value)"] }
    if fields.isEmpty { arguments += ["-d", ""] }
    return try await TestGateway.curl(arguments)
  }

  private func location(_ answer: TestGateway.Answer) -> String? {
    answer.headers.split(separator: "\n").first { $0.lowercased().hasPrefix("location:") }
      .map { $0.dropFirst("location:".count).trimmingCharacters(in: .whitespaces) }
  }

  @Test("From the list of products to values, over a mistake and a restart, and back to where it began")
  func path() async throws {
    let (gateway, port) = try await bench()
    defer { gateway.clear() }
    let made = try await gateway.api(
      "POST", "/v1/connections",
      """
      {"redirectUrl":"https://app.example.com/done","clientName":"Acme","referenceId":"acme-7","tags":["new"],
       "customerInfo":{"firstName":"Ada","lastName":"Lovelace","location":{"address":{"line1":"4 Elm St","city":"Bern"}}}}
      """)
    #expect(made.status == 201, "\(made.text)")
    let id = try #require(made.json["id"] as? String)
    let path = try #require(made.json["url"] as? String)
    #expect(path.hasPrefix("/connect/") && path.count > 40)
    func page() async throws -> String { try await gateway.api("GET", path).text }
    #expect(try await page().contains("eastron-sdm630"))
    #expect(try await form(gateway, "\(path)/product", ["profile": "gone"]).status == 422)
    #expect(location(try await form(gateway, "\(path)/product", ["profile": "eastron-sdm630"])) == path)
    #expect(try await page().contains("Address in your network"))

    _ = try await form(gateway, "\(path)/test", ["link.address": "", "parameter.unit": "900", "role": "grid"])
    #expect(try await page().contains("This is needed."))
    _ = try await form(
      gateway, "\(path)/test", ["link.address": "127.0.0.1:\(try freePort())", "parameter.unit": "2", "role": "grid"])
    let unreached = try await page()
    #expect(unreached.contains("The device did not answer"), "\(unreached)")
    #expect(unreached.contains("check host and port"), "\(unreached)")
    #expect(location(try await form(gateway, "\(path)/confirm", [:])) == path, "nothing is made of it")

    try await gateway.crash()
    try await gateway.start()
    #expect(try await page().contains("value=\"2\""), "what was filled in is still there")
    _ = try await form(
      gateway, "\(path)/test",
      ["link.address": "127.0.0.1:\(port)", "parameter.unit": "2", "role": "grid", "name": "<b>Main</b>"])
    let read = try await page()
    #expect(read.contains("The device answers") && read.contains("powerW") && !read.contains("<b>"), "\(read)")
    #expect(try await gateway.api("GET", "/v1/devices").data.isEmpty, "a test keeps nothing")

    let done = try await form(gateway, "\(path)/confirm", [:])
    #expect(
      location(done) == "https://app.example.com/done?status=completed&connectionId=\(id)", "\(done.headers)")
    let again = try await form(gateway, "\(path)/confirm", [:])
    #expect(location(again) == location(done), "a second click makes nothing")
    #expect(try await page().contains("Your device is connected"))
    let devices = try await gateway.api("GET", "/v1/devices").data
    let device = try #require(devices.first)
    #expect(devices.count == 1 && device["name"] as? String == "<b>Main</b>" && device["role"] as? String == "grid")
    #expect(device["tags"] as? [String] == ["new"] && device["source"] as? String == "api")
    let deviceID = try #require(device["id"] as? String)
    #expect(await gateway.reaches(deviceID, "online"), "\(gateway.log)")
    let connection = try await gateway.api("GET", "/v1/connections/\(id)").json
    #expect(connection["status"] as? String == "completed" && connection["deviceIds"] as? [String] == [deviceID])
    let customer = try #require(connection["customerId"] as? String)
    #expect(device["customerId"] as? String == customer)
    #expect(try await gateway.api("GET", "/v1/customers/\(customer)").json["name"] as? String == "Ada Lovelace")
    #expect(try await gateway.api("GET", "/v1/customers/\(customer)/connections").data.count == 1)
    let types = try await gateway.api("GET", "/v1/events").data.compactMap { $0["type"] as? String }
    for type in ["connection.created", "customer.created", "device.created", "connection.completed"] {
      #expect(types.contains(type), "\(type) in \(types)")
    }
  }

  @Test("Cancelling, deleting, and a token that nobody gave")
  func ends() async throws {
    let (gateway, _) = try await bench()
    defer { gateway.clear() }
    let made = try await gateway.cli("connection", "create", "--redirect", "http://app.example.com/", "--json")
    let json = try #require(
      try JSONSerialization.jsonObject(with: Data(made.output.utf8)) as? [String: Any], "\(made.errors)")
    let path = try #require(json["url"] as? String)
    let id = try #require(json["id"] as? String)
    let cancelled = try await form(gateway, "\(path)/cancel", [:])
    #expect(location(cancelled) == "http://app.example.com/?status=cancelled&connectionId=\(id)", "\(cancelled.text)")
    #expect(try await form(gateway, "\(path)/product", ["profile": "eastron-sdm630"]).status == 409)
    let listed = try await gateway.cli("connection", "list")
    #expect(listed.output.contains(id) && listed.output.contains("cancelled"), "\(listed.output)\(listed.errors)")
    #expect(try await gateway.cli("connection", "delete", id).status == 0)
    #expect(try await gateway.api("GET", path).status == 404)
    let token = path.dropFirst("/connect/".count)
    let stored = FileManager.default.contents(atPath: gateway.path("heddle.db-wal")) ?? Data()
    #expect(stored.range(of: Data(token.utf8)) == nil && !gateway.log.contains(token))
  }
}
