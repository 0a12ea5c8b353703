import Foundation
import Testing

/// Keys over TCP with a client that nobody here wrote.
@Suite(
  "API keys", .enabled(if: Programs.hasOwn, "the programs are not built"),
  .enabled(if: Programs.system("curl") != nil, "curl is not installed"))
struct APIKeyTests {
  @Test("Without a key 401, with one 200 within its scope, and the file does not have it in clear")
  func keys() async throws {
    let gateway = try await TestGateway()
    defer { gateway.clear() }
    try gateway.configure("api: {listen: \"127.0.0.1:0\"}\nlinks: []\ncustomers: [{id: ada, name: Ada}]\n")
    try await gateway.start()
    let addresses = try await gateway.json("status")["api"] as? [String: Any]
    let address = try #require(addresses?["tcp"] as? String)

    #expect(try await status(address, "/v1/devices", key: nil) == "401")
    #expect(try await status(address, "/v1/devices", key: "hdl_00000000_nothing") == "401")
    let reader = try await key(gateway, "devices:read")
    #expect(try await status(address, "/v1/devices", key: reader) == "200")
    #expect(try await status(address, "/v1/customers", key: reader) == "403")
    #expect(try await status(address, "/v1/keys", key: reader) == "403")
    let admin = try await key(gateway, "admin")
    #expect(try await status(address, "/v1/customers", key: admin) == "200")
    #expect(try await status(address, "/v1/keys", key: admin) == "200")

    // Also behind a restart, where the keys come from the file.
    let daemon = try #require(gateway.daemon)
    daemon.send(SIGTERM)
    #expect(await daemon.end(within: 5) == 0)
    for key in [reader, admin] {
      let secret = key.suffix(20)
      for name in try FileManager.default.contentsOfDirectory(atPath: gateway.folder.path) where name.contains("db") {
        let bytes = try Data(contentsOf: gateway.folder.appendingPathComponent(name))
        #expect(bytes.range(of: Data(secret.utf8)) == nil, "\(name) has the key in clear")
      }
    }
    #expect(!gateway.log.contains(reader) && !gateway.log.contains(admin))
    try await gateway.start()
    let again = try await gateway.json("status")["api"] as? [String: Any]
    #expect(try await status(try #require(again?["tcp"] as? String), "/v1/devices", key: reader) == "200")
  }

  private func key(_ gateway: TestGateway, _ scope: String) async throws -> String {
    let made = try await gateway.cli("key", "create", "--scope", scope, "--label", scope)
    #expect(made.status == 0, "\(made.errors)")
    return made.output.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  private func status(_ address: String, _ path: String, key: String?) async throws -> String {
    let header = key.map { ["-H", "Authorization: Bearer \($0)"] } ?? []
    let result = try await run(
      try Programs.required("curl"),
      ["-s", "-o", "/dev/null", "-w", "%{http_code}"] + header + ["http://\(address)\(path)"])
    return result.output
  }
}
