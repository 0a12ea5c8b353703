import Foundation
import Testing

/// The curl and HTTP examples of the documents that this project was made from, with host and key exchanged.
@Suite(
  "Examples of the seed documents", .enabled(if: Programs.hasOwn, "the programs are not built"),
  .enabled(if: Programs.system("curl") != nil, "curl is not installed"),
  .enabled(if: Programs.hasFile(Programs.seeds.path), "the seed documents are not here"))
struct SeedExampleTests {
  /// One example: a command line, or a request line.
  private struct Example {
    var file: String
    var text: String
    var isFluxrate: Bool { file.hasPrefix("fluxrate") }

    /// What this part of the API is: the rest has its own tests.
    var concernsUs: Bool {
      let subjects = ["/customers", "/devices", "/metrics", "/connections"]
      return subjects.contains { text.contains($0) } && !text.contains("/usage")
    }
  }

  private func examples() throws -> [Example] {
    let files = try FileManager.default.contentsOfDirectory(atPath: Programs.seeds.path).sorted()
    return try files.flatMap { file in
      let text = try String(contentsOf: Programs.seeds.appendingPathComponent(file), encoding: .utf8)
      var examples: [Example] = []
      var open: String?
      for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
        let trimmed = line.trimmingCharacters(in: .whitespaces)
        if let started = open {
          open = started + "\n" + line
        } else if trimmed.hasPrefix("curl ") {
          open = trimmed
        } else if trimmed.wholeMatch(of: /(GET|POST|PATCH|PUT|DELETE) \/\S+/) != nil {
          examples.append(Example(file: file, text: trimmed))
        }
        // A command ends where no line follows and no quote is open.
        if let command = open, !command.hasSuffix("\\"), command.count(where: { $0 == "'" }) % 2 == 0 {
          examples.append(Example(file: file, text: command))
          open = nil
        }
      }
      return examples
    }
  }

  @Test("Every example about customers, devices, metrics and connections is answered as its document says")
  func everyExample() async throws {
    let gateway = try await TestGateway()
    defer { gateway.clear() }
    try gateway.configure("api: {listen: \"127.0.0.1:0\"}\nlinks: []\n")
    try await gateway.start()
    let status = try await gateway.json("status")
    let address = try #require((status["api"] as? [String: Any])?["tcp"] as? String)
    let made = try await gateway.cli("key", "create", "--scope", "admin")
    let key = made.output.trimmingCharacters(in: .whitespacesAndNewlines)

    let examples = try examples().filter(\.concernsUs)
    #expect(examples.count >= 9, "\(examples.map(\.text))")
    for (number, example) in examples.enumerated() {
      // A deletion in one example must not take the customer of the next.
      let customer = try await gateway.api("POST", "/v1/customers", "{\"name\":\"Customer \(number)\"}")
      let id = try #require(customer.json["id"] as? String)
      let answer = try await answer(to: example, address: address, key: key, id: id)
      #expect((200...299).contains(answer.status), "\(example.text): \(answer.text)")
      let isList =
        example.text.contains("GET") && !example.text.contains("/metrics") && !example.text.contains("{id}\n")
        && answer.json["data"] != nil
      if example.isFluxrate, isList {
        let meta = try #require(answer.json["meta"] as? [String: Any], "\(answer.text)")
        #expect(Set(meta.keys) == ["page", "page_size", "total", "total_pages"])
      } else if isList {
        for member in ["page", "perPage", "totalItems", "totalPages"] { #expect(answer.json[member] != nil) }
      }
      if example.text.contains("-X POST"), example.isFluxrate {
        #expect(answer.status == 201 && answer.json["external_id"] as? String == "acme-corp-001", "\(answer.text)")
        #expect(answer.json["billing_address_postal_code"] as? String == "94105")
      }
    }
  }

  private func answer(
    to example: Example, address: String, key: String, id: String
  ) async throws -> TestGateway.Answer {
    var text = example.text
    if let request = text.wholeMatch(of: /([A-Z]+) (\/\S+)/) {
      let prefix = example.isFluxrate ? "" : "/v1"
      let header = example.isFluxrate ? "Cookie: access_token=\(key)" : "Texture-Api-Key: \(key)"
      text = "curl -X \(request.1) 'https://host\(prefix)\(request.2)' -H '\(header)'"
    }
    for (old, new) in [
      ("https://api.fluxrate.co", "http://\(address)"), ("https://api.texturehq.com", "http://\(address)"),
      ("https://host", "http://\(address)"), ("<token>", key), ("your_api_key", key), ("<customer_id>", id),
      ("{id}", id),
    ] { text = text.replacingOccurrences(of: old, with: new) }
    text = "curl -s -i " + text.dropFirst("curl ".count)
    let result = try await run("/bin/bash", ["-c", text])
    return TestGateway.Answer(curlOutput: result.output)
  }
}
