/// A JSON value with its keys in the order in which they were written.
indirect enum SchemaNode {
  case object([(String, SchemaNode)])
  case array([SchemaNode])
  case text(String)
  case number(Int)
  case flag(Bool)

  /// Longer values are spread over several lines.
  private static let maxWidth = 118

  /// JSON with two blanks for each level; what fits stands on one line.
  func json(indent: Int = 0) -> String {
    let flat = self.flat
    guard indent == 0 || indent + flat.count > Self.maxWidth else { return flat }
    let margin = "\n" + String(repeating: " ", count: indent + 2)
    let end = "\n" + String(repeating: " ", count: indent)
    switch self {
    case .array(let elements):
      return "[\(elements.map { margin + $0.json(indent: indent + 2) }.joined(separator: ","))\(end)]"
    case .object(let members):
      let lines = members.map { "\(margin)\(JSONText.quoted($0)): \($1.json(indent: indent + 2))" }
      return "{\(lines.joined(separator: ","))\(end)}"
    case .text, .number, .flag: return flat
    }
  }

  private var flat: String {
    switch self {
    case .text(let text): JSONText.quoted(text)
    case .number(let number): "\(number)"
    case .flag(let flag): flag ? "true" : "false"
    case .array(let elements): "[\(elements.map(\.flat).joined(separator: ", "))]"
    case .object(let members):
      "{\(members.map { "\(JSONText.quoted($0)): \($1.flat)" }.joined(separator: ", "))}"
    }
  }

  /// This object with further members; a member of the same name is replaced.
  func with(_ more: SchemaNode) -> SchemaNode {
    guard case .object(let members) = self, case .object(let added) = more else { return self }
    return .object(members.filter { member in !added.contains { $0.0 == member.0 } } + added)
  }
}

extension SchemaNode: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  init(stringLiteral value: String) { self = .text(value) }
  init(booleanLiteral value: Bool) { self = .flag(value) }
  init(integerLiteral value: Int) { self = .number(value) }
  init(arrayLiteral elements: SchemaNode...) { self = .array(elements) }
  init(dictionaryLiteral elements: (String, SchemaNode)...) { self = .object(elements) }
}
