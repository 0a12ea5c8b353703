import Foundation

/// Which hosts webhooks may post to: what the configuration says under `webhooks.allow`. Without it, none.
///
/// A pattern that names a host or address allows it wherever it is, also on this machine or in the house. A pattern with
/// a star allows public addresses only, and HTTPS only: otherwise a name that somebody else controls would reach what
/// trusts this machine.
struct WebhookAllowList: Sendable, Equatable {
  /// `hooks.example.com`, `192.168.1.5`, `*.example.com`, `*`.
  var patterns: [String] = []

  /// What is allowed at a host.
  enum Verdict: Equatable {
    /// It is named.
    case anywhere
    /// A star includes it.
    case publicOnly
    /// Why not.
    case refused(String)
  }

  func verdict(on url: URL) -> Verdict {
    guard let host = Self.host(of: url) else { return .refused("it has no host") }
    if patterns.contains(where: { $0.lowercased() == host }) { return .anywhere }
    guard patterns.contains(where: { Self.matches(host, $0.lowercased()) }) else {
      return .refused("webhooks.allow in the configuration does not have \(host)")
    }
    guard url.scheme?.lowercased() == "https" else { return .refused("\(host) is allowed over https only") }
    if Self.bytes(of: host) != nil, !Self.isPublic(host) {
      return .refused("\(host) is not a public address, so webhooks.allow must name it")
    }
    return .publicOnly
  }

  /// The host in lower case, IPv6 without brackets.
  static func host(of url: URL) -> String? {
    guard var host = url.host?.lowercased(), !host.isEmpty else { return nil }
    if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
    return host.hasSuffix(".") ? String(host.dropLast()) : host
  }

  private static func matches(_ host: String, _ pattern: String) -> Bool {
    if pattern == "*" { return true }
    guard pattern.hasPrefix("*.") else { return false }
    return host.hasSuffix(pattern.dropFirst()) && host.count > pattern.count - 1
  }

  // MARK: Addresses

  /// Whether an address is for everybody on the internet, and not for this machine, a house, or a protocol.
  static func isPublic(_ address: String) -> Bool {
    guard let bytes = bytes(of: address) else { return false }
    return bytes.count == 4 ? isPublicV4(bytes) : isPublicV6(bytes)
  }

  private static func isPublicV4(_ bytes: [UInt8]) -> Bool {
    switch (bytes[0], bytes[1], bytes[2]) {
    case (0, _, _), (10, _, _), (127, _, _), (169, 254, _), (192, 168, _), (192, 0, 0), (192, 0, 2), (198, 51, 100),
      (203, 0, 113):
      false
    case (100, 64...127, _), (172, 16...31, _), (198, 18...19, _), (224...255, _, _): false
    default: true
    }
  }

  /// Only 2000::/3 is given out; of it, what carries an IPv4 address inside (6to4, Teredo) and documentation are left out.
  private static func isPublicV6(_ bytes: [UInt8]) -> Bool {
    guard bytes[0] & 0xE0 == 0x20, !(bytes[0] == 0x20 && bytes[1] == 0x02) else { return false }
    return !(bytes[0] == 0x20 && bytes[1] == 0x01 && (bytes[2] == 0 || bytes[2] == 0x0D && bytes[3] == 0xB8))
  }

  static func bytes(of address: String) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 16)
    if inet_pton(AF_INET, address, &bytes) == 1 { return Array(bytes.prefix(4)) }
    guard inet_pton(AF_INET6, address, &bytes) == 1 else { return nil }
    // An IPv4 address in the clothes of IPv6 is what it is.
    return bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10...11] == [0xFF, 0xFF] ? Array(bytes[12...]) : bytes
  }
}
