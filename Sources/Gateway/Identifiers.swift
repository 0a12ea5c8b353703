import LocalAPIServer

/// Ids that nobody can guess and that can be read aloud: twenty letters and digits.
enum Identifiers {
  static let length = 20
  private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz")

  static func random(_ source: RandomBytes) -> String {
    // 32 characters divide 256, so all are equally likely.
    String(source.bytes(length).map { alphabet[Int($0) % alphabet.count] })
  }
}
