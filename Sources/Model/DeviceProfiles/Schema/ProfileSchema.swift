import EnergyModel

/// The JSON Schema (draft 2020-12) of profiles, for editors. It sees structure: keys, kinds of values, words of the
/// model. What needs the whole file (names in expressions, ranges that fit a register) is for `ProfileReader` alone.
public enum ProfileSchema {
  /// Where the schema is published.
  public static let id = "https://heddle.energy/schemas/profile-1.json"

  /// The schema as JSON text, with a line break at the end.
  public static var json: String { root.json() + "\n" }

  /// Top level.
  private static var root: SchemaNode {
    [
      "$schema": "https://json-schema.org/draft/2020-12/schema",
      "$id": .text(id),
      "title": "Heddle device profile",
      "type": "object",
      "additionalProperties": false,
      "properties": top,
      "required": ["id", "name", "products", "maturity", "source"],
      // What a profile that extends another one leaves out comes from there, so only whole profiles are checked inside.
      "if": ["required": ["extends"]],
      "else": [
        "required": ["schema", "manufacturer", "transport", "devices"],
        "properties": [
          "parameters": ["additionalProperties": ref("parameter")], "transport": ref("transport"),
          "identify": ref("identify"),
          "devices": ["minProperties": 1, "additionalProperties": ref("device")],
        ],
      ],
      "$defs": definitions,
    ]
  }

  private static var top: SchemaNode {
    [
      "schema": ["const": .text(ProfileReader.schema)],
      "extends": ["type": "string", "description": "Id of the profile whose text lies under this one."],
      "id": [
        "type": "string", "pattern": "^[a-z][a-z0-9-]*$",
        "description": "The name that installations use; unique.",
      ],
      "name": ref("text"),
      "manufacturer": ref("text"),
      "products": ref("texts").with(["description": "Names of the products, with * for any text."]),
      "maturity": ["enum": words(DeviceProfile.Maturity.allCases.map(\.rawValue))],
      "source": object(
        ["document": ref("text"), "caveats": ref("texts")], required: ["document"]),
      "parameters": ["type": "object", "propertyNames": ref("name")],
      // null takes away those of the profile that lies under this one.
      "variants": ["type": ["array", "null"], "items": ref("variant")],
      "transport": ["type": "object"],
      "poll": object(["fast": ref("duration"), "normal": ref("duration"), "slow": ref("duration")]),
      "identify": ["type": "object"],
      "devices": ["type": "object", "propertyNames": ref("name")],
      "tests": ["type": "array", "items": ref("test")],
    ]
  }

  private static var definitions: SchemaNode {
    var definitions: [(String, SchemaNode)] = []
    for group in [basics, transports, sources, devices, commands, tests] {
      if case .object(let members) = group { definitions += members }
    }
    return .object(definitions)
  }

  /// Kinds of values.
  private static var basics: SchemaNode {
    [
      "name": ["pattern": "^[A-Za-z][A-Za-z0-9]*$"],
      "text": ["type": ["string", "number", "boolean"]],
      "texts": ["anyOf": [ref("text"), ["type": "array", "items": ref("text")]]],
      "scalar": ["type": ["string", "number", "boolean", "null"]],
      "expression": [
        "type": ["string", "number", "boolean"],
        "description": "A formula over names of the device, or a fixed value.",
      ],
      "duration": [
        "anyOf": [["type": "string", "pattern": "^ *[0-9.]+ *(ms|s|m|min|h|d) *$"], ["const": 0]],
        "description": "A number and ms, s, min, h or d.",
      ],
      "range": [
        "type": "string", "pattern": "^[-+.0-9A-Fa-fx]*[0-9A-F]\\.\\.[-+.0-9A-Fa-fx]*[0-9A-F]$",
        "description": "lowest..highest",
      ],
      "address": [
        "type": "integer", "minimum": 0, "maximum": 65535, "description": "From zero, as on the wire.",
      ],
      "addressKeys": ["propertyNames": ["pattern": "^([0-9]+|0x[0-9A-Fa-f]+)$"]],
      "path": ["type": ["string", "number"], "pattern": "^(/.*)?$"],
      "parameterName": ["type": "string", "pattern": "^\\$[A-Za-z][A-Za-z0-9]*$"],
      "poll": ["enum": words(PollClass.allCases.map(\.rawValue))],
      "order": ["anyOf": [["enum": words(WordOrder.allCases.map(\.rawValue))], ref("parameterName")]],
      "unitNumber": ["anyOf": [["type": "integer", "minimum": 0, "maximum": 255], ref("expression")]],
      "format": ["enum": ["json", "keyvalue", "xml", "dsmr", "sparkplug"]],
      "retained": ["enum": ["ignore", "take"]],
      "payload": [:],
      "parameter": parameter,
      "variant": object(
        [
          "name": ref("text"), "when": ref("expression"), "devices": ["type": "object"],
          "poll": ["type": "object"], "transport": ["type": "object"],
        ], required: ["name", "when"]),
    ]
  }

  private static var parameter: SchemaNode {
    object(
      [
        "type": ["enum": ["integer", "number", "text", "flag", "choice"]],
        "range": ref("range"), "choices": ref("texts"), "default": ref("scalar"), "secret": ["type": "boolean"],
        "help": ref("text"), "read": ref("source"),
      ], required: ["type"]
    ).with([
      "allOf": [
        [
          "if": ["properties": ["type": ["const": "choice"]]], "then": ["required": ["choices"]],
          "else": ["properties": ["choices": false]],
        ],
        [
          "if": ["properties": ["type": ["enum": ["text", "flag", "choice"]]]],
          "then": ["properties": ["range": false]],
        ],
      ]
    ])
  }

  // MARK: Helpers

  static func ref(_ name: String) -> SchemaNode { ["$ref": .text("#/$defs/\(name)")] }

  static func words(_ words: [String]) -> SchemaNode { .array(words.map { .text($0) }) }

  /// A mapping with these keys only.
  static func object(_ properties: SchemaNode, required: [String] = []) -> SchemaNode {
    let shape: SchemaNode = ["type": "object", "additionalProperties": false, "properties": properties]
    return required.isEmpty ? shape : shape.with(["required": words(required)])
  }

  /// Exactly one of these keys.
  static func exactlyOne(of keys: [String]) -> SchemaNode { .array(keys.map { ["required": words([$0])] }) }
}
