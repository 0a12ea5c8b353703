import EnergyModel

/// What a device can be told, and how that is tested.
extension ProfileSchema {
  static var commands: SchemaNode {
    [
      "steps": ["type": "array", "items": ref("step")],
      "step": object([
        "write": ["type": "object", "minProperties": 1, "additionalProperties": ref("expression")],
        "publish": ref("publish"), "request": ref("request"), "wait": ref("duration"), "modify": ref("modify"),
      ]).with(["minProperties": 1, "maxProperties": 1]),
      "publish": object(
        [
          "topic": ref("template"), "payload": ref("payload"),
          "metrics": ["type": "object", "minProperties": 1, "additionalProperties": ref("expression")],
          "retain": ["type": "boolean"], "reply": ref("reply"),
        ], required: ["topic"]
      ).with(["oneOf": exactlyOne(of: ["payload", "metrics"])]),
      "reply": object(
        [
          "topic": ref("text"), "format": ref("format"), "match": ref("expectations"), "expect": ref("expectations"),
          "reason": ref("path"), "within": ref("duration"),
        ], required: ["topic"]),
      "modify": object(
        [
          "get": ref("requestPath"), "only": ref("texts"),
          "set": ["type": "object", "minProperties": 1, "propertyNames": ref("path")],
          "put": ref("requestPath"), "post": ref("requestPath"), "patch": ref("requestPath"),
          "expect": ref("expectations"), "reason": ref("path"), "page": ["type": "boolean"],
        ], required: ["get", "set"]
      ).with(["oneOf": exactlyOne(of: ["put", "post", "patch"])]),
      "confirm": object(
        ["expect": ref("expression"), "within": ref("duration"), "settle": ref("duration")],
        required: ["expect", "within"]),
      "keepAlive": object(["timeout": ref("duration"), "steps": ref("steps")], required: ["timeout"]),
      "requires": [
        "type": "array",
        "items": object(["expect": ref("expression"), "message": ref("text")], required: ["expect", "message"]),
      ],
      "revert": [
        "anyOf": [
          ["enum": ["none", "default"]],
          object(["steps": ref("steps"), "confirm": ref("confirm")], required: ["steps"]),
        ]
      ],
      "limits": [
        "anyOf": [
          ["type": "null"],
          object([
            "min": ref("expression"), "max": ref("expression"), "default": ref("expression"),
            "optional": ["type": "boolean"], "choices": ref("texts"), "help": ref("text"),
          ]),
        ]
      ],
    ]
  }

  static func commands(_ kind: DeviceKind) -> SchemaNode {
    let verbs = CommandCatalogue.verbs(kind)
    return ["additionalProperties": false, "properties": .object(verbs.map { ($0, command(kind, $0)) })]
  }

  private static func command(_ kind: DeviceKind, _ verb: String) -> SchemaNode {
    let inputs = CommandCatalogue.inputs(kind, verb)
    return object(
      [
        "summary": ref("text"), "input": object(.object(inputs.map { ($0.name, ref("limits")) })),
        "requires": ref("requires"), "steps": ref("steps"), "confirm": ref("confirm"), "keepAlive": ref("keepAlive"),
        "revert": ref("revert"), "storage": ["enum": words(SettingStorage.allCases.map(\.rawValue))],
        "writeBudget": ["type": "integer", "minimum": 1],
      ], required: ["steps"])
  }

  // MARK: Tests

  static var tests: SchemaNode {
    let memory: SchemaNode = [
      "type": "object", "$ref": "#/$defs/addressKeys",
      "additionalProperties": [
        "anyOf": [["type": ["integer", "boolean"]], ["type": "array", "items": ["type": ["integer", "boolean"]]]]
      ],
    ]
    let tables = SchemaNode.object(RegisterTable.allCases.map { ($0.rawValue, memory) })
    let units: SchemaNode = ["type": "object", "additionalProperties": object(tables)]
    let message = object(
      [
        "topic": ref("text"), "payload": ref("payload"), "hex": ref("text"),
        "metrics": ["type": "object", "additionalProperties": ref("scalar")], "retained": ["type": "boolean"],
      ], required: ["topic"]
    ).with(["oneOf": exactlyOne(of: ["payload", "hex", "metrics"])])
    let command: SchemaNode = [
      "anyOf": [
        ["const": "auto"],
        object(
          ["device": ref("text"), "command": ref("text"), "input": ["type": "object"]],
          required: ["device", "command"]),
      ]
    ]
    return [
      "test": object(
        [
          "name": ref("text"), "parameters": ["type": "object", "additionalProperties": ref("scalar")],
          "registers": object(tables.with(["units": units])), "messages": ["type": "array", "items": message],
          "responses": ["type": "object"],
          "expect": [
            "type": "object", "additionalProperties": ["type": "object", "additionalProperties": ref("scalar")],
          ],
          "command": command, "writes": ref("texts"),
        ], required: ["name"]
      ).with([
        "anyOf": exactlyOne(of: ["expect", "command"]),
        "dependentRequired": ["command": ["writes"], "writes": ["command"]],
      ])
    ]
  }
}
