import AdapterKit
import EnergyModel
import Foundation
import MQTTAdapter
import Testing

@Suite("MQTT over TLS", .enabled(if: Broker.isInstalled && Certificates.canBeMade, "needs mosquitto and openssl"))
struct MQTTSecurityTests {
  private static let settings = """
    allow_anonymous true
    cafile $DIR/ca.crt
    certfile $DIR/server.crt
    keyfile $DIR/server.key
    """

  private func refusal(
    _ broker: Broker, host: String = "localhost", _ tls: MQTTLinkConfiguration.TLS
  ) async throws -> String {
    var configuration = broker.configuration()
    configuration.host = host
    configuration.tls = tls
    let bench = try Bench(configuration, [try TestProfile.thermostat("hall", topic: "hall")])
    try await bench.run {
      #expect(await bench.sink.isState(.offline, because: "TLS", of: "hall"))
      #expect(await bench.link.statistics().errors["TLS", default: 0] >= 1)
    }
    return bench.sink.state(of: "hall")?.lastError ?? ""
  }

  @Test("A broker whose certificate is signed by the given authority is trusted", arguments: MQTTSessionTests.versions)
  func rightAuthority(version: MQTTLinkConfiguration.ProtocolVersion) async throws {
    let certificates = try await Certificates()
    let broker = try await Broker(settings: Self.settings, folder: certificates.folder)
    var configuration = broker.configuration(version)
    configuration.host = "localhost"
    configuration.tls = .init(authorityFile: certificates.folder.file("ca.crt"))
    let bench = try Bench(configuration, [])
    try await bench.run { #expect(await bench.logs("connected to")) }
  }

  @Test("A certificate of another authority is refused")
  func wrongAuthority() async throws {
    let certificates = try await Certificates()
    let broker = try await Broker(settings: Self.settings, folder: certificates.folder)
    let message = try await refusal(broker, .init(authorityFile: certificates.folder.file("other-ca.crt")))
    #expect(message.contains("not signed by \(certificates.folder.file("other-ca.crt"))"))
    let system = try await refusal(broker, .init())
    #expect(system.contains("not signed by the system's authorities"))
  }

  @Test("A certificate for another name is refused, and so is a host that has only a number")
  func wrongName() async throws {
    let certificates = try await Certificates()
    let broker = try await Broker(settings: Self.settings, folder: certificates.folder)
    let message = try await refusal(
      broker, host: "127.0.0.1", .init(authorityFile: certificates.folder.file("ca.crt")))
    #expect(message.contains("certificate is not for '127.0.0.1'"))
  }

  @Test("A broker that wants a client certificate gets it, and its refusal is told")
  func clientCertificate() async throws {
    let certificates = try await Certificates()
    let folder = certificates.folder
    let broker = try await Broker(settings: Self.settings + "\nrequire_certificate true", folder: folder)
    var configuration = broker.configuration()
    configuration.host = "localhost"
    configuration.tls = .init(
      authorityFile: folder.file("ca.crt"),
      clientCertificate: .init(certificateFile: folder.file("client.crt"), keyFile: folder.file("client.key")))
    let bench = try Bench(configuration, [])
    try await bench.run { #expect(await bench.logs("connected to")) }

    let message = try await refusal(broker, .init(authorityFile: folder.file("ca.crt")))
    #expect(message.contains("client certificate"))
  }

  @Test("Files that cannot be used and ports without TLS are named")
  func unusableFiles() async throws {
    let certificates = try await Certificates()
    let folder = certificates.folder
    let broker = try await Broker()
    let plain = try await refusal(broker, .init(authorityFile: folder.file("ca.crt")))
    #expect(plain.contains("TLS"))
    let noCertificate = try await refusal(broker, .init(authorityFile: folder.file("ca.key")))
    #expect(noCertificate.contains("holds no certificate in PEM form"))
    let mixed = try await refusal(
      broker,
      .init(
        authorityFile: folder.file("ca.crt"),
        clientCertificate: .init(certificateFile: folder.file("client.crt"), keyFile: folder.file("ca.key"))))
    #expect(mixed.contains("belong together"))

    var configuration = broker.configuration()
    configuration.tls = .init(authorityFile: folder.file("missing.crt"))
    let bench = try Bench(configuration, [])
    try await bench.run { #expect(await bench.logs("cannot read \(folder.file("missing.crt"))")) }
  }
}

/// An authority, a certificate for `localhost`, one for a client, and a foreign authority, made by openssl.
struct Certificates {
  static let openssl = "/usr/bin/openssl"
  static let canBeMade = FileManager.default.isExecutableFile(atPath: openssl)

  let folder: TemporaryFolder

  init() async throws {
    folder = try TemporaryFolder()
    for authority in ["ca", "other-ca"] {
      try await run([
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
        "/CN=\(authority)", "-keyout", folder.file("\(authority).key"), "-out", folder.file("\(authority).crt"),
      ])
    }
    try folder.write("subjectAltName=DNS:localhost\n", to: "names")
    for (name, subject) in [("server", "/CN=localhost"), ("client", "/CN=gateway")] {
      try await run([
        "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", subject, "-keyout",
        folder.file("\(name).key"), "-out", folder.file("\(name).csr"),
      ])
      try await run([
        "x509", "-req", "-in", folder.file("\(name).csr"), "-CA", folder.file("ca.crt"), "-CAkey",
        folder.file("ca.key"), "-CAcreateserial", "-days", "2", "-extfile", folder.file("names"), "-out",
        folder.file("\(name).crt"),
      ])
    }
  }

  private func run(_ arguments: [String]) async throws {
    let program = try Program(Self.openssl, arguments)
    try #require(await program.succeeds(), "openssl \(arguments): \(program.lines.value)")
  }
}
