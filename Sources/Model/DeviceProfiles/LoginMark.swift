/// Places in a request where a value of the login goes: `${login.token}`. The profile's side never knows the values;
/// what it renders keeps the marks, and the adapter fills them in just before a request leaves.
public enum LoginMark {
  private static let opening = "${login."

  /// The names of the marks in a text, in order.
  public static func names(in text: String) -> [String] {
    pieces(of: text).compactMap { if case .value(let name) = $0 { name } else { nil } }
  }

  /// A text with the values in their places; `nil` if one of them is not known.
  public static func fill(
    _ text: String, _ values: [String: String], escape: (String) -> String = { $0 }
  ) -> String? {
    guard text.contains(opening) else { return text }
    var result = ""
    for piece in pieces(of: text) {
      switch piece {
      case .text(let part): result += part
      case .value(let name):
        guard let value = values[name] else { return nil }
        result += escape(value)
      }
    }
    return result
  }

  /// The mark of a value.
  static func mark(_ name: String) -> String { "\(opening)\(name)}" }

  /// Changes what is between the marks; the marks stay.
  static func mapText(_ text: String, _ change: (String) -> String) -> String {
    guard text.contains(opening) else { return change(text) }
    return pieces(of: text).map { piece in
      switch piece {
      case .text(let part): change(part)
      case .value(let name): mark(name)
      }
    }.joined()
  }

  private enum Piece {
    case text(String)
    case value(String)
  }

  private static func pieces(of text: String) -> [Piece] {
    var result: [Piece] = []
    var rest = text[...]
    while let start = rest.firstRange(of: opening) {
      let name = rest[start.upperBound...].prefix { $0.isASCII && ($0.isLetter || $0.isNumber) }
      let isMark = !name.isEmpty && rest[name.endIndex...].first == "}"
      let end = isMark ? rest.index(after: name.endIndex) : start.upperBound
      let before = isMark ? rest[..<start.lowerBound] : rest[..<end]
      if !before.isEmpty { result.append(.text(String(before))) }
      if isMark { result.append(.value(String(name))) }
      rest = rest[end...]
    }
    if !rest.isEmpty { result.append(.text(String(rest))) }
    return result
  }
}

extension HTTPRequestData {
  /// The request with the values of the login in it, escaped as path and body want it; `nil` if one of them is not
  /// known.
  public func filled(login values: [String: String]) -> HTTPRequestData? {
    guard let path = LoginMark.fill(path, values, escape: TemplateRenderer.pathEncoded) else { return nil }
    var filled = self
    filled.path = path
    guard let body else { return filled }
    let escape: (String) -> String =
      switch contentType {
      case HTTPRequestData.form: TemplateRenderer.formEncoded
      case HTTPRequestData.json: { String(JSONText.quoted($0).dropFirst().dropLast()) }
      default: { $0 }
      }
    guard let content = LoginMark.fill(body, values, escape: escape) else { return nil }
    filled.body = content
    return filled
  }

  /// The media types of bodies that profiles can write.
  static let json = "application/json"
  static let form = "application/x-www-form-urlencoded"
}
