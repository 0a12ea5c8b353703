/// Read-modify-write of a JSON object: what the device says about the rest of the object stays as it is.
public struct HTTPModification: Sendable, Hashable {
  /// A larger object is not changed.
  public static let maxBytes = 256 * 1024

  /// One value that is changed.
  public struct Change: Sendable, Hashable {
    /// Where it stands in the object that was read.
    public var path: DocumentPath
    /// The new value as JSON.
    public var json: String
  }

  /// Asks for the object.
  public var read: HTTPRequestData
  /// What becomes different.
  public var changes: [Change]
  /// Members of the answer that are sent back; empty = the whole answer.
  public var only: [String]
  /// Sends the object back; its body is made from the answer to `read`.
  public var write: HTTPRequestData

  /// The request that sends back what was read, changed. Throws if the answer is no JSON object that has the places.
  public func request(from answer: [UInt8]) throws(EncodingError) -> HTTPRequestData {
    guard answer.count <= Self.maxBytes else {
      throw EncodingError(message: "the answer has \(answer.count) bytes, \(Self.maxBytes) are allowed")
    }
    var text = try JSONEdit(answer)
    for change in changes { try text.set(change.json, at: change.path) }
    if !only.isEmpty { try text.keep(only) }
    var request = write
    request.contentType = HTTPRequestData.json
    request.body = text.text
    return request
  }
}

extension HTTPModification: CustomStringConvertible {
  /// `GET /tariff, then PUT /tariff with /mode = "backup"`.
  public var description: String {
    let values = changes.map { "\($0.path) = \($0.json)" }.joined(separator: ", ")
    let part = only.isEmpty ? "" : " {\(only.joined(separator: ", "))}"
    return "\(read.method) \(read.path), then \(write.method) \(write.path)\(part) with \(values)"
  }
}

/// A `modify` step of a profile.
public struct HTTPModificationTemplate: Sendable {
  /// Asks for the object.
  public var read: HTTPRequestTemplate
  /// Path → new value.
  public var changes: [(path: DocumentPath, value: PayloadTemplate)]
  /// Members of the answer that are sent back; empty = the whole answer.
  public var only: [String]
  /// Sends the object back.
  public var write: HTTPRequestTemplate
}
