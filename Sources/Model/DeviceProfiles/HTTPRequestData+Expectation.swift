extension HTTPRequestData {
  /// An answer as a document, whatever its format.
  public func document(of body: [UInt8]) throws(JSONDocumentError) -> JSONDocument {
    try JSONDocument(parsing: try format.json(from: body))
  }

  /// What in an answer is not as the profile expects, with the device's own reason; `nil` if all is as it should be.
  public func failedExpectation(in body: [UInt8]) -> String? {
    guard !expect.isEmpty else { return nil }
    let document: JSONDocument
    do throws(JSONDocumentError) {
      document = try self.document(of: body)
    } catch {
      return error.message
    }
    for expectation in expect {
      let value = document.value(at: expectation.path)
      guard !expectation.holds(for: value) else { continue }
      let found = value.map { "is \($0)" } ?? "is not there"
      let reason = reasonPath.flatMap { document.value(at: $0) }.map { ": \($0)" } ?? ""
      return "\(expectation.path.dotted) \(found)\(reason)"
    }
    return nil
  }
}
