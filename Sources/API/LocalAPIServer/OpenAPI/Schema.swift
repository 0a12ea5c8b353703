import LocalAPISchema

/// A JSON Schema within the OpenAPI document.
indirect enum Schema: Sendable {
  /// A named one of the document.
  case ref(String)
  /// A page of a list of a named one.
  case page(String)
  case oneOf([Schema])
  case words([String])
  case text, integer, object
  /// As it is written.
  case json(String)

  var json: JSONValue {
    switch self {
    case .ref(let name): .object(["$ref": .text("#/components/schemas/\(name)")])
    case .page(let name): Schema.ref("\(name)Page").json
    case .oneOf(let schemas): .object(["oneOf": .array(schemas.map(\.json))])
    case .words(let words): .object(["type": .text("string"), "enum": .array(words.map(JSONValue.text))])
    case .text: .object(["type": .text("string")])
    case .integer: .object(["type": .text("integer")])
    case .object: .object(["type": .text("object")])
    case .json(let text): OpenAPIDocument.parsed(text)
    }
  }

  /// What it has pages of.
  var pages: [String] {
    switch self {
    case .page(let name): [name]
    case .oneOf(let schemas): schemas.flatMap(\.pages)
    default: []
    }
  }
}
