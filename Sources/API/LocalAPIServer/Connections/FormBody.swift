import Foundation
import Hummingbird
import LocalAPISchema

/// Reads what a browser sends of a form.
enum FormBody {
  /// Forms of a page are small.
  static let maxBytes = 64 * 1024

  /// The fields by name; the last of several with the same name counts.
  static func fields(_ request: Request) async throws -> [String: String] {
    let buffer = try await request.body.collect(upTo: maxBytes)
    return fields(String(buffer: buffer))
  }

  static func fields(_ text: String) -> [String: String] {
    var fields: [String: String] = [:]
    for part in text.split(separator: "&") {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(decoded)
      if pair.count == 2 { fields[pair[0]] = pair[1] }
    }
    return fields
  }

  /// A plus is a blank, an escaped one is a plus.
  private static func decoded(_ text: Substring) -> String {
    let text = text.replacing("+", with: " ")
    return text.removingPercentEncoding ?? String(text)
  }
}
