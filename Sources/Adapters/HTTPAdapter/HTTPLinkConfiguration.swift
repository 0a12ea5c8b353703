import Foundation
import NIOSSL

/// Whom an HTTPS link believes.
public enum HTTPTrust: Sendable, Hashable {
  /// The certificate authorities of the machine.
  case system
  /// The authorities in a PEM file, for devices behind an authority of the installation's own.
  case authorities(file: String)
  /// Exactly the device with this certificate: SHA-256 of its DER form in hexadecimal, with or without colons, as
  /// `openssl x509 -fingerprint -sha256` prints it. For self-signed devices; the host name is not compared then.
  case pinned(sha256: String)
}

/// Where an HTTP device is and within which limits it is talked to. Credentials belong to the profile's parameters.
public struct HTTPLinkConfiguration: Sendable {
  /// The largest answer that is read, in bytes; a larger one is a failure.
  public static let maximumAnswerBytes = 5 * 1024 * 1024
  /// How long a connection (TCP and TLS) may take where the installation says nothing.
  public static let defaultConnectTimeout: Duration = .seconds(5)

  /// `http://host:port` without path, for messages.
  public let origin: String
  /// Put in front of every request path: empty, or starting with `/` and not ending with it.
  public let pathPrefix: String
  /// How long a connection (TCP and TLS) may take.
  public let connectTimeout: Duration
  let isSecure: Bool
  let anchor: TrustAnchor

  /// What `HTTPTrust` comes to once files were read and fingerprints checked.
  enum TrustAnchor: Sendable {
    case system
    case authorities([NIOSSLCertificate])
    case pinned([UInt8])
  }

  /// Checks an address; reads the file of `trust`.
  ///
  /// - Parameters:
  ///   - url: `http` or `https`, host, and if need be port and path prefix. No user, password, query or fragment.
  ///   - trust: whom HTTPS believes; anything but `.system` is refused for `http`.
  ///   - connectTimeout: how long a connection (TCP and TLS) may take.
  public init(
    url: String, trust: HTTPTrust = .system, connectTimeout: Duration = defaultConnectTimeout
  ) throws(HTTPLinkConfigurationError) {
    let address = try Self.parse(url)
    isSecure = address.isSecure
    origin = address.origin
    pathPrefix = address.prefix
    self.connectTimeout = connectTimeout
    anchor = try Self.anchor(for: trust)
    guard isSecure || trust == .system else {
      throw HTTPLinkConfigurationError(
        message: "\(origin): a certificate is configured, but http has none; write https or leave the certificate out")
    }
  }

  private static func parse(
    _ url: String
  ) throws(HTTPLinkConfigurationError) -> (isSecure: Bool, origin: String, prefix: String) {
    // The text itself is not repeated in messages as long as it may contain a password.
    guard let parts = URLComponents(string: url), let scheme = parts.scheme?.lowercased() else {
      throw HTTPLinkConfigurationError(
        message: "the address of the link is not a URL; write http://host or https://host")
    }
    guard parts.user == nil, parts.password == nil else {
      throw HTTPLinkConfigurationError(
        message: "the address of the link contains a user or password; they belong to the profile's parameters")
    }
    guard scheme == "http" || scheme == "https" else {
      throw HTTPLinkConfigurationError(message: "'\(url)' is neither http nor https")
    }
    guard let host = parts.host, !host.isEmpty else {
      throw HTTPLinkConfigurationError(message: "'\(url)' has no host; write \(scheme)://host")
    }
    guard parts.query == nil, parts.fragment == nil else {
      throw HTTPLinkConfigurationError(
        message: "'\(url)' has a query or fragment; they belong to the profile's requests")
    }
    if let port = parts.port, !(1...65_535).contains(port) {
      throw HTTPLinkConfigurationError(message: "'\(url)': port \(port) is outside 1 to 65535")
    }
    var prefix = parts.percentEncodedPath
    while prefix.hasSuffix("/") { prefix.removeLast() }
    let bracketed = host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
    let origin = "\(scheme)://\(bracketed)" + (parts.port.map { ":\($0)" } ?? "")
    return (scheme == "https", origin, prefix)
  }

  private static func anchor(for trust: HTTPTrust) throws(HTTPLinkConfigurationError) -> TrustAnchor {
    switch trust {
    case .system: return .system
    case .authorities(let file):
      guard let certificates = try? NIOSSLCertificate.fromPEMFile(file), !certificates.isEmpty else {
        throw HTTPLinkConfigurationError(
          message: "\(file): no certificates could be read; it must be a PEM file that the gateway may read")
      }
      return .authorities(certificates)
    case .pinned(let text):
      let digits = text.filter { $0 != ":" && $0 != " " }.utf8.map { Self.hexadecimalValue($0) }
      let values = digits.compactMap(\.self)
      guard values.count == digits.count, values.count == 64 else {
        throw HTTPLinkConfigurationError(
          message: "a fingerprint is 64 hexadecimal digits, as 'openssl x509 -noout -fingerprint -sha256' prints it")
      }
      return .pinned(stride(from: 0, to: 64, by: 2).map { values[$0] << 4 | values[$0 + 1] })
    }
  }

  private static func hexadecimalValue(_ character: UInt8) -> UInt8? {
    switch character {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}

/// Why the address or the trust of a link cannot be used, in words.
public struct HTTPLinkConfigurationError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What is wrong and what to write instead; never contains a password.
  public let message: String
  /// The message.
  public var description: String { message }
}
