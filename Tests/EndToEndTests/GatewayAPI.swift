import Foundation
import Testing

/// The API of a running gateway, asked with curl over its socket, or over TCP with a key.
extension TestGateway {
  struct Answer {
    var status: Int
    var text: String
    var headers: String
    var json: [String: Any] {
      (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [String: Any] ?? [:]
    }
    /// The list of a page.
    var data: [[String: Any]] { json["data"] as? [[String: Any]] ?? [] }
  }

  func api(_ method: String, _ path: String, _ body: String? = nil, headers: [String] = []) async throws -> Answer {
    var arguments = ["-s", "-i", "-X", method, "--unix-socket", self.path("heddle.sock"), "http://localhost\(path)"]
    for header in headers { arguments += ["-H", header] }
    if let body { arguments += ["-H", "Content-Type: application/json", "-d", body] }
    return try await Self.curl(arguments)
  }

  /// Runs curl, which prints the head of the answer with `-i`.
  static func curl(_ arguments: [String]) async throws -> Answer {
    Answer(curlOutput: try await run(try Programs.required("curl"), arguments).output)
  }
}

extension TestGateway.Answer {
  /// What `curl -i` printed.
  init(curlOutput: String) {
    let parts = curlOutput.replacingOccurrences(of: "\r\n", with: "\n").components(separatedBy: "\n\n")
    headers = parts[0]
    status = parts[0].split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    text = parts.dropFirst().joined(separator: "\n\n")
  }
}
