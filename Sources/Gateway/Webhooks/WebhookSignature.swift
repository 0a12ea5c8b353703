import Crypto
import Foundation
import LocalAPIServer

/// Signatures after Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`.
enum WebhookSignature {
  static let prefix = "whsec_"
  static let secretBytes = 32

  static func newSecret(_ random: RandomBytes) -> String {
    prefix + Data(random.bytes(secretBytes)).base64EncodedString()
  }

  /// The header `webhook-signature`: one signature for each secret, with blanks between.
  ///
  /// - Parameter timestamp: whole seconds since 1970.
  static func header(id: String, timestamp: Int64, body: Data, secrets: [String]) -> String {
    let content = Data("\(id).\(timestamp).".utf8) + body
    return secrets.compactMap { Data(base64Encoded: String($0.dropFirst(prefix.count))) }.map { key -> String in
      let code = HMAC<SHA256>.authenticationCode(for: content, using: SymmetricKey(data: key))
      return "v1," + Data(code).base64EncodedString()
    }.joined(separator: " ")
  }
}
