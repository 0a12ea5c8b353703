import DeviceProfiles
import EnergyModel
import Testing

@testable import HTTPAdapter

@Suite("HTTP link configuration")
struct ConfigurationTests {
  @Test(
    "An address becomes origin and prefix",
    arguments: [
      ("http://192.0.2.1", "http://192.0.2.1", ""),
      ("HTTP://fronius.local:8080/", "http://fronius.local:8080", ""),
      ("https://host/api/v2/", "https://host", "/api/v2"),
      ("http://[fe80::1]:81/x", "http://[fe80::1]:81", "/x"),
    ])
  func addresses(url: String, origin: String, prefix: String) throws {
    let configuration = try HTTPLinkConfiguration(url: url)
    #expect(configuration.origin == origin)
    #expect(configuration.pathPrefix == prefix)
  }

  @Test(
    "An address that cannot be used is refused with what to do",
    arguments: [
      ("ftp://host", "neither http nor https"), ("http://", "has no host"), ("host", "not a URL"),
      ("http://host?x=1", "query"), ("http://host:70000", "outside 1 to 65535"), ("http://u:secret@host", "password"),
    ])
  func refusals(url: String, words: String) {
    let error = #expect(throws: HTTPLinkConfigurationError.self) { try HTTPLinkConfiguration(url: url) }
    #expect(error?.message.contains(words) == true)
    #expect(error?.message.contains("secret") == false)
  }

  @Test("Trust that cannot be used is refused")
  func trust() throws {
    let fingerprint = Array(repeating: "aB", count: 32).joined(separator: ":")
    _ = try HTTPLinkConfiguration(url: "https://host", trust: .pinned(sha256: fingerprint))
    #expect(throws: HTTPLinkConfigurationError.self) {
      try HTTPLinkConfiguration(url: "http://host", trust: .pinned(sha256: fingerprint))
    }
    for wrong in ["", "ab:cd", fingerprint + "0", String(repeating: "zz", count: 32)] {
      #expect(throws: HTTPLinkConfigurationError.self) {
        try HTTPLinkConfiguration(url: "https://host", trust: .pinned(sha256: wrong))
      }
    }
    let error = #expect(throws: HTTPLinkConfigurationError.self) {
      try HTTPLinkConfiguration(url: "https://host", trust: .authorities(file: "/nowhere.pem"))
    }
    #expect(error?.message.contains("/nowhere.pem") == true)
  }

  @Test("A pause is read from seconds and from dates, and bounded")
  func retryAfter() {
    let now = Timestamp(rfc3339: "2026-10-21T07:27:30Z") ?? Timestamp(milliseconds: 0)
    #expect(RetryAfter.pause(header: "120", now: now) == .seconds(120))
    #expect(RetryAfter.pause(header: "Wed, 21 Oct 2026 07:28:00 GMT", now: now) == .seconds(30))
    #expect(RetryAfter.pause(header: "Wed, 21 Oct 2020 07:28:00 GMT", now: now) == .zero)
    #expect(RetryAfter.pause(header: "Wed, 21 Oct 2099 07:28:00 GMT", now: now) == RetryAfter.maximumPause)
    #expect(RetryAfter.pause(header: "99999999999999999999", now: now) == RetryAfter.maximumPause)
    for unreadable in [nil, "", "soon", "-5", "Wed, 99 Foo 2026 07:28:00 GMT"] {
      #expect(RetryAfter.pause(header: unreadable, now: now) == RetryAfter.defaultPause)
    }
  }

  @Test("A request target is encoded once and keeps to the host")
  func targets() {
    #expect(RequestTarget.text(prefix: "/api", path: "/a b?q={\"x\":1}#é") == "/api/a%20b?q=%7B%22x%22:1%7D%23%C3%A9")
    #expect(RequestTarget.text(prefix: "", path: "/a%20b") == "/a%20b")
    #expect(RequestTarget.text(prefix: "", path: "@elsewhere/") == nil)
  }

  @Test("Secrets are taken out in plain and in encoded spelling")
  func redaction() {
    let redact = SecretRedaction(["p ss", "p ss word", ""])
    #expect(redact("p ss word, p ss, p%20ss%20word") == "•••, •••, •••")
  }

  @Test("No beginning of a secret stays where a long text is cut")
  func redactionBeforeCutting() {
    let token = String(repeating: "k7", count: 400)
    let redact = SecretRedaction([token])
    let cut = String(repeating: "x", count: 150) + token
    #expect(presentable(cut, redact) == String(repeating: "x", count: 150) + SecretRedaction.mark)
    #expect(!presentable(String(repeating: token, count: 100), redact).contains("k7"))
    #expect(presentable(String(repeating: "y", count: 100_000), redact).count == 200)
    #expect(presentable("a\nb", redact) == "a b")
  }
}
