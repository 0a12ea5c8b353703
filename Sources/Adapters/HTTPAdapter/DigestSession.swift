import Crypto

/// The state of digest authentication with one device: the challenge in force and how often it was used.
struct DigestSession: Sendable {
  private let user: String
  private let password: String
  /// The challenge that is answered without being asked again.
  private(set) var challenge: DigestChallenge?
  /// How often the nonce was used; devices refuse a count that does not grow.
  private var nonceCount: UInt32 = 0

  init(user: String, password: String) {
    self.user = user
    self.password = password
  }

  /// Takes over what the device sent with a 401.
  mutating func accept(_ challenge: DigestChallenge) {
    if challenge.nonce != self.challenge?.nonce { nonceCount = 0 }
    self.challenge = challenge
  }

  /// Forgets the challenge, so that the next request asks for a new one.
  mutating func reset() {
    challenge = nil
    nonceCount = 0
  }

  /// The `Authorization` header of the next request; `nil` as long as there was no challenge.
  ///
  /// - Parameter clientNonce: different for each request, printable.
  mutating func authorization(method: String, target: String, clientNonce: String) -> String? {
    guard let challenge else { return nil }
    nonceCount &+= 1
    let digits = String(nonceCount, radix: 16)
    let count = String(repeating: "0", count: 8 - digits.count) + digits
    let hash = challenge.algorithm.hexadecimalHash
    let secret = hash("\(user):\(challenge.realm):\(password)")
    let action = hash("\(method):\(target)")
    var fields = [
      "username=\(quoted(user))", "realm=\(quoted(challenge.realm))", "nonce=\(quoted(challenge.nonce))",
      "uri=\(quoted(target))",
    ]
    if challenge.usesQualityOfProtection {
      let response = hash("\(secret):\(challenge.nonce):\(count):\(clientNonce):auth:\(action)")
      fields += ["response=\"\(response)\"", "qop=auth", "nc=\(count)", "cnonce=\"\(clientNonce)\""]
    } else {
      fields.append("response=\"\(hash("\(secret):\(challenge.nonce):\(action)"))\"")
    }
    if let name = challenge.algorithmName { fields.append("algorithm=\(name)") }
    if let opaque = challenge.opaque { fields.append("opaque=\(quoted(opaque))") }
    return "Digest " + fields.joined(separator: ", ")
  }

  private func quoted(_ text: String) -> String {
    var result = "\""
    for character in text.unicodeScalars {
      if character == "\"" || character == "\\" { result.unicodeScalars.append("\\") }
      result.unicodeScalars.append(character)
    }
    return result + "\""
  }
}

extension DigestSession: CustomStringConvertible {
  /// Says nothing about user and password.
  var description: String { challenge == nil ? "digest, not yet challenged" : "digest, challenged" }
}

extension DigestChallenge.Algorithm {
  /// The hash of a text in lower-case hexadecimal.
  var hexadecimalHash: (String) -> String {
    switch self {
    // MD5 is what RFC 7616 devices still ask for; nothing else in the gateway relies on it.
    case .md5: { hexadecimal(Insecure.MD5.hash(data: Array($0.utf8))) }
    case .sha256: { hexadecimal(SHA256.hash(data: Array($0.utf8))) }
    }
  }
}

/// Bytes in lower-case hexadecimal.
func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
  let digits = Array("0123456789abcdef".utf8)
  return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}
