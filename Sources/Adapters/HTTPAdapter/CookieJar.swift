import NIOHTTP1

/// The cookies of one device. Paths, domains and flags are not looked at: a link has one host, and every request goes
/// to it.
struct CookieJar: Sendable, Hashable {
  /// Further cookies are not kept.
  static let maxCookies = 32
  /// Longer cookies are not kept.
  static let maxBytes = 4096

  private(set) var values: [String: String] = [:]
  /// In the order in which the device set them.
  private var names: [String] = []

  /// Takes what an answer sets, and forgets what it takes back.
  mutating func take(_ headers: HTTPHeaders) {
    for header in headers["Set-Cookie"] {
      let fields = header.split(separator: ";", omittingEmptySubsequences: true).map(Self.pair)
      guard let (name, value) = fields.first, !name.isEmpty, name.utf8.count + value.utf8.count <= Self.maxBytes,
        LoginSession.isPlain(name), LoginSession.isPlain(value)
      else { continue }
      let attributes = fields.dropFirst().map { ($0.name.lowercased(), $0.value) }
      let isOver = attributes.contains { name, value in
        name == "max-age" && (Int(value) ?? 1) <= 0 || name == "expires" && value.contains("1970")
      }
      if isOver || value.isEmpty { remove(name) } else { put(name, value) }
    }
  }

  /// The `Cookie` header; `nil` without cookies.
  var header: String? {
    names.isEmpty ? nil : names.map { "\($0)=\(values[$0] ?? "")" }.joined(separator: "; ")
  }

  private mutating func put(_ name: String, _ value: String) {
    if values[name] == nil {
      guard names.count < Self.maxCookies else { return }
      names.append(name)
    }
    values[name] = value
  }

  private mutating func remove(_ name: String) {
    values[name] = nil
    names.removeAll { $0 == name }
  }

  private static func pair(_ field: Substring) -> (name: String, value: String) {
    let halves = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map {
      String($0.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
    return (halves.first ?? "", halves.count > 1 ? halves[1] : "")
  }
}
