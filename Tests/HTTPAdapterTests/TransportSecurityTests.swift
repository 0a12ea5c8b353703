import AdapterKit
import EnergyModel
import Foundation
import NIOSSL
import Testing

@testable import HTTPAdapter

/// A self-signed certificate for `localhost`, made for one test run.
struct TestCertificate {
  static let openssl = "/usr/bin/openssl"
  static var canBeMade: Bool { FileManager.default.isExecutableFile(atPath: openssl) }

  let directory: URL
  var file: String { directory.appending(path: "certificate.pem").path }

  init() async throws {
    directory = FileManager.default.temporaryDirectory.appending(path: "heddle-http-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    _ = try await output(
      of: TestCertificate.openssl,
      [
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
        "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout",
        directory.appending(path: "key.pem").path,
        "-out", file,
      ])
  }

  func serverContext() throws -> NIOSSLContext {
    let chain = try NIOSSLCertificate.fromPEMFile(file).map { NIOSSLCertificateSource.certificate($0) }
    let key = try NIOSSLPrivateKey(file: directory.appending(path: "key.pem").path, format: .pem)
    return try NIOSSLContext(
      configuration: .makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key)))
  }

  /// As openssl prints it, so that the adapter is not measured by its own hash.
  func fingerprint() async throws -> String {
    let text = try await output(
      of: TestCertificate.openssl, ["x509", "-in", file, "-noout", "-fingerprint", "-sha256"])
    return text.split(separator: "=").last.map { $0.trimmingCharacters(in: .whitespacesAndNewlines) } ?? ""
  }

  func remove() { try? FileManager.default.removeItem(at: directory) }
}

@Suite(
  "HTTPS", .timeLimit(.minutes(1)), .enabled(if: TestCertificate.canBeMade, "openssl is not installed"))
struct TransportSecurityTests {
  private func attempt(
    host: String = "localhost", trust: (TestCertificate) async throws -> HTTPTrust,
    body: (RecordingSink, DeviceServer) async throws -> Void
  ) async throws {
    let certificate = try await TestCertificate()
    defer { certificate.remove() }
    let server = try await DeviceServer(tls: certificate.serverContext()) { _ in .json(TestProfile.warm) }
    let bench = TestBench()
    let link = try bench.link(
      to: "https://\(host):\(server.port)", profiles: [(.device, try TestProfile.bound())],
      trust: try await trust(certificate))
    await link.start()
    try await body(bench.sink, server)
    await link.stop()
    await server.stop()
  }

  @Test("A device is believed by its fingerprint, whatever its name")
  func pinned() async throws {
    try await attempt(
      host: "127.0.0.1", trust: { .pinned(sha256: try await $0.fingerprint()) },
      body: { sink, _ in await sink.untilState(.online) })
  }

  @Test("Another certificate than the pinned one gets no request")
  func otherCertificate() async throws {
    try await attempt(
      trust: { _ in .pinned(sha256: String(repeating: "0", count: 64)) },
      body: { sink, server in
        await sink.untilReason("another fingerprint")
        #expect(server.requests.isEmpty)
      })
  }

  @Test("The authority of the installation is believed for the name in the certificate")
  func authority() async throws {
    try await attempt(trust: { .authorities(file: $0.file) }, body: { sink, _ in await sink.untilState(.online) })
  }

  @Test("A certificate for another name is refused")
  func otherName() async throws {
    try await attempt(
      host: "127.0.0.1", trust: { .authorities(file: $0.file) },
      body: { sink, server in
        await sink.untilReason("certificate")
        #expect(server.requests.isEmpty)
      })
  }

  @Test("A self-signed device is refused unless it is configured")
  func unknownAuthority() async throws {
    try await attempt(
      trust: { _ in .system },
      body: { sink, server in
        await sink.untilReason("not trusted")
        #expect(server.requests.isEmpty)
      })
  }

  @Test("HTTPS to a device that speaks plain HTTP, or says nothing, is named and can be stopped")
  func noTLS() async throws {
    for reply in [DeviceServer.Reply.answer(), .silence] {
      let server = try await DeviceServer { _ in reply }
      let bench = TestBench()
      let link = try bench.link(
        to: "https://127.0.0.1:\(server.port)", profiles: [(.device, try TestProfile.bound())])
      await link.start()
      if case .answer = reply { await bench.sink.untilReason("TLS") }
      let start = ContinuousClock.now
      await link.stop()
      #expect(ContinuousClock.now - start < .seconds(2))
      await server.stop()
    }
  }
}
