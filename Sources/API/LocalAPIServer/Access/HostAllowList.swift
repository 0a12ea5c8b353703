import Foundation

/// Which names a request over TCP may call the gateway by.
///
/// A browser that was led here by a foreign name (DNS rebinding) sends that name; plain addresses cannot be rebound and
/// are always allowed.
struct HostAllowList: Sendable, Hashable {
  let names: Set<String>

  init(_ configured: [String]) { names = Set(configured.map { $0.lowercased() } + ["localhost"]) }

  /// - Parameter authority: the `Host` header, with or without a port.
  func allows(_ authority: String?) -> Bool {
    guard let authority, !authority.isEmpty else { return false }
    let host = Self.host(of: authority.lowercased())
    return names.contains(host) || Self.isAddress(host)
  }

  static func host(of authority: String) -> String {
    if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
      return String(authority[authority.index(after: authority.startIndex)..<end])
    }
    return String(authority.prefix { $0 != ":" })
  }

  static func isAddress(_ host: String) -> Bool {
    var four = in_addr()
    var six = in6_addr()
    return inet_pton(AF_INET, host, &four) == 1 || inet_pton(AF_INET6, host, &six) == 1
  }
}
