import Foundation
import HTTPTypes
import LocalAPISchema

/// The OpenAPI 3.1 document of the API: the routes with what their operations say, and the schemas of what they carry.
struct OpenAPIDocument {
  let routes: [Route]

  /// All schemas with a name, except those of pages.
  private static let schemas = [
    systemSchemas, deviceSchemas, textureSchemas, commandSchemas, customerSchemas, siteSchemas, fluxrateSchemas,
    eventSchemas, keySchemas, tagSchemas, batchSchemas, scheduleSchemas, auditSchemas,
    metricSchemas, historySchemas, explanationSchemas, usageMeterSchemas, seedUsageSchemas, linkSchemas,
    discoverySchemas, connectionSchemas, webhookSchemas,
  ]

  private static let about = """
    {
      "openapi": "3.1.0",
      "info": {
        "title": "Heddle",
        "version": "1.0.0",
        "summary": "Batteries, thermostats, inverters, meters and chargers behind one API.",
        "description": "Over TCP a key is needed, and each key may make only so many requests: every answer says how many are left (RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset). The Unix socket needs no key and has no limit. Errors are application/problem+json. Times are RFC 3339 in UTC with milliseconds.",
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}
      },
      "servers": [{"url": "/"}],
      "security": [{"bearer": []}, {"apiKey": []}, {"textureApiKey": []}]
    }
    """

  private static let securitySchemes = """
    {
      "bearer": {"type": "http", "scheme": "bearer"},
      "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
      "textureApiKey": {"type": "apiKey", "in": "header", "name": "Texture-Api-Key"}
    }
    """

  private static let problem = """
    {
      "description": "What was wrong, where, and what to do",
      "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    }
    """

  private static let tooMany = """
    {
      "description": "More requests than this key may make, or than the gateway takes of this kind",
      "headers": {
        "Retry-After": {"schema": {"type": "integer"}, "description": "Seconds until it can be tried again."},
        "RateLimit-Limit": {"schema": {"type": "integer"}, "description": "Requests that are possible after a rest."},
        "RateLimit-Remaining": {"schema": {"type": "integer"}, "description": "Requests that are possible now."},
        "RateLimit-Reset": {"schema": {"type": "integer"}, "description": "Seconds until all are possible again."}
      },
      "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    }
    """

  /// The document as JSON.
  var text: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(json) else { return "{}" }
    return String(decoding: data, as: UTF8.self)
  }

  private var json: JSONValue {
    var document = Self.members(of: Self.about)
    document["paths"] = .object(paths)
    document["components"] = .object([
      "securitySchemes": Self.parsed(Self.securitySchemes),
      "responses": .object(["Problem": Self.parsed(Self.problem), "TooMany": Self.parsed(Self.tooMany)]),
      "schemas": .object(namedSchemas),
    ])
    return .object(document)
  }

  private var namedSchemas: [String: JSONValue] {
    var named: [String: JSONValue] = [:]
    for text in Self.schemas { named.merge(Self.members(of: text)) { first, _ in first } }
    for name in routes.flatMap(\.operation.answers).flatMap({ $0.schema?.pages ?? [] }) {
      named["\(name)Page"] = Self.page(of: name)
    }
    return named
  }

  private static func page(of name: String) -> JSONValue {
    let counts = ["page", "perPage", "totalItems", "totalPages"]
    var properties = Dictionary(uniqueKeysWithValues: counts.map { ($0, Schema.integer.json) })
    properties["nextCursor"] = Schema.text.json
    properties["data"] = .object(["type": .text("array"), "items": Schema.ref(name).json])
    return .object([
      "type": .text("object"), "properties": .object(properties),
      "required": .array((["data"] + counts).map(JSONValue.text)),
    ])
  }

  private var paths: [String: JSONValue] {
    var paths: [String: [String: JSONValue]] = [:]
    for route in routes {
      paths[route.path, default: [:]][route.method.rawValue.lowercased()] = Self.json(of: route)
    }
    return paths.mapValues(JSONValue.object)
  }

  private static func json(of route: Route) -> JSONValue {
    let operation = route.operation
    var members: [String: JSONValue] = [
      "operationId": .text(operation.id), "summary": .text(operation.summary), "tags": .array([.text(operation.tag)]),
    ]
    let inPath = route.parameterNames.map {
      Operation.Parameter(name: $0, place: .path, schema: .text, description: nil)
    }
    let parameters = inPath + operation.parameters
    if !parameters.isEmpty { members["parameters"] = .array(parameters.map(json)) }
    if route.access == .open { members["security"] = .array([]) }
    if let body = operation.body {
      members["requestBody"] = .object(["required": .flag(true), "content": content(body, "application/json")])
    }
    var responses: [String: JSONValue] = ["default": .object(["$ref": .text("#/components/responses/Problem")])]
    if route.access != .open { responses["429"] = .object(["$ref": .text("#/components/responses/TooMany")]) }
    for answer in operation.answers { responses["\(answer.status)"] = json(of: answer) }
    members["responses"] = .object(responses)
    return .object(members)
  }

  private static func json(of parameter: Operation.Parameter) -> JSONValue {
    var members: [String: JSONValue] = [
      "name": .text(parameter.name), "in": .text(parameter.place.rawValue), "schema": parameter.schema.json,
    ]
    if parameter.place == .path { members["required"] = .flag(true) }
    if let description = parameter.description { members["description"] = .text(description) }
    return .object(members)
  }

  private static func json(of answer: Operation.Answer) -> JSONValue {
    var members: [String: JSONValue] = ["description": .text(answer.description)]
    if let schema = answer.schema {
      var contents = [answer.type: JSONValue.object(["schema": schema.json])]
      for type in answer.textTypes { contents[type] = .object(["schema": Schema.text.json]) }
      members["content"] = .object(contents)
    }
    if !answer.headers.isEmpty {
      let header = JSONValue.object(["schema": Schema.text.json])
      members["headers"] = .object(Dictionary(uniqueKeysWithValues: answer.headers.map { ($0, header) }))
    }
    return .object(members)
  }

  private static func content(_ schema: Schema, _ type: String) -> JSONValue {
    .object([type: .object(["schema": schema.json])])
  }

  /// Texts of this file and its neighbours; a test reads every one of them.
  static func parsed(_ text: String) -> JSONValue {
    (try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))) ?? .null
  }

  private static func members(of text: String) -> [String: JSONValue] {
    if case .object(let members) = parsed(text) { members } else { [:] }
  }
}
