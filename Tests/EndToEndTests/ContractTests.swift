import Foundation
import Testing

/// Schemathesis, which knows only the OpenAPI document, against the real daemon with devices, customers and sites.
@Suite(
  "The API's contract", .enabled(if: Programs.hasOwn, "the programs are not built"),
  .enabled(if: Schemathesis.path != nil, "make peers was not run"))
struct ContractTests {
  @Test("Whatever a stranger makes of the document is answered as the document says")
  func strangers() async throws {
    let gateway = try await TestGateway(profiles: "eastron", "huawei")
    defer { gateway.clear() }
    try gateway.write(
      "home.yaml",
      """
      modbus:
        units:
          1: {profile: eastron-sdm630, role: grid}
          2: {profile: huawei-sun2000, pv: false, battery: true}
      """)
    let (_, ports) = try await gateway.simulator(["home", gateway.path("home.yaml")])
    try gateway.configure(
      """
      api: {listen: "127.0.0.1:0", rateLimit: none}
      customers: [{id: miller, name: Miller}]
      sites: [{id: house, name: House, customer: miller, timezone: Europe/Berlin}]
      links: [{id: bus, modbus: {tcp: "127.0.0.1:\(try #require(ports.modbusPort))"}}]
      devices:
        - {id: grid, profile: eastron-sdm630, link: bus, parameters: {unit: 1}, role: grid, site: house}
        - {id: battery, profile: huawei-sun2000, part: battery, link: bus, parameters: {unit: 2}, site: house}
      """)
    try await gateway.start()
    #expect(await gateway.reaches("battery", "online"))

    let result = try await Schemathesis.run(against: gateway)
    #expect(result.status == 0, "\(result.output)\(result.errors)")
    let cases = result.output.firstMatch(of: /(\d+) generated/).flatMap { Int($0.1) } ?? 0
    #expect(cases >= Schemathesis.fewestCases, "\(result.output)")
    #expect(gateway.daemon?.isRunning == true, "\(gateway.log)")
  }
}

/// The generator of requests that `make peers` installs.
private enum Schemathesis {
  static let path: String? = {
    let path = Programs.packageRoot.appendingPathComponent(".build/peers/bin/schemathesis").path
    return FileManager.default.isExecutableFile(atPath: path) ? path : nil
  }()

  static let isSoak = ProcessInfo.processInfo.environment["HEDDLE_SOAK"] != nil
  static var fewestCases: Int { isSoak ? 5_000 : 500 }

  /// Status, content type, headers and schema of every answer are held against the document. The stream never ends, so
  /// it has tests of its own.
  static func run(against gateway: TestGateway) async throws -> ProgramResult {
    let address = try #require((try await gateway.json("status")["api"] as? [String: Any])?["tcp"] as? String)
    let key = try await gateway.cli("key", "create", "--scope", "admin")
    let token = key.output.trimmingCharacters(in: .whitespacesAndNewlines)
    let amount = isSoak ? ["--phases", "coverage,fuzzing,stateful", "-n", "25"] : ["--phases", "fuzzing", "-n", "6"]
    return try await EndToEndTests.run(
      "/usr/bin/env",
      // It leaves what it found in the folder in which it runs.
      [
        "-C", gateway.folder.path, try #require(path), "run", "http://\(address)/openapi.json", "-H",
        "Authorization: Bearer \(token)", "--exclude-path", "/v1/stream",
      ]
        + [
          "--checks",
          "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance",
        ]
        + ["--continue-on-failure", "--no-shrink", "--warnings", "off", "--seed", "1", "--request-timeout", "20"]
        + amount,
      environment: ["NO_COLOR": "1", "HYPOTHESIS_STORAGE_DIRECTORY": gateway.path("hypothesis")],
      within: isSoak ? 900 : 120)
  }
}
