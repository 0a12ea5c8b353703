import Foundation
import Testing

/// Wrong and changed configurations, with the real daemon.
@Suite("Configuration of a running daemon", .serialized, .enabled(if: Programs.hasOwn, "the programs are not built"))
struct ReloadTests {
  @Test("A wrong file keeps the old configuration, a good one adds a device")
  func reload() async throws {
    let gateway = try await TestGateway(profiles: "eastron")
    defer { gateway.clear() }
    try gateway.write(
      "home.yaml",
      """
      modbus:
        port: 0
        units:
          1: {profile: eastron-sdm120, role: load}
          2: {profile: eastron-sdm630, role: grid}
      """)
    let (_, ports) = try await gateway.simulator(["home", gateway.path("home.yaml")])
    let first = """
      links:
        - {id: bus, modbus: {tcp: "127.0.0.1:\(try #require(ports.modbusPort))"}}
      devices:
        - {id: meter-1, profile: eastron-sdm120, link: bus, parameters: {unit: 1}, role: load}

      """
    try gateway.configure(first)
    try await gateway.start()
    #expect(await gateway.reaches("meter-1", "online"))
    let daemon = try #require(gateway.daemon)

    try gateway.configure(first + "  - {id: meter-2, profile: eastron-smd630, link: bus, parameters: {unit: 2}}\n")
    daemon.send(SIGHUP)
    #expect(await eventually(within: 10) { gateway.log.contains("the old one stays in force") }, "\(gateway.log)")
    #expect(gateway.log.contains("heddle.yaml:6:28:"), "the place is in the log: \(gateway.log)")
    #expect(gateway.log.contains("eastron-sdm630"), "what was meant is in the log: \(gateway.log)")
    let before = try await exchanges(gateway)
    #expect(await eventually(within: 10) { (try? await exchanges(gateway)) ?? 0 > before }, "meter-1 is read on")
    #expect(try await gateway.health("meter-1").state == "online")

    try gateway.configure(
      first + "  - {id: meter-2, profile: eastron-sdm630, link: bus, parameters: {unit: 2}, role: grid}\n")
    daemon.send(SIGHUP)
    #expect(await gateway.reaches("meter-2", "online"), "\(gateway.log)")
    #expect(await gateway.reaches("meter-1", "online"), "\(gateway.log)")
    #expect(daemon.isRunning && gateway.log.contains("the configuration was reloaded"))
  }

  @Test("A changed profile is told in sentences, a broken one stays as it was")
  func profiles() async throws {
    let gateway = try await TestGateway(profiles: "eastron")
    defer { gateway.clear() }
    let text = """
      schema: heddle.profile/1
      id: eastron-sdm120
      name: My own
      manufacturer: Eastron
      products: [SDM120]
      maturity: documentation
      source: {document: "written for the test"}
      transport: {modbus: {unit: 1}}
      devices: {meter: {type: meter, points: {powerW: {input: 12, type: f32}}}}

      """
    try gateway.write("profiles/own.yaml", text)
    try gateway.configure(
      """
      links:
        - {id: bus, modbus: {tcp: "127.0.0.1:9"}}
      devices:
        - {id: meter-1, profile: eastron-sdm120, link: bus}
      """)
    try await gateway.start()
    let daemon = try #require(gateway.daemon)
    try gateway.write("profiles/own.yaml", text.replacing("f32", with: "f32, negate: true"))
    daemon.send(SIGHUP)
    let sentence = "the profile eastron-sdm120 changed: meter.powerW changes sign"
    #expect(await eventually(within: 10) { gateway.log.contains(sentence) }, "\(gateway.log)")

    try gateway.write("profiles/own.yaml", text.replacing("powerW", with: "powrW"))
    daemon.send(SIGHUP)
    #expect(
      await eventually(within: 10) { gateway.log.contains("its last good version stays in force") }, "\(gateway.log)")
    #expect(gateway.log.contains("own.yaml:9:"), "the place is in the log: \(gateway.log)")
    #expect(
      await eventually(within: 10) { gateway.log.ranges(of: "the configuration was reloaded").count == 2 },
      "\(gateway.log)")
    #expect(daemon.isRunning)
  }

  private func exchanges(_ gateway: TestGateway) async throws -> Double {
    let links = try await gateway.json("status")["links"] as? [[String: Any]]
    return links?.first?["exchanges"] as? Double ?? 0
  }

  @Test("A wrong file is refused with 78 and the place of every mistake", arguments: Mistake.all)
  func refusal(_ mistake: Mistake) async throws {
    let gateway = try await TestGateway(profiles: "eastron")
    defer { gateway.clear() }
    try gateway.configure(mistake.text)
    let file = gateway.path("heddle.yaml")
    let heddled = Programs.own("heddled")
    let check = try await run(heddled, ["check", file] + gateway.profileArguments)
    #expect(check.status == 78, "\(check.output)\(check.errors)")
    #expect(check.output.contains("heddle.yaml:\(mistake.place):"), "\(check.output)")
    #expect(check.output.contains(mistake.words), "\(check.output)")
    let start = try await run(heddled, gateway.arguments())
    #expect(start.status == 78, "\(start.errors)")
    #expect(start.errors.contains("heddle.yaml:\(mistake.place):"), "\(start.errors)")
    #expect(!FileManager.default.fileExists(atPath: gateway.path("heddle.db")), "nothing was started")
  }

  struct Mistake: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var text: String
    /// Line and column.
    var place: String
    var words: String

    static let all = [
      Mistake(
        testDescription: "an unknown key", text: "lnks: []\n", place: "2:1", words: "links"),
      Mistake(
        testDescription: "an unknown profile",
        text: """
          links:
            - {id: bus, modbus: {tcp: "127.0.0.1:502"}}
          devices:
            - {id: a, profile: eastron-sdm63, link: bus}
          """, place: "5:22", words: "eastron-sdm630"),
      Mistake(
        testDescription: "an unknown link", text: "devices:\n  - {id: a, profile: eastron-sdm630, link: cellar}\n",
        place: "3:44", words: "cellar"),
      Mistake(testDescription: "no YAML", text: "links: [\n", place: "", words: "error"),
    ].filter { !$0.place.isEmpty }
  }
}
