import Foundation
import LocalAPIServer
import LocatedYAML
import Testing

@testable import Gateway

@Suite("The API in the configuration")
struct APIConfigurationTests {
  /// Certificates by their names, and their keys.
  private func make(_ names: String..., in folder: URL) throws {
    for name in names {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: Self.openssl)
      process.arguments = [
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
        "/CN=\(name)", "-keyout", folder.appendingPathComponent("\(name).key").path, "-out",
        folder.appendingPathComponent("\(name).pem").path,
      ]
      process.standardError = FileHandle.nullDevice
      try process.run()
      process.waitUntilExit()
      try #require(process.terminationStatus == 0)
    }
  }

  private static let openssl = "/usr/bin/openssl"
  private static let canMake = FileManager.default.isExecutableFile(atPath: openssl)

  private func read(_ api: String, _ bench: ConfigurationTests.Bench) -> (GatewayConfiguration.API?, [String]) {
    let file = bench.folder.appendingPathComponent("heddle.yaml").path
    let (configuration, findings) = bench.reader.read(text: "api: \(api)\nlinks: []\n", file: file)
    return (configuration?.api, findings.map { $0.oneLine.replacing(bench.folder.path + "/", with: "") })
  }

  @Test("An address beyond this machine needs TLS, or that somebody says that it does not")
  func remote() throws {
    let bench = try ConfigurationTests.Bench()
    let (none, findings) = read("{listen: \"0.0.0.0:8480\"}", bench)
    #expect(none == nil)
    #expect(findings.first?.hasPrefix("heddle.yaml:1:15: error") == true, "\(findings)")
    #expect(findings.first?.contains("allowUnencrypted: true") == true)
    let open = read("{listen: \"0.0.0.0:8480\", allowUnencrypted: true}", bench)
    #expect(open.1 == [])
    #expect(open.0?.listen == HostAndPort(host: "0.0.0.0", port: 8480))
    for address in ["[::1]:1", "localhost:1", "127.0.0.2:1", "none"] {
      #expect(read("{listen: \"\(address)\"}", bench).1 == [], "\(address)")
    }
  }

  @Test("The rate limit of keys has a default, can be another one, and can be off")
  func rateLimit() throws {
    let bench = try ConfigurationTests.Bench()
    #expect(read("{}", bench).0?.rateLimit == .standard)
    #expect(read("{rateLimit: none}", bench).0?.rateLimit == .some(nil))
    let own = read("{rateLimit: {requestsPerSecond: 2.5, burst: 10}}", bench)
    #expect(own.0?.rateLimit == RateLimit(requestsPerSecond: 2.5, burst: 10))
    let wrong = read("{rateLimit: {requestsPerSecond: 0, burst: 0, window: 1}}", bench)
    #expect(wrong.1.count == 3, "\(wrong.1)")
  }

  @Test("What is wrong with a certificate or key is said at its place", .enabled(if: canMake, "needs openssl"))
  func identity() throws {
    let bench = try ConfigurationTests.Bench()
    try make("a", "b", in: bench.folder)
    func findings(_ certificate: String, _ key: String) -> [String] {
      read("{listen: \"0.0.0.0:1\", tls: {certificate: \(certificate), key: \(key)}}", bench).1
    }
    let good = read("{listen: \"0.0.0.0:1\", tls: {certificate: a.pem, key: a.key}}", bench)
    #expect(good.1 == [])
    let identity = try #require(good.0?.tls)
    #expect(identity == read("{tls: {certificate: a.pem, key: a.key}}", bench).0?.tls)
    #expect(identity != read("{tls: {certificate: b.pem, key: b.key}}", bench).0?.tls)

    let other = findings("a.pem", "b.key")
    #expect(other.first?.hasPrefix("heddle.yaml:1:59: error") == true, "\(other)")
    #expect(other.first?.contains("b.key is not the key of the certificate in a.pem") == true)
    let missing = findings("c.pem", "a.key")
    #expect(missing.first?.hasPrefix("heddle.yaml:1:47: error") == true, "\(missing)")
    #expect(missing.first?.contains("there is no file c.pem") == true)
    #expect(findings("a.key", "a.key").first?.contains("a.key has no certificate") == true)
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o600], ofItemAtPath: bench.folder.appendingPathComponent("a.pem").path)
    #expect(findings("a.pem", "a.pem").first?.contains("a.pem has no private key") == true)
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o644], ofItemAtPath: bench.folder.appendingPathComponent("b.key").path)
    #expect(findings("b.pem", "b.key").first?.contains("chmod 640") == true)
    #expect(read("{tls: {certificate: a.pem}}", bench).1.first?.contains("needs 'key'") == true)
  }

  @Test("A new certificate is taken over by a reload, the rest of the section by a restart", .enabled(if: canMake))
  func restart() throws {
    let bench = try ConfigurationTests.Bench()
    try make("a", "b", in: bench.folder)
    func api(_ text: String) throws -> GatewayConfiguration.API { try #require(read(text, bench).0) }
    let running = try api("{tls: {certificate: a.pem, key: a.key}}")
    #expect(try !api("{tls: {certificate: b.pem, key: b.key}}").needsRestart(beside: running))
    #expect(try api("{tls: {certificate: b.pem, key: b.key}, hosts: [x]}").needsRestart(beside: running))
    #expect(try api("{}").needsRestart(beside: running))
    #expect(try running.needsRestart(beside: api("{}")))
  }
}
