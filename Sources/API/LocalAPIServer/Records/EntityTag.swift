import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import LocalAPISchema

/// The tag of a record for `ETag` and `If-Match`: the same as long as nothing of it that can be changed changes. What a
/// device measures does not count.
struct EntityTag {
  let text: String

  init(_ draft: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let digest = SHA256.hash(data: try encoder.encode(draft))
    text =
      "\""
      + digest.prefix(Self.digestBytes).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
      .joined() + "\""
  }

  /// Enough that no two states of a record meet by chance.
  private static let digestBytes = 12

  /// Throws 412 where `If-Match` names none of what there is.
  ///
  /// - Returns: whether there was an `If-Match`.
  @discardableResult
  func check(_ request: Request) throws(APIError) -> Bool {
    guard let header = request.headers[.ifMatch] else { return false }
    let wanted = header.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    guard wanted.contains("*") || wanted.contains(text) else { throw Self.changed }
    return true
  }

  /// It is not any more what the client has seen.
  static let changed = APIError(
    status: 412, code: "CHANGED_MEANWHILE", message: "it was changed since it was read",
    hint: "read it again and repeat the change on what is there now")
}
