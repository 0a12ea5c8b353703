import Foundation
import LocalAPISchema

/// What clients give back to read on after a page. Opaque to them: the key of the last item.
struct PageCursor {
  let key: String

  init(key: String) { self.key = key }

  /// - Throws: 422 for what is no cursor.
  init(_ text: String) throws(APIError) {
    guard text.count <= Self.maxLength, let data = Data(base64Encoded: Self.padded(text)) else { throw Self.wrong }
    let words = String(decoding: data, as: UTF8.self)
    guard words.hasPrefix(Self.mark) else { throw Self.wrong }
    key = String(words.dropFirst(Self.mark.count))
  }

  private static let wrong = APIError.invalid(
    "?cursor", "this is not a cursor", code: "INVALID_CURSOR", hint: "give the nextCursor of the page before")

  private static func padded(_ text: String) -> String {
    text.replacing("-", with: "+").replacing("_", with: "/")
      + String(repeating: "=", count: (4 - text.count % 4) % 4)
  }

  var text: String {
    Data((Self.mark + key).utf8).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
      .replacing("=", with: "")
  }

  private static let mark = "after:"
  private static let maxLength = 400
}

extension QueryReader {
  /// `cursor`, or `page`, each with `perPage`.
  func cursorSlice() throws(APIError) -> (page: Int, slice: SliceRequest) {
    guard let cursor = text("cursor") else { return try slice() }
    guard text("page") == nil else {
      throw .invalid("?page", "give either 'cursor' or 'page', not both", code: "CONFLICTING_PARAMETERS")
    }
    let perPage = try integer("perPage", in: 1...SliceRequest.maxPerPage) ?? SliceRequest.defaultPerPage
    return (1, SliceRequest(offset: 0, limit: perPage, after: try PageCursor(cursor).key))
  }

  /// The words of a list with commas, each of these.
  func words<Word: RawRepresentable & CaseIterable & Hashable>(
    _ name: String, _ type: Word.Type
  ) throws(APIError) -> Set<Word> where Word.RawValue == String {
    guard let text = text(name) else { return [] }
    var words: Set<Word> = []
    for part in text.split(separator: ",") {
      guard let word = Word(rawValue: String(part)) else {
        let all = Word.allCases.map(\.rawValue).joined(separator: ", ")
        throw .invalid("?\(name)", "'\(name)' cannot be '\(part)'", hint: "one or more of \(all), with commas")
      }
      words.insert(word)
    }
    return words
  }

  /// The first of several spellings that is given.
  func text(anyOf names: String...) -> String? { names.lazy.compactMap { text($0) }.first }
}
