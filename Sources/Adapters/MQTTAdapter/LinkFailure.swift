internal import CMosquitto
internal import Glibc

/// Why a link has no connection: what happened, on which link, and what to do. The words stay the same while the cause
/// does, so that a repeated failure is recognised.
struct LinkFailure: Error, Sendable, Hashable {
  /// How it is counted.
  enum Kind: String, Sendable {
    case lookup = "name lookup"
    case unreachable = "no connection"
    case timeout = "timeout"
    case refused = "refused"
    case tls = "TLS"
    case lost = "connection lost"
    case configuration = "configuration"
  }

  var kind: Kind
  var message: String

  init(_ kind: Kind, _ what: String, on configuration: MQTTLinkConfiguration) {
    self.kind = kind
    message = "\(configuration): \(what)"
  }
}

extension LinkFailure {
  /// The broker answered CONNECT with a refusal. Codes below 128 are those of MQTT 3.1.1.
  static func connectRefused(code: Int32, on configuration: MQTTLinkConfiguration) -> LinkFailure {
    let version = configuration.protocolVersion.rawValue
    let what =
      switch code {
      case 1, 132: "the broker does not speak MQTT \(version); set the link's protocol version to the other one"
      case 2, 133: "the broker does not accept the client id '\(configuration.clientID)'; choose another one"
      case 3, 136, 137: "the broker says that it is not available now; it is tried again"
      case 4, 5, 134, 135:
        "the broker refused the login (\(configuration.user.map { "user '\($0)'" } ?? "no user name")); "
          + "check user, password and certificate of the link and the broker's list of users"
      case 138: "the broker has banned this client; ask its administrator"
      default: "the broker refused the connection: \(MQTTHandle.words(forReason: code))"
      }
    return LinkFailure(.refused, what, on: configuration)
  }

  /// A connection that never got as far as an answer to CONNECT, or one that ended.
  ///
  /// - Parameter socketError: what the operating system says about the socket, 0 if nothing.
  /// - Parameter goodbye: the reason that the broker gave on MQTT 5.
  static func ended(
    code: CInt, words: String, socketError: CInt, goodbye: Int32?, wasAccepted: Bool, logLines: [String],
    on configuration: MQTTLinkConfiguration
  ) -> LinkFailure {
    if let tls = configuration.tls, let what = tlsWords(logLines, tls, configuration) {
      return LinkFailure(.tls, what, on: configuration)
    }
    // A program that hangs up on what it was sent resets the connection; it is there, but it is not this broker.
    if socketError != 0 && (wasAccepted || socketError != ECONNRESET) {
      let reason = MQTTHandle.words(forSystemError: socketError)
      if wasAccepted { return LinkFailure(.lost, "the connection broke: \(reason)", on: configuration) }
      let advice = "check that the broker runs and that host, port and firewall are right"
      return LinkFailure(.unreachable, "no connection: \(reason); \(advice)", on: configuration)
    }
    if let goodbye, goodbye >= 128 {
      let advice = goodbye == 142 ? "; another client uses the id '\(configuration.clientID)'" : ""
      let reason = MQTTHandle.words(forReason: goodbye)
      return LinkFailure(.lost, "the broker ended the session: \(reason)\(advice)", on: configuration)
    }
    if code == MOSQ_ERR_KEEPALIVE.rawValue {
      return LinkFailure(.lost, "the broker did not answer the keep-alive; it is tried again", on: configuration)
    }
    guard wasAccepted else { return endedEarly(code: code, words: words, on: configuration) }
    let reason = code == 0 || code == MOSQ_ERR_CONN_LOST.rawValue ? "the broker closed the connection" : words
    return LinkFailure(.lost, reason, on: configuration)
  }

  private static func endedEarly(code: CInt, words: String, on configuration: MQTTLinkConfiguration) -> LinkFailure {
    if configuration.tls != nil {
      // A refused client certificate can look like this too: the reset may overtake the alert.
      let what =
        "the broker closed the connection during the TLS handshake; "
        + "check that its port expects TLS and which client certificate it wants"
      return LinkFailure(.tls, what, on: configuration)
    }
    let isClosed = code == 0 || code == MOSQ_ERR_CONN_LOST.rawValue || code == MOSQ_ERR_ERRNO.rawValue
    let what =
      isClosed
      ? "the broker closed the connection instead of answering; check that its port expects MQTT without TLS"
      : "what answers there does not speak MQTT (\(words)); check host and port"
    return LinkFailure(.refused, what, on: configuration)
  }

  /// Makes sense of what OpenSSL said, if it said something.
  private static func tlsWords(
    _ lines: [String], _ tls: MQTTLinkConfiguration.TLS, _ configuration: MQTTLinkConfiguration
  ) -> String? {
    guard let last = lines.last else { return nil }
    func says(_ text: String) -> Bool { lines.contains { $0.contains(text) } }
    let authority = tls.authorityFile ?? "the system's authorities"
    if says("host name verification failed") {
      return "TLS: the broker's certificate is not for '\(configuration.host)'; use the name in the certificate as host"
    }
    if says("certificate verify failed") {
      return "TLS: the broker's certificate is not signed by \(authority), or not valid today; "
        + "check the link's CA file and the clock"
    }
    if says("Unable to load CA certificates") {
      return "TLS: \(authority) holds no certificate in PEM form; check the link's CA file"
    }
    if says("client certificate \"") || says("client key file") || says("certificate/key are inconsistent") {
      let file = tls.clientCertificate
      return
        "TLS: the client certificate \(file?.certificateFile ?? "") with key \(file?.keyFile ?? "") cannot be used; "
        + "both must be PEM, belong together and have no passphrase"
    }
    if says("wrong version number") || says("packet length too long") {
      return "TLS: the broker's port does not speak TLS; check the port, usually 8883"
    }
    if says("alert") {
      return "TLS: the broker refused the connection (\(shortened(last))); it may want another client certificate"
    }
    return "TLS: \(shortened(last))"
  }

  /// `OpenSSL Error[0]: error:0A000412:SSL routines::sslv3 alert bad certificate` → the part for people.
  private static func shortened(_ line: String) -> String {
    line.split(separator: ":").last.map { String($0.drop { $0 == " " }) } ?? line
  }
}
