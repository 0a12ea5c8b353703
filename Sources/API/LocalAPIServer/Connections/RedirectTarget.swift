import Foundation
import LocalAPISchema

/// Where a page leads at its end: an address that was given when the session was made, and nothing else.
struct RedirectTarget {
  /// Longer ones are refused.
  static let maxLength = 2048
  private var components: URLComponents

  /// `nil` unless the text is an address of `http` or `https` without user and password.
  init?(_ text: String) {
    let isPlain = text.utf8.count <= Self.maxLength && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    guard isPlain, let components = URLComponents(string: text), let host = components.encodedHost, !host.isEmpty,
      ["http", "https"].contains(components.scheme?.lowercased() ?? ""), components.user == nil,
      components.password == nil, host.allSatisfy({ $0.isLetter || $0.isNumber || ".-_[]:".contains($0) })
    else { return nil }
    self.components = components
  }

  /// Scheme, host and port, for the policy of the page.
  var origin: String {
    let port = components.port.map { ":\($0)" } ?? ""
    return "\(components.scheme?.lowercased() ?? "https")://\(components.encodedHost ?? "")\(port)"
  }

  /// With what came of the session.
  func address(for connection: ConnectionResource) -> String {
    var result = components
    let own = "status=\(connection.status.rawValue)&connectionId=\(connection.id)"
    result.percentEncodedQuery = [components.percentEncodedQuery, own].compactMap(\.self).filter { !$0.isEmpty }
      .joined(separator: "&")
    return result.string ?? origin
  }
}
