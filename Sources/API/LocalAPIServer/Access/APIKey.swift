import Crypto
import Foundation

/// A key as its owner holds it: `hdl_` + id + `_` + 43 characters of secret + 6 characters of checksum.
///
/// The checksum lets a scanner tell a leaked key from a random word without asking the gateway.
struct APIKey: Sendable, Hashable {
  /// The whole text.
  let text: String
  /// The part that is no secret.
  let id: String

  static let prefix = "hdl_"
  static let idLength = 8
  static let secretBytes = 32
  static let secretLength = 43
  static let checksumLength = 6

  /// A new key.
  init(random: RandomBytes) {
    let id = random.identifier(length: Self.idLength)
    let secret = Data(random.bytes(Self.secretBytes)).base64EncodedString()
      .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    let body = "\(Self.prefix)\(id)_\(secret)"
    self.id = id
    text = body + Self.checksum(of: body)
  }

  /// Reads a key; `nil` if the text cannot be one: wrong form or wrong checksum.
  init?(_ text: String) {
    let bytes = Array(text.utf8)
    let length = Self.prefix.utf8.count + Self.idLength + 1 + Self.secretLength + Self.checksumLength
    guard bytes.count == length, text.hasPrefix(Self.prefix), bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      return nil
    }
    let body = String(text.dropLast(Self.checksumLength))
    guard Self.checksum(of: body) == text.suffix(Self.checksumLength) else { return nil }
    let rest = text.dropFirst(Self.prefix.count)
    guard rest.dropFirst(Self.idLength).first == "_" else { return nil }
    id = String(rest.prefix(Self.idLength))
    self.text = text
  }

  /// SHA-256 of the whole text: what is kept.
  var digest: [UInt8] { Array(SHA256.hash(data: Data(text.utf8))) }

  /// Compares without telling by the time how many bytes are equal.
  func matches(_ stored: [UInt8]) -> Bool {
    let own = digest
    guard stored.count == own.count else { return false }
    return zip(own, stored).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }

  /// CRC-32 in base 62, six characters.
  static func checksum(of text: String) -> String {
    let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
    var value = crc32(Array(text.utf8))
    var digits: [Character] = []
    for _ in 0..<checksumLength {
      digits.append(alphabet[Int(value % 62)])
      value /= 62
    }
    return String(digits.reversed())
  }

  /// CRC-32 as in ISO 3309 and zlib.
  static func crc32(_ bytes: [UInt8]) -> UInt32 {
    var crc: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
    return ~crc
  }
}
