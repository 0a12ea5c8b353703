import EnergyModel
import Foundation
import Synchronization
import Testing
import TestSupport

@testable import HTTPAdapter

@Suite("Digest authentication")
struct DigestTests {
  private let nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
  private let clientNonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"

  private func header(algorithm: String) throws -> String {
    let text = """
      Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=\(algorithm), nonce="\(nonce)", \
      opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"
      """
    var session = DigestSession(user: "Mufasa", password: "Circle of Life")
    session.accept(try #require(DigestChallenge.best(in: [text])))
    let header = session.authorization(method: "GET", target: "/dir/index.html", clientNonce: clientNonce)
    return try #require(header)
  }

  @Test("The examples of RFC 7616, section 3.9.1")
  func examples() throws {
    #expect(try header(algorithm: "MD5").contains("response=\"8ca523f5e9506fed4657c9700eebdbec\""))
    let sha = try header(algorithm: "SHA-256")
    #expect(sha.contains("response=\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1\""))
    #expect(sha.contains("nc=00000001") && sha.contains("algorithm=SHA-256") && sha.contains("qop=auth,"))
  }

  @Test("A challenge without a quality of protection is answered in the form of RFC 2069")
  func oldForm() throws {
    var session = DigestSession(user: "Mufasa", password: "Circle Of Life")
    let challenge = DigestChallenge.best(
      in: ["Digest realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\""])
    session.accept(try #require(challenge))
    let header = session.authorization(method: "GET", target: "/dir/index.html", clientNonce: "x")
    #expect(header?.contains("response=\"670fd8c2df070c60b045671b8b24ff02\"") == true)
    #expect(header?.contains("nc=") == false)
  }

  @Test("The better of several challenges is chosen, wherever they stand")
  func severalChallenges() {
    let both = "Basic realm=\"a, b\", Digest realm=\"r\", nonce=n1, Digest realm=\"r\",nonce=\"n2\",algorithm=SHA-256"
    #expect(DigestChallenge.best(in: [both])?.nonce == "n2")
    let apart = [
      "Digest realm=\"r\", nonce=\"n1\", algorithm=md5", "Digest realm=\"r\", nonce=\"n2\", algorithm=SHA256",
    ]
    #expect(DigestChallenge.best(in: apart)?.algorithm == .sha256)
  }

  @Test("Challenges that cannot be answered are left alone")
  func unanswerable() {
    #expect(DigestChallenge.best(in: ["Basic realm=\"x\""]) == nil)
    #expect(DigestChallenge.best(in: ["Digest realm=\"r\", nonce=\"n\", algorithm=SHA-512-256"]) == nil)
    #expect(DigestChallenge.best(in: ["Digest realm=\"r\", nonce=\"n\", qop=\"auth-int\""]) == nil)
    #expect(DigestChallenge.best(in: ["Digest realm=\"r\""]) == nil)
  }

  @Test("No header makes the reader fail", arguments: 0..<200)
  func arbitraryHeaders(seed: UInt64) {
    let alphabet = Array("Digest realm=\"\\\", nonce qop auth=,, \t=é".utf8)
    var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
    let bytes = (0..<60).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return alphabet[Int(state >> 33) % alphabet.count]
    }
    _ = DigestChallenge.best(in: [String(decoding: bytes, as: UTF8.self)])
  }

  @Test("The count grows with each use of a nonce and starts again with the next nonce")
  func nonceCount() throws {
    var session = DigestSession(user: "u", password: "p")
    session.accept(try #require(DigestChallenge.best(in: ["Digest realm=\"r\", nonce=\"a\", qop=\"auth\""])))
    _ = session.authorization(method: "GET", target: "/", clientNonce: "c")
    let second = session.authorization(method: "GET", target: "/", clientNonce: "c")
    #expect(second?.contains("nc=00000002") == true)
    session.accept(try #require(DigestChallenge.best(in: ["Digest realm=\"r\", nonce=\"b\", qop=\"auth\""])))
    let renewed = session.authorization(method: "GET", target: "/", clientNonce: "c")
    #expect(renewed?.contains("nc=00000001") == true)
    #expect("\(session)" == "digest, challenged")
  }

  @Test(
    "The device of these tests is one that curl can log in to",
    .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/curl"), "curl is not installed"),
    arguments: ["MD5", "SHA-256"])
  func judgedByCurl(algorithm: String) async throws {
    let device = DigestDevice(algorithm: algorithm)
    let server = try await DeviceServer { device.reply(to: $0, body: "{}") }
    let status = try await output(
      of: "/usr/bin/curl",
      [
        "--silent", "--max-time", "10", "--output", "/dev/null", "--write-out", "%{http_code}", "--digest", "--user",
        "\(device.user):\(device.password)", server.url + "/path?query=1",
      ])
    #expect(status == "200")
    #expect(device.state.withLock { $0.accepted } == 1)
    await server.stop()
  }
}

/// Runs a program and returns what it printed.
func output(of program: String, _ arguments: [String]) async throws -> String {
  let process = Process()
  process.executableURL = URL(filePath: program)
  process.arguments = arguments
  let pipe = Pipe()
  process.standardOutput = pipe
  process.standardError = FileHandle.nullDevice
  try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
    process.terminationHandler = { _ in continuation.resume() }
    do { try process.run() } catch { continuation.resume(throwing: error) }
  }
  return String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
}
