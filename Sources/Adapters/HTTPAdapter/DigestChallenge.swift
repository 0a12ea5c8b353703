/// One `Digest` challenge of a device (RFC 7616, and RFC 2069 for those that know no `qop`).
struct DigestChallenge: Sendable, Hashable {
  /// Hash functions, from worst to best.
  enum Algorithm: Int, Sendable, Hashable {
    case md5, sha256

    /// The name that goes into the answer where the device gave none.
    init?(name: String?) {
      switch name?.lowercased() {
      case nil, "md5": self = .md5
      // Fronius writes it without the hyphen.
      case "sha-256", "sha256": self = .sha256
      default: return nil
      }
    }
  }

  var realm: String
  var nonce: String
  var opaque: String?
  var algorithm: Algorithm
  /// As the device wrote it, to be sent back unchanged.
  var algorithmName: String?
  /// Whether the device knows `qop=auth`; without it the old form of RFC 2069 is used.
  var usesQualityOfProtection: Bool
  /// The last answer was right, only its nonce is too old.
  var isStale: Bool

  /// Where devices put challenges; Fronius GEN24 uses the second, so that browsers do not ask for a password.
  static let headerNames = ["WWW-Authenticate", "X-WWW-Authenticate"]

  /// The best challenge that can be answered among the values of the header.
  static func best(in headerValues: [String]) -> DigestChallenge? {
    headerValues.flatMap(AuthenticationScheme.parse).filter { $0.name.lowercased() == "digest" }
      .compactMap { DigestChallenge(parameters: $0.parameters) }
      .max { $0.algorithm.rawValue < $1.algorithm.rawValue }
  }

  private init?(parameters: [String: String]) {
    guard let realm = parameters["realm"], let nonce = parameters["nonce"],
      let algorithm = Algorithm(name: parameters["algorithm"])
    else { return nil }
    let qualities = parameters["qop"]?.split(separator: ",").map { $0.drop { $0 == " " }.lowercased() }
    if let qualities, !qualities.contains(where: { $0.split(separator: " ").first == "auth" }) { return nil }
    self.realm = realm
    self.nonce = nonce
    self.opaque = parameters["opaque"]
    self.algorithm = algorithm
    self.algorithmName = parameters["algorithm"]
    self.usesQualityOfProtection = qualities != nil
    self.isStale = parameters["stale"]?.lowercased() == "true"
  }
}

/// One scheme of an authentication header with its parameters.
struct AuthenticationScheme {
  var name: String
  /// By lower-case name, unquoted.
  var parameters: [String: String]

  /// Reads a header value, which may hold several challenges one after the other. Never fails; what cannot be
  /// understood is left out.
  static func parse(_ text: String) -> [AuthenticationScheme] {
    var scanner = Scanner(bytes: Array(text.utf8))
    var schemes: [AuthenticationScheme] = []
    while true {
      scanner.skip { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\t") }
      let word = scanner.token()
      guard !word.isEmpty else {
        if scanner.isAtEnd { return schemes }
        scanner.index += 1
        continue
      }
      scanner.skip { $0 == UInt8(ascii: " ") }
      if !schemes.isEmpty, scanner.takes(UInt8(ascii: "=")) {
        scanner.skip { $0 == UInt8(ascii: " ") }
        schemes[schemes.count - 1].parameters[word.lowercased()] = scanner.value()
      } else {
        schemes.append(AuthenticationScheme(name: word, parameters: [:]))
      }
    }
  }

  private struct Scanner {
    let bytes: [UInt8]
    var index = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { index >= bytes.count }

    mutating func skip(while predicate: (UInt8) -> Bool) {
      while index < bytes.count, predicate(bytes[index]) { index += 1 }
    }

    mutating func takes(_ byte: UInt8) -> Bool {
      guard index < bytes.count, bytes[index] == byte else { return false }
      index += 1
      return true
    }

    mutating func token() -> String {
      let start = index
      let separators = Set(" \t,=\"".utf8)
      skip { !separators.contains($0) }
      return String(decoding: bytes[start..<index], as: UTF8.self)
    }

    mutating func value() -> String {
      guard takes(UInt8(ascii: "\"")) else {
        let start = index
        skip { $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: " ") }
        return String(decoding: bytes[start..<index], as: UTF8.self)
      }
      var unquoted: [UInt8] = []
      while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
        if bytes[index] == UInt8(ascii: "\\"), index + 1 < bytes.count { index += 1 }
        unquoted.append(bytes[index])
        index += 1
      }
      // The closing quote, if there is one.
      _ = takes(UInt8(ascii: "\""))
      return String(decoding: unquoted, as: UTF8.self)
    }
  }
}
