import EnergyModel
import Foundation
import Hummingbird
import LocalAPISchema

/// Reads the parameters of a query; a name that the route does not have is an error and not ignored.
struct QueryReader {
  private let values: [String: [String]]
  private let allowed: [String]

  /// - Parameters:
  ///   - allowed: all names that the route has.
  ///   - isStrict: Whether other names are an error.
  init(_ request: Request, allowed: [String], isStrict: Bool = true) throws(APIError) {
    var values: [String: [String]] = [:]
    for part in (request.uri.query ?? "").split(separator: "&") {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(Self.decoded)
      let name = pair.first ?? ""
      guard allowed.contains(name) || !isStrict else {
        throw .invalid(
          "?\(name)", "there is no parameter '\(name)' here", code: "UNKNOWN_PARAMETER",
          hint: allowed.isEmpty ? "it takes none" : "possible are \(allowed.joined(separator: ", "))")
      }
      values[name, default: []].append(pair.count > 1 ? pair[1] : "")
    }
    self.values = values
    self.allowed = allowed
  }

  /// A plus is a blank, an escaped one is a plus.
  private static func decoded(_ text: Substring) -> String {
    let text = text.replacing("+", with: " ")
    return text.removingPercentEncoding ?? String(text)
  }

  /// `nil` where the parameter is absent or empty.
  func text(_ name: String) -> String? {
    assert(allowed.contains(name), "the operation does not name the parameter '\(name)'")
    return values[name]?.last.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// All values of a parameter that can be given several times: as `name=a,b`, `name[]=a` or both.
  func texts(_ name: String) -> [String] {
    assert(allowed.contains(name), "the operation does not name the parameter '\(name)'")
    let given = (values[name] ?? []) + (values[name + "[]"] ?? [])
    return given.flatMap { $0.split(separator: ",").map(String.init) }
  }

  func number(_ name: String, in range: ClosedRange<Double>) throws(APIError) -> Double? {
    guard let text = text(name) else { return nil }
    guard let value = Double(text), range.contains(value) else {
      throw .invalid(
        "?\(name)", "'\(name)' must be a number from \(range.lowerBound) to \(range.upperBound), not '\(text)'",
        code: "OUT_OF_RANGE")
    }
    return value
  }

  func integer(_ name: String, in range: ClosedRange<Int>) throws(APIError) -> Int? {
    guard let text = text(name) else { return nil }
    guard let value = Int(text), range.contains(value) else {
      throw .invalid(
        "?\(name)", "'\(name)' must be a whole number from \(range.lowerBound) to \(range.upperBound), not '\(text)'",
        code: "OUT_OF_RANGE")
    }
    return value
  }

  func flag(_ name: String) throws(APIError) -> Bool? {
    guard let text = text(name) else { return nil }
    guard let flag = Bool(text) else {
      throw .invalid("?\(name)", "'\(name)' must be true or false, not '\(text)'")
    }
    return flag
  }

  func time(_ name: String) throws(APIError) -> Timestamp? {
    guard let text = text(name) else { return nil }
    guard let time = Timestamp(rfc3339: text) else {
      throw .invalid("?\(name)", "'\(name)' must be a time, not '\(text)'", hint: "such as 2026-05-01T10:00:00Z")
    }
    return time
  }

  func word<Word: RawRepresentable & CaseIterable>(_ name: String, _ type: Word.Type) throws(APIError) -> Word?
  where Word.RawValue == String {
    guard let text = text(name) else { return nil }
    guard let word = Word(rawValue: text) else {
      let all = Word.allCases.map(\.rawValue).joined(separator: ", ")
      throw .invalid("?\(name)", "'\(name)' cannot be '\(text)'", hint: "one of \(all)")
    }
    return word
  }

  /// `page` and `perPage` as a slice.
  func slice() throws(APIError) -> (page: Int, slice: SliceRequest) {
    let page = try integer("page", in: 1...1_000_000) ?? 1
    let perPage = try integer("perPage", in: 1...SliceRequest.maxPerPage) ?? SliceRequest.defaultPerPage
    return (page, SliceRequest(offset: (page - 1) * perPage, limit: perPage))
  }
}

extension Page {
  /// A slice as a page.
  init(_ slice: ListSlice<Item>, page: Int, perPage: Int) {
    let pages = (slice.totalItems + perPage - 1) / max(1, perPage)
    self.init(
      data: slice.items, page: page, perPage: perPage, totalItems: slice.totalItems, totalPages: max(1, pages),
      nextCursor: slice.lastKey.map { PageCursor(key: $0).text })
  }
}
