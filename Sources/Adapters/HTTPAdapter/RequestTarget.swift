/// Path and query exactly as they go out, so that a digest is computed over the same text that the device sees.
enum RequestTarget {
  /// What RFC 3986 allows in paths and queries; `%` stays as it is, because profiles may write encoded text.
  private static let allowed: Set<UInt8> = Set(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/?%".utf8)

  /// The path behind the prefix with everything else percent-encoded; `nil` unless it starts with `/`.
  static func text(prefix: String, path: String) -> String? {
    guard path.utf8.first == UInt8(ascii: "/") else { return nil }
    return prefix + encoded(path)
  }

  static func encoded(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count)
    for byte in text.utf8 {
      if allowed.contains(byte) {
        bytes.append(byte)
      } else {
        bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
