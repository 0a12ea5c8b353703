import CSimdJSON
public import EnergyModel
import Synchronization

/// A JSON document that is read by paths, on simdjson. Reading another document reuses its memory.
///
/// Not for concurrent use: one belongs to one serial context.
public final class JSONDocument {
  /// Larger documents are refused.
  public static let maxBytes = 1 << 20
  /// Documents that are nested deeper are refused.
  public static let maxDepth = 64
  /// More values of one path with `*` are not taken.
  public static let maxElements = 512

  private let parser: OpaquePointer?

  /// An empty document: every value is missing until `parse`.
  public init() {
    parser = heddle_json_new(Self.maxBytes, Self.maxDepth)
  }

  /// Reads a document; the error says at which byte the text stops being JSON.
  public convenience init(parsing bytes: [UInt8]) throws(JSONDocumentError) {
    self.init()
    try parse(bytes)
  }

  deinit { if let parser { heddle_json_free(parser) } }

  /// Reads another document in place of the present one; after an error every value is missing.
  public func parse(_ bytes: [UInt8]) throws(JSONDocumentError) {
    try read(bytes) { parser, start, count, offset in heddle_json_parse(parser, start, count, &offset) }
  }

  /// Reads another document for the sake of some paths alone; the values live until the next document is read.
  func pick(_ picker: JSONPicker, from bytes: [UInt8]) throws(JSONDocumentError) -> JSONPicker.Values {
    try read(bytes) { parser, start, count, offset in picker.pick(parser, start, count, &offset) }
    return picker.values
  }

  private func read(
    _ bytes: [UInt8], _ take: (OpaquePointer, UnsafePointer<CChar>?, Int, inout Int) -> Bool
  ) throws(JSONDocumentError) {
    guard bytes.count <= Self.maxBytes else {
      throw JSONDocumentError(message: "payload of \(bytes.count) bytes, the limit is \(Self.maxBytes)", offset: 0)
    }
    guard let parser else { throw JSONDocumentError(message: "no memory for a JSON reader", offset: 0) }
    var offset = 0
    let isValid = bytes.withUnsafeBytes { buffer in
      take(parser, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), buffer.count, &offset)
    }
    guard isValid else {
      throw JSONDocumentError(message: "payload is not JSON (at byte \(offset))", offset: offset)
    }
  }

  /// The value at a path: `nil` if there is none or if it is an object or a list, `.null` for JSON's `null`.
  public func value(at path: DocumentPath) -> ScalarValue? {
    guard let parser else { return nil }
    heddle_json_rewind(parser)
    for step in path.steps { guard enter(step, parser) else { return nil } }
    return current(parser)
  }

  /// The values at a path with `*`, in the order of the document; what is `null` or no single value is left out.
  public func values(at path: DocumentPath) -> [ScalarValue] {
    guard let parser else { return [] }
    heddle_json_rewind(parser)
    var values: [ScalarValue] = []
    collect(path.steps[...], parser, &values)
    return values
  }

  private func collect(_ steps: ArraySlice<DocumentPath.Step>, _ parser: OpaquePointer, _ values: inout [ScalarValue]) {
    var rest = steps
    while let step = rest.popFirst() {
      if step == .any {
        for index in 0..<min(heddle_json_child_count(parser), Self.maxElements) {
          guard values.count < Self.maxElements, heddle_json_push(parser) else { return }
          if heddle_json_enter_child(parser, index) { collect(rest, parser, &values) }
          heddle_json_pop(parser)
        }
        return
      }
      guard enter(step, parser) else { return }
    }
    if let value = current(parser), value != .null { values.append(value) }
  }

  private func enter(_ step: DocumentPath.Step, _ parser: OpaquePointer) -> Bool {
    switch step {
    case .key(let key): heddle_json_enter_key(parser, key, key.utf8.count)
    case .index(let index): heddle_json_enter_index(parser, index)
    case .element(let key, let value):
      heddle_json_enter_element(parser, key, key.utf8.count, value, value.utf8.count)
    case .any: false
    }
  }

  private func current(_ parser: OpaquePointer) -> ScalarValue? { ScalarValue(heddle_json_current(parser)) }
}

extension ScalarValue {
  /// `nil` for an object, for a list, and where there is nothing.
  init?(_ value: heddle_json_value) {
    switch value.kind {
    case HEDDLE_JSON_NULL: self = .null
    case HEDDLE_JSON_FLAG: self = .flag(value.flag)
    case HEDDLE_JSON_NUMBER: self = value.number.finite
    case HEDDLE_JSON_TEXT:
      guard let start = value.text else {
        self = .text("")
        return
      }
      self = .text(String(decoding: UnsafeRawBufferPointer(start: start, count: value.text_length), as: UTF8.self))
    default: return nil
    }
  }
}

/// Why a payload is not a JSON document.
public struct JSONDocumentError: Error, Sendable, Hashable, CustomStringConvertible {
  /// In words: `payload is not JSON (at byte 3)`.
  public var message: String
  /// Where the text stops being JSON, in bytes from its start.
  public var offset: Int
  /// The message.
  public var description: String { message }
}

/// A document that copies of a decoder share. Each copy belongs to some serial context; the lock makes it safe where
/// they are different ones, and is never contended where they are the same.
final class SharedJSONReader: Sendable {
  private let document = Mutex(JSONDocument())

  /// The values at some paths, in their order.
  func values(at paths: [DocumentPath], in bytes: [UInt8]) throws(JSONDocumentError) -> [ScalarValue?] {
    try document.withLock { (document) throws(JSONDocumentError) in
      try document.parse(bytes)
      return paths.map { document.value(at: $0) }
    }
  }

  /// Reads a document and hands over the values at the paths of a picker.
  ///
  /// - Parameter body: must not use the reader.
  func pick(
    _ picker: JSONPicker, from bytes: [UInt8], _ body: (JSONPicker.Values) -> Void
  ) throws(JSONDocumentError) {
    try document.withLock { (document) throws(JSONDocumentError) in
      body(try document.pick(picker, from: bytes))
    }
  }

  /// What a payload has for the paths of a route.
  func content(of route: DocumentRoute, in bytes: [UInt8]) throws(JSONDocumentError) -> DocumentRoute.Content {
    try document.withLock { (document) throws(JSONDocumentError) in
      try document.parse(bytes)
      var content = DocumentRoute.Content(values: route.paths.map { document.value(at: $0) })
      for position in route.lists { content.lists[position] = document.values(at: route.paths[position]) }
      return content
    }
  }

  /// All values at one path.
  func list(at path: DocumentPath, in bytes: [UInt8]) -> [ScalarValue] {
    document.withLock { document in
      guard (try? document.parse(bytes)) != nil else { return [] }
      return document.values(at: path)
    }
  }
}
