import Foundation
import Testing

/// The API over TLS, with clients that nobody here wrote, and with our own.
@Suite(
  "HTTPS", .enabled(if: Programs.hasOwn, "the programs are not built"),
  .enabled(if: Programs.system("curl") != nil && Programs.system("openssl") != nil, "needs curl and openssl"))
struct SecureListenerTests {
  @Test("curl and heddle talk TLS with a gateway whose certificate they trust, also after a reload brought another")
  func https() async throws {
    let gateway = try await TestGateway()
    defer { gateway.clear() }
    try await gateway.certificate("first")
    try gateway.configure("api: {listen: \"127.0.0.1:0\", tls: {certificate: tls.pem, key: tls.key}}\nlinks: []\n")
    try await gateway.start()
    #expect(gateway.log.contains("the certificate of the API ends at"))
    let addresses = try await gateway.json("status")["api"] as? [String: Any]
    let port = try #require((addresses?["tcp"] as? String)?.split(separator: ":").last)
    let url = "https://localhost:\(port)"
    let key = try await gateway.cli("key", "create", "--scope", "admin").output
      .trimmingCharacters(in: .whitespacesAndNewlines)

    func curl(trusting name: String) async throws -> ProgramResult {
      try await run(
        try Programs.required("curl"),
        ["-sS", "--cacert", gateway.path("\(name).pem"), "-H", "X-API-Key: \(key)", "\(url)/v1/version"])
    }
    func own(_ arguments: String...) async throws -> ProgramResult {
      try await run(Programs.own("heddle"), arguments + ["--key", key])
    }

    #expect(try await curl(trusting: "first").output.contains("\"v1\""))
    let version = try await own("device", "list", "--url", url, "--ca", gateway.path("first.pem"))
    #expect(version.status == 0, "\(version.errors)")
    let stranger = try await own("device", "list", "--url", url)
    #expect(stranger.status == 69)
    #expect(stranger.errors.contains("is not trusted") && stranger.errors.contains("--ca FILE"))
    let name = try await own(
      "device", "list", "--url", "https://127.0.0.1:\(port)", "--ca", gateway.path("first.pem"))
    #expect(name.errors.contains("is for another name"), "\(name.errors)")
    let plain = try await run(
      try Programs.required("curl"), ["-s", "-o", "/dev/null", "http://localhost:\(port)/health"])
    #expect(plain.status != 0)

    try await gateway.certificate("second")
    gateway.daemon?.send(SIGHUP)
    #expect(await eventually(within: 10) { gateway.log.contains("the API has a new certificate") })
    #expect(try await curl(trusting: "second").output.contains("\"v1\""))
    #expect(try await curl(trusting: "first").status == 60)
  }
}
